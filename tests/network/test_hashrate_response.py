"""How hashrate answers to hashprice: recovered from simulated worlds, lawful, and calibrated on history."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from minerdesk.consensus import difficulty_of_bits
from minerdesk.errors import InputError
from minerdesk.models.hashrate_backtest import backtest, bootstrap_prices
from minerdesk.models.hashrate_history import MonthlyHistory, monthly_history, release_year
from minerdesk.models.hashrate_response import HashrateResponse, fit_response, stationary_blocks

Floats = NDArray[np.float64]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def epochs(embedded: Path) -> tuple[list[datetime], list[int], list[float]]:
    found = rows(embedded / "bitcoin_epochs.csv")
    return (
        [datetime.fromisoformat(row["first_block_time_utc"]) for row in found],
        [int(row["first_height"]) for row in found],
        [difficulty_of_bits(int(row["bits"], 16)) for row in found],
    )


def machines(embedded: Path) -> tuple[list[float], list[float]]:
    found = [
        (release_year(row["release"]), row["efficiency_j_th"]) for row in rows(embedded / "asic_models.csv")
    ]
    return [year for year, _ in found if year], [float(level) for year, level in found if year]


@pytest.fixture(scope="module")
def history(embedded: Path) -> MonthlyHistory:
    """From the embedded figures: weekly closes since August 2017."""
    weeks = rows(embedded / "btc_usd_weekly.csv")
    closed = [datetime.fromisoformat(row["week_ending_sunday"]).replace(tzinfo=UTC) for row in weeks]
    return monthly_history(
        *epochs(embedded),
        [day + timedelta(days=1) for day in closed],
        [float(row["close_usdt"]) for row in weeks],
        *machines(embedded),
    )


@pytest.fixture(scope="module")
def long_history(embedded: Path, chain_data: Path) -> MonthlyHistory:
    """From 2014, the first year of machines as we know them, with the large data's prices and old machines."""
    days = [row for row in rows(chain_data / "btc_usd_daily.csv") if row["ref_close"]]
    old = [
        (year, float(row["efficiency_j_th"]))
        for row in rows(chain_data / "asic_fleet_cbeci.csv")
        if (year := release_year(row["release_date"][:7])) and year < 2016.5
    ]
    years, levels = machines(embedded)
    whole = monthly_history(
        *epochs(embedded),
        [datetime.fromisoformat(row["date"]).replace(tzinfo=UTC) + timedelta(days=1) for row in days],
        [float(row["ref_close"]) for row in days],
        [year for year, _ in old] + years,
        [level for _, level in old] + levels,
    )
    return whole.span(int(np.searchsorted(whole.month, np.datetime64("2014-01"))), len(whole))


# --- the history ---------------------------------------------------------------------------------------


def test_a_month_knows_what_was_known_at_its_end() -> None:
    """By hand: two epochs, three prices, two machines."""
    found = monthly_history(
        [datetime(2024, 3, 28, tzinfo=UTC), datetime(2024, 4, 30, 23, 59, 59, tzinfo=UTC)],
        [837_900, 839_990],
        [100.0, 200.0],
        [
            datetime(2024, 3, 1, tzinfo=UTC),
            datetime(2024, 4, 1, tzinfo=UTC),
            datetime(2024, 5, 27, tzinfo=UTC),
        ],
        [60_000.0, 70_000.0, 65_000.0],
        [2023.5, 2024 + 4 / 12],
        [20.0, 10.0],
    )
    assert found.month.astype(str).tolist() == ["2024-03", "2024-04"]
    assert found.difficulty.tolist() == [100.0, 200.0]
    assert found.price_usd_per_btc.tolist() == [60_000.0, 70_000.0]  # the close of 31 March is known in April
    assert found.best_efficiency_j_per_th.tolist() == [20.0, 10.0]
    assert found.reward_btc_per_block.tolist() == [6.25, 6.25]
    # 3.125 from block 840,000 on, 100 minutes later
    later = monthly_history(
        [datetime(2024, 4, 30, 22, 19, 58, tzinfo=UTC)],
        [839_990],
        [200.0],
        [datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 4, 28, tzinfo=UTC)],
        [7e4, 7e4],
        [2020.0],
        [30.0],
    )
    assert (later.month.astype(str).tolist(), later.reward_btc_per_block.tolist()) == (["2024-04"], [3.125])


