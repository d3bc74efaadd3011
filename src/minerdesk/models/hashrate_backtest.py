"""Is the hashrate response calibrated? Rolling origins: fit on what was known, simulate on, compare.

Two questions, two kinds of price path. With the *known* price that came, only the answer of hashrate is
tested; hashprice then misses by exactly as much as hashrate, the other way. With *bootstrapped* prices (past
monthly returns in blocks, their mean taken out: no drift), nothing of the future is known, as in the pivot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minerdesk.errors import InputError
from minerdesk.measures.network import hashprice_usd_per_ph_day
from minerdesk.models.hashrate_history import MonthlyHistory
from minerdesk.models.hashrate_response import LEAST_MONTHS, fit_response, stationary_blocks

Floats = NDArray[np.float64]

#: Past months of returns that a bootstrapped price draws from.
RETURN_MONTHS = 48


@dataclass(frozen=True)
class Band:
    """Forecasts of one quantity: ``low``, ``median``, ``high`` and what came, ``(origins, horizons)``;
    ``nan`` where the horizon is not over yet."""

    low: Floats
    median: Floats
    high: Floats
    actual: Floats

    @property
    def cases(self) -> NDArray[np.int64]:
        """Forecasts that can be judged, a horizon ``(h,)``. Neighbouring ones overlap."""
        found: NDArray[np.int64] = np.isfinite(self.actual).sum(axis=0)
        return found

    @property
    def coverage_fraction(self) -> Floats:
        """Share of the cases that lie in the interval, a horizon ``(h,)``."""
        held = (self.low <= self.actual) & (self.actual <= self.high)
        found: Floats = held.sum(axis=0) / self.cases
        return found

    @property
    def log_width(self) -> Floats:
        """Mean log of high over low, a horizon ``(h,)``."""
        found: Floats = np.nanmean(np.log(self.high / self.low), axis=0)
        return found

    @property
    def log_error(self) -> Floats:
        """Root mean square log error of the median, a horizon ``(h,)``."""
        found: Floats = np.sqrt(np.nanmean(np.log(self.actual / self.median) ** 2, axis=0))
        return found


@dataclass(frozen=True)
class Backtest:
    """Bands at ``confidence`` from each ``origin`` month ``(origins,)`` over ``horizons`` in months."""

    origin: NDArray[np.datetime64]
    horizons: tuple[int, ...]
    confidence: float
    difficulty: Band
    hashprice_usd_per_ph_day: Band


def backtest(
    history: MonthlyHistory,
    first_origin: str,
    rng: np.random.Generator,
    *,
    horizons: Sequence[int] = (1, 3, 6, 12, 24),
    paths: int = 500,
    confidence: float = 0.90,
    known_price: bool = True,
) -> Backtest:
    """Forecast from every month from ``first_origin`` (``2016-01``) on, knowing only the months until then.

    Raises :class:`InputError` where fewer than 24 months lie before the first origin or none after it.
    """
    begin = int(np.searchsorted(history.month, np.datetime64(first_origin, "M")))
    origins = range(begin, len(history) - 1)
    if begin + 1 < LEAST_MONTHS or not origins:
        raise InputError(f"{first_origin} leaves {begin + 1} months to fit on and {len(origins)} to judge")
    tail = (1.0 - confidence) / 2.0
    shape = (4, len(origins), len(horizons))
    difficulty, hashprice = np.full(shape, np.nan), np.full(shape, np.nan)
    came = hashprice_usd_per_ph_day(
        history.reward_btc_per_block, 0.0, history.difficulty, history.price_usd_per_btc
    )
    for row, at in enumerate(origins):
        ahead = min(max(horizons), len(history) - 1 - at)
        past, stop = history.until(at + 1), at + ahead + 1
        reward = history.reward_btc_per_block[at:stop]  # halvings are known beforehand
        if known_price:
            price = np.tile(history.price_usd_per_btc[at:stop], (paths, 1))
        else:
            price = bootstrap_prices(past, rng, paths, ahead)
        simulated = fit_response(past).simulate(rng, price, reward)
        earned = hashprice_usd_per_ph_day(reward, 0.0, simulated, price)
        for column, months in enumerate(horizons):
            if months <= ahead:
                levels = (tail, 0.5, 1.0 - tail)
                difficulty[:3, row, column] = np.quantile(simulated[:, months], levels)
                hashprice[:3, row, column] = np.quantile(earned[:, months], levels)
                difficulty[3, row, column] = history.difficulty[at + months]
                hashprice[3, row, column] = came[at + months]
    return Backtest(
        origin=history.month[begin : len(history) - 1],
        horizons=tuple(horizons),
        confidence=confidence,
        difficulty=Band(*difficulty),
        hashprice_usd_per_ph_day=Band(*hashprice),
    )


def bootstrap_prices(history: MonthlyHistory, rng: np.random.Generator, paths: int, months: int) -> Floats:
    """Paths of price ``(paths, months + 1)`` from the last one on: past monthly log returns in blocks,
    without drift."""
    returns = np.diff(np.log(history.price_usd_per_btc[-RETURN_MONTHS - 1 :]))
    steps = stationary_blocks(rng, returns, paths, months)
    log_price = np.concatenate([np.zeros((paths, 1)), np.cumsum(steps, axis=1)], axis=1)
    found: Floats = history.price_usd_per_btc[-1] * np.exp(log_price)
    return found
