"""The archive: a folder of Delta tables, raw bytes and commits.

::

    <archive>/
      snapshots/ab/ab12…            raw bytes by sha256, each with a card
      tables/<generation>/<table>/  Delta tables, append-only
      commits/00000007.json         what is visible: versions and files of all tables at one moment
      lock                          held by the one writer; released by the kernel if it is killed

Readers take no lock. A writer that dies leaves the last commit as it was; the next writer first sets each
table back to what that commit names and forgets snapshots that no commit took in.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep

from minerdesk.errors import ArchiveBusy, ArchiveDamaged, ArchiveError, ArchiveMissing
from minerdesk.records import Rows, Snapshot
from minerdesk.store import commits, snapshots
from minerdesk.store.append import Parsed, batches, write_table
from minerdesk.store.commits import Commit
from minerdesk.store.schema import layout_of
from minerdesk.store.tables import TABLES

#: Characters of a path that delta-rs or DuckDB take for something else.
UNFIT_FOR_PATHS = frozenset("%[]\\^|*?")


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

    @property
    def current(self) -> bool:
        """Whether it was written with the tables declared today; if not, a rebuild is due."""
        return self.commit.layout == layout()


def open_archive(path: Path) -> Archive:
    """The archive at ``path`` at its newest commit.

    Raises :class:`ArchiveMissing` where nothing has been committed yet.
    """
    commit = commits.head(path)
    if commit.number == 0:
        raise ArchiveMissing(f"no archive at {path}; `minerdesk rebuild` makes one")
    return Archive(path, commit)


def layout() -> str:
    """Digest of the tables declared today."""
    return layout_of(TABLES.values())


@contextmanager
def writing(path: Path, timeout_seconds: float = 30.0) -> Iterator[None]:
    """Hold the archive for writing.

    Raises :class:`ArchiveBusy` if another writer keeps it too long, :class:`ArchiveError` where the place
    cannot be written to (rights, space, not a folder).
    """
    if odd := UNFIT_FOR_PATHS.intersection(str(path.resolve())):
        raise ArchiveError(
            f"no archive can be at {path.resolve()}: its path has {' '.join(sorted(odd))} in it"
        )
    try:
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
    except OSError as fault:
        raise ArchiveError(f"the archive at {path} cannot be written: {fault}") from fault


def ingest(path: Path, parsed: Sequence[tuple[Snapshot, Rows]], *, timeout_seconds: float = 30.0) -> Archive:
    """Add snapshots and their rows in one commit.

    Passed over are snapshots taken in before, and bytes that only repeat the newest of their source and
    name. When this returns, everything is on disk and visible. Raises :class:`ArchiveBusy`.
    """
    with writing(path, timeout_seconds):
        head = commits.head(path)
        known, newest, number = set(), {}, 0
        for card in snapshots.cards(path):
            number = max(number, card.number)
            if card.number in head.snapshots:
                known.add(card.identity)
                newest[card.source, card.name] = card.sha256
            elif head.number:
                snapshots.forget(path, card)
        fresh: list[Parsed] = []
        for snapshot, rows in parsed:
            card = snapshots.card(snapshot, number + 1)
            named = card.source, card.name
            if card.identity in known or newest.get(named) == card.sha256:
                continue
            known.add(card.identity)
            newest[named] = card.sha256
            number += 1
            snapshots.keep(path, card, snapshot.content)
            fresh.append((card, snapshot, rows))
        if not fresh and head.number:
            return Archive(path, head)
        return _append(path, head, fresh)


def rebuild(path: Path, parse: Callable[[Snapshot], Rows]) -> Archive:
    """Parse every snapshot the archive took in once more, offline, into a new generation of all tables, and
    make that the visible one.

    The newest commit says which snapshots were taken in; where none can be read, all that are kept count.
    Raises :class:`ArchiveMissing` where there are none and :class:`ArchiveDamaged` where bytes are missing
    or have changed.
    """
    with writing(path):
        cards = {card.number: card for card in snapshots.cards(path)}
        known = commits.numbers(path)
        try:
            taken = commits.read(path, known[-1]).snapshots if known else frozenset(cards)
        except ArchiveDamaged:
            taken = frozenset(cards)
        if not taken:
            raise ArchiveMissing(f"no snapshots at {path}")
        if lost := sorted(taken - set(cards)):
            raise ArchiveDamaged(f"cards of snapshots {lost} are missing below {path / 'snapshots'}")
        loaded = [(card, card.load(path)) for number, card in sorted(cards.items()) if number in taken]
        parsed = [(card, snapshot, parse(snapshot)) for card, snapshot in loaded]
        generations = [int(p.name) for p in (path / "tables").glob("*") if p.name.isdigit()]
        empty = Commit(known[-1] if known else 0, max(generations, default=0) + 1, {})
        return _append(path, empty, parsed)


def _append(path: Path, base: Commit, fresh: Sequence[Parsed]) -> Archive:
    tables = dict(base.tables)
    for name, rows in batches(path, base, fresh).items():
        if rows or name not in tables:
            tables[name] = write_table(path, base, TABLES[name], rows)
    taken = base.snapshots | {card.number for card, _, _ in fresh}
    commit = Commit(base.number + 1, base.generation, tables, taken, layout())
    commits.write(path, commit, base)
    return Archive(path, commit)
