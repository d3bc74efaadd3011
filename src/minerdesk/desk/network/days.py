"""What the network view reads: days, epochs and prices as known, and windows of whole days cut at retargets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from minerdesk import units
from minerdesk.consensus import difficulty_of_bits
from minerdesk.errors import InputError
from minerdesk.models.hashrate import HashrateEstimate, hashrate_of_days
from minerdesk.records import end_of_day
from minerdesk.store import frames
from minerdesk.store.engine import Engine

#: Blocks of a day at the protocol's pace.
BLOCKS_PER_DAY = round(units.SECONDS_PER_DAY / units.TARGET_SECONDS_PER_BLOCK)
LONGEST_WINDOW_BLOCKS = 365 * BLOCKS_PER_DAY
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Epoch:
    """A difficulty epoch: first height, time of its first block, compact bits, difficulty."""

    first_height: int
    start: datetime
    bits: str
    difficulty: float

    @property
    def ref(self) -> str:
        return f"difficulty_epochs/{self.first_height}"


@dataclass(frozen=True)
class Chain:
    """The network up to the end of a UTC day: ``days`` by date, ``epochs`` in force by then, closes by day
    and by Sunday, ``machines`` on sale. Nothing in it is of a later day, whatever was known when it was
    read."""

    day: date
    days: dict[date, dict[str, Any]]
    epochs: tuple[Epoch, ...]
    closes: dict[date, float]
    weekly: dict[date, float]
    machines: tuple[dict[str, Any], ...]

    @property
    def height(self) -> int:
        """Height of the day's last block."""
        return int(self.days[self.day]["last_height"])

    def epoch_at(self, height: int) -> Epoch:
        """The epoch that a height lies in."""
        return self.epochs[bisect_right(self.epochs, height, key=lambda e: e.first_height) - 1]


@dataclass(frozen=True)
class Window:
    """An estimate from whole UTC days, with the refs of what it was made from."""

    first: date
    last: date
    days: int
    estimate: HashrateEstimate
    refs: tuple[str, ...]


def last_day(engine: Engine, as_of: datetime | None) -> date:
    """The last day whose blocks and close were both known at ``as_of`` (``None``: are on record); of the
    blocks alone where no close is. Raises :class:`InputError` where no blocks were known."""
    moment = as_of or _EVER
    days = set(frames.columns(engine, "bitcoin_days", moment, ["day"])["day"])
    prices = frames.columns(engine, "bitcoin_closes", moment, ["clock", "day"])
    priced = {day for clock, day in zip(*prices.values(), strict=True) if clock == "utc_day"}
    if not days:
        raise InputError(f"no blocks were known on {moment:%Y-%m-%d}")
    last: date = max(days & priced, default=max(days))
    return last


def read_chain(engine: Engine, day: date, as_of: datetime) -> Chain:
    """What was known at ``as_of`` of the network up to the end of ``day``.

    Raises :class:`InputError` where the blocks of that day were not known.
    """
    days = {row["day"]: row for row in frames.rows(engine, "bitcoin_days", as_of)}
    if day not in days:
        every = frames.columns(engine, "bitcoin_days", _EVER, ["day"])["day"]
        span = f"{every[0]} to {every[-1]}" if every else "none"
        raise InputError(f"no blocks of {day} were known at {as_of:%Y-%m-%d %H:%M} UTC; on record: {span}")
    end = end_of_day(day)
    closes: dict[str, dict[date, float]] = {"utc_day": {}, "utc_week": {}}
    for row in frames.rows(engine, "bitcoin_closes", as_of):
        if row["day"] <= day:
            closes[row["clock"]][row["day"]] = row["close_usd"]
    epochs = [
        Epoch(
            row["first_height"],
            row["first_block_time"],
            row["bits"],
            difficulty_of_bits(int(row["bits"], 16)),
        )
        for row in frames.rows(engine, "difficulty_epochs", as_of)
        if row["first_height"] <= days[day]["last_height"]
    ]
    if not epochs:
        raise InputError(f"no difficulty was known on {day}")
    machines = (
        row
        for row in frames.rows(engine, "asic_models", as_of)
        if row["efficiency_j_per_th"] and (not row["release"] or row["known_at"] <= end)
    )
    return Chain(
        day=day,
        days={d: row for d, row in days.items() if d <= day},
        epochs=tuple(epochs),
        closes=closes["utc_day"],
        weekly=closes["utc_week"],
        machines=tuple(machines),
    )


def days_of_window(blocks: int) -> int:
    """The whole days nearest to a window of blocks. Raises :class:`InputError` for one that is none."""
    if not 1 <= blocks <= LONGEST_WINDOW_BLOCKS:
        raise InputError(f"a window has 1 to {LONGEST_WINDOW_BLOCKS} blocks, not {blocks}")
    return max(1, round(blocks / BLOCKS_PER_DAY))


def window_of(chain: Chain, last: date, days: int) -> Window | None:
    """Hashrate of the ``days`` whole UTC days that end with ``last``; ``None`` where one is not on record.

    A day with a retarget in it is cut at the first block of the new epoch: each part's seconds count at its
    own difficulty.
    """
    span = [last - timedelta(days=back) for back in reversed(range(days))]
    if not all(day in chain.days for day in span):
        return None
    blocks: list[int] = []
    seconds: list[float] = []
    difficulty: list[float] = []
    refs = [f"bitcoin_days/{span[0]}..{span[-1]}"]
    for day in span:
        for count, taken, epoch in _parts(chain, day):
            blocks.append(count)
            seconds.append(taken)
            difficulty.append(epoch.difficulty)
            if epoch.ref not in refs:
                refs.append(epoch.ref)
    return Window(span[0], last, days, hashrate_of_days(blocks, seconds, difficulty), tuple(refs))


def _parts(chain: Chain, day: date) -> Sequence[tuple[int, float, Epoch]]:
    """Blocks, seconds and epoch of each part of a day."""
    row = chain.days[day]
    first, last, count = row["first_height"], row["last_height"], row["blocks"]
    before, after = chain.epoch_at(first), chain.epoch_at(last)
    if before is after:
        return ((count, units.SECONDS_PER_DAY, before),)
    until = (after.start - end_of_day(day - timedelta(days=1))).total_seconds()
    found = after.first_height - first
    return ((found, until, before), (count - found, units.SECONDS_PER_DAY - until, after))
