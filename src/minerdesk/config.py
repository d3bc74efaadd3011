"""Settings: where the archive lives. Environment first, then ``minerdesk.toml``, then the default."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from minerdesk.errors import InputError


@dataclass(frozen=True)
class Settings:
    """``archive``: folder of the archive."""

    archive: Path


def settings(folder: Path | None = None) -> Settings:
    """Settings from ``MINERDESK_ARCHIVE``, or ``archive`` in ``minerdesk.toml`` of ``folder`` (default: the
    working directory), or ``~/.local/share/minerdesk/archive`` (``XDG_DATA_HOME`` respected).

    Raises :class:`InputError` for a settings file that cannot be read or has unknown keys.
    """
    if found := os.environ.get("MINERDESK_ARCHIVE"):
        return Settings(Path(found).expanduser())
    path = (folder or Path.cwd()) / "minerdesk.toml"
    if path.is_file():
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            raise InputError(f"{path} cannot be read: {fault}") from fault
        unknown = set(table) - {"archive"}
        if unknown:
            raise InputError(f"{path}: unknown settings {', '.join(sorted(unknown))}; known: archive")
        if "archive" in table:
            return Settings((path.parent / str(table["archive"])).expanduser())
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Settings(data / "minerdesk" / "archive")
