"""Rows into tables: provenance put on, corrections dated, Delta tables extended.

The declared key of a table and ``known_at`` tell one row from another. Where new bytes state something else
for a key and instant stated before, that is a correction: it becomes a new row, known from when those bytes
were (or, if they claim no later time, from the next microsecond), so that earlier reads stay as they were.
Where they state the same again, nothing is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from minerdesk.errors import ArchiveDamaged
from minerdesk.records import Finding, Rows, Snapshot, end_of_day
from minerdesk.store.commits import Commit, Pinned
from minerdesk.store.schema import TableSpec, arrow_schema, records
from minerdesk.store.snapshots import Card
from minerdesk.store.tables import FINDINGS, SNAPSHOTS, TABLES

#: A table of so many data files is rewritten as one file before the next is added.
COMPACT_FROM_FILES = 32
NEXT = timedelta(microseconds=1)

Parsed = tuple[Card, Snapshot, Rows]


@dataclass
class Told:
    """``stated``: last content by key and stated instant; ``taken``: keys with the instants they are known
    from."""

    stated: dict[tuple[Any, ...], tuple[Any, ...]] = field(default_factory=dict)
    taken: set[tuple[Any, ...]] = field(default_factory=set)


def batches(path: Path, base: Commit, fresh: Sequence[Parsed]) -> dict[str, list[dict[str, Any]]]:
    """The rows to append to each table for the snapshots ``fresh``, in order of arrival."""
    added: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    told: dict[str, Told] = {}
    prepared = [(card, snapshot, _with_own_rows(card, snapshot, rows)) for card, snapshot, rows in fresh]
    for card, snapshot, tables in prepared:
        for name, rows in tables.items():
            spec = TABLES[name]
            if name not in told:
                incoming = (row["known_at"] for _, _, every in prepared for row in every.get(name, ()))
                told[name] = _told(path, base, spec, incoming)
            for row in rows:
                dated = _dated(spec, row, snapshot.known_at, told[name])
                if dated:
                    provenance = {
                        "ref": spec.ref(dated),
                        "snapshot": card.sha256,
                        "snapshot_no": card.number,
                    }
                    added[name].append(dated | provenance)
    return added


def _dated(spec: TableSpec, row: dict[str, Any], received: datetime, told: Told) -> dict[str, Any] | None:
    """``row`` with the instant it is known from; ``None`` where it only repeats what was stated."""
    key = tuple(row[column] for column in spec.key)
    content = tuple(row.get(column.name) for column in spec.columns)
    stated_at = known_at = row["known_at"]
    before = told.stated.get((key, stated_at))
    if before == content:
        return None
    if before is not None:
        known_at = max(known_at, received)
    while (key, known_at) in told.taken:
        known_at += NEXT
    told.stated[key, stated_at] = content
    told.taken.add((key, known_at))
    return row | {"known_at": known_at, "stated_at": stated_at}


def _told(path: Path, base: Commit, spec: TableSpec, incoming: Iterable[datetime]) -> Told:
    """What was told by the rows that the incoming ones could meet."""
    pinned = base.tables.get(spec.name)
    told = Told()
    if not pinned or not pinned.files or (since := min(incoming, default=None)) is None:
        return told
    import pyarrow.parquet as pq
    from pyarrow import ArrowInvalid

    files = [str(path / file) for file in pinned.files]
    own = (column.name for column in spec.columns)
    names = list(dict.fromkeys([*spec.key, *own, "known_at", "stated_at", "snapshot_no"]))
    try:
        rows = records(pq.read_table(files, columns=names, filters=[("known_at", ">=", since)]))
    except (OSError, ArrowInvalid) as fault:
        raise ArchiveDamaged(
            f"table {spec.name} cannot be read: {fault}; `minerdesk rebuild` makes it anew"
        ) from fault
    for row in sorted(rows, key=lambda row: (row["snapshot_no"], row["known_at"])):
        key = tuple(row[column] for column in spec.key)
        told.stated[key, row["stated_at"]] = tuple(row[column.name] for column in spec.columns)
        told.taken.add((key, row["known_at"]))
    return told


def _with_own_rows(card: Card, snapshot: Snapshot, rows: Rows) -> Mapping[str, list[dict[str, Any]]]:
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


def write_table(path: Path, base: Commit, spec: TableSpec, rows: list[dict[str, Any]]) -> Pinned:
    """Extend the Delta table of ``spec`` beyond ``base``, whatever a dead writer left there."""
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake
    from deltalake.exceptions import DeltaError, TableNotFoundError

    folder = path / "tables" / str(base.generation) / spec.name
    batch = pa.Table.from_pylist(rows, schema=arrow_schema(spec))
    pinned = base.tables.get(spec.name)
    try:
        try:
            table = DeltaTable(str(folder))
        except TableNotFoundError:
            if pinned is not None:
                raise
            write_deltalake(str(folder), batch, mode="append")
            table = DeltaTable(str(folder))
        else:
            if pinned is None:
                # a writer died before the table's first commit
                table.delete()
            elif table.version() != pinned.version:
                table.restore(pinned.version)
            if len(table.file_uris()) >= COMPACT_FROM_FILES:
                table.optimize.compact()
            write_deltalake(table, batch, mode="append")
        files = table.file_uris()
    except DeltaError as fault:
        raise ArchiveDamaged(
            f"table {spec.name} cannot be written: {fault}; `minerdesk rebuild` makes it anew"
        ) from fault
    count = len(rows) + (pinned.rows if pinned else 0)
    # tables are not partitioned, so a file's own name says where it is, however the URI is quoted
    names = (f"tables/{base.generation}/{spec.name}/{uri.rsplit('/', 1)[-1]}" for uri in files)
    return Pinned(table.version(), tuple(sorted(names)), count)
