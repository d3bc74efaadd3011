"""The archive's health: is everything there, is it what it was, and what lies about.

Each fault or leftover is a :class:`Finding` with ``source="archive"``. Severity ``suspect``: something to
mend (the detail says how); ``note``: a leftover that harms nobody, which :func:`tidy` may take away.
"""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from minerdesk.errors import ArchiveDamaged, UnknownReference
from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.store import commits, snapshots
from minerdesk.store.append import batches
from minerdesk.store.archive import Archive, writing
from minerdesk.store.commits import EMPTY, Commit
from minerdesk.store.digest import digest, stored
from minerdesk.store.schema import TableSpec, arrow_schema
from minerdesk.store.snapshots import Card
from minerdesk.store.tables import TABLES

SECONDS_OF_A_DAY = 86_400.0
#: Files that a writer was about to rename when it died: ours, then those of delta-rs.
DRAFT = re.compile(r"^\..+\.\d+$|\.tmp$|#\d+$|^_commit_.+")
REBUILD = "`minerdesk rebuild` makes the tables anew"


def examine(path: Path, parse: Callable[[Snapshot], Rows] | None = None) -> tuple[Finding, ...]:
    """Everything wrong with the archive at ``path`` and every leftover in it; empty for a clean one.

    With ``parse`` all snapshots are parsed again, in memory, and the rows compared with the stored ones by
    digest. Nothing is changed.
    """
    found = [*_commits(path), *_snapshots(path)]
    try:
        head = commits.head(path)
    except ArchiveDamaged:
        return tuple(found)  # told by _commits already
    if head.number == 0:
        return (*found, _fault("archive_missing", str(path), "nothing has been committed here"))
    archive = Archive(path, head)
    if not archive.current:
        found.append(_fault("layout_changed", "tables", f"written with other table declarations; {REBUILD}"))
    whole = True
    for spec in TABLES.values():
        wrong = list(_table(archive, spec))
        whole = whole and not wrong
        found += wrong
    if parse and whole and not any(f.kind.startswith("snapshot") for f in found):
        found += _reparsed(archive, parse)
    return (*found, *_leftovers(path))


def _fault(kind: str, subject: str, detail: str) -> Finding:
    return Finding(kind, "suspect", subject, detail, source="archive")


def _commits(path: Path) -> Iterator[Finding]:
    for number in commits.numbers(path):
        try:
            commits.read(path, number)
        except ArchiveDamaged as fault:
            yield _fault("commit_unreadable", f"commit {number}", str(fault))


def _snapshots(path: Path) -> Iterator[Finding]:
    cards, unreadable = _cards(path)
    for fault in unreadable:
        yield _fault("snapshot_card_unreadable", "snapshots", str(fault))
    for card in cards:
        try:
            snapshots.content(path, card.sha256)
        except (ArchiveDamaged, UnknownReference) as fault:
            yield _fault("snapshot_damaged", f"{card.source}/{card.name}", str(fault))
    try:
        taken = commits.head(path).snapshots
    except ArchiveDamaged:
        return
    for number in sorted(taken - {card.number for card in cards}):
        yield _fault("snapshot_missing", f"snapshot {number}", "taken in by a commit, and without a card")


def _cards(path: Path) -> tuple[list[Card], list[ArchiveDamaged]]:
    cards, faults = [], []
    for file in sorted(snapshots.card_files(path)):
        try:
            if card := snapshots.read_card(file):
                cards.append(card)
        except ArchiveDamaged as fault:
            faults.append(fault)
    return cards, faults


