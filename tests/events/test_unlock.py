"""The prediction of an unlock by hand and by law; its arithmetic with units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pint
import pytest

from minerdesk.errors import InputError
from minerdesk.measures import unlock as measures
from minerdesk.models.unlock import LITERATURE, UnlockPrior, predict_unlock


def test_longhand_prior_and_update(answers: Callable[[str], dict[str, Any]]) -> None:
    hand = answers("events_longhand")["unlock"]
    assert LITERATURE.mean == pytest.approx(hand["prior_mean"])
    assert LITERATURE.mean_sd == pytest.approx(hand["prior_sd"], rel=1e-12)
    found = predict_unlock(hand["error"], [hand["panel_car"]], [hand["panel_error"]])
    assert found.prior.mean == pytest.approx(hand["prior_mean"])
    assert found.prior.high - found.prior.mean == pytest.approx(hand["half_width_prior"], rel=1e-9)
    assert found.updated.mean == pytest.approx(hand["updated_mean"], rel=1e-12)
    assert found.updated.mean_sd == pytest.approx(hand["updated_sd"], rel=1e-12)
    assert found.updated.mean - found.updated.low == pytest.approx(hand["half_width_updated"], rel=1e-9)
    assert (found.events, found.panel_mean) == (1, hand["panel_car"])


def test_without_a_panel_the_update_is_the_prior() -> None:
    found = predict_unlock(0.05)
    assert found.updated == found.prior
    assert found.events == 0
    assert np.isnan(found.panel_mean)
    assert predict_unlock(0.05, [np.nan, -0.1], [0.1, np.nan]).updated == found.prior


def test_a_large_panel_wins_over_the_prior() -> None:
    rng = np.random.default_rng(0)
    errors = np.full(4_000, 0.05)
    cars = -0.08 + rng.normal(0, 0.04, 4_000) + rng.normal(0, 0.05, 4_000)
    found = predict_unlock(0.05, cars, errors)
    assert found.updated.mean == pytest.approx(-0.08, abs=0.004)
    assert found.updated.effect_sd == pytest.approx(0.04, abs=0.004)
    assert found.updated.mean_sd < 0.002


def test_intervals_cover_as_they_say() -> None:
    """A world drawn from the prior: 90 % of new unlocks lie in the 90 % interval, before and after."""
    rng = np.random.default_rng(1)
    prior = UnlockPrior(-0.01, 0.03, 0.05, ())
    inside = np.zeros(2)
    worlds = 4_000
    for _ in range(worlds):
        mean = rng.normal(prior.mean, prior.mean_sd)
        errors = rng.uniform(0.03, 0.1, 4)
        cars = mean + rng.normal(0, prior.effect_sd, 4) + rng.normal(0, errors)
        found = predict_unlock(0.06, cars, errors, prior=prior)
        new = mean + rng.normal(0, prior.effect_sd) + rng.normal(0, 0.06)
        inside += [one.low <= new <= one.high for one in (found.prior, found.updated)]
    # four standard errors of a share of 0.9 in 4,000 are 0.019
    np.testing.assert_allclose(inside / worlds, 0.9, atol=0.019)


def test_a_spread_that_the_errors_explain_is_none() -> None:
    found = predict_unlock(0.05, [-0.01, -0.011, -0.009, -0.0105, -0.0095], [0.05] * 5)
    assert found.updated.effect_sd == 0.0


@pytest.mark.parametrize(
    ("error", "cars", "errors", "level"),
    [(-0.1, [], [], 0.9), (float("nan"), [], [], 0.9), (0.1, [], [], 1.0), (0.1, [0.1], [], 0.9)],
)
def test_bad_input_is_refused(error: float, cars: list[float], errors: list[float], level: float) -> None:
    with pytest.raises(InputError):
        predict_unlock(error, cars, errors, level=level)


def test_arithmetic_by_hand_and_with_units(answers: Callable[[str], dict[str, Any]]) -> None:
    hand = answers("events_longhand")["arithmetic"]
    registry = pint.UnitRegistry()
    registry.define("usd = [money]")
    for usd in (1.0, registry.usd):
        price, basis = hand["price_usd"] * usd, hand["cost_basis_usd"] * usd
        free = measures.float_shares(hand["outstanding_shares"], hand["restricted_shares"])
        assert free == hand["float_shares"]
        assert measures.unlock_of_float_fraction(hand["unlock_shares"], free) == hand["of_float_fraction"]
        assert (
            measures.unlock_volume_sessions(hand["unlock_shares"], hand["average_volume_shares"])
            == hand["volume_sessions"]
        )
        gain = measures.holder_gain_fraction(price, basis)
        assert float(gain) == pytest.approx(hand["gain_fraction"])
        together = measures.holder_gain_usd(price, basis, hand["unlock_shares"])
        assert together / usd == pytest.approx(hand["gain_usd"])
