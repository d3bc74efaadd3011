"""Raw bytes, kept once under their sha256, each with a small card that says what they are.

The cards make the archive rebuildable from this folder alone.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from minerdesk.errors import ArchiveDamaged, UnknownReference
from minerdesk.records import Snapshot
from minerdesk.store.commits import write_file


def _folder(archive: Path) -> Path:
    return archive / "snapshots"


def keep(archive: Path, snapshot: Snapshot, number: int) -> Card:
    """Store bytes and card; storing the same bytes again changes nothing."""
    card = Card(
        number=number,
        sha256=snapshot.sha256,
        source=snapshot.source,
        name=snapshot.name,
        origin=snapshot.origin,
        media_type=snapshot.media_type,
        known_at=snapshot.known_at.isoformat(),
    )
    data = _folder(archive) / card.sha256[:2] / card.sha256
    if not data.exists():
        write_file(data, snapshot.content)
    text = json.dumps(asdict(card), ensure_ascii=False, indent=1)
    write_file(data.with_name(f"{card.sha256}.{number:08d}.json"), text.encode())
    return card


def content(archive: Path, sha: str) -> bytes:
    """The bytes of a snapshot, checked against their digest.

    Raises :class:`UnknownReference` for a digest the archive does not hold and :class:`ArchiveDamaged` for
    bytes that no longer match theirs.
    """
    path = _folder(archive) / sha[:2] / sha
    if not path.is_file():
        raise UnknownReference(f"no snapshot {sha}")
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha:
        raise ArchiveDamaged(f"snapshot {sha} has changed on disk")
    return raw


@dataclass(frozen=True)
class Card:
    """What a kept snapshot is: its number in order of arrival, digest and origin."""

    number: int
    sha256: str
    source: str
    name: str
    origin: str
    media_type: str
    known_at: str

    def load(self, archive: Path) -> Snapshot:
        return Snapshot(
            source=self.source,
            name=self.name,
            content=content(archive, self.sha256),
            known_at=datetime.fromisoformat(self.known_at),
            origin=self.origin,
            media_type=self.media_type,
        )


def cards(archive: Path) -> list[Card]:
    """All cards, in the order their snapshots came."""
    paths = [p for p in _folder(archive).glob("*/*.json") if not p.name.startswith(".")]
    return sorted((Card(**json.loads(p.read_bytes())) for p in paths), key=lambda card: card.number)
