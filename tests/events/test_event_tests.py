"""The group tests against published results and against arithmetic by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from minerdesk.errors import InputError
from minerdesk.models.event_tests import (
    bmp,
    corrado_rank,
    kolari_pynnonen,
    mean_correlation,
    overlapping_pairs,
    rank_z,
)
from minerdesk.models.regression import ols

Answers = Callable[[str], dict[str, Any]]


@pytest.fixture
def published(answers: Answers) -> dict[str, Any]:
    return answers("events_published")


@pytest.fixture
def golden(published: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
    """The published example, its residuals, abnormal returns and these over the residual sd, fitted by us."""
    residuals, abnormal, scaled = [], [], []
    for one in published["golden"]["events"]:
        x = np.array(one["index"])
        fit = ols(one["alpha"] + one["beta"] * x + np.array(one["noise"]), x)
        ar = np.array(one["event_firm"]) - fit.predict(one["event_index"])
        residuals.append(fit.residuals / fit.residual_sd)
        abnormal.append(ar)
        scaled.append(ar / fit.residual_sd)
    return published["golden"], np.array(residuals), np.array(abnormal), np.array(scaled)


def test_golden_market_model(golden: Any, published: dict[str, Any]) -> None:
    expected, _, abnormal, _ = golden
    np.testing.assert_allclose(abnormal.mean(axis=0), expected["average_ar"], rtol=1e-10)
    firm = published["golden"]["one_firm"]
    x = np.array(firm["index"])
    fit = ols(firm["alpha"] + firm["beta"] * x + np.array(firm["noise"]), x)
    assert fit.residual_sd == pytest.approx(firm["residual_sd"], rel=1e-10)
    assert fit.degrees_of_freedom == firm["degrees_of_freedom"]
    np.testing.assert_allclose(
        (np.array(firm["event_firm"]) - fit.predict(firm["event_index"])) / fit.residual_sd,
        firm["ar_over_residual_sd"],
        rtol=1e-10,
    )


def test_golden_bmp_and_kolari_pynnonen(golden: Any) -> None:
    expected, residuals, _, scaled = golden
    r = mean_correlation(residuals, [50, 50, 50], (0, 0), fewest=8)
    for day in range(3):
        summed = scaled[:, : day + 1].sum(axis=1)
        assert bmp(scaled[:, day]).statistic == pytest.approx(expected["bmp"][day], rel=1e-9)
        assert bmp(summed).statistic == pytest.approx(expected["bmp_cumulated"][day], rel=1e-9)
        adjusted = kolari_pynnonen(scaled[:, day], r)
        assert adjusted.statistic == pytest.approx(expected["kolari_pynnonen"][day], rel=1e-8)
        assert kolari_pynnonen(summed, r).statistic == pytest.approx(
            expected["kolari_pynnonen_cumulated"][day], rel=1e-8
        )
        assert (adjusted.events, adjusted.degrees_of_freedom) == (3, 2)


def test_golden_rank(golden: Any) -> None:
    """The example divides the sum of squares of eleven days by ten, Corrado and we by eleven."""
    expected, residuals, _, scaled = golden
    for day in range(3):
        others = np.hstack([residuals, np.delete(scaled, day, axis=1)])
        found = corrado_rank(others, scaled[:, [day]])
        assert found.statistic * np.sqrt(10 / 11) == pytest.approx(expected["rank_z"][day], rel=1e-10)
        # ranks do not care about the scale of a name
        raw = corrado_rank(others * 0.0013, scaled[:, [day]] * 0.0013)
        assert raw.statistic == pytest.approx(found.statistic, rel=1e-12)


def test_vw_bmp(published: dict[str, Any]) -> None:
    """Rounded inputs of the calculator give its rounded results: four digits in, about one per cent out."""
    vw = published["vw"]
    scaled = np.array(vw["ar"]) / np.array(vw["residual_sd"])[:, None]
    np.testing.assert_allclose(scaled, vw["t"], atol=6e-5)
    for day, expected in enumerate(vw["bmp"]):
        assert bmp(scaled[:, day]).statistic == pytest.approx(expected, rel=0.03)
    # no event of the group is small against the rounding on day 0
    assert bmp(scaled[:, 2]).statistic == pytest.approx(vw["bmp"][2], abs=2e-3)


@pytest.mark.parametrize("group", ["vw", "other"])
def test_vw_kolari_pynnonen(published: dict[str, Any], group: str) -> None:
    """The calculator's r, read from its Patell pair (factor 1 / sqrt(1 + (n - 1) r)), gives its BMP pair."""
    values, n = published["vw"], 3
    if group == "other":
        values, n = values["other_group"], 2
    day = int(np.argmax(np.abs(values["patell_z"])))
    r = ((values["patell_z"][day] / values["adjusted_patell_z"][day]) ** 2 - 1) / (n - 1)
    scars = np.array([1.0, 2.0, 4.0][:n])  # any: the factor does not depend on them
    factor = kolari_pynnonen(scars, r).statistic / bmp(scars).statistic
    for plain, adjusted in zip(values["bmp"], values["adjusted_bmp"], strict=True):
        assert plain * factor == pytest.approx(adjusted, abs=1.5e-3)


