"""The nowcast of a cost: a filed hashcost carried to today's difficulty, and how wrong that was before.

A hashcost (USD per PH-day) hardly moves with difficulty; what a PH-day mines does. So the cost of a bitcoin
today is the last filed hashcost over today's hashprice in bitcoin
(``measures.mining.nowcast_cost_usd_per_btc``). Its error was observed each time a later quarter was filed:
the same sum made for that quarter from the filing ``horizon`` quarters before it. The interval is made of
these errors and of nothing else: they are taken as normal in logarithms, with mean and spread unknown, so
its half-width is Student's t with n - 1 degrees of freedom times s sqrt(1 + 1/n) [prediction interval for
one more draw].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError

Floats = NDArray[np.float64]

#: With fewer past errors an interval would be a guess: none is given.
LEAST_ERRORS = 4


@dataclass(frozen=True)
class Scorecard:
    """Past nowcasts beside what was filed later, oldest first; ``log_errors`` is ln(filed / nowcast)."""

    periods: tuple[str, ...]
    horizon: int
    nowcast_usd_per_btc: Floats
    filed_usd_per_btc: Floats
    log_errors: Floats

    @property
    def errors_fraction(self) -> Floats:
        """Filed over nowcast less 1: positive where the cost came in above the nowcast."""
        errors: Floats = np.expm1(self.log_errors)
        return errors

    @property
    def bias_fraction(self) -> float:
        """Mean error; not a number where there is none."""
        return float(self.errors_fraction.mean()) if len(self.periods) else float("nan")

    @property
    def mean_absolute_error_fraction(self) -> float:
        return float(np.abs(self.errors_fraction).mean()) if len(self.periods) else float("nan")

    @property
    def worst_error_fraction(self) -> float:
        if not len(self.periods):
            return float("nan")
        return float(self.errors_fraction[np.abs(self.errors_fraction).argmax()])


@dataclass(frozen=True)
class Nowcast:
    """A nowcast with the interval that holds ``level`` of the errors; no bounds where errors are too few."""

    usd_per_btc: float
    low_usd_per_btc: float | None
    high_usd_per_btc: float | None
    level: float
    errors_used: int


def scorecard(
    periods: Sequence[str],
    hashcost_usd_per_ph_day: ArrayLike,
    hashprice_btc_per_ph_day: ArrayLike,
    horizon: int = 1,
) -> Scorecard:
    """Each quarter's cost as it would have been nowcast ``horizon`` quarters before, and as filed.

    ``hashcost_usd_per_ph_day`` and ``hashprice_btc_per_ph_day`` ``(n,)`` belong to consecutive ``periods``,
    NaN marks a quarter that was not filed. Raises :class:`minerdesk.errors.InputError` for lengths that
    differ, a horizon below 1, or a value that is not positive.
    """
    filed = np.asarray(hashcost_usd_per_ph_day, dtype=np.float64)
    mined = np.asarray(hashprice_btc_per_ph_day, dtype=np.float64)
    if not len(periods) == len(filed) == len(mined):
        raise InputError(f"{len(periods)} periods, {len(filed)} hashcosts, {len(mined)} of bitcoin")
    if horizon < 1:
        raise InputError(f"a horizon of {horizon} quarters looks at the answer")
    if (filed <= 0).any() or (mined <= 0).any():
        raise InputError("hashcost and bitcoin a PH-day are above 0")
    then, now = filed[:-horizon], filed[horizon:]
    there = np.isfinite(then) & np.isfinite(now) & np.isfinite(mined[horizon:])
    carried, came = (then / mined[horizon:])[there], (now / mined[horizon:])[there]
    return Scorecard(
        periods=tuple(p for p, kept in zip(periods[horizon:], there, strict=True) if kept),
        horizon=horizon,
        nowcast_usd_per_btc=carried,
        filed_usd_per_btc=came,
        log_errors=np.log(came / carried),
    )


def with_interval(nowcast_usd_per_btc: float, card: Scorecard, level: float = 0.9) -> Nowcast:
    """A nowcast with its interval from the card's errors; the card's horizon must be the nowcast's own.

    The interval is centred where the errors are: a nowcast that came out low three times of four has more
    room above. Raises :class:`minerdesk.errors.InputError` for a nowcast or a level that cannot be.
    """
    if not (nowcast_usd_per_btc > 0 and np.isfinite(nowcast_usd_per_btc)):
        raise InputError(f"a nowcast of {nowcast_usd_per_btc} USD per BTC")
    if not 0 < level < 1:
        raise InputError(f"a level lies between 0 and 1, not {level}")
    errors = card.log_errors
    n = len(errors)
    if n < LEAST_ERRORS:
        return Nowcast(nowcast_usd_per_btc, None, None, level, n)
    from scipy.special import stdtrit

    half = float(stdtrit(n - 1, 0.5 + level / 2)) * float(errors.std(ddof=1)) * np.sqrt(1 + 1 / n)
    low, high = nowcast_usd_per_btc * np.exp(errors.mean() + np.array([-half, half]))
    return Nowcast(nowcast_usd_per_btc, float(low), float(high), level, n)
