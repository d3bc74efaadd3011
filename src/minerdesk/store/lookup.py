"""From a ref to rows, and from rows to the bytes they were read from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from minerdesk.errors import UnknownReference
from minerdesk.plaintext import record, text_of
from minerdesk.store import frames, snapshots
from minerdesk.store.archive import Archive
from minerdesk.store.engine import Engine
from minerdesk.store.schema import records
from minerdesk.store.tables import TABLES


@dataclass(frozen=True)
class Source:
    """A row's place: digest of the bytes, where they came from, the place in them and what stands there."""

    snapshot: str
    origin: str
    name: str
    locator: str
    excerpt: str


def rows_of(engine: Engine, ref: str, as_of: datetime | None) -> list[dict[str, Any]]:
    """Rows that ``ref`` names, by key and ``known_at``.

    Between slashes a part may be ``*`` (any) or ``a..b`` (from a to b, either end may be open);
    missing parts at the end match anything. ``as_of=None`` reads all revisions.

    Raises :class:`UnknownReference` for an unknown table.
    """
    import ibis

    table, *parts = ref.split("/")
    if table not in TABLES:
        raise UnknownReference(f"{ref!r} names no table; known: {', '.join(TABLES)}")
    spec = TABLES[table]
    rows = engine.table(table) if as_of is None else frames.known(engine, table, as_of)
    if not is_pattern(ref) and len(parts) >= len(spec.key):
        rows = rows.filter(rows.ref == ref)
    else:
        for column, part in zip(spec.key, parts, strict=False):
            text = rows[column].cast("string")
            if ".." in part:
                low, high = part.split("..", 1)
                rows = rows.filter(text >= ibis.literal(low)) if low else rows
                rows = rows.filter(text <= ibis.literal(high)) if high else rows
            elif part != "*":
                rows = rows.filter(text == ibis.literal(part))
    return records(engine.run(rows.order_by([*spec.key, "known_at", "snapshot_no"])))


def exact_rows(engine: Engine, refs: Iterable[str], as_of: datetime) -> dict[str, dict[str, Any]]:
    """The rows that ``refs`` name exactly, as known at ``as_of``: one read a table."""
    by_table: dict[str, list[str]] = {}
    for ref in refs:
        if not is_pattern(ref) and (table := ref.split("/", 1)[0]) in TABLES:
            by_table.setdefault(table, []).append(ref)
    found: dict[str, dict[str, Any]] = {}
    for table, wanted in by_table.items():
        rows = frames.known(engine, table, as_of)
        for row in records(engine.run(rows.filter(rows.ref.isin(wanted)))):
            found[row["ref"]] = row
    return found


def is_pattern(ref: str) -> bool:
    """Whether a ref names many rows."""
    return "*" in ref or ".." in ref


def tables_behind(engine: Engine, refs: Iterable[str], cards: dict[str, snapshots.Card]) -> dict[str, str]:
    """For refs of many rows: table -> the origins of all bytes that table was read from."""
    origins: dict[str, str] = {}
    for table in sorted({ref.split("/", 1)[0] for ref in refs} & set(TABLES)):
        rows = engine.table(table)
        found = engine.run(rows.select("snapshot").distinct()).to_pydict()["snapshot"]
        origins[table] = "; ".join(sorted({cards[sha].origin for sha in found if sha in cards}))
    return origins


def source_of(archive: Archive, row: dict[str, Any], cards: dict[str, snapshots.Card]) -> Source:
    """Where a row was read: the excerpt is cut from the bytes themselves."""
    sha = row["snapshot"]
    card = cards[sha]
    return Source(sha, card.origin, card.name, row["locator"], excerpt(archive, sha, row["locator"]))


def excerpt(archive: Archive, sha: str, locator: str, width: int = 160) -> str:
    """What stands at ``locator`` (``line=27;column=ABTC``) in a snapshot.

    Raises :class:`UnknownReference` where the bytes have no such place.
    """
    places = dict(part.split("=", 1) for part in locator.split(";") if "=" in part)
    if "line" not in places:
        return f"{len(snapshots.content(archive.path, sha)):,} bytes"
    lines = _lines(archive.path, sha)
    number = int(places["line"])
    if not 1 <= number <= len(lines):
        raise UnknownReference(f"snapshot {sha[:12]} has no line {number}")
    line = lines[number - 1]
    if column := places.get("column"):
        names = [name.strip() for name in record(lines, 0)[0]]
        cells, _ = record(lines, number - 1, len(names))
        if column in names and names.index(column) < len(cells):
            return f"{column} = {cells[names.index(column)].strip()}"[:width]
    return line[:width]


@lru_cache(maxsize=32)
def _lines(archive: Path, sha: str) -> tuple[str, ...]:
    return text_of(snapshots.content(archive, sha)).lines
