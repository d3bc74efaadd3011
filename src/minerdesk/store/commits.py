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
    """``number`` counts up from 1; ``generation`` is the folder of the tables (a rebuild makes a new one);
    ``snapshots`` are the numbers of the snapshots taken in; ``layout`` is the digest of the declared tables
    it was written with."""

    number: int
    generation: int
    tables: dict[str, Pinned]
    snapshots: frozenset[int] = frozenset()
    layout: str = ""


EMPTY = Commit(0, 1, {})


def folder(archive: Path) -> Path:
    return archive / "commits"


def path_of(archive: Path, number: int) -> Path:
    return folder(archive) / f"{number:08d}.json"


def numbers(archive: Path) -> list[int]:
    """Numbers of all commits on disk, oldest first."""
    names = [p.name for p in folder(archive).glob("*.json")] if folder(archive).is_dir() else []
    return sorted(int(name[:-5]) for name in names if name[:-5].isdigit())


def head(archive: Path) -> Commit:
    """The newest commit, :data:`EMPTY` where there is none yet.

    Raises :class:`ArchiveDamaged` if its file cannot be read.
    """
    known = numbers(archive)
    return read(archive, known[-1]) if known else EMPTY


def read(archive: Path, number: int) -> Commit:
    """The commit ``number``. Raises :class:`ArchiveDamaged` if its file is missing, cut short or altered."""
    path = path_of(archive, number)
    try:
        raw = json.loads(path.read_bytes())
        tables = {
            name: Pinned(int(t["version"]), tuple(map(str, t["files"])), int(t["rows"]))
            for name, t in raw["tables"].items()
        }
        taken = frozenset(n for first, last in raw["snapshots"] for n in range(first, last + 1))
        commit = Commit(int(raw["number"]), int(raw["generation"]), tables, taken, str(raw["layout"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ArchiveDamaged(
            f"commit file {path} cannot be read ({type(fault).__name__}: {fault}); "
            "`minerdesk rebuild` makes the tables anew from the raw bytes"
        ) from fault
    if commit.number != number:
        raise ArchiveDamaged(f"commit file {path} says it is number {commit.number}")
    return commit


def write(archive: Path, commit: Commit, previous: Commit) -> None:
    """Make ``commit`` the head: durable and visible at once, or not at all."""
    known = {name for pinned in previous.tables.values() for name in pinned.files}
    named = {name for pinned in commit.tables.values() for name in pinned.files}
    fresh = {archive / name for name in named - known}
    for path in sorted(fresh | {path.parent for path in fresh}):
        _sync(path)
    raw = asdict(commit) | {"snapshots": _spans(commit.snapshots)}
    write_file(
        path_of(archive, commit.number),
        json.dumps(raw, separators=(",", ":"), sort_keys=True).encode(),
    )


def _spans(numbers: frozenset[int]) -> list[tuple[int, int]]:
    """Whole numbers as spans from first to last: they come in runs, and a commit file stays small."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return spans


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
