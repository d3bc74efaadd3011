"""Monthly difficulty, price, reward and best machine: what the hashrate response is fitted on.

Every value is what was in force or last known at the month's end: no look-ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk import units
from minerdesk.consensus import BLOCKS_PER_EPOCH, MAINNET, Network, subsidy_btc_per_block
from minerdesk.errors import InputError
from minerdesk.measures.mining import break_even_power_price_usd_per_kwh
from minerdesk.measures.network import hashprice_usd_per_ph_day

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MonthlyHistory:
    """Month ends ``(n,)``, oldest first, without a gap: ``month`` as ``datetime64[M]``, difficulty in force,
    price, reward a block, and the efficiency of the best machine on sale."""

    month: NDArray[np.datetime64]
    difficulty: Floats
    price_usd_per_btc: Floats
    reward_btc_per_block: Floats
    best_efficiency_j_per_th: Floats

    def __len__(self) -> int:
        return len(self.month)

    def until(self, index: int) -> MonthlyHistory:
        """The months before ``index``: what was known then."""
        return self.span(0, index)

    def span(self, start: int, stop: int) -> MonthlyHistory:
        return MonthlyHistory(
            self.month[start:stop],
            self.difficulty[start:stop],
            self.price_usd_per_btc[start:stop],
            self.reward_btc_per_block[start:stop],
            self.best_efficiency_j_per_th[start:stop],
        )

    @property
    def break_even_power_usd_per_kwh(self) -> Floats:
        """Power price at which the best machine breaks even, ``(n,)``: the profit that draws hashrate in."""
        hashprice = hashprice_usd_per_ph_day(
            self.reward_btc_per_block, 0.0, self.difficulty, self.price_usd_per_btc
        )
        found: Floats = break_even_power_price_usd_per_kwh(hashprice, self.best_efficiency_j_per_th)
        return found


def monthly_history(
    epoch_start: Sequence[datetime],
    epoch_height: ArrayLike,
    epoch_difficulty: ArrayLike,
    price_time: Sequence[datetime],
    price_usd_per_btc: ArrayLike,
    release_year: ArrayLike,
    efficiency_j_per_th: ArrayLike,
    network: Network = MAINNET,
) -> MonthlyHistory:
    """Put tables of different clocks on month ends (UTC), from the first month that all know to the last.

    Epochs ``(e,)`` by the time of their first block; prices ``(p,)`` of any frequency (the last one not
    after the month's end counts); machines ``(m,)`` by release in years (2020.25 is the end of March 2020).
    All times with zone, in order. The reward is the subsidy; fees are left out, as their history is not
    everywhere known.

    Raises :class:`InputError` for tables that do not overlap or are not in order.
    """
    starts, prices_at = _seconds(epoch_start), _seconds(price_time)
    heights, difficulty = np.asarray(epoch_height, dtype=np.int64), np.asarray(epoch_difficulty, dtype=float)
    prices = np.asarray(price_usd_per_btc, dtype=float)
    order = np.argsort(np.asarray(release_year, dtype=float), kind="stable")
    released = np.asarray(release_year, dtype=float)[order]
    best = np.minimum.accumulate(np.asarray(efficiency_j_per_th, dtype=float)[order])
    if not len(starts) or not len(prices_at) or not len(released):
        raise InputError("a monthly history needs epochs, prices and machines")
    if (np.diff(starts) <= 0).any() or (np.diff(prices_at) <= 0).any():
        raise InputError("epochs and prices must be in order of time")

    first = max(np.datetime64(int(at), "s").astype("datetime64[M]") for at in (starts[0], prices_at[0]))
    first = max(first, _month_of_year(float(released[0])))
    # the last epoch is in force for two weeks, the last price for one: a month is whole if both reach its end
    reach = min(starts[-1] + 14 * units.SECONDS_PER_DAY, prices_at[-1] + 7 * units.SECONDS_PER_DAY)
    last = np.datetime64(int(reach), "s").astype("datetime64[M]")
    month = np.arange(first, last, dtype="datetime64[M]")
    if not len(month):
        raise InputError("epochs, prices and machines have no whole month in common")
    end = (month + 1).astype("datetime64[s]").astype(np.int64) - 1
    epoch = np.searchsorted(starts, end, side="right") - 1
    since = ((end - starts[epoch]) / units.TARGET_SECONDS_PER_BLOCK).astype(np.int64)
    height = heights[epoch] + np.minimum(since, BLOCKS_PER_EPOCH - 1)
    years = 1970.0 + (month.astype(np.int64) + 1) / units.MONTHS_PER_YEAR
    return MonthlyHistory(
        month=month,
        difficulty=difficulty[epoch],
        price_usd_per_btc=prices[np.searchsorted(prices_at, end, side="right") - 1],
        reward_btc_per_block=np.array([subsidy_btc_per_block(int(at), network) for at in height]),
        best_efficiency_j_per_th=best[np.searchsorted(released, years + 1e-9, side="right") - 1],
    )


def release_year(text: str | None) -> float | None:
    """A release as lists tell it (``2020-02``, ``2023``) in years: the end of the month, the middle of the
    year; ``None`` for anything else."""
    parts = (text or "").split("-")
    if len(parts) > 2 or not all(part.isdecimal() for part in parts) or len(parts[0]) != 4:
        return None
    if len(parts) == 1:
        return int(parts[0]) + 0.5
    month = int(parts[1])
    return int(parts[0]) + month / units.MONTHS_PER_YEAR if 1 <= month <= 12 else None


def _seconds(times: Sequence[datetime]) -> NDArray[np.int64]:
    return np.array([int(time.astimezone(UTC).timestamp()) for time in times], dtype=np.int64)


def _month_of_year(year: float) -> np.datetime64:
    return np.datetime64("1970-01", "M") + int(np.floor((year - 1970.0) * units.MONTHS_PER_YEAR + 1e-6))
