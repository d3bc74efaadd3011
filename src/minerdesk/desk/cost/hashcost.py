"""What a petahash-day mined in a quarter, and what it mines on a day: the clock a filed cost is carried by.

Blocks of a quarter are counted by difficulty epochs, straight between their first blocks; difficulty is
exact. Fees are on record for whole days from August 2025: where a quarter has none, neither it nor the day
it is carried to counts fees, so that the two stay comparable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from minerdesk.consensus import (
    BLOCKS_PER_EPOCH,
    TARGET_SECONDS_PER_EPOCH,
    difficulty_of_bits,
    subsidy_btc_per_block,
)
from minerdesk.desk.book import Book
from minerdesk.measures import network
from minerdesk.models.cost_periods import calendar_quarter
from minerdesk.records import Figure, end_of_day
from minerdesk.store import frames
from minerdesk.store.engine import Engine

#: The newest epoch on record is the one under way for so long after its first block.
EPOCH_HOLDS = timedelta(days=16)
#: Fees of a day serve for the view's day while no older than this.
FEES_HOLD = timedelta(days=3)


@dataclass(frozen=True)
class Epoch:
    """Blocks from ``height`` on, at one difficulty; ``until`` is the next epoch's first block, or its due."""

    height: int
    start: datetime
    until: datetime
    difficulty: float
    ref: str


@dataclass(frozen=True)
class Period:
    """The network over a quarter: rewards and work. ``with_fees``: fees of every day are in the rewards."""

    rewards_btc: Figure
    work_hashes: Figure
    days: int
    with_fees: bool


@dataclass(frozen=True)
class Chain:
    """Epochs and days of fees known at ``as_of``."""

    as_of: datetime
    epochs: tuple[Epoch, ...]
    fees: dict[date, tuple[float, int, str]]

    @property
    def reaches(self) -> bool:
        """Whether the difficulty of the view's day is on record."""
        return bool(self.epochs) and self.as_of - self.epochs[-1].start <= EPOCH_HOLDS

    def over(self, book: Book, quarter: str) -> Period | None:
        """Rewards and work of a calendar quarter; ``None`` where its blocks are not on record to the end."""
        first, last = calendar_quarter(quarter)
        start, end = end_of_day(first - timedelta(days=1)), end_of_day(last)
        parts = [e for e in self.epochs if e.start < end and e.until > start]
        if not parts or parts[0].start > start or parts[-1].until < end:
            return None
        rewards = work = 0.0
        for epoch in parts:
            inside = (min(epoch.until, end) - max(epoch.start, start)) / (epoch.until - epoch.start)
            blocks = BLOCKS_PER_EPOCH * inside
            rewards += blocks * subsidy_btc_per_block(epoch.height)
            work += network.network_work_hashes(epoch.difficulty, blocks)
        refs = [f"difficulty_epochs/{parts[0].height}..{parts[-1].height}"]
        days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
        with_fees = all(day in self.fees for day in days)
        if with_fees:
            rewards += sum(self.fees[day][0] for day in days)
        method = "blocks of the epochs by time"
        told = "with fees" if with_fees else "subsidy alone"
        fee_refs = [f"bitcoin_days/{first}..{last}"] if with_fees else []
        return Period(
            book.model(f"network/{quarter}/rewards_btc", rewards, "btc", method, [*refs, *fee_refs], told),
            book.model(f"network/{quarter}/network_work_hashes", work, "hashes", method, refs),
            len(days),
            with_fees,
        )

    def today(self, book: Book, *, with_fees: bool) -> Figure:
        """BTC a PH-day mines on the view's day; fees are those of the last whole day on record."""
        epoch = self.epochs[-1]
        name = "hashprice_btc_per_ph_day" if with_fees else "hashprice_of_subsidy_btc_per_ph_day"
        subsidy = book.model(
            "subsidy_btc_per_block",
            subsidy_btc_per_block(epoch.height),
            "btc_per_block",
            "halvings",
            (epoch.ref,),
        )
        return book.derive(
            name,
            network.hashprice_btc_per_ph_day,
            subsidy_btc_per_block=subsidy,
            mean_fee_btc_per_block=self.mean_fee(book) if with_fees else 0.0,
            network_difficulty=self.difficulty(book),
        )

    def today_usd(self, book: Book, price: Figure, *, with_fees: bool) -> Figure:
        """Hashprice of the view's day in USD; missing where its price, difficulty or fees are not on record."""
        if not self.reaches:
            why = "the difficulty of the day is not on record"
            return Figure(None, "usd_per_ph_day", "", book.as_of, note=why)
        coins = self.today(book, with_fees=with_fees)
        return book.derive(
            coins.ref.rsplit("/", 1)[-1].replace("_btc_", "_usd_"),
            network.hashprice_usd_per_ph_day,
            subsidy_btc_per_block=book.nodes[f"{book.prefix}/subsidy_btc_per_block"],
            mean_fee_btc_per_block=self.mean_fee(book) if with_fees else 0.0,
            network_difficulty=self.difficulty(book),
            price_usd_per_btc=price,
        )

    def difficulty(self, book: Book) -> Figure:
        epoch = self.epochs[-1]
        return book.model(
            "network_difficulty", epoch.difficulty, "difficulty", "from compact bits", (epoch.ref,)
        )

    def mean_fee(self, book: Book) -> Figure:
        if not self.fees or self.as_of - end_of_day(max(self.fees)) > FEES_HOLD:
            return Figure(None, "btc_per_block", "", book.as_of)
        fees, blocks, ref = self.fees[max(self.fees)]
        return book.derive(
            "mean_fee_btc_per_block",
            network.mean_fee_btc_per_block,
            fees_btc=book.model("fees_btc", fees, "btc", "column fees_btc of the last whole day", (ref,)),
            window_blocks=book.model("blocks", blocks, "blocks", "column blocks of that day", (ref,)),
        )


def chain(engine: Engine, as_of: datetime) -> Chain:
    """The chain as known at ``as_of``; the epoch under way lasts as long as it should."""
    rows = frames.rows(engine, "difficulty_epochs", as_of)
    starts = [row["first_block_time"] for row in rows]
    due = starts[-1] + timedelta(seconds=TARGET_SECONDS_PER_EPOCH) if starts else as_of
    epochs = tuple(
        Epoch(
            row["first_height"],
            row["first_block_time"],
            until,
            difficulty_of_bits(int(row["bits"], 16)),
            row["ref"],
        )
        for row, until in zip(rows, [*starts[1:], due], strict=True)
        if until > row["first_block_time"]
    )
    fees = {
        row["day"]: (row["fees_btc"], row["blocks"], row["ref"])
        for row in frames.rows(engine, "bitcoin_days", as_of)
        if row["blocks"]
    }
    return Chain(as_of, epochs, fees)
