"""Many events together: average CAR path with its band, the group tests, and a placebo of random dates.

The placebo studies every session of every name at once (:func:`study_grid`): all regressions come from
running sums over the estimation window, so that a hundred thousand random events are a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minerdesk.errors import InputError
from minerdesk.models.event_study import (
    ESTIMATION,
    FEWEST_ROWS,
    YOUNG_SESSIONS,
    AlignedReturns,
    EventStudy,
    Floats,
)
from minerdesk.models.event_tests import (
    GroupTest,
    bmp,
    corrado_rank,
    kolari_pynnonen,
    mean_correlation,
    overlapping_pairs,
)

#: Determinant of the scaled normal equations under which a window's factors are as good as collinear.
SINGULAR = 1e-10
#: Placebo dates keep this far from the sessions of the panel's own events of the name.
CLEARANCE = 10


@dataclass(frozen=True)
class StudyGrid:
    """The window ``first`` .. ``last`` of an event on every session of every name, ``(sessions, names)``.

    ``car``, ``standard_error`` and ``observations`` are those of :func:`study_event` to rounding; NaN where
    the market model cannot be estimated or a session of the window is missing.
    """

    first: int
    last: int
    car: Floats
    standard_error: Floats
    observations: NDArray[np.intp]

    @property
    def standardised(self) -> Floats:
        """CAR over its forecast error, ``(sessions, names)``."""
        return self.car / self.standard_error


@dataclass(frozen=True)
class Placebo:
    """What the panel's mean CAR would be on random dates.

    ``means`` ``(draws,)`` of the same names, with events of one session moved together. ``p_value`` is the
    share of draws at least as far from the placebo's own mean as the panel (two-sided, one added to both).
    ``low`` and ``high`` are the 2.5 % and 97.5 % points. ``events`` of the panel could be drawn for.
    """

    means: Floats
    observed: float
    p_value: float
    low: float
    high: float
    events: int


@dataclass(frozen=True)
class PanelWindow:
    """A window of the panel: ``mean_car`` and ``median_car`` in logs over ``events``, and the tests."""

    first: int
    last: int
    events: int
    mean_car: float
    median_car: float
    positive: int
    mean_correlation: float
    bmp: GroupTest
    corrado_rank: GroupTest
    kolari_pynnonen: GroupTest
    placebo: Placebo | None


@dataclass(frozen=True)
class EventPanel:
    """A panel of events: average cumulated abnormal return at ``relative`` sessions with its 95 % band.

    ``counts`` events have a value there. The band is 1.96 cross-sectional standard errors, widened by
    the correlation of events that share days. ``sessions`` different event sessions, ``names`` different
    names, ``overlapping`` pairs with a common session, ``young`` events studied against the sector only.
    """

    relative: NDArray[np.intp]
    average_car: Floats
    band_low: Floats
    band_high: Floats
    counts: NDArray[np.intp]
    events: int
    sessions: int
    names: int
    overlapping: int
    young: int
    windows: tuple[PanelWindow, ...]


def event_panel(
    studies: Sequence[EventStudy],
    *,
    windows: Sequence[tuple[int, int]] = ((-1, 1), (-5, 5)),
    placebos: Sequence[Placebo | None] = (),
) -> EventPanel:
    """Average ``studies`` of one path and test them over ``windows``; ``placebos`` are one a window, or none.

    A path day counts the events that have an abnormal return there, missing days adding nothing to the
    sum. Raises :class:`InputError` for no studies or for studies of different paths.
    """
    if not studies:
        raise InputError("a panel needs at least one event")
    relative = studies[0].relative
    if any(not np.array_equal(one.relative, relative) for one in studies):
        raise InputError("all events of a panel need the same path")
    at = [one.at for one in studies]
    abnormal = np.vstack([one.abnormal for one in studies])
    known = np.isfinite(abnormal)
    cumulated = np.where(known, np.nancumsum(abnormal, axis=1), np.nan)
    counts = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = np.where(known, cumulated, 0.0).sum(axis=0) / counts
        square = np.where(known, (cumulated - average) ** 2, 0.0).sum(axis=0) / (counts - 1)
        error = np.sqrt(square / counts)
    error[counts < 2] = np.nan
    path = (int(relative[0]), int(relative[-1]))
    residuals = np.vstack([one.residuals for one in studies])
    error *= _widening(max(mean_correlation(residuals, at, path), 0.0), len(studies))
    tested = tuple(
        _window(studies, residuals, first, last, placebos[i] if i < len(placebos) else None)
        for i, (first, last) in enumerate(windows)
    )
    return EventPanel(
        relative=relative,
        average_car=average,
        band_low=average - 1.96 * error,
        band_high=average + 1.96 * error,
        counts=counts,
        events=len(studies),
        sessions=len(set(at)),
        names=len({one.name for one in studies}),
        overlapping=overlapping_pairs(at, path),
        young=sum(one.young for one in studies),
        windows=tested,
    )


def study_grid(
    aligned: AlignedReturns, first: int, last: int, *, estimation: tuple[int, int] = ESTIMATION
) -> StudyGrid:
    """Study an event on every session of every name, window ``first`` .. ``last``, market model only."""
    if not estimation[0] <= estimation[1] < first <= last:
        raise InputError("the window must be in order and begin after the estimation")
    sessions = len(aligned.returns)
    design = np.concatenate([aligned.spans[:, :, None], aligned.factors], axis=2)
    k = design.shape[2]
    use = aligned.usable
    y = np.where(use, aligned.returns, 0.0)
    X = np.where(use[:, :, None], design, 0.0)
    observations = _moving(use.astype(np.float64), *estimation)
    XX = _moving(X[:, :, :, None] * X[:, :, None, :], *estimation)
    Xy = _moving(X * y[:, :, None], *estimation)
    yy = _moving(y * y, *estimation)

    seen = np.isfinite(aligned.returns) & np.isfinite(design).all(axis=2)
    whole = _moving(seen.astype(np.float64), first, last) == last - first + 1
    r = _moving(np.where(seen, aligned.returns, 0.0), first, last)
    x = _moving(np.where(seen[:, :, None], design, 0.0), first, last)

    history = np.arange(sessions)[:, None] - aligned.listed[None, :]
    valid = whole & (history >= YOUNG_SESSIONS) & (observations >= FEWEST_ROWS)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 1.0 / np.sqrt(np.einsum("...ii->...i", XX))
        scaled = XX * scale[..., :, None] * scale[..., None, :]
        valid &= np.isfinite(scaled).all(axis=(2, 3))
        scaled[~valid] = np.eye(k)
        valid &= np.linalg.det(scaled) > SINGULAR
        scaled[~valid] = np.eye(k)
        inverse = np.linalg.inv(scaled) * scale[..., :, None] * scale[..., None, :]
        beta = np.einsum("...ij,...j->...i", inverse, Xy)
        rss = yy - np.einsum("...i,...i->...", beta, Xy)
        variance = rss / (observations - k)
        leverage = np.einsum("...i,...ij,...j->...", x, inverse, x)
        error = np.sqrt(variance * (x[..., 0] + leverage))
        car = r - np.einsum("...i,...i->...", x, beta)
    return StudyGrid(
        first,
        last,
        np.where(valid, car, np.nan),
        np.where(valid, error, np.nan),
        observations.astype(np.intp),
    )


def placebo(
    grid: StudyGrid, studies: Sequence[EventStudy], rng: np.random.Generator, *, draws: int = 10_000
) -> Placebo | None:
    """Mean CAR of the panel's names on random sessions of ``grid``, ``draws`` times.

    Events of one session form a cluster and move together to a session on which the grid has all its names,
    so that the placebo is as clustered as the panel. Sessions within ``CLEARANCE`` of the name's own events
    are not drawn. Clusters that cannot be placed are left out of panel and placebo alike; ``None`` if all.
    """
    free = np.isfinite(grid.car)
    for one in studies:
        free[max(one.at - CLEARANCE, 0) : one.at + CLEARANCE + 1, one.name] = False
    clusters: dict[int, list[EventStudy]] = {}
    for one in studies:
        if np.isfinite(one.window(grid.first, grid.last).car):
            clusters.setdefault(one.at, []).append(one)
    total = np.zeros(draws)
    observed: list[float] = []
    for members in clusters.values():
        columns = [one.name for one in members]
        rows = np.flatnonzero(free[:, columns].all(axis=1))
        if len(rows) == 0:
            continue
        total += grid.car[:, columns].sum(axis=1)[rng.choice(rows, size=draws)]
        observed += [one.window(grid.first, grid.last).car for one in members]
    if not observed:
        return None
    means = total / len(observed)
    mean = float(np.mean(observed))
    centre = float(means.mean())
    further = int((np.abs(means - centre) >= abs(mean - centre)).sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return Placebo(means, mean, (1 + further) / (1 + draws), float(low), float(high), len(observed))


def random_events(
    grid: StudyGrid, rng: np.random.Generator, events: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and names ``(events,)`` of random placebo events, uniform over all the grid can study."""
    rows, names = np.nonzero(np.isfinite(grid.car))
    if len(rows) == 0:
        raise InputError("no session of the grid can be studied")
    pick = rng.integers(len(rows), size=events)
    return rows[pick], names[pick]