def test_vw_rank_of_five_days(published: dict[str, Any]) -> None:
    vw = published["vw"]
    daily_sd = 0.17  # any: it drops out
    mean = 0.5 + daily_sd * np.mean(vw["rank_z"])
    assert rank_z(mean, daily_sd, 5) == pytest.approx(vw["rank_z_of_five_days"], abs=1e-4)


@pytest.mark.parametrize("sample", ["full", "reduced"])
def test_jakubik_teleu_rank_windows(published: dict[str, Any], sample: str) -> None:
    """The sd that the one-day window implies gives the published statistics of the longer windows."""
    values = published["jakubik"][sample]
    daily_sd = (values["mean_rank"][0] - 0.5) / values["rank_z"][0]
    for days in range(2, 8):
        found = rank_z(values["mean_rank"][days - 1], daily_sd, days)
        assert found == pytest.approx(values["rank_z"][days - 1], abs=2e-3)


def test_longhand_rank(answers: Answers) -> None:
    hand = answers("events_longhand")["rank"]
    estimation = np.array(hand["estimation"], dtype=float)  # null becomes NaN
    found = corrado_rank(estimation, hand["event"])
    assert found.statistic == pytest.approx(hand["statistic"], rel=1e-12)
    assert rank_z(hand["window_mean_rank"], hand["daily_sd"], 2) == pytest.approx(
        hand["as_published"], rel=1e-12
    )
    assert found.degrees_of_freedom is None
    # the normal distribution: 2 (1 - Phi(1.914)) from a table
    assert found.p_value == pytest.approx(0.0556, abs=5e-5)


def test_longhand_overlap(answers: Answers) -> None:
    hand = answers("events_longhand")["overlap"]
    at, window = hand["at"], tuple(hand["window"])
    r = mean_correlation(hand["residuals"], at, window, fewest=3)
    assert r == pytest.approx(hand["mean_correlation"], rel=1e-12)
    # the order of the events does not matter
    turned = mean_correlation(hand["residuals"][::-1], at[::-1], window, fewest=3)
    assert turned == pytest.approx(r, rel=1e-12)
    # too few common days say nothing
    assert mean_correlation(hand["residuals"], at, window) == 0.0
    scars = np.array([0.5, 1.5, 1.0])
    assert kolari_pynnonen(scars, r).statistic / bmp(scars).statistic == pytest.approx(
        hand["factor"], rel=1e-12
    )


def test_two_events_of_one_name_in_one_window_count_as_one() -> None:
    rng = np.random.default_rng(3)
    days = rng.standard_normal(140)
    residuals = np.vstack([days[:120], days[2:122]])  # the same name two sessions later
    assert mean_correlation(residuals, [130, 132], (-1, 1)) == pytest.approx(1 / 3)
    assert mean_correlation(residuals, [130, 133], (-1, 1)) == 0.0


def test_overlapping_pairs_are_counted() -> None:
    at = [3, 3, 10, 12, 40, 50]
    for window in ((0, 0), (-1, 1), (-5, 5), (-10, 10)):
        length = window[1] - window[0] + 1
        assert overlapping_pairs(at, window) == sum(abs(a - b) < length for a, b in combinations(at, 2))


def test_the_tests_are_odd_functions_of_the_returns() -> None:
    rng = np.random.default_rng(4)
    estimation, event = rng.standard_normal((8, 60)), rng.standard_normal((8, 3))
    assert corrado_rank(-estimation, -event).statistic == pytest.approx(
        -corrado_rank(estimation, event).statistic
    )
    scars = rng.standard_normal(8)
    assert bmp(-scars).statistic == pytest.approx(-bmp(scars).statistic)
    assert bmp(-scars).p_value == pytest.approx(bmp(scars).p_value)


def test_missing_events_are_left_out_and_too_few_give_none() -> None:
    assert bmp([1.0, np.nan, 2.0]).statistic == pytest.approx(bmp([1.0, 2.0]).statistic)
    assert bmp([1.0, np.nan, 2.0]).events == 2
    for few in ([], [1.0], [np.nan, 1.0], [2.0, 2.0]):
        assert np.isnan(bmp(few).statistic)
        assert np.isnan(kolari_pynnonen(few, 0.1).p_value)
    assert np.isnan(corrado_rank(np.zeros((1, 5)), [[1.0]]).statistic)
    assert np.isnan(corrado_rank(np.ones((3, 5)), np.full((3, 2), np.nan)).statistic)
    assert np.isnan(corrado_rank(np.ones((3, 5)), np.ones((3, 2))).statistic)  # nothing ever varies


@pytest.mark.parametrize("r", [1.0, 1.5, -0.5, -0.51, float("nan")])
def test_an_impossible_correlation_is_refused(r: float) -> None:
    with pytest.raises(InputError):
        kolari_pynnonen([1.0, 2.0, 3.0], r)
