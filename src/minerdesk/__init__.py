"""minerdesk: the open desk for listed Bitcoin miners.

>>> import minerdesk as md
>>> desk = md.open()
>>> desk.week("2025-12-05")["sector_return_fraction"].value  # doctest: +SKIP
-0.0468...
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from minerdesk.errors import MinerdeskError
from minerdesk.records import Figure, Finding

if TYPE_CHECKING:
    from minerdesk.desk import Desk

__version__ = "0.1.0"
__all__ = ["Figure", "Finding", "MinerdeskError", "__version__", "open"]


def open(path: str | Path | None = None) -> Desk:
    """The desk over the archive at ``path`` (default: :func:`minerdesk.config.settings`).

    The archive is built from the embedded desk on first use. Raises :class:`MinerdeskError`.
    """
    from minerdesk.config import settings
    from minerdesk.desk import Desk
    from minerdesk.pipeline import open_or_build

    return Desk(open_or_build(Path(path) if path else settings().archive))
