"""From sources to the archive. The only module that sees both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from minerdesk.errors import ArchiveDamaged, ArchiveMissing
from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.sources import embedded, filed
from minerdesk.store import doctor
from minerdesk.store.archive import Archive, ingest, open_archive
from minerdesk.store.archive import rebuild as write_generation
from minerdesk.store.snapshots import cards


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

    Raises :class:`minerdesk.errors.UnreadableInput` for a file that is no filing; then none is taken in.
    """
    read = [filed.snapshot_of(name, content, known_at) for name, content in files]
    parsed = [(snapshot, parse(snapshot)) for snapshot in read]
    before = open_or_build(path).commit.snapshots
    archive = ingest(path, parsed)
    fresh = {
        (card.source, card.name, card.sha256)
        for card in cards(path)
        if card.number in archive.commit.snapshots - before
    }
    return archive, [(s, r, (s.source, s.name, s.sha256) in fresh) for s, r in parsed]


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