def test_the_embedded_history(history: MonthlyHistory) -> None:
    assert (str(history.month[0]), str(history.month[-1]), len(history)) == ("2017-08", "2026-04", 105)
    assert (np.diff(history.month.astype(int)) == 1).all()
    at = int(np.searchsorted(history.month, np.datetime64("2025-12")))
    assert history.difficulty[at] == pytest.approx(difficulty_of_bits(0x1701E605))
    assert history.reward_btc_per_block[at] == 3.125
    assert history.best_efficiency_j_per_th[at] == 11.0
    # hashprice of 36 to 40 USD/PH/day over 24 x 11 J/TH
    assert 36 / 264 < history.break_even_power_usd_per_kwh[at] < 40 / 264


def test_histories_that_do_not_fit() -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    weeks = [day + timedelta(weeks=week) for week in range(12)]
    fine: list[object] = [
        weeks,
        list(range(0, 12 * 2016, 2016)),
        [1.0] * 12,
        weeks,
        [1.0] * 12,
        [2020.0],
        [30.0],
    ]
    assert len(monthly_history(*fine)) > 0  # type: ignore[arg-type]
    for place, bad in ((0, weeks[::-1]), (3, [day] * 12), (5, [2030.0]), (3, []), (5, [])):
        broken = [*fine]
        broken[place] = bad
        with pytest.raises(InputError):
            monthly_history(*broken)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "year"),
    [
        *(("2020-03", 2020.25), ("2020-12", 2021.0), ("2023", 2023.5), ("", None), (None, None)),
        *(("2020-13", None), ("2020-03-01", None), ("c. 2020", None), ("20", None)),
    ],
)
def test_releases_as_lists_tell_them(text: str | None, year: float | None) -> None:
    assert release_year(text) == (None if year is None else pytest.approx(year))


# --- laws ----------------------------------------------------------------------------------------------


def world(**changes: object) -> HashrateResponse:
    """A response without any error: what comes out can be worked out by hand."""
    certain = HashrateResponse(
        constant=0.3,
        speed=0.1,
        constant_error=1e-12,
        speed_error=1e-12,
        covariance=np.diag([1e-24, 1e-24]),
        residuals=np.zeros(30),
        r_squared=1.0,
        months=30,
        last_month="2025-12",
        difficulty=1e14,
        best_efficiency_j_per_th=10.0,
        pace=0.0,
    )
    return replace(certain, **changes)  # type: ignore[arg-type]


def still_price(response: HashrateResponse, reward: float = 3.125) -> float:
    """Price at which hashrate stands still, by hand: hashprice = 24 x efficiency x exp(-a/b)."""
    hashprice = 24 * response.best_efficiency_j_per_th * np.exp(-response.constant / response.speed)
    return float(hashprice / (reward * 86_400e15 / (response.difficulty * 2**32)))


@pytest.mark.parametrize(("factor", "reward_factor"), [(2.0, 1.0), (0.5, 1.0), (1.0, 0.5), (3.0, 0.5)])
def test_difficulty_follows_revenue_one_to_one_at_its_speed(factor: float, reward_factor: float) -> None:
    """A lasting change of revenue by f moves difficulty by f ** (1 - 0.9**n) after n months."""
    response, months = world(), 60
    assert response.still_power_usd_per_kwh == pytest.approx(np.exp(-3.0))
    price = np.full((3, months + 1), still_price(response))
    rng = np.random.default_rng(1)
    steady = response.simulate(rng, price, 3.125)
    np.testing.assert_allclose(steady, 1e14, rtol=1e-9)
    reward = np.full(months + 1, 3.125 * reward_factor)
    moved = response.simulate(rng, price * factor, reward)
    expected = 1e14 * (factor * reward_factor) ** (1 - 0.9 ** np.arange(months + 1))
    np.testing.assert_allclose(moved, np.tile(expected, (3, 1)), rtol=1e-9)


def test_better_machines_raise_hashrate() -> None:
    """Progress of g a month, halved every 24, adds up to g / (1 - 0.5**(1/24)) in the end."""
    response = world(pace=0.02)
    price = np.full((4_000, 481), still_price(response))
    found = response.simulate(np.random.default_rng(2), price, 3.125)
    gained = np.log(found[:, -1] / 1e14) * (1 - 0.5 ** (1 / 24)) / 0.02
    # half of the pace is its error, cut off at no progress: mean of max(0, N(1, 1/2)) = 1.004
    assert gained.mean() == pytest.approx(1.004, abs=0.03)
    assert gained.min() == pytest.approx(0.0, abs=1e-6)
    assert np.std(gained) == pytest.approx(0.49, abs=0.03)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1.01, 5.0))
