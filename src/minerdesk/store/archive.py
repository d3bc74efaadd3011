"""The archive: a folder of Delta tables, raw bytes and commits.

::

    <archive>/
      snapshots/ab/ab12…            raw bytes by sha256, each with a card
      tables/<generation>/<table>/  Delta tables, append-only
      commits/00000007.json         what is visible: versions and files of all tables at one moment
      lock                          held by the one writer; released by the kernel if it is killed

Readers take no lock. A writer that dies leaves the last commit as it was; the next writer first sets each
table back to what that commit names.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from minerdesk.errors import ArchiveBusy, ArchiveDamaged, ArchiveMissing
from minerdesk.records import Finding, Rows, Snapshot, end_of_day
from minerdesk.store import commits, snapshots
from minerdesk.store.commits import Commit, Pinned
from minerdesk.store.schema import TableSpec, arrow_schema
from minerdesk.store.tables import FINDINGS, SNAPSHOTS, TABLES

#: A table of more data files than this is rewritten as one file by the writer that notices.
COMPACT_ABOVE_FILES = 32


@dataclass(frozen=True)
class Archive:
    """A place on disk and the commit that is read from it: all reads of one ``Archive`` see one moment."""

    path: Path
    commit: Commit

    def at(self, number: int) -> Archive:
        """The same archive as it was at an earlier commit."""
        return replace(self, commit=commits.read(self.path, number))

    def files(self, table: str) -> list[str]:
        """Parquet files of ``table`` at this commit, as absolute paths."""
        pinned = self.commit.tables.get(table)
        return [str(self.path / name) for name in pinned.files] if pinned else []


def open_archive(path: Path) -> Archive:
    """The archive at ``path`` at its newest commit.

    Raises :class:`ArchiveMissing` where nothing has been committed yet.
    """
    commit = commits.head(path)
    if commit.number == 0:
        raise ArchiveMissing(f"no archive at {path}; `minerdesk rebuild` makes one")
    return Archive(path, commit)


@contextmanager
def writing(path: Path, timeout_seconds: float = 30.0) -> Iterator[None]:
    """Hold the archive for writing. Raises :class:`ArchiveBusy` if another writer keeps it too long."""
    path.mkdir(parents=True, exist_ok=True)
    with (path / "lock").open("w") as lock:
        give_up = monotonic() + timeout_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > give_up:
                    raise ArchiveBusy(f"another process is writing to {path}; try again later") from None
                sleep(0.02)
        yield


def ingest(path: Path, parsed: Sequence[tuple[Snapshot, Rows]], *, timeout_seconds: float = 30.0) -> Archive:
    """Add snapshots and their rows in one commit; snapshots already in the archive are passed over.

    When this returns, everything is on disk and visible. Raises :class:`ArchiveBusy`.
    """
    with writing(path, timeout_seconds):
        known = {(c.source, c.name, c.sha256): c.number for c in snapshots.cards(path)}
        committed = _committed_numbers(path)
        fresh: list[tuple[snapshots.Card, Snapshot, Rows]] = []
        for snapshot, rows in parsed:
            identity = (snapshot.source, snapshot.name, snapshot.sha256)
            number = known.setdefault(identity, 1 + max(known.values(), default=0))
            if number in committed:
                continue
            committed.add(number)
            fresh.append((snapshots.keep(path, snapshot, number), snapshot, rows))
        return _append(path, commits.head(path), fresh)


def rebuild(path: Path, parsed: Sequence[tuple[snapshots.Card, Snapshot, Rows]]) -> Archive:
    """Write a new generation of all tables from re-parsed snapshots and make it the visible one."""
    with writing(path):
        old = commits.head(path)
        empty = Commit(old.number, max((int(p.name) for p in (path / "tables").glob("*")), default=0) + 1, {})
        return _append(path, empty, parsed)


def _committed_numbers(path: Path) -> set[int]:
    import pyarrow.parquet as pq

    head = commits.head(path)
    if head.number == 0:
        return set()
    numbers: set[int] = set()
    for file in Archive(path, head).files(SNAPSHOTS.name):
        numbers.update(pq.read_table(file, columns=["snapshot_no"])["snapshot_no"].to_pylist())
    return numbers


def _append(path: Path, base: Commit, fresh: Sequence[tuple[snapshots.Card, Snapshot, Rows]]) -> Archive:
    if not fresh and base.number:
        return Archive(path, base)
    batches: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for card, snapshot, rows in fresh:
        for table, records in _with_own_rows(card, snapshot, rows).items():
            spec = TABLES[table]
            for record in records:
                batches[table].append(
                    record | {"ref": spec.ref(record), "snapshot": card.sha256, "snapshot_no": card.number}
                )
    tables = dict(base.tables)
    for name, records in batches.items():
        if records or name not in tables:
            tables[name] = _write_table(path, base, TABLES[name], records)
    commit = Commit(base.number + 1, base.generation, tables)
    commits.write(path, commit, base)
    return Archive(path, commit)


def _with_own_rows(
    card: snapshots.Card, snapshot: Snapshot, rows: Rows
) -> Mapping[str, list[dict[str, Any]]]:
    """The rows of a snapshot with the archive's own: its card and its findings."""
    own = {
        "source": snapshot.source,
        "name": snapshot.name,
        "origin": snapshot.origin,
        "media_type": snapshot.media_type,
        "size_bytes": len(snapshot.content),
        "snapshot": card.sha256,
        "known_at": snapshot.known_at,
        "locator": "",
    }
    found = [_finding_row(finding, snapshot) for finding in rows.findings]
    return {**rows.tables, SNAPSHOTS.name: [own], FINDINGS.name: found}


def _finding_row(finding: Finding, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "subject": finding.subject,
        "detail": finding.detail,
        "source": snapshot.source,
        "name": snapshot.name,
        "day": finding.day,
        "locator": finding.locator,
        "known_at": end_of_day(finding.day) if finding.day else snapshot.known_at,
    }


def _write_table(path: Path, base: Commit, spec: TableSpec, records: list[dict[str, Any]]) -> Pinned:
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError

    folder = path / "tables" / str(base.generation) / spec.name
    batch = pa.Table.from_pylist(records, schema=arrow_schema(spec))
    pinned = base.tables.get(spec.name)
    try:
        if (folder / "_delta_log").is_dir():
            table = DeltaTable(str(folder))
            if pinned is None:
                # a writer died before the table's first commit
                table.delete()
            elif table.version() != pinned.version:
                table.restore(pinned.version)
        write_deltalake(str(folder), batch, mode="append")
        table = DeltaTable(str(folder))
        files = table.file_uris()
        if len(files) > COMPACT_ABOVE_FILES:
            table.optimize.compact()
            files = table.file_uris()
    except DeltaError as fault:
        raise ArchiveDamaged(f"table {spec.name} cannot be written: {fault}") from fault
    rows = len(records) + (pinned.rows if pinned else 0)
    return Pinned(table.version(), tuple(sorted(_relative(path, uri) for uri in files)), rows)


def _relative(path: Path, uri: str) -> str:
    return str(Path(uri.removeprefix("file://")).resolve().relative_to(path.resolve()))