def _table(archive: Archive, spec: TableSpec) -> Iterator[Finding]:
    """Files, number of rows, schema, keys, refs and snapshots of one table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pinned = archive.commit.tables.get(spec.name)
    if pinned is None:
        yield _fault("table_missing", spec.name, f"not in commit {archive.commit.number}; {REBUILD}")
        return
    for file in archive.files(spec.name):
        try:
            columns = pq.read_schema(file)
        except (OSError, pa.ArrowInvalid) as fault:
            yield _fault("table_unreadable", spec.name, f"{file}: {fault}; {REBUILD}")
            return
        if [(f.name, f.type) for f in columns] != [(f.name, f.type) for f in arrow_schema(spec)]:
            yield _fault("table_schema", spec.name, f"{file} has other columns than declared; {REBUILD}")
            return
    try:
        table = stored(archive, spec)
    except (OSError, pa.ArrowInvalid) as fault:
        yield _fault("table_unreadable", spec.name, f"{fault}; {REBUILD}")
        return
    if table.num_rows != pinned.rows:
        yield _fault("row_count", spec.name, f"{table.num_rows} rows where {pinned.rows} were committed")
    for kind, names in (("key_twice", (*spec.key, "known_at")), ("ref_twice", ("ref", "known_at"))):
        for values, count in _repeated(table, names):
            yield _fault(kind, spec.name, f"{count} rows of {values}")
    held = {card.sha256 for card in _cards(archive.path)[0]}
    strays = sorted(set(table["snapshot"].to_pylist()) - held)
    for sha in strays:
        yield _fault("row_without_snapshot", spec.name, f"rows name snapshot {sha}, which is not kept")


def _repeated(table: Any, names: tuple[str, ...]) -> list[tuple[str, int]]:
    import pyarrow as pa

    instants = [name for name in names if pa.types.is_timestamp(table.schema.field(name).type)]
    columns = [
        (table[name].cast(pa.int64()) if name in instants else table[name]).to_pylist() for name in names
    ]
    counted = Counter(zip(*columns, strict=True))
    shown = [(values, count) for values, count in counted.items() if count > 1]
    return [("/".join(map(str, values[:-1])), count) for values, count in shown]


def _reparsed(archive: Archive, parse: Callable[[Snapshot], Rows]) -> Iterator[Finding]:
    """Tables that the bytes, parsed again, would not give."""
    import pyarrow as pa

    taken = [c for c in snapshots.cards(archive.path) if c.number in archive.commit.snapshots]
    loaded = [(card, card.load(archive.path)) for card in taken]
    fresh = batches(archive.path, EMPTY, [(card, snapshot, parse(snapshot)) for card, snapshot in loaded])
    for name, rows in fresh.items():
        again = pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name]))
        if digest(again) != digest(stored(archive, TABLES[name])):
            yield _fault("rebuild_differs", name, f"the bytes parsed today give other rows; {REBUILD}")


@dataclass(frozen=True)
class Leftover:
    """Something no commit needs: ``what`` in words, its place, bytes, and age by the newest change in it."""

    what: str
    path: Path
    size_bytes: int
    age_seconds: float


def _leftovers(path: Path) -> Iterator[Finding]:
    for left in leftovers(path):
        place = str(left.path.relative_to(path))
        yield Finding("leftover", "note", place, f"{left.what}, {left.size_bytes:,} bytes", source="archive")
    head = commits.head(path)
    for name, pinned in head.tables.items():
        log = path / "tables" / str(head.generation) / name / "_delta_log"
        versions = [int(p.stem) for p in log.glob("*.json") if p.stem.isdigit()]
        if max(versions, default=pinned.version) > pinned.version:
            detail = f"at version {max(versions)}, committed {pinned.version}: the next writer mends it"
            yield Finding("table_ahead", "note", name, detail, source="archive")


def leftovers(path: Path) -> list[Leftover]:
    """Drafts, generations, data files, cards and bytes that no readable commit names."""
    kept = [_commit(path, number) for number in commits.numbers(path)]
    named = {path / name for commit in kept for pinned in commit.tables.values() for name in pinned.files}
    generations = {str(commit.generation) for commit in kept}
    found: list[Leftover] = []
    for folder in sorted((path / "tables").glob("*")):
        if folder.name not in generations:
            found.append(_leftover("tables of no commit", folder))
            continue
        for file in sorted(folder.glob("*/*")):
            if file.is_file() and file not in named and not DRAFT.search(file.name):
                found.append(_leftover("data file of no commit", file))
    files = (p for room in ("snapshots", "tables", "commits") for p in sorted((path / room).rglob("*")))
    found += [_leftover("draft of a dead writer", p) for p in files if p.is_file() and DRAFT.search(p.name)]
    taken = frozenset[int]().union(*(commit.snapshots for commit in kept))
    carded = set()
    for card in _cards(path)[0]:
        if card.number in taken:
            carded.add(card.sha256)
        else:
            found.append(_leftover("card of a snapshot never taken in", snapshots.card_path(path, card)))
    for data in sorted((path / "snapshots").glob("*/*")):
        if re.fullmatch(r"[0-9a-f]{64}", data.name) and data.name not in carded:
            found.append(_leftover("bytes never taken in", data))
    return found


def _commit(path: Path, number: int) -> Commit:
    try:
        return commits.read(path, number)
    except ArchiveDamaged:
        return EMPTY


def _leftover(what: str, path: Path) -> Leftover:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    stats = [p.stat() for p in files] or [path.stat()]
    newest = max(s.st_mtime for s in stats)
    return Leftover(what, path, sum(s.st_size for s in stats if files), time.time() - newest)


def tidy(path: Path, older_than_seconds: float = SECONDS_OF_A_DAY) -> tuple[Leftover, ...]:
    """Take away what no commit needs any more and return it.

    Commits that were superseded longer ago than ``older_than_seconds`` and rest on files that the kept ones
    do not name (an old generation, files from before a compaction) go with those files; nobody reads by
    them any more. Raw bytes and cards that were taken in always stay. Raises :class:`ArchiveBusy`, and
    :class:`ArchiveDamaged` where the newest commit cannot be read.
    """
    with writing(path):
        head = commits.head(path)
        if head.number == 0:
            return ()  # without a commit nothing says what is needed
        _forget_old_commits(path, head, older_than_seconds)
        gone = []
        for left in leftovers(path):
            if left.age_seconds <= older_than_seconds:
                continue
            if left.path.is_dir():
                shutil.rmtree(left.path)
            else:
                left.path.unlink(missing_ok=True)
            gone.append(left)
        return tuple(gone)


def _forget_old_commits(path: Path, head: Commit, older_than_seconds: float) -> None:
    known = commits.numbers(path)
    now = time.time()
    superseded = dict(pairwise(known))
    needed = {name for pinned in head.tables.values() for name in pinned.files}
    old: list[int] = []
    for number, successor in superseded.items():
        if now - commits.path_of(path, successor).stat().st_mtime > older_than_seconds:
            old.append(number)
        else:
            pinned = _commit(path, number).tables.values()
            needed |= {name for table in pinned for name in table.files}
    for number in old:
        commit = _commit(path, number)
        rests_on = {name for pinned in commit.tables.values() for name in pinned.files}
        if not rests_on or not rests_on <= needed:
            commits.path_of(path, number).unlink(missing_ok=True)