def test_common_random_numbers(seed: int, factor: float) -> None:
    """The same generator state is the same world: a higher price gives more hashrate on every path."""
    noise = np.random.default_rng(5).normal(0, 0.05, 40)
    response = world(
        residuals=noise,
        constant_error=0.02,
        speed_error=0.03,
        covariance=np.array([[4e-4, 3e-4], [3e-4, 9e-4]]),
    )
    price = np.full((50, 25), still_price(response))
    low, high = (response.simulate(np.random.default_rng(seed), price * by, 3.125) for by in (1.0, factor))
    assert (high[:, 1:] >= low[:, 1:] * (1 - 1e-12)).all()
    assert (np.log(high / low) <= np.log(factor) + 1e-9).all()  # and never more than in proportion
    again = response.simulate(np.random.default_rng(seed), price, 3.125)
    np.testing.assert_array_equal(low, again)


def test_draws_of_the_coefficients_keep_their_joint_error() -> None:
    """Where the cut at 0 and 1 is far away, the draws have the mean and the covariance they were given."""
    covariance = np.array([[4e-4, -1.5e-4], [-1.5e-4, 1e-4]])
    response = world(constant=0.3, speed=0.1, constant_error=0.02, speed_error=0.01, covariance=covariance)
    price = np.full((200_000, 2), still_price(world()) * np.e)  # one log point of profit more
    change = np.log(response.simulate(np.random.default_rng(3), price, 3.125)[:, 1] / 1e14)
    # change = a + b x with x = -2: variance by hand 4e-4 + 4 * 1e-4 + 2 * 2 * 1.5e-4
    assert change.mean() == pytest.approx(0.1, abs=2e-4)
    assert change.var() == pytest.approx(14e-4, rel=0.02)
    # a speed that may be negative is cut at zero
    loose = replace(response, speed=0.0, speed_error=0.05, covariance=np.diag([1e-24, 25e-4]), constant=0.0)
    rise = np.log(loose.simulate(np.random.default_rng(4), price, 3.125)[:, 1] / 1e14)
    assert (rise <= 1e-9).all()  # x = -2: no path gains where mining does not pay


def test_blocks_of_residuals() -> None:
    values = np.arange(10.0)
    drawn = stationary_blocks(np.random.default_rng(6), values, 4_000, 50)
    assert drawn.mean() == pytest.approx(0.0, abs=0.03)
    assert set(np.unique(drawn)) == set(values - 4.5)
    follows = (np.diff(drawn, axis=1) == 1.0) | (np.diff(drawn, axis=1) == -9.0)
    # three of four months go on in the block, of the others one in ten by chance
    assert follows.mean() == pytest.approx(0.75 + 0.25 / 10, abs=0.01)


def test_a_response_is_recovered_from_its_own_worlds() -> None:
    """Of 40 histories of twenty years each, simulated with one response, the fits scatter around it as they say."""
    rng, months, paths = np.random.default_rng(7), 240, 40
    response = world(residuals=rng.normal(0.0, 0.06, 400))
    price = still_price(response) * np.exp(np.cumsum(rng.normal(0.0, 0.2, (paths, months + 1)), axis=1))
    difficulty = response.simulate(rng, price, 3.125)
    fits = []
    for path in range(paths):
        one = MonthlyHistory(
            np.datetime64("2000-01", "M") + np.arange(months + 1),
            difficulty[path],
            price[path],
            np.full(months + 1, 3.125),
            np.full(months + 1, 10.0),
        )
        fits.append(fit_response(one))
    score = np.array([(fit.speed - response.speed) / fit.speed_error for fit in fits])
    assert abs(score.mean()) < 0.6
    assert 0.7 < score.std() < 1.6
    assert np.median([fit.speed for fit in fits]) == pytest.approx(0.1, rel=0.12)
    assert np.median([fit.still_power_usd_per_kwh for fit in fits]) == pytest.approx(np.exp(-3.0), rel=0.1)


def test_what_cannot_be_fitted_or_simulated(history: MonthlyHistory) -> None:
    with pytest.raises(InputError, match="23 months"):
        fit_response(history.until(23))
    assert fit_response(history.until(24)).months == 23
    rng, response = np.random.default_rng(8), world()
    for price, reward in (
        (np.ones(5), 3.125),
        (np.ones((5, 1)), 3.125),
        (np.zeros((5, 3)), 3.125),
        (np.ones((5, 3)), 0.0),
    ):
        with pytest.raises(InputError):
            response.simulate(rng, price, reward)
    with pytest.raises(InputError):
        backtest(history, "2018-01", rng)
    with pytest.raises(InputError):
        backtest(history, "2026-04", rng)


# --- history -------------------------------------------------------------------------------------------