def _window(
    studies: Sequence[EventStudy], residuals: Floats, first: int, last: int, drawn: Placebo | None
) -> PanelWindow:
    cars = [one.window(first, last) for one in studies]
    values = np.array([one.car for one in cars])
    finite = np.isfinite(values)
    scars = np.array([one.t for one in cars])
    at = [one.at for one in studies]
    r = mean_correlation(residuals, at, (first, last))
    inside = (studies[0].relative >= first) & (studies[0].relative <= last)
    scale = np.array([one.residual_sd for one in studies])[:, None]
    days = np.vstack([(one.abnormal / one.standard_errors)[inside] for one in studies])
    return PanelWindow(
        first=first,
        last=last,
        events=int(finite.sum()),
        mean_car=float(values[finite].mean()) if finite.any() else float("nan"),
        median_car=float(np.median(values[finite])) if finite.any() else float("nan"),
        positive=int((values[finite] > 0).sum()),
        mean_correlation=r,
        bmp=bmp(scars),
        corrado_rank=corrado_rank(residuals / scale, days),
        # a negative correlation would make the test bolder than without clustering: taken as none
        kolari_pynnonen=kolari_pynnonen(scars, max(r, 0.0)),
        placebo=drawn,
    )


def _widening(r: float, n: int) -> float:
    return float(np.sqrt((1.0 + (n - 1) * r) / (1.0 - r))) if n > 1 and r < 1.0 else 1.0


def _moving(values: Floats, first: int, last: int) -> Floats:
    """Sum of rows ``t + first`` .. ``t + last`` for each row t; rows beyond the ends count as zero."""
    sessions = len(values)
    total = np.zeros((sessions + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=total[1:])
    t = np.arange(sessions)
    upper = np.clip(t + last + 1, 0, sessions)
    lower = np.clip(t + first, 0, sessions)
    moved: Floats = total[upper] - total[lower]
    return moved
