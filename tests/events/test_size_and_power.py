"""How often each test rejects when nothing happened, on real return blocks, and when something did.

Nominal 5 %, two-sided. Real miners' returns 2021-01 to 2026-07 with BTC and the equal-weighted sector without
the name. Panels of events on random dates keep every event's own block of sessions as it was. Clustered
panels resample sessions (all names together, in runs of three) inside a block of 250 sessions, because the
data hold too few different dates to tell 5 % from 6 % otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minerdesk.models.event_panel import StudyGrid, random_events, study_grid
from minerdesk.models.event_study import AlignedReturns, align, study_event
from minerdesk.models.event_tests import GroupTest, bmp, corrado_rank, kolari_pynnonen, mean_correlation

pytestmark = pytest.mark.data

Pool = tuple[np.ndarray, np.ndarray, np.ndarray]
POOL, EVENTS, PANELS = 6_000, 20, 2_500
WINDOWS = [(-1, 1), (-5, 5)]


@pytest.fixture(scope="module")
def aligned(equities: Any) -> AlignedReturns:
    return align(equities.prices, equities.factors)


@pytest.fixture(scope="module")
def grids(aligned: AlignedReturns) -> dict[tuple[int, int], StudyGrid]:
    return {w: study_grid(aligned, *w) for w in [(0, 0), *WINDOWS]}


@pytest.fixture(scope="module")
def pool(aligned: AlignedReturns, grids: Any) -> dict[tuple[int, int], Pool]:
    """Random events on real dates: standardised CARs, residuals and standardised window days, per window."""
    rng = np.random.default_rng(1)
    rows, names = random_events(grids[(-5, 5)], rng, POOL)
    studies = [study_event(aligned, int(i), name=int(j)) for i, j in zip(rows, names, strict=True)]
    residuals = np.vstack([one.residuals / one.residual_sd for one in studies])
    found: dict[tuple[int, int], Pool] = {}
    for first, last in WINDOWS:
        inside = (studies[0].relative >= first) & (studies[0].relative <= last)
        days = np.vstack([(one.abnormal / one.standard_errors)[inside] for one in studies])
        found[(first, last)] = (np.array([one.window(first, last).t for one in studies]), residuals, days)
    return found


def share_rejected(tests: list[GroupTest]) -> float:
    return float(np.mean([one.p_value < 0.05 for one in tests]))


@pytest.mark.parametrize("window", [(0, 0), *WINDOWS])
def test_size_of_the_single_event_t(grids: Any, window: tuple[int, int]) -> None:
    """|t| > 1.96 over every session of every name (some 27,000 placebo events)."""
    t = grids[window].standardised
    t = t[np.isfinite(t)]
    assert len(t) > 25_000
    assert 0.04 <= np.mean(np.abs(t) > 1.96) <= 0.06


@pytest.mark.parametrize("window", WINDOWS)
def test_size_of_bmp(pool: Any, window: tuple[int, int]) -> None:
    scars = pool[window][0]
    rng = np.random.default_rng(2)
    tests = [bmp(scars[rng.integers(POOL, size=EVENTS)]) for _ in range(PANELS)]
    assert 0.04 <= share_rejected(tests) <= 0.06


@pytest.mark.parametrize("window", WINDOWS)
def test_size_of_the_rank_test(pool: Any, window: tuple[int, int]) -> None:
    _, residuals, days = pool[window]
    rng = np.random.default_rng(3)
    picks = [rng.integers(POOL, size=EVENTS) for _ in range(PANELS)]
    assert 0.04 <= share_rejected([corrado_rank(residuals[p], days[p]) for p in picks]) <= 0.06


def clustered(
    aligned: AlignedReturns, rng: np.random.Generator, factors: list[int], shock: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Twelve names on one day: standardised CAR[-1,+1], residuals (120 days), standardised days."""
    names = np.flatnonzero(aligned.listed < 600)
    start = int(rng.integers(700, len(aligned.returns) - 400))
    names = names[aligned.usable[start : start + 250, names].all(axis=0)]
    names = rng.permutation(names)[:12]
    rows = (start + rng.integers(248, size=41)[:, None] + np.arange(3)).ravel()
    y = aligned.returns[rows][:, names].T
    X = aligned.factors[rows][:, names][:, :, factors].transpose(1, 0, 2)
    X = np.concatenate([np.ones((*y.shape, 1)), X], axis=2)
    past, new = X[:, :120], X[:, 120:]
    bread = np.linalg.inv(past.transpose(0, 2, 1) @ past)
    beta = bread @ (past.transpose(0, 2, 1) @ y[:, :120, None])
    residuals = y[:, :120] - (past @ beta)[:, :, 0]
    sd = np.sqrt((residuals**2).sum(axis=1, keepdims=True) / (120 - X.shape[2]))
    ar = y[:, 120:] + shock * sd / 3 - (new @ beta)[:, :, 0]
    covariance = sd[:, :, None] ** 2 * (np.eye(3) + new @ bread @ new.transpose(0, 2, 1))
    scars = ar.sum(axis=1) / np.sqrt(covariance.sum(axis=(1, 2)))
    return scars, residuals / sd, ar / np.sqrt(np.einsum("nii->ni", covariance))


