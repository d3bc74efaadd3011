"""From sources to the archive. The only module that sees both."""

from __future__ import annotations

from pathlib import Path

from minerdesk.errors import ArchiveDamaged, ArchiveMissing
from minerdesk.records import Rows, Snapshot
from minerdesk.sources import embedded
from minerdesk.store import snapshots
from minerdesk.store.archive import Archive, ingest, open_archive
from minerdesk.store.archive import rebuild as write_generation

#: source name -> its pure parser
PARSERS = {embedded.NAME: embedded.parse}


def open_or_build(path: Path) -> Archive:
    """The archive at ``path``; built from the embedded desk on first use."""
    try:
        return open_archive(path)
    except ArchiveMissing:
        return refresh(path)


def refresh(path: Path) -> Archive:
    """Take in what the sources have and the archive has not."""
    return ingest(path, [(snapshot, parse(snapshot)) for snapshot in embedded.snapshots()])


def rebuild(path: Path) -> Archive:
    """Parse every snapshot of the archive again, offline, into a new generation of all tables."""
    parsed = []
    for card in snapshots.cards(path):
        snapshot = card.load(path)
        parsed.append((card, snapshot, parse(snapshot)))
    return write_generation(path, parsed) if parsed else refresh(path)


def parse(snapshot: Snapshot) -> Rows:
    """Rows and findings of a snapshot by the parser of its source."""
    try:
        return PARSERS[snapshot.source](snapshot)
    except KeyError:
        raise ArchiveDamaged(f"no parser for {snapshot.source}/{snapshot.name}") from None
