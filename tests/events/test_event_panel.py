"""The panel and its placebo: the fast grid is the slow study, random panels have uniform placebo p-values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from minerdesk.errors import InputError
from minerdesk.models.event_dates import DatedEvent, place_events
from minerdesk.models.event_panel import event_panel, placebo, random_events, study_grid
from minerdesk.models.event_study import AlignedReturns, align, study_event

T, NAMES = 360, 6


def universe(seed: int = 0, holes: bool = True) -> AlignedReturns:
    rng = np.random.default_rng(seed)
    factors = rng.normal(0, 0.03, (T, NAMES, 2))
    returns = np.einsum("tnk,k->tn", factors, [0.5, 0.8]) + rng.standard_t(4, (T, NAMES)) * 0.02
    prices = 5.0 * np.exp(np.cumsum(returns, axis=0))
    if holes:
        prices[rng.random((T, NAMES)) < 0.03] = np.nan
        factors[rng.random((T, NAMES)) < 0.01, 1] = np.nan
        prices[:150, 1] = np.nan
        prices[200:260, 2] = np.nan
    return align(prices, factors)


@pytest.mark.parametrize("window", [(0, 0), (-1, 1), (-5, 5)])
def test_the_grid_is_the_study_of_every_session(window: tuple[int, int]) -> None:
    aligned = universe()
    grid = study_grid(aligned, *window)
    seen = 0
    for at in range(T):
        for name in range(NAMES):
            if at < aligned.listed[name]:
                assert np.isnan(grid.car[at, name])
                continue
            study = study_event(aligned, at, name=name)
            found = study.window(*window)
            if study.model == "sector_adjusted" or found.missing:
                assert np.isnan(grid.car[at, name])
                continue
            seen += 1
            assert grid.car[at, name] == pytest.approx(found.car, abs=1e-11)
            assert grid.standard_error[at, name] == pytest.approx(found.standard_error, rel=1e-9)
            assert grid.observations[at, name] == study.observations
    assert seen > 500


def test_factors_that_say_the_same_are_not_studied() -> None:
    rng = np.random.default_rng(1)
    factor = rng.normal(0, 0.03, T)
    prices = np.exp(np.cumsum(rng.normal(0, 0.02, T)))
    grid = study_grid(align(prices, np.column_stack([factor, 2 * factor])), 0, 0)
    assert np.isnan(grid.car).all()
    with pytest.raises(InputError, match="no session"):
        random_events(grid, rng, 10)


def test_average_path_band_and_counts() -> None:
    aligned = universe(2, holes=False)
    rng = np.random.default_rng(2)
    rows, names = random_events(study_grid(aligned, -10, 10), rng, 12)
    studies = [study_event(aligned, int(i), name=int(j)) for i, j in zip(rows, names, strict=True)]
    panel = event_panel(studies)
    paths = np.array([[one.window(-10, last).car for last in range(-10, 11)] for one in studies])
    np.testing.assert_allclose(panel.average_car, paths.mean(axis=0), atol=1e-12)
    width = 1.96 * paths.std(axis=0, ddof=1) / np.sqrt(12)
    half = panel.average_car - panel.band_low
    np.testing.assert_allclose(panel.band_high - panel.average_car, half)
    assert (half >= width * (1 - 1e-9)).all()  # never narrower than without clustering
    assert (panel.counts == 12).all()
    assert (panel.events, panel.sessions, panel.names) == (12, len(set(rows)), len(set(names)))
    window = panel.windows[0]
    cars = np.array([one.window(-1, 1).car for one in studies])
    assert window.mean_car == pytest.approx(cars.mean())
    assert window.median_car == pytest.approx(np.median(cars))
    assert window.positive == (cars > 0).sum()
    t = np.array([one.window(-1, 1).t for one in studies])
    assert window.bmp.statistic == pytest.approx(t.mean() / t.std(ddof=1) * np.sqrt(12))


def test_clustered_events_widen_the_band_and_shrink_the_test() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(0, 0.03, (T, 1))
    prices = np.exp(np.cumsum(common + rng.normal(0, 0.01, (T, NAMES)), axis=0))
    aligned = align(prices, rng.normal(0, 0.03, (T, 2)))
    together = [study_event(aligned, 300, name=j) for j in range(NAMES)]
    apart = [study_event(aligned, 200 + 30 * j, name=j) for j in range(NAMES)]
    clustered, spread = event_panel(together), event_panel(apart)
    assert (clustered.overlapping, spread.overlapping) == (15, 0)
    assert (clustered.sessions, spread.sessions) == (1, 6)
    assert clustered.windows[0].mean_correlation > 0.7
    assert spread.windows[0].mean_correlation == 0.0
    window = clustered.windows[0]
    assert abs(window.kolari_pynnonen.statistic) < 0.5 * abs(window.bmp.statistic)
    one = spread.windows[0]
    assert one.kolari_pynnonen.statistic == one.bmp.statistic


def test_a_day_that_only_some_events_have_is_counted_so() -> None:
    aligned = universe(4, holes=False)
    panel = event_panel([study_event(aligned, T - 3, name=0), study_event(aligned, 300, name=1)])
    assert list(panel.counts[-8:]) == [1] * 8
    assert np.isnan(panel.band_low[-1])
    assert np.isfinite(panel.average_car).all()


def test_a_panel_needs_events_of_one_path() -> None:
    aligned = universe(5)
    with pytest.raises(InputError, match="at least one"):
        event_panel([])
    with pytest.raises(InputError, match="same path"):
        event_panel([study_event(aligned, 300), study_event(aligned, 300, path=(-5, 5))])


def test_the_placebo_finds_an_effect_and_only_that() -> None:
    rng = np.random.default_rng(6)
    factors = rng.normal(0, 0.03, (T, NAMES, 2))
    returns = np.einsum("tnk,k->tn", factors, [0.5, 0.8]) + rng.normal(0, 0.02, (T, NAMES))
    rows = [220 + 25 * j for j in range(NAMES)]
    for row, name in zip(rows, range(NAMES), strict=True):
        returns[row, name] += 0.08
    aligned = align(np.exp(np.cumsum(returns, axis=0)), factors)
    grid = study_grid(aligned, -1, 1)
    real = placebo(grid, [study_event(aligned, r, name=j) for j, r in enumerate(rows)], rng, draws=2_000)
    fake = placebo(grid, [study_event(aligned, r + 12, name=j) for j, r in enumerate(rows)], rng, draws=2_000)
    assert real is not None
    assert fake is not None
    assert real.p_value < 0.01
    assert fake.p_value > 0.05
    assert real.low < 0 < real.high < real.observed
    assert (real.events, len(real.means)) == (6, 2_000)
    assert real.p_value >= 1 / 2_001


def test_the_placebo_keeps_clear_of_the_events_and_keeps_clusters_together() -> None:
    """Names that move as one: a placebo that moved them one by one would be far too narrow."""
    rng = np.random.default_rng(7)
    prices = np.exp(np.cumsum(np.repeat(rng.normal(0, 0.02, (T, 1)), NAMES, axis=1), axis=0))
    aligned = align(prices, rng.normal(0, 0.03, (T, 2)))
    grid = study_grid(aligned, 0, 0)
    drawn = placebo(grid, [study_event(aligned, 300, name=j) for j in range(NAMES)], rng, draws=4_000)
    assert drawn is not None
    free = np.isfinite(grid.car[:, 0])
    free[290:311] = False
    allowed = grid.car[free, 0]
    assert drawn.means.std() == pytest.approx(allowed.std(), rel=0.05)
    assert np.isin(drawn.means.round(10), allowed.round(10)).all()


def test_no_placebo_where_nothing_can_be_drawn() -> None:
    aligned = universe(8, holes=False)
    grid = study_grid(aligned, -1, 1)
    young = study_event(aligned, 40, name=0)
    dense = [study_event(aligned, row, name=0) for row in (*range(60, T, 15), T - 8)]
    assert placebo(grid, [], np.random.default_rng(0)) is None
    assert placebo(grid, [*dense, young], np.random.default_rng(0)) is None


@pytest.mark.data
def test_placebo_p_values_of_random_panels_are_uniform(equities: Any) -> None:
    aligned = align(equities.prices, equities.factors)
    grid = study_grid(aligned, -1, 1)
    rng = np.random.default_rng(20251202)
    p = []
    for _ in range(250):
        rows, names = random_events(grid, rng, 6)
        studies = [study_event(aligned, int(i), name=int(j)) for i, j in zip(rows, names, strict=True)]
        drawn = placebo(grid, studies, rng, draws=199)
        assert drawn is not None
        p.append(drawn.p_value)
    # Kolmogorov's 1 % bound for 250 values is 1.63 / sqrt(250) = 0.103
    ordered = np.sort(p)
    assert np.abs(ordered - (np.arange(250) + 0.5) / 250).max() < 0.103


def hpc_leases(table: Callable[[str], list[dict[str, str]]]) -> list[DatedEvent]:
    return [
        DatedEvent(
            r["ticker"],
            r["announced_date"],
            r["deal_type"],
            source=r["source_url"],
            size_usd=float(r["contract_value_usd"]) if r["contract_value_usd"] else None,
        )
        for r in table("deals")
        if r["deal_type"] == "colocation_lease"
    ]


@pytest.mark.data
def test_hpc_lease_announcements(equities: Any, table: Any) -> None:
    """21 of the 33 leases can be placed; their mean CAR equals statsmodels' with a dummy a session."""
    leases = hpc_leases(table)
    aligned = align(equities.prices, equities.factors)
    first = {name: int(aligned.listed[j]) for j, name in enumerate(equities.names)}
    placed, findings = place_events(leases, equities.sessions, first)
    kinds = [f.kind for f in findings]
    assert len(leases) == 33
    assert len(placed) == 21
    assert kinds.count("event_without_day") == 9
    assert kinds.count("event_unknown_ticker") == 3
    studies = [study_event(aligned, p.session, name=equities.column(p.event.ticker)) for p in placed]
    rng = np.random.default_rng(2025)
    windows = ((-1, 1), (-5, 5))
    drawn = [placebo(study_grid(aligned, *w), studies, rng) for w in windows]
    panel = event_panel(studies, windows=windows, placebos=drawn)

    simple_daily = np.full_like(equities.prices, np.nan)
    simple_daily[1:] = np.log(equities.prices[1:] / equities.prices[:-1])
    for (a, b), window in zip(windows, panel.windows, strict=True):
        theirs = []
        for p in placed:
            j = equities.column(p.event.ticker)
            rows = np.arange(max(p.session - 130, 0), p.session - 10)
            rows = rows[np.isfinite(simple_daily[rows, j])]
            days = np.arange(p.session + a, p.session + b + 1)
            every = np.concatenate([rows, days])
            X = sm.add_constant(equities.factors[every, j])
            dummies = (every[:, None] == days[None, :]).astype(float)
            theirs.append(sm.OLS(simple_daily[every, j], np.hstack([X, dummies])).fit().params[3:].sum())
        assert window.mean_car == pytest.approx(np.mean(theirs), abs=1e-10)
        assert window.events == 21
        assert window.placebo is not None
        assert window.placebo.observed == pytest.approx(window.mean_car)
        assert window.placebo.low < window.placebo.means.mean() < window.placebo.high
    three_days = panel.windows[0]
    assert three_days.placebo is not None
    # lease announcements move the stock by more than random dates do
    assert three_days.mean_car > three_days.placebo.high
    assert three_days.placebo.p_value < 0.01
    assert three_days.bmp.p_value < 0.05
    assert panel.overlapping > 0
