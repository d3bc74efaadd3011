"""One event: the laws of the abnormal return, odd series, and ABTC on 2025-12-02 against statsmodels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerdesk.errors import InputError
from minerdesk.models.event_dates import session_at
from minerdesk.models.event_study import align, study_event, two_sided

N, AT = 200, 170


def series(seed: int = 0, beta: tuple[float, float] = (0.6, 0.9)) -> tuple[np.ndarray, np.ndarray]:
    """Prices ``(N,)`` and factors ``(N, 2)`` of a name that follows both."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0, 0.03, (N, 2))
    returns = 0.001 + factors @ beta + rng.normal(0, 0.02, N)
    return 10.0 * np.exp(np.cumsum(returns)), factors


def test_recovers_an_abnormal_return_put_in() -> None:
    prices, factors = series()
    plain = study_event(align(prices, factors), AT)
    shocked = prices.copy()
    shocked[AT:] *= np.exp(-0.5)
    hit = study_event(align(shocked, factors), AT)
    assert hit.window(0, 0).car - plain.window(0, 0).car == pytest.approx(-0.5, abs=1e-12)
    assert hit.window(-1, 1).car - plain.window(-1, 1).car == pytest.approx(-0.5, abs=1e-12)
    assert hit.window(-5, -1).car == pytest.approx(plain.window(-5, -1).car, abs=1e-12)
    assert hit.window(0, 0).standard_error == plain.window(0, 0).standard_error
    assert hit.window(0, 0).car_fraction == pytest.approx(np.expm1(hit.window(0, 0).car))
    assert hit.model == "market"
    assert (hit.observations, hit.estimation_missing, hit.young) == (120, 0, False)
    np.testing.assert_allclose(hit.coefficients[1:], (0.6, 0.9), atol=0.2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-4, 4), max_size=6, unique=True))
def test_missing_closes_inside_a_window_change_nothing_but_the_path(lost: list[int]) -> None:
    """Logs add: the CAR, its error and its t over a window do not need the closes inside it."""
    prices, factors = series(4)
    whole = study_event(align(prices, factors), AT).window(-5, 5)
    holed = prices.copy()
    holed[[AT + one for one in lost]] = np.nan
    found = study_event(align(holed, factors), AT).window(-5, 5)
    assert found.car == pytest.approx(whole.car, abs=1e-12)
    assert found.standard_error == pytest.approx(whole.standard_error, rel=1e-10)
    assert found.missing == len(lost)


def test_a_halt_on_the_event_day_is_said_and_the_jump_falls_on_the_resumption() -> None:
    prices, factors = series(5)
    prices[AT:] *= np.exp(-0.4)
    prices[AT : AT + 2] = np.nan  # halted on the day and the next
    study = study_event(align(prices, factors), AT)
    assert np.isnan(study.window(0, 1).t)
    assert study.window(0, 1).missing == 2
    resumed = study.window(2, 2)
    assert study.spans[study.relative == 2] == 3
    assert resumed.car == pytest.approx(-0.4, abs=0.12)
    # three sessions of noise: about sqrt(3) times the error of one
    assert resumed.standard_error / study.window(5, 5).standard_error == pytest.approx(np.sqrt(3), rel=0.03)


def test_gaps_in_the_estimation_are_counted_and_their_jumps_left_out() -> None:
    prices, factors = series(6)
    holed = prices.copy()
    holed[[80, 95, 96, 120]] = np.nan
    study = study_event(align(holed, factors), AT)
    # four sessions without a close, three returns that span a gap
    assert study.estimation_missing == 7
    assert study.observations == 113
    assert np.isnan(study.residuals).sum() == 7
    assert study.window(0, 0).car == pytest.approx(
        study_event(align(prices, factors), AT).window(0, 0).car, abs=0.01
    )


def test_a_return_over_a_very_long_gap_is_none() -> None:
    prices, factors = series(7)
    prices[100:111] = np.nan  # eleven sessions: a span of twelve
    aligned = align(prices, factors)
    assert np.isnan(aligned.returns[111, 0])
    prices, _ = series(7)
    prices[100:109] = np.nan
    assert align(prices, factors).spans[109, 0] == 10


def test_a_missing_factor_makes_its_span_missing() -> None:
    prices, factors = series(8)
    factors[AT, 1] = np.nan
    study = study_event(align(prices, factors), AT)
    assert np.isnan(study.abnormal[study.relative == 0]).all()
    assert study.window(-1, 1).missing == 1
    prices[AT] = np.nan
    assert np.isnan(align(prices, factors).factors[AT + 1, 0, 1])


def test_a_split_on_the_event_day_changes_nothing_once_adjusted() -> None:
    prices, factors = series(9)
    traded = prices.copy()
    traded[AT:] *= 10.0  # a one for ten consolidation effective that day
    unadjusted = study_event(align(traded, factors), AT).window(0, 0)
    adjusted = np.where(np.arange(N) < AT, traded * 10.0, traded)
    clean = study_event(align(prices, factors), AT).window(0, 0)
    assert study_event(align(adjusted, factors), AT).window(0, 0).car == pytest.approx(clean.car, abs=1e-12)
    assert unadjusted.car - clean.car == pytest.approx(np.log(10.0))


