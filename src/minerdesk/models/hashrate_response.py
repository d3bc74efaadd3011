"""How hashrate answers to hashprice.

Miners buy machines while mining pays and switch off where it does not. What it pays is told by one number:
the power price at which the best machine on sale breaks even. Its log ``x`` moves with price, halvings,
difficulty and progress of machines, and it is the one regressor of the monthly log change of difficulty::

    d[t] - d[t-1] = a + b x[t-1] + e[t]

``b`` is the speed of the answer, ``exp(-a/b)`` the break-even power price at which hashrate stands still.
Fitted by least squares with Newey-West errors (:mod:`minerdesk.models.regression`).

A simulated path draws: ``a`` and ``b`` from their joint error (``b`` between 0 and 1: a world in which
hashrate flees from profit, or overshoots it, is no draw); residuals in blocks (stationary bootstrap,
Politis and Romano 1994), so that shocks like the ban of 2021 keep their length; the pace at which machines
improve, which no one knows: the log pace of the last three years, give or take half, fading with a
half-life of two years (damped trends, Gardner and McKenzie 1985).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError
from minerdesk.models.hashrate_history import MonthlyHistory
from minerdesk.models.regression import newey_west_lags, ols

Floats = NDArray[np.float64]

#: Fewer months say nothing about a yearly cycle of investment.
LEAST_MONTHS = 24
#: Mean length of a block of residuals, in months.
BLOCK_MONTHS = 4.0
#: Months over which the pace of machines is measured; its error as a share of it; its half-life in months.
PACE_MONTHS = 36
PACE_ERROR_FRACTION = 0.5
PACE_HALF_LIFE_MONTHS = 24.0


@dataclass(frozen=True)
class HashrateResponse:
    """A fitted response: ``speed`` (b) and ``constant`` (a) with their errors and joint covariance ``(2, 2)``
    (constant first), ``residuals`` ``(n,)`` scaled to the error's variance, and the state at the last month:
    difficulty, best machine, and its monthly log improvement ``pace``.

    ``still_power_usd_per_kwh`` is the break-even power price of the best machine at which hashrate stands
    still; ``nan`` where the speed is not above zero.
    """

    constant: float
    speed: float
    constant_error: float
    speed_error: float
    covariance: Floats
    residuals: Floats
    r_squared: float
    months: int
    last_month: str
    difficulty: float
    best_efficiency_j_per_th: float
    pace: float

    @property
    def still_power_usd_per_kwh(self) -> float:
        return float(np.exp(-self.constant / self.speed)) if self.speed > 0 else float("nan")

    def simulate(
        self,
        rng: np.random.Generator,
        price_usd_per_btc: ArrayLike,
        reward_btc_per_block: ArrayLike,
        difficulty: float | None = None,
    ) -> Floats:
        """Paths of difficulty ``(paths, months + 1)`` that answer to paths of price.

        ``price_usd_per_btc`` is ``(paths, months + 1)``, column 0 the last known month; the reward
        (subsidy, and fees where they are modelled) ``(months + 1,)`` or ``(paths, months + 1)``.
        ``difficulty`` is that of column 0, default the last month's of the fit. All random numbers are
        drawn before a price is looked at: the same generator state gives the same shocks in every scenario.

        Raises :class:`InputError` for shapes that do not fit or values not above zero.
        """
        price = np.asarray(price_usd_per_btc, dtype=np.float64)
        if price.ndim != 2 or price.shape[1] < 2:
            raise InputError(f"paths of price have the shape (paths, months + 1), not {price.shape}")
        paths, columns = price.shape
        reward = np.broadcast_to(np.asarray(reward_btc_per_block, dtype=np.float64), price.shape)
        start = self.difficulty if difficulty is None else difficulty
        if not ((price > 0).all() and (reward > 0).all() and start > 0):
            raise InputError("prices, rewards and difficulty must be above zero")
        constant, speed = self._coefficients(rng, paths)
        shocks = stationary_blocks(rng, self.residuals, paths, columns - 1)
        pace = np.maximum(0.0, self.pace * (1.0 + PACE_ERROR_FRACTION * rng.standard_normal(paths)))

        fading = 0.5 ** (np.arange(columns) / PACE_HALF_LIFE_MONTHS)
        progress = np.concatenate([[0.0], np.cumsum(fading)[:-1]])  # months' worth of today's pace
        efficiency = np.log(self.best_efficiency_j_per_th) - pace[:, None] * progress
        revenue = np.log(price * reward) - efficiency + _log_break_even_factor()
        log_difficulty = np.empty_like(price)
        log_difficulty[:, 0] = np.log(start)
        for month in range(1, columns):
            before = log_difficulty[:, month - 1]
            profit = revenue[:, month - 1] - before
            log_difficulty[:, month] = before + constant + speed * profit + shocks[:, month - 1]
        found: Floats = np.exp(log_difficulty)
        return found

    def _coefficients(self, rng: np.random.Generator, paths: int) -> tuple[Floats, Floats]:
        """Draws of constant and speed ``(paths,)``: speed truncated to [0, 1], the constant given it."""
        from scipy.special import ndtr, ndtri

        low, high = (ndtr((edge - self.speed) / self.speed_error) for edge in (0.0, 1.0))
        level = low + (high - low) * rng.random(paths)
        speed = np.clip(self.speed + self.speed_error * ndtri(level), 0.0, 1.0)
        slope = self.covariance[0, 1] / self.covariance[1, 1]
        rest = np.sqrt(max(0.0, self.covariance[0, 0] - slope * self.covariance[0, 1]))
        constant = self.constant + slope * (speed - self.speed) + rest * rng.standard_normal(paths)
        return constant, speed


def fit_response(history: MonthlyHistory) -> HashrateResponse:
    """Fit the response on a monthly history. Raises :class:`InputError` for fewer than 24 months."""
    if len(history) < LEAST_MONTHS:
        raise InputError(f"{len(history)} months: a response needs at least {LEAST_MONTHS}")
    profit = np.log(history.break_even_power_usd_per_kwh)
    change = np.diff(np.log(history.difficulty))
    found = ols(change, profit[:-1], hac_lags=newey_west_lags(len(change)))
    machines = np.log(history.best_efficiency_j_per_th[-PACE_MONTHS - 1 :])
    freedom = np.sqrt(found.observations / found.degrees_of_freedom)
    return HashrateResponse(
        constant=float(found.coefficients[0]),
        speed=float(found.coefficients[1]),
        constant_error=float(found.standard_errors[0]),
        speed_error=float(found.standard_errors[1]),
        covariance=found.covariance,
        residuals=found.residuals * freedom,
        r_squared=found.r_squared,
        months=found.observations,
        last_month=str(history.month[-1]),
        difficulty=float(history.difficulty[-1]),
        best_efficiency_j_per_th=float(history.best_efficiency_j_per_th[-1]),
        pace=float(machines[0] - machines[-1]) / max(1, len(machines) - 1),
    )


def _log_break_even_factor() -> float:
    """Log break-even power price at a price, reward, difficulty and efficiency of one."""
    one = np.ones(1)
    unit = MonthlyHistory(np.zeros(1, dtype="datetime64[M]"), one, one, one, one)
    return float(np.log(unit.break_even_power_usd_per_kwh[0]))


def stationary_blocks(rng: np.random.Generator, values: Floats, paths: int, months: int) -> Floats:
    """Stationary bootstrap of values ``(n,)``, centred, ``(paths, months)``."""
    centred = values - values.mean()
    count = len(centred)
    fresh = rng.random((paths, months)) < 1.0 / BLOCK_MONTHS
    jump = rng.integers(0, count, (paths, months))
    place = np.empty((paths, months), dtype=np.int64)
    place[:, 0] = jump[:, 0]
    for month in range(1, months):
        place[:, month] = np.where(fresh[:, month], jump[:, month], (place[:, month - 1] + 1) % count)
    found: Floats = centred[place]
    return found
