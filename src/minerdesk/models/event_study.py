"""One event: abnormal return, cumulative abnormal return and t of a name around a session.

Market model on sessions [-130, -11] before the event with the factors BTC and the sector without the name
[MacKinlay, "Event Studies in Economics and Finance", Journal of Economic Literature 35 (1997), 13-39]. All
returns are logarithms, so that they add over sessions and over a halt; ``expm1`` of a CAR is a fraction.

What is done with the odd cases, and said in the result:

- **Halts and gaps.** The return of the first close after missing sessions covers all of them (its *span*);
  factors are summed over the same sessions and its variance is that of ``span`` sessions. Such returns are
  left out of the estimation (``estimation_missing`` counts what is left out) and kept in the event window.
  A gap of more than ``LONGEST_SPAN`` sessions gives no return.
- **Young listings.** With fewer than ``YOUNG_SESSIONS`` sessions of prices before the event, or fewer than
  ``FEWEST_ROWS`` usable rows, the abnormal return is the return less the sector's (``model`` says so).
- **Missing sessions in the event window** count as ``missing`` of the window; all missing gives NaN.

Splits are adjusted before prices come here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError
from minerdesk.models.regression import ols

Floats = NDArray[np.float64]
Model = Literal["market", "sector_adjusted"]

ESTIMATION = (-130, -11)
PATH = (-10, 10)
YOUNG_SESSIONS = 60
FEWEST_ROWS = 30
FEWEST_ROWS_ADJUSTED = 10
LONGEST_SPAN = 10


@dataclass(frozen=True)
class AlignedReturns:
    """Log returns of ``names`` on a grid of sessions, each with the factor returns over the same span.

    ``returns`` and ``spans`` are ``(sessions, names)``, ``factors`` is ``(sessions, names, k)``; NaN where
    there is no return. ``listed`` ``(names,)`` is the row of the first price, ``sessions`` for none.
    """

    returns: Floats
    spans: Floats
    factors: Floats
    listed: NDArray[np.intp]

    def rows(self, name: int, start: int, stop: int) -> tuple[Floats, Floats]:
        """Returns ``(m,)`` and design ``(m, 1 + k)`` (span first) of sessions ``start`` to ``stop - 1``."""
        design = np.column_stack([self.spans[start:stop, name], self.factors[start:stop, name]])
        return self.returns[start:stop, name], design

    @cached_property
    def usable(self) -> NDArray[np.bool_]:
        """Rows fit for estimation, ``(sessions, names)``: a return of one session and all its factors."""
        finite: NDArray[np.bool_] = np.isfinite(self.returns) & np.isfinite(self.factors).all(axis=2)
        single: NDArray[np.bool_] = finite & (self.spans == 1.0)
        return single


@dataclass(frozen=True)
class WindowReturn:
    """Cumulative abnormal return over sessions ``first`` .. ``last`` relative to the event.

    ``car`` is in logs; ``missing`` sessions of the window have no abnormal return. ``t`` is
    ``car / standard_error`` with the forecast error in it, NaN where no error could be estimated.
    """

    first: int
    last: int
    car: float
    standard_error: float
    t: float
    p_value: float
    degrees_of_freedom: int
    missing: int

    @property
    def car_fraction(self) -> float:
        """The CAR as a simple fraction: ``exp(car) - 1``."""
        return float(np.expm1(self.car))


@dataclass(frozen=True)
class EventStudy:
    """An event studied: ``at`` is its row on the grid of sessions, ``name`` its column.

    ``abnormal`` ``(m,)`` are log abnormal returns at ``relative`` ``(m,)`` sessions, NaN where missing, with
    their forecast covariance ``(m, m)``. ``residuals`` ``(120,)`` are those of the estimation window, NaN
    where a row was not used. ``coefficients`` are (alpha, betas...), ``(0, ..., 1)`` if sector-adjusted.
    """

    at: int
    name: int
    model: Model
    young: bool
    history: int
    observations: int
    estimation_missing: int
    coefficients: Floats
    coefficient_errors: Floats
    residual_sd: float
    degrees_of_freedom: int
    relative: NDArray[np.intp]
    abnormal: Floats
    covariance: Floats
    spans: Floats
    residuals: Floats

    @property
    def standard_errors(self) -> Floats:
        """Forecast standard error of each abnormal return, ``(m,)``."""
        return np.sqrt(np.diag(self.covariance))

    def window(self, first: int, last: int) -> WindowReturn:
        """CAR of sessions ``first`` .. ``last``, which must lie in the studied path."""
        if not self.relative[0] <= first <= last <= self.relative[-1]:
            raise InputError(
                f"window {first}..{last} lies outside {self.relative[0]}..{self.relative[-1]} of the study"
            )
        inside = (self.relative >= first) & (self.relative <= last) & np.isfinite(self.abnormal)
        missing = last - first + 1 - int(inside.sum())
        if not inside.any():
            nan = float("nan")
            return WindowReturn(first, last, nan, nan, nan, nan, self.degrees_of_freedom, missing)
        car = float(self.abnormal[inside].sum())
        error = float(np.sqrt(self.covariance[np.ix_(inside, inside)].sum()))
        t = car / error if error > 0 else float("nan")
        return WindowReturn(
            first,
            last,
            car,
            error,
            t,
            two_sided(t, self.degrees_of_freedom),
            self.degrees_of_freedom,
            missing,
        )


def align(prices: ArrayLike, factors: ArrayLike) -> AlignedReturns:
    """Log returns from adjusted ``prices`` ``(sessions,)`` or ``(sessions, names)``, NaN where none.

    ``factors`` are log returns of each session: ``(sessions, k)`` the same for all names, or
    ``(sessions, names, k)``. A NaN factor within a span makes the factors of that row NaN. Raises
    :class:`InputError` for a price that is not positive and for shapes that do not fit.
    """
    grid = np.asarray(prices, dtype=np.float64)
    grid = grid[:, None] if grid.ndim == 1 else grid
    values = np.asarray(factors, dtype=np.float64)
    if values.ndim == 2:
        values = np.repeat(values[:, None, :], grid.shape[1], axis=1)
    if grid.ndim != 2 or values.ndim != 3 or values.shape[:2] != grid.shape:
        raise InputError(f"prices {grid.shape} and factors {values.shape} do not fit")
    if (grid <= 0).any():
        raise InputError("prices must be positive")
    sessions, names = grid.shape
    known = np.isfinite(grid)
    row = np.arange(sessions)[:, None]
    # row of the last price before each session, -1 where there is none
    before = np.vstack([np.full((1, names), -1), np.maximum.accumulate(np.where(known, row, -1))[:-1]])
    spans = np.where(known & (before >= 0), row - before, np.nan)
    spans[spans > LONGEST_SPAN] = np.nan
    anchor = np.maximum(before, 0)
    logs = np.log(grid)
    returns = np.where(np.isfinite(spans), logs - np.take_along_axis(logs, anchor, axis=0), np.nan)
    total = np.nancumsum(values, axis=0)
    holes = np.cumsum(~np.isfinite(values), axis=0)
    at = anchor[:, :, None]
    summed = total - np.take_along_axis(total, at, axis=0)
    summed[(holes - np.take_along_axis(holes, at, axis=0)) > 0] = np.nan
    summed[~np.isfinite(spans)] = np.nan
    listed = np.where(known.any(axis=0), known.argmax(axis=0), sessions)
    return AlignedReturns(returns, spans, summed, listed)


def study_event(
    aligned: AlignedReturns,
    at: int,
    *,
    name: int = 0,
    estimation: tuple[int, int] = ESTIMATION,
    path: tuple[int, int] = PATH,
) -> EventStudy:
    """Study the event at row ``at`` of column ``name``; the last factor must be the sector without the name.

    Sessions of ``path`` before the first or after the last row of the grid are missing. Raises
    :class:`InputError` if ``at`` is no row of the grid or lies before the name's first price.
    """
    sessions = len(aligned.returns)
    if not 0 <= at < sessions:
        raise InputError(f"row {at} is outside the {sessions} sessions")
    if at < aligned.listed[name]:
        raise InputError("the event lies before the first price of the name")
    if not estimation[0] <= estimation[1] < path[0]:
        raise InputError("the estimation window must end before the event path begins")
    history = at - int(aligned.listed[name])
    start, stop = max(at + estimation[0], 0), max(at + estimation[1] + 1, 0)
    y, X = aligned.rows(name, start, stop)
    use = aligned.usable[start:stop, name]
    rows = int(use.sum())
    young = history < YOUNG_SESSIONS
    width = estimation[1] - estimation[0] + 1
    residuals = np.full(width, np.nan)
    kept = residuals[width - len(use) :]  # a view: sessions before the grid stay NaN
    k = X.shape[1]

    relative = np.arange(path[0], path[1] + 1)
    abnormal = np.full(len(relative), np.nan)
    spans = np.full(len(relative), np.nan)
    inside = (at + relative >= 0) & (at + relative < sessions)
    r, design = aligned.rows(name, max(at + path[0], 0), min(at + path[1] + 1, sessions))
    spans[inside] = design[:, 0]

    model: Model = "sector_adjusted" if young or rows < FEWEST_ROWS else "market"
    if model == "market":
        fit = ols(y[use], X[use], intercept=False)
        coefficients, errors, sd = fit.coefficients, fit.standard_errors, fit.residual_sd
        freedom, bread = fit.degrees_of_freedom, fit.bread
        kept[use] = fit.residuals
    else:
        coefficients, errors, bread = np.zeros(k), np.full(k, np.nan), np.zeros((k, k))
        coefficients[-1] = 1.0
        kept[use] = y[use] - X[use] @ coefficients
        freedom = rows
        # no coefficient is estimated: the mean square of what the sector leaves
        sd = float(np.sqrt(np.mean(kept[use] ** 2))) if rows >= FEWEST_ROWS_ADJUSTED else float("nan")
    abnormal[inside] = r - design @ coefficients
    full = np.zeros((len(relative), k))
    full[inside] = np.where(np.isfinite(abnormal[inside, None]), design, 0.0)
    own = np.where(np.isfinite(abnormal), spans, 0.0)
    covariance = sd**2 * (np.diag(own) + full @ bread @ full.T)
    absent = ~np.isfinite(abnormal)
    covariance[absent, :] = np.nan
    covariance[:, absent] = np.nan
    return EventStudy(
        at=at,
        name=name,
        model=model,
        young=young,
        history=history,
        observations=rows,
        estimation_missing=width - rows,
        coefficients=coefficients,
        coefficient_errors=errors,
        residual_sd=sd,
        degrees_of_freedom=freedom,
        relative=relative,
        abnormal=abnormal,
        covariance=covariance,
        spans=spans,
        residuals=residuals,
    )


def two_sided(t: float, degrees_of_freedom: float) -> float:
    """Two-sided p-value of ``t`` under Student's t; NaN stays NaN."""
    from scipy.special import stdtr

    return float(2.0 * stdtr(degrees_of_freedom, -abs(t)))