def test_the_fit_is_that_of_statsmodels(history: MonthlyHistory) -> None:
    api = pytest.importorskip("statsmodels.api")
    found = fit_response(history)
    profit = np.log(history.break_even_power_usd_per_kwh)[:-1]
    change = np.diff(np.log(history.difficulty))
    lags = int(4 * (len(change) / 100) ** (2 / 9))
    fit = api.OLS(change, api.add_constant(profit)).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False}
    )
    np.testing.assert_allclose([found.constant, found.speed], fit.params, rtol=1e-10)
    np.testing.assert_allclose([found.constant_error, found.speed_error], fit.bse, rtol=1e-8)
    np.testing.assert_allclose(found.covariance, fit.cov_params(), rtol=1e-8)


def test_hashrate_answers_to_profit(history: MonthlyHistory) -> None:
    """Since 2017: faster when the best machine breaks even at more, at a stand below about 9 US cents."""
    found = fit_response(history)
    assert 0.03 < found.speed < 0.12
    assert found.speed / found.speed_error > 1.9
    assert 0.05 < found.still_power_usd_per_kwh < 0.15
    assert (found.months, found.last_month) == (104, "2026-04")


def test_calibration_on_the_embedded_history(history: MonthlyHistory) -> None:
    """90 % intervals from August 2019 on. Short ones hold; at two years (few, overlapping) too narrow."""
    found = backtest(history, "2019-08", np.random.default_rng(9), paths=400)
    assert found.difficulty.cases.tolist() == [80, 78, 75, 69, 57]
    coverage = found.difficulty.coverage_fraction
    assert (coverage[:3] > 0.84).all()
    assert (coverage[3:] > 0.65).all()
    np.testing.assert_allclose(found.hashprice_usd_per_ph_day.coverage_fraction, coverage)
    np.testing.assert_allclose(
        found.hashprice_usd_per_ph_day.log_width, found.difficulty.log_width, rtol=1e-4
    )


@pytest.mark.data
@pytest.mark.parametrize("known_price", [True, False])
def test_calibration_from_2016_to_date(long_history: MonthlyHistory, known_price: bool) -> None:
    """Rolling origins, 90 % intervals, nothing of the future known but (in the first case) the price."""
    found = backtest(long_history, "2016-01", np.random.default_rng(10), paths=400, known_price=known_price)
    assert found.difficulty.cases.tolist() == [123, 121, 118, 112, 100]
    assert found.horizons == (1, 3, 6, 12, 24)
    hashrate, hashprice = (
        band.coverage_fraction for band in (found.difficulty, found.hashprice_usd_per_ph_day)
    )
    assert (hashrate[:3] > 0.88).all()
    assert (hashrate[:3] < 0.98).all()
    assert hashrate[3] > 0.8
    assert hashrate[4] > 0.72
    assert (hashprice[:3] > 0.8).all()
    assert (hashprice[3:] > 0.7).all()


@pytest.mark.data
def test_the_response_beats_a_drift(long_history: MonthlyHistory) -> None:
    """Root mean square log error, price known, against the mean growth of the last 36 months."""
    since_2016 = long_history.span(6, len(long_history))  # the epoch of the first machines behind it
    found = backtest(since_2016, "2016-06", np.random.default_rng(11), paths=300)
    level = np.log(since_2016.difficulty)
    begin = int(np.searchsorted(since_2016.month, np.datetime64("2016-06")))
    for months, error in zip(found.horizons[1:], found.difficulty.log_error[1:], strict=True):
        missed = [
            level[at + months] - level[at] - months * np.diff(level[max(0, at - 36) : at + 1]).mean()
            for at in range(begin, len(level) - months)
        ]
        assert error < 0.95 * np.sqrt(np.mean(np.square(missed)))


def test_no_look_ahead(history: MonthlyHistory) -> None:
    """What comes after an origin changes nothing of its forecast but the price it is told."""
    cut = len(history) - 30
    changed = replace(history, difficulty=np.where(np.arange(len(history)) > cut, 1e9, history.difficulty))
    one, other = (
        backtest(found, str(history.month[cut - 3]), np.random.default_rng(12), paths=50, known_price=False)
        for found in (history, changed)
    )
    np.testing.assert_array_equal(one.difficulty.high[:4], other.difficulty.high[:4])
    assert not np.array_equal(one.difficulty.high[4:], other.difficulty.high[4:])


def test_bootstrapped_prices_have_no_drift(history: MonthlyHistory) -> None:
    paths = bootstrap_prices(history, np.random.default_rng(13), 20_000, 12)
    assert (paths[:, 0] == history.price_usd_per_btc[-1]).all()
    assert np.log(paths[:, -1] / paths[:, 0]).mean() == pytest.approx(0.0, abs=0.02)
