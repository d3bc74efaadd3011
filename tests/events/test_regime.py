"""Rolling betas against statsmodels, the answer and the break test on made worlds and on the real cohort."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from minerdesk.errors import InputError
from minerdesk.models.event_study import align
from minerdesk.models.regime import (
    break_test,
    frozen_cohort,
    is_it_still_bitcoin,
    rolling_betas,
    sup_wald_p_value,
)


def world(seed: int, n: int = 300, switch: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A stock on (BTC, AI): follows Bitcoin, from row ``switch`` on the AI basket. Variance moves about."""
    rng = np.random.default_rng(seed)
    X = rng.multivariate_normal([0, 0], [[0.0009, 0.0003], [0.0003, 0.0009]], n)
    late = np.arange(n) >= (n if switch is None else switch)
    beta = np.where(late[:, None], [0.1, 1.2], [1.2, 0.1])
    noise = rng.standard_normal(n) * 0.02 * np.exp(0.5 * np.sin(np.arange(n) / 40))
    return (X * beta).sum(axis=1) + noise, X


def test_rolling_betas_agree_with_statsmodels_window_by_window() -> None:
    y, X = world(0, 140)
    y[[30, 90]] = np.nan
    X[100, 1] = np.nan
    rolled = rolling_betas(y, X, window=60, hac_lags=4)
    complete = np.flatnonzero(np.isfinite(y) & np.isfinite(X).all(axis=1))
    assert len(rolled.rows) == len(complete) - 59
    for i, row in enumerate(rolled.rows):
        assert row == complete[i + 59]
        use = complete[i : i + 60]
        theirs = sm.OLS(y[use], sm.add_constant(X[use])).fit(cov_type="HAC", cov_kwds={"maxlags": 4})
        np.testing.assert_allclose(rolled.betas[i], theirs.params[1:], rtol=1e-9)
        np.testing.assert_allclose(rolled.standard_errors[i], theirs.bse[1:], rtol=1e-8)
        assert rolled.r_squared[i] == pytest.approx(theirs.rsquared, rel=1e-9)


def test_rolling_betas_of_too_little() -> None:
    y, X = world(1, 50)
    assert rolling_betas(y, X).betas.shape == (0, 2)
    assert rolling_betas(y, X[:, 0], window=20).betas.shape == (31, 1)
    assert rolling_betas(y, X, window=20).hac_lags == 2
    for window, lags in ((3, 0), (20, 20)):
        with pytest.raises(InputError):
            rolling_betas(y, X, window=window, hac_lags=lags)
    with pytest.raises(InputError):
        rolling_betas(y[1:], X)


def test_the_answer_follows_the_world() -> None:
    y, X = world(2, 300, switch=150)
    before = is_it_still_bitcoin(y[:150], X[:150, 0], X[:150, 1], window=120)
    after = is_it_still_bitcoin(y, X[:, 0], X[:, 1], window=120)
    assert before.regime == "bitcoin"
    assert after.regime == "ai"
    assert before.beta_to_btc == pytest.approx(1.2, abs=0.2)
    assert after.beta_to_ai == pytest.approx(1.2, abs=0.2)
    rng = np.random.default_rng(3)
    assert is_it_still_bitcoin(rng.normal(size=60), X[:60, 0], X[:60, 1]).regime == "neither"
    assert (
        is_it_still_bitcoin(X[:60].sum(axis=1) + rng.normal(0, 0.01, 60), X[:60, 0], X[:60, 1]).regime
        == "both"
    )
    with pytest.raises(InputError, match="fewer"):
        is_it_still_bitcoin(y[:59], X[:59, 0], X[:59, 1])


def test_explained_fractions_add_up_and_agree_with_statsmodels() -> None:
    y, X = world(4)
    found = is_it_still_bitcoin(y, X[:, 0], X[:, 1], window=60)
    assert sum(found.explained) == pytest.approx(found.r_squared, rel=1e-12)
    last = slice(-60, None)

    def r2(columns: list[int]) -> float:
        return float(sm.OLS(y[last], sm.add_constant(X[last][:, columns])).fit().rsquared)

    btc = (r2([0]) + r2([0, 1]) - r2([1])) / 2
    assert found.explained[0] == pytest.approx(btc, rel=1e-9)
    assert found.explained[0] > found.explained[1]


def test_the_frozen_cohort_keeps_its_members() -> None:
    log = np.log(np.array([[1.1, 1.3, 2.0], [0.9, np.nan, 2.0], [np.nan, np.nan, 2.0]]))
    mean, counts = frozen_cohort(log, [True, True, False])
    assert list(counts) == [2, 1, 0]
    assert mean[0] == pytest.approx(np.log(1.2))  # simple returns are averaged
    assert mean[1] == pytest.approx(np.log(0.9))
    assert np.isnan(mean[2])


def test_andrews_critical_values(answers: Callable[[str], dict[str, Any]]) -> None:
    table = answers("events_published")["andrews"]
    for level, values in table.items():
        for q, value in enumerate(values, 1):
            assert sup_wald_p_value(value, q) == pytest.approx(int(level) / 100, rel=0.12)
    p = [sup_wald_p_value(x, 3) for x in (0.0, 2.0, 4.0, 8.0, 14.13, 30.0)]
    assert all(0.0 <= b <= a <= 1.0 for a, b in pairwise(p))


