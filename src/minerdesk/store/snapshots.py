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


def card(snapshot: Snapshot, number: int) -> Card:
    """The card of a snapshot that came as the ``number``-th."""
    return Card(
        number=number,
        sha256=snapshot.sha256,
        source=snapshot.source,
        name=snapshot.name,
        origin=snapshot.origin,
        media_type=snapshot.media_type,
        known_at=snapshot.known_at.isoformat(),
    )


def keep(archive: Path, card: Card, content: bytes) -> None:
    """Store bytes and card; storing the same bytes again changes nothing."""
    data = path_of(archive, card.sha256)
    if not data.exists():
        write_file(data, content)
    text = json.dumps(asdict(card), ensure_ascii=False, indent=1)
    write_file(card_path(archive, card), text.encode())


def forget(archive: Path, card: Card) -> None:
    """Take away the card of a snapshot that was never taken in; the bytes stay."""
    card_path(archive, card).unlink(missing_ok=True)


def path_of(archive: Path, sha: str) -> Path:
    return _folder(archive) / sha[:2] / sha


def card_path(archive: Path, card: Card) -> Path:
    return path_of(archive, card.sha256).with_name(f"{card.sha256}.{card.number:08d}.json")


def content(archive: Path, sha: str) -> bytes:
    """The bytes of a snapshot, checked against their digest.

    Raises :class:`UnknownReference` for a digest the archive does not hold and :class:`ArchiveDamaged` for
    bytes that no longer match theirs.
    """
    path = path_of(archive, sha)
    if not path.is_file():
        raise UnknownReference(f"no snapshot {sha}")
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != sha:
        raise ArchiveDamaged(f"snapshot {sha} has changed on disk: its bytes no longer match their digest")
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

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells one arrival from another."""
        return self.source, self.name, self.sha256, self.known_at

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
    """All cards, in the order their snapshots came. Raises :class:`ArchiveDamaged` for an unreadable one."""
    read = [card for path in card_files(archive) if (card := read_card(path))]
    return sorted(read, key=lambda card: card.number)


def card_files(archive: Path) -> list[Path]:
    return [p for p in _folder(archive).glob("*/*.json") if not p.name.startswith(".")]


def read_card(path: Path) -> Card | None:
    """The card in a file; ``None`` for one that has just gone. Raises :class:`ArchiveDamaged`."""
    try:
        return Card(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None  # a writer has just forgotten it
    except (OSError, ValueError, TypeError) as fault:
        raise ArchiveDamaged(f"snapshot card {path} cannot be read: {fault}") from fault
