"""Commits: what makes a write visible.

The Delta tables below ``tables/<generation>/`` may be ahead of what was acknowledged (a writer was killed
between two tables). What counts is the highest commit file: it names, for every table, the Delta version
and the data files that belong to it. It is written last, whole, by an atomic rename; a reader needs no lock
and sees all tables at one moment, and a killed writer leaves nothing a reader could see.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from minerdesk.errors import ArchiveDamaged


@dataclass(frozen=True)
class Pinned:
    """A table as of a commit: Delta version, data files relative to the archive, number of rows."""

    version: int
    files: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Commit:
    """``number`` counts up from 1; ``generation`` is the folder of the tables (a rebuild makes a new one)."""

    number: int
    generation: int
    tables: dict[str, Pinned]


EMPTY = Commit(0, 1, {})


def _folder(archive: Path) -> Path:
    return archive / "commits"


def head(archive: Path) -> Commit:
    """The newest commit, :data:`EMPTY` where there is none yet.

    Raises :class:`ArchiveDamaged` if its file cannot be read.
    """
    names = [p.name for p in _folder(archive).glob("*.json")] if _folder(archive).is_dir() else []
    return read(archive, int(max(names)[:-5])) if names else EMPTY


def read(archive: Path, number: int) -> Commit:
    path = _folder(archive) / f"{number:08d}.json"
    try:
        raw = json.loads(path.read_bytes())
        tables = {
            name: Pinned(t["version"], tuple(t["files"]), t["rows"]) for name, t in raw["tables"].items()
        }
        return Commit(raw["number"], raw["generation"], tables)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise ArchiveDamaged(f"commit {path} cannot be read: {fault}") from fault


def write(archive: Path, commit: Commit, previous: Commit) -> None:
    """Make ``commit`` the head: durable and visible at once, or not at all."""
    known = {name for pinned in previous.tables.values() for name in pinned.files}
    for pinned in commit.tables.values():
        for name in set(pinned.files) - known:
            _sync(archive / name)
    write_file(
        _folder(archive) / f"{commit.number:08d}.json",
        json.dumps(asdict(commit), separators=(",", ":"), sort_keys=True).encode(),
    )


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: temporary name, flush to disk, atomic rename, flush the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
