"""From sources to the archive. The only module that sees both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minerdesk.consensus import BLOCKS_PER_EPOCH, HEADER_BYTES, MEDIAN_SPAN
from minerdesk.errors import ArchiveDamaged, ArchiveMissing, InputError
from minerdesk.records import Finding, Rows, Snapshot, end_of_day
from minerdesk.sources import embedded, filed
from minerdesk.store import doctor
from minerdesk.store.archive import Archive, ingest, open_archive
from minerdesk.store.archive import rebuild as write_generation
from minerdesk.store.snapshots import cards

if TYPE_CHECKING:
    from minerdesk.sources.chain import Tip, Verified
    from minerdesk.sources.node import Node
    from minerdesk.store.engine import Engine


def _headers(snapshot: Snapshot) -> Rows:
    from minerdesk.sources import headers

    return headers.parse(snapshot)


def _node(snapshot: Snapshot) -> Rows:
    from minerdesk.sources import node

    return node.parse(snapshot)


#: source name -> its pure parser; what loads NumPy or an HTTP client does so when used
PARSERS = {
    embedded.NAME: embedded.parse,
    filed.IXBRL: filed.parse_ixbrl,
    filed.COMPANY_FACTS: filed.parse_company_facts,
    "headers": _headers,
    "node": _node,
}


def open_or_build(path: Path) -> Archive:
    """The archive at ``path``; built from the embedded desk on first use, and rebuilt from its own bytes
    where it was written with other tables than those declared today."""
    try:
        archive = open_archive(path)
    except ArchiveMissing:
        return refresh(path)
    return archive if archive.current else rebuild(path)


def refresh(path: Path) -> Archive:
    """Take in what the sources have and the archive has not."""
    return ingest(path, [(snapshot, parse(snapshot)) for snapshot in embedded.snapshots()])


def take_in(
    path: Path, files: Sequence[tuple[str, bytes]], known_at: datetime
) -> tuple[Archive, list[tuple[Snapshot, Rows, bool]]]:
    """Filings by name and bytes into the archive at ``path``, public since ``known_at``: the archive, and of
    each file the snapshot, its rows and findings, and whether it was new.

    Raises :class:`minerdesk.errors.InputError` for a file that is no filing or could not be public then; then
    none is taken in.
    """
    read = [filed.snapshot_of(name, content, known_at) for name, content in files]
    parsed = [(snapshot, parse(snapshot)) for snapshot in read]
    for snapshot, rows in parsed:
        ends = [row["period_end"] for row in rows.tables.get("xbrl_filings", ()) if row["period_end"]]
        if ends and known_at < end_of_day(max(ends)):
            raise InputError(
                f"{snapshot.name} reports to {max(ends)}: it was not public on {known_at:%Y-%m-%d}"
            )
    before = open_or_build(path).commit.snapshots
    archive = ingest(path, parsed)
    fresh = {
        (card.source, card.name, card.sha256)
        for card in cards(path)
        if card.number in archive.commit.snapshots - before
    }
    return archive, [(s, r, (s.source, s.name, s.sha256) in fresh) for s, r in parsed]


@dataclass(frozen=True)
class TakenHeaders:
    """A run of headers that was checked: its ``name``, the height it starts at, what was ``verified`` of it
    and how many were ``stored``."""

    name: str
    first_height: int
    verified: Verified
    stored: int


def take_headers(
    path: Path, file: Path, height: int | None = None, *, keep: bool = True, workers: int = 1
) -> TakenHeaders:
    """Check a file of raw headers and put those that hold into the archive at ``path``.

    They start at ``height`` (default: what the file's name says). What the archive knows of the headers
    before is checked against: previous hash, median time, and the bits in force. The check streams; only
    what is kept (``keep``) is held in memory. Raises :class:`minerdesk.errors.UnreadableInput` for a file
    that is not there or has no whole header.
    """
    from minerdesk.sources import headers

    first = headers.first_height(file.name) if height is None else height
    tip = _before(open_or_build(path), first)
    verified = headers.verify(headers.chunks(file), tip, workers=workers)
    # reading it as a snapshot also refuses a file without one whole header
    whole = headers.snapshot(file) if keep or not verified.headers else None
    if whole is None or not keep or not verified.headers:
        return TakenHeaders(file.name, first, verified, 0)
    name = f"headers_{first}_{first + verified.headers - 1}.bin"
    return TakenHeaders(file.name, first, verified, _keep_headers(path, replace(whole, name=name), verified))


def take_from_node(
    path: Path, node: Node, now: datetime, height: int | None = None, limit: int | None = None
) -> TakenHeaders:
    """Headers that ``node`` has after those held, checked and stored, and what their blocks paid.

    Without any held it starts at ``height`` (default: the first). Raises :class:`SourceError` where the node
    cannot or will not answer, or is on another chain.
    """
    from minerdesk.sources import headers
    from minerdesk.sources.node import fetch_block_stats, fetch_headers

    archive = open_or_build(path)
    held_from, held = _held(archive, height)
    run = fetch_headers(node, held, held_from, limit=limit)
    snapshot = run.snapshot(now)
    tip = _before(archive, run.first_height)
    verified = headers.verify([run.content], tip, clock=int(now.timestamp()))
    stored = 0
    if verified.headers:
        last = run.first_height + verified.headers - 1
        stats = fetch_block_stats(node, run.first_height, last, now)
        stored = _keep_headers(path, snapshot, verified, stats)
    return TakenHeaders(snapshot.name, run.first_height, verified, stored)


def _keep_headers(path: Path, snapshot: Snapshot, verified: Verified, *more: Snapshot) -> int:
    """Store what holds. Where the headers before told more than the run alone, the bytes are cut there."""
    rows = parse(snapshot)
    if len(rows.tables["block_headers"]) != verified.headers:
        snapshot = replace(snapshot, content=snapshot.content[: verified.headers * HEADER_BYTES])
        rows = parse(snapshot)
    ingest(path, [(snapshot, rows), *((one, parse(one)) for one in more)])
    return len(rows.tables["block_headers"])


def _before(archive: Archive, height: int) -> Tip:
    """What the archive knows of the headers before ``height``."""
    from minerdesk.sources.chain import begin
    from minerdesk.store import frames
    from minerdesk.store.engine import duckdb_engine

    if height == 0:
        return begin()
    engine, ever = duckdb_engine(archive), datetime.max.replace(tzinfo=UTC)
    epochs = [e for e in frames.rows(engine, "difficulty_epochs", ever) if e["first_height"] < height]
    tip = begin(height)
    # an epoch further back than its length is not that of the header before: the table ends earlier
    if epochs and height - epochs[-1]["first_height"] <= BLOCKS_PER_EPOCH:
        start = int(epochs[-1]["first_block_time"].timestamp())
        tip = begin(height, bits=int(epochs[-1]["bits"], 16), epoch_time=start)
    _, held = _rows_held(engine, height - MEDIAN_SPAN, height - 1)
    if held:
        times = tuple(int(row["block_time"].timestamp()) for row in held)
        tip = replace(tip, block_hash=bytes.fromhex(held[-1]["block_hash"])[::-1], times=times)
    return tip


def _held(archive: Archive, height: int | None) -> tuple[int, list[bytes]]:
    """The hashes of the last headers held, in a row, and the height of the first of them."""
    from minerdesk.sources.node import DEEPEST_REORGANISATION
    from minerdesk.store import frames
    from minerdesk.store.engine import duckdb_engine

    engine, ever = duckdb_engine(archive), datetime.max.replace(tzinfo=UTC)
    heights = frames.columns(engine, "block_headers", ever, ["height"])["height"]
    if not heights or (height is not None and height > heights[-1] + 1):
        return height or 0, []
    first, held = _rows_held(engine, heights[-1] - DEEPEST_REORGANISATION + 1, heights[-1])
    return first, [bytes.fromhex(row["block_hash"])[::-1] for row in held]


def _rows_held(engine: Engine, first: int, last: int) -> tuple[int, list[dict[str, Any]]]:
    """The headers held in a row up to ``last``, none before ``first``, and the height of their first."""
    from minerdesk.store import frames
    from minerdesk.store.schema import records

    rows = frames.known(engine, "block_headers", datetime.max.replace(tzinfo=UTC))
    rows = rows.filter(rows.height.between(first, last)).order_by("height")
    held: list[dict[str, Any]] = []
    for row in reversed(records(engine.run(rows))):
        if row["height"] != last - len(held):
            break
        held.append(row)
    return last - len(held) + 1, held[::-1]


def rebuild(path: Path) -> Archive:
    """Parse every snapshot of the archive again, offline, into a new generation of all tables."""
    try:
        archive = write_generation(path, parse)
    except ArchiveMissing:
        return refresh(path)
    # no commit was there to say what belongs together: a killed first build may have left half a desk
    return refresh(path) if archive.commit.number == 1 else archive


def examine(path: Path) -> tuple[Finding, ...]:
    """What is wrong with the archive at ``path``, and what lies about in it."""
    return doctor.examine(path, parse)


def parse(snapshot: Snapshot) -> Rows:
    """Rows and findings of a snapshot by the parser of its source.

    Raises :class:`ArchiveDamaged` for a snapshot of a source that is not known.
    """
    if snapshot.source not in PARSERS:
        raise ArchiveDamaged(f"no parser for snapshots of {snapshot.source}; known: {', '.join(PARSERS)}")
    return PARSERS[snapshot.source](snapshot)