def test_limit_distribution_by_simulation() -> None:
    """Bessel bridges of 1,000 steps: 5 % lie above the published point (a grid misses some of the top)."""
    rng = np.random.default_rng(5)
    steps, paths = 1_000, 2_000
    share = np.arange(1, steps + 1) / steps
    inside = (share >= 0.15) & (share <= 0.85)
    top = np.zeros(paths)
    for path in range(paths):
        walk = np.cumsum(rng.standard_normal((steps, 2)), axis=0) / np.sqrt(steps)
        square = ((walk - share[:, None] * walk[-1]) ** 2).sum(axis=1)[inside]
        top[path] = (square / (share * (1 - share))[inside]).max()
    assert np.mean(top > 11.72) == pytest.approx(0.05, abs=0.015)


def test_a_break_is_found_where_it_is() -> None:
    y, X = world(6, 300, switch=180)
    found = break_test(y, X, np.random.default_rng(0), draws=299)
    assert found.p_value == pytest.approx(1 / 300)
    assert found.asymptotic_p_value < 1e-6
    assert abs(found.row - 180) <= 3
    np.testing.assert_allclose(found.before[1:], [1.2, 0.1], atol=0.25)
    np.testing.assert_allclose(found.after[1:], [0.1, 1.2], atol=0.25)
    holed = y.copy()
    holed[50:60] = np.nan
    assert abs(break_test(holed, X, np.random.default_rng(0), draws=99).row - 180) <= 3  # rows as given


def test_the_wald_statistic_is_that_of_two_regressions() -> None:
    y, X = world(7, 120)
    found = break_test(y, X, np.random.default_rng(0), draws=9)
    design = sm.add_constant(X)
    rss = sm.OLS(y, design).fit().ssr
    best = 0.0
    for split in range(18, 103):
        apart = sm.OLS(y[:split], design[:split]).fit().ssr + sm.OLS(y[split:], design[split:]).fit().ssr
        best = max(best, (rss - apart) / (apart / (120 - 6)))
    assert found.statistic == pytest.approx(best, rel=1e-9)


def test_break_test_refuses_too_little() -> None:
    y, X = world(8, 50)
    rng = np.random.default_rng(0)
    for args, trim in (((y, X), 0.15), ((y, X), 0.0), ((y, X), 0.5), ((y, np.ones((50, 1))), 0.3)):
        with pytest.raises(InputError):
            break_test(*args, rng, trim=trim)


@pytest.mark.data
def test_size_of_the_break_test(equities: Any) -> None:
    """Real rows of a name in random order have no break. The bootstrap rejects 5 %; the asymptotic p-value,
    which supposes even variance, far more (measured: 5.3 % and 14.3 % of 2,000)."""
    aligned = align(equities.prices, equities.factors)
    rng = np.random.default_rng(9)
    rejected = np.zeros(2)
    done = 0
    while done < 800:
        name = int(rng.integers(len(equities.names)))
        rows = np.flatnonzero(aligned.usable[:, name])
        if len(rows) < 250:
            continue
        rows = rng.choice(rows[: len(rows) - len(rows) % 250].reshape(-1, 250), axis=0)
        rows = rng.permutation(rows)
        found = break_test(aligned.returns[rows, name], aligned.factors[rows, name], rng, draws=99)
        rejected += [found.p_value <= 0.05, found.asymptotic_p_value <= 0.05]
        done += 1
    assert 0.04 <= rejected[0] / done <= 0.06
    assert rejected[1] / done > 0.1


@pytest.mark.data
def test_the_cohort_of_before_the_pivot(equities: Any, equity: Any) -> None:
    """Miners that traded on 2024-05-31, before the first large HPC lease (2024-06-03), held fixed since."""
    aligned = align(equities.prices, equities.factors)
    frozen = equities.sessions.index(date(2024, 5, 31))
    members = np.isfinite(aligned.returns[frozen]) & (aligned.listed <= frozen - 60)
    assert members.sum() >= 15
    returns, counts = frozen_cohort(aligned.returns, members)
    assert counts[frozen] == members.sum()
    assert (counts[frozen:] <= members.sum()).all()
    basket = np.full((len(equities.sessions), 2), np.nan)  # NVDA, and CRWV since it is listed
    for j, ticker in enumerate(("NVDA", "CRWV")):
        closes = {r["date"]: float(r["adj_close"] or r["close"]) for r in equity(ticker)}
        prices = np.array([closes.get(str(day), np.nan) for day in equities.sessions])
        basket[1:, j] = prices[1:] / prices[:-1] - 1.0
    basket[0] = 0.0
    X = np.column_stack([equities.factors[:, 0, 0], np.log1p(np.nanmean(basket, axis=1))])
    rolled = rolling_betas(returns, X)
    years = np.array([equities.sessions[row].year for row in rolled.rows])
    bitcoin = {year: float(rolled.betas[years == year, 0].mean()) for year in (2023, 2026)}
    chips = {year: float(rolled.betas[years == year, 1].mean()) for year in (2024, 2026)}
    # still a Bitcoin sector, but less of one: the beta to BTC falls and that to the AI basket rises
    assert bitcoin[2023] > 0.9
    assert 0.3 < bitcoin[2026] < 0.7
    assert chips[2026] > 1.5 * chips[2024]
    assert is_it_still_bitcoin(returns, X[:, 0], X[:, 1]).regime == "both"
    complete = int((np.isfinite(returns) & np.isfinite(X).all(axis=1)).sum())
    found = break_test(returns, X, np.random.default_rng(10), draws=299)
    assert found.observations == complete
    # one name that left: Core Scientific follows the AI basket, with a break around its turn
    own = aligned.returns[:, equities.column("CORZ")]
    assert is_it_still_bitcoin(own, X[:, 0], X[:, 1]).regime == "ai"
    left = break_test(own, X, np.random.default_rng(11), draws=299)
    assert left.p_value < 0.05
    assert left.after[2] > left.before[2]
    assert left.after[1] < left.before[1]