def clustered_shares(
    aligned: AlignedReturns, seed: int, factors: list[int], panels: int, shock: float = 0.0
) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    tests: dict[str, list[GroupTest]] = {"bmp": [], "rank": [], "kolari_pynnonen": []}
    for _ in range(panels):
        scars, residuals, days = clustered(aligned, rng, factors, shock)
        r = mean_correlation(residuals, [0] * len(scars), (-1, 1))
        tests["bmp"].append(bmp(scars))
        tests["rank"].append(corrado_rank(residuals, days))
        tests["kolari_pynnonen"].append(kolari_pynnonen(scars, max(r, 0.0)))
    return {name: share_rejected(found) for name, found in tests.items()}


def test_size_on_one_day_with_bitcoin_alone(aligned: AlignedReturns) -> None:
    """Without the sector as a factor the names move together (mean correlation about 0.3): BMP rejects
    far too often, Kolari and Pynnonen's and the rank test hold their size."""
    found = clustered_shares(aligned, 99, [0], 4_000)
    assert found["bmp"] > 0.3
    assert 0.04 <= found["kolari_pynnonen"] <= 0.06
    assert 0.04 <= found["rank"] <= 0.06


def test_size_on_one_day_with_the_definitions_factors(aligned: AlignedReturns) -> None:
    """With the sector without the name as a factor the rest correlates slightly negatively (about -0.03).
    The panel takes a negative correlation as none, so BMP and KP reject 3 % here, short of 4 %: on the safe
    side. (Taken as it is, KP rejects 6 to 10 % on the real dates.) The rank test holds its size."""
    found = clustered_shares(aligned, 99, [0, 1], 1_000)
    assert 0.02 <= found["bmp"] <= 0.06
    assert 0.02 <= found["kolari_pynnonen"] <= 0.06
    assert 0.04 <= found["rank"] <= 0.06


def test_power(pool: Any, aligned: AlignedReturns) -> None:
    """An effect of 0.75 forecast errors of the window in each of twenty events is found four times in five.

    Theory for BMP with normal returns: a t of 19 degrees around 0.75 x sqrt(20) = 3.35 exceeds 2.09 with
    probability 0.89. Real standardised CARs have a standard deviation of 1.05 and fat tails: 0.83.
    """
    scars, residuals, days = pool[(-1, 1)]
    rng = np.random.default_rng(6)
    picks = [rng.integers(POOL, size=EVENTS) for _ in range(600)]
    assert 0.8 <= share_rejected([bmp(scars[p] + 0.75) for p in picks]) <= 0.97
    lifted = days + 0.75 / np.sqrt(3)
    assert share_rejected([corrado_rank(residuals[p], lifted[p]) for p in picks]) >= 0.84
    # more effect, more power; the other sign is found as well
    weak = share_rejected([bmp(scars[p] + 0.25) for p in picks])
    assert 0.1 < weak < 0.4
    assert share_rejected([bmp(scars[p] - 0.75) for p in picks]) >= 0.8
    # twelve names that move together are worth fewer, and KP knows it
    together = clustered_shares(aligned, 7, [0], 300, shock=4.0)
    assert 0.4 <= together["kolari_pynnonen"] < together["bmp"]


def test_power_of_the_single_event_t(grids: Any) -> None:
    """A jump of three forecast errors is found in more than 80 % (normal theory: 85 %), one error in 17 %."""
    t = grids[(0, 0)].standardised
    t = t[np.isfinite(t)]
    assert np.mean(np.abs(t + 3.0) > 1.96) > 0.8
    assert 0.1 < np.mean(np.abs(t + 1.0) > 1.96) < 0.25