@pytest.mark.parametrize(("history", "young"), [(59, True), (60, False)])
def test_a_young_listing_is_measured_against_the_sector_alone(history: int, young: bool) -> None:
    prices, factors = series(10)
    prices[: AT - history] = np.nan
    study = study_event(align(prices, factors), AT)
    assert (study.young, study.history) == (young, history)
    assert study.observations == history - 11 + 1 - 1  # the first price has no return
    r = np.log(prices[AT] / prices[AT - 1])
    if young:
        assert study.model == "sector_adjusted"
        assert study.window(0, 0).car == pytest.approx(r - factors[AT, 1])
        differences = np.diff(np.log(prices[AT - history : AT - 10])) - factors[AT - history + 1 : AT - 10, 1]
        assert study.residual_sd == pytest.approx(np.sqrt(np.mean(differences**2)))
        assert study.window(-1, 1).standard_error == pytest.approx(study.residual_sd * np.sqrt(3))
    else:
        assert study.model == "market"


def test_a_listing_too_young_for_an_error_has_an_abnormal_return_but_no_t() -> None:
    prices, factors = series(11)
    prices[: AT - 15] = np.nan
    window = study_event(align(prices, factors), AT).window(0, 0)
    assert np.isfinite(window.car)
    assert np.isnan(window.t)
    assert np.isnan(window.p_value)


def test_an_old_name_with_too_few_returns_is_measured_against_the_sector() -> None:
    prices, factors = series(12)
    holed = prices.copy()
    holed[41 : AT - 12 : 2] = np.nan  # every other close: hardly a return of one session
    study = study_event(align(holed, factors), AT)
    assert (study.young, study.model) == (False, "sector_adjusted")


def test_the_edges_of_the_grid_are_missing_sessions() -> None:
    prices, factors = series(13)
    last = study_event(align(prices, factors), N - 2)
    assert last.window(-5, 5).missing == 4
    assert last.window(-1, 1).missing == 0
    early = study_event(align(prices, factors), 3)
    assert early.young
    assert early.window(-5, 5).missing == 3  # two before the grid, and the first row has no return


def test_an_event_before_the_first_price_is_refused() -> None:
    prices, factors = series(14)
    prices[:100] = np.nan
    with pytest.raises(InputError, match="before the first price"):
        study_event(align(prices, factors), 99)


def test_bad_input_is_refused() -> None:
    prices, factors = series(15)
    with pytest.raises(InputError, match="outside"):
        study_event(align(prices, factors), N)
    with pytest.raises(InputError, match="outside"):
        study_event(align(prices, factors), AT).window(-1, 11)
    with pytest.raises(InputError, match="estimation"):
        study_event(align(prices, factors), AT, path=(-20, 5))
    with pytest.raises(InputError, match="positive"):
        align(np.where(np.arange(N) == 5, 0.0, prices), factors)
    with pytest.raises(InputError, match="fit"):
        align(prices, factors[1:])


def test_a_name_that_never_traded_has_no_listing() -> None:
    _, factors = series(16)
    aligned = align(np.full(N, np.nan), factors)
    assert aligned.listed[0] == N
    with pytest.raises(InputError, match="before the first price"):
        study_event(aligned, AT)


def test_several_names_on_one_grid_are_those_names_alone() -> None:
    a, factors = series(17)
    b, other = series(18)
    both = align(np.column_stack([a, b]), np.stack([factors, other], axis=1))
    for j, (p, f) in enumerate(((a, factors), (b, other))):
        alone = study_event(align(p, f), AT)
        assert study_event(both, AT, name=j).window(-5, 5).car == pytest.approx(alone.window(-5, 5).car)


def test_p_value_is_students() -> None:
    # Student's t, 10 degrees: 2.228 is the 97.5 % point (any table)
    assert two_sided(2.228138852, 10) == pytest.approx(0.05, abs=1e-9)
    assert np.isnan(two_sided(float("nan"), 10))


@pytest.mark.data
@pytest.mark.parametrize("ticker", ["ABTC", "APLD", "CORZ", "HUT"])
@pytest.mark.parametrize(
    ("label", "day", "first", "last"),
    [
        ("ar_2025-12-02", date(2025, 12, 2), 0, 0),
        ("car_-1_+1", date(2025, 12, 2), -1, 1),
        ("car_-5_+5", date(2025, 12, 2), -5, 5),
        ("week_to_2025-12-05", date(2025, 12, 5), -4, 0),
    ],
)
def test_the_week_of_the_unlock(
    sample: Any,
    answers: Callable[[str], dict[str, Any]],
    ticker: str,
    label: str,
    day: date,
    first: int,
    last: int,
) -> None:
    """AR, CAR and t against a regression with a dummy a session (equal-weighted sector without the name)."""
    expected = answers("events_abtc_2025-12-02")[ticker][label]
    aligned = align(sample.prices, sample.factors)
    study = study_event(aligned, session_at(day, sample.sessions), name=sample.column(ticker))
    window = study.window(first, last)
    assert study.model == "market"
    assert study.observations == expected["observations"]
    for name in ("car", "standard_error", "t", "p_value"):
        assert getattr(window, name) == pytest.approx(expected[name], rel=1e-8)
    np.testing.assert_allclose(
        study.coefficients,
        [expected["alpha"], expected["beta_to_btc"], expected["beta_to_sector"]],
        rtol=1e-8,
    )
    assert study.residual_sd == pytest.approx(expected["residual_sd"], rel=1e-9)
