"""The nowcast: RIOT's record by hand, and whether the interval holds what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minerdesk.errors import InputError
from minerdesk.models.nowcast import LEAST_ERRORS, Scorecard, scorecard, with_interval

NAN = float("nan")


def riot_card(answer: Callable[[str], Any]) -> Scorecard:
    known = answer("cost_mining")
    quarters = list(known["companies"]["RIOT"])
    hashcost = [known["companies"]["RIOT"][q]["hashcost_cash_usd_per_ph_day"] for q in quarters]
    mined = [known["network"][q]["btc_per_ph_day"] for q in quarters]
    return scorecard(quarters, hashcost, mined)


def test_riots_six_nowcasts_by_hand(answer: Callable[[str], Any]) -> None:
    card, by_hand = riot_card(answer), answer("cost_mining")["riot_nowcasts"]
    assert card.periods == tuple(one["period"] for one in by_hand)
    assert card.nowcast_usd_per_btc == pytest.approx([o["nowcast_usd_per_btc"] for o in by_hand], rel=1e-9)
    assert card.filed_usd_per_btc == pytest.approx([o["filed_usd_per_btc"] for o in by_hand], rel=1e-6)
    assert card.log_errors == pytest.approx([o["log_error"] for o in by_hand], abs=1e-8)
    errors = np.array([-0.1573, -0.1770, -0.0235, -0.1614, 0.0651, -0.1379])
    assert card.errors_fraction == pytest.approx(errors, abs=5e-5)
    assert card.bias_fraction == pytest.approx(errors.mean(), abs=5e-5)
    assert card.mean_absolute_error_fraction == pytest.approx(np.abs(errors).mean(), abs=5e-5)
    assert card.worst_error_fraction == pytest.approx(-0.1770, abs=5e-5)


def test_the_interval_by_hand(answer: Callable[[str], Any]) -> None:
    known = answer("cost_mining")["riot_interval"]
    point = known["hashcost_usd_per_ph_day"] / known["btc_per_ph_day"]
    cast = with_interval(point, riot_card(answer), 0.9)
    assert cast.usd_per_btc == pytest.approx(known["nowcast_usd_per_btc"], rel=1e-12)
    assert cast.low_usd_per_btc == pytest.approx(known["low_usd_per_btc"], rel=1e-6)
    assert cast.high_usd_per_btc == pytest.approx(known["high_usd_per_btc"], rel=1e-6)
    assert (cast.level, cast.errors_used) == (0.9, 6)


@pytest.mark.parametrize(("errors", "bias"), [(4, 0.0), (8, -0.1), (20, 0.05)])
def test_the_interval_holds_its_share_of_the_next_errors(errors: int, bias: float) -> None:
    """4,000 simulated records: coverage of 90 % within three standard errors, biased or not."""
    rng, trials, hits = np.random.default_rng(20251205), 4_000, 0
    for _ in range(trials):
        past = rng.normal(bias, 0.12, errors)
        card = Scorecard(("q",) * errors, 1, np.ones(errors), np.exp(past), past)
        cast = with_interval(70_000.0, card, 0.9)
        came = 70_000.0 * np.exp(rng.normal(bias, 0.12))
        assert cast.low_usd_per_btc is not None
        assert cast.high_usd_per_btc is not None
        hits += cast.low_usd_per_btc <= came <= cast.high_usd_per_btc
    assert hits / trials == pytest.approx(0.9, abs=3 * np.sqrt(0.09 / trials))


def test_a_longer_horizon_looks_further_back() -> None:
    card = scorecard(["a", "b", "c", "d"], [10.0, 20.0, 40.0, 80.0], [0.1, 0.1, 0.2, 0.2], horizon=2)
    assert card.periods == ("c", "d")
    assert card.nowcast_usd_per_btc.tolist() == [50.0, 100.0]
    assert card.filed_usd_per_btc.tolist() == [200.0, 400.0]


def test_a_quarter_that_was_not_filed_gives_no_error() -> None:
    card = scorecard(["a", "b", "c", "d"], [10.0, NAN, 12.0, 13.0], [0.1] * 4)
    assert card.periods == ("d",)
    empty = scorecard(["a", "b"], [10.0, NAN], [0.1, 0.1])
    assert empty.periods == ()
    assert all(
        np.isnan(v)
        for v in (empty.bias_fraction, empty.mean_absolute_error_fraction, empty.worst_error_fraction)
    )


def test_too_few_errors_give_no_interval() -> None:
    costs = [10.0, 11.0, 12.0, 11.0, 13.0]
    for n in range(1, 5):
        card = scorecard(["q"] * (n + 1), costs[: n + 1], [0.1] * (n + 1))
        cast = with_interval(70_000.0, card)
        assert (cast.low_usd_per_btc is None) == (cast.high_usd_per_btc is None) == (n < LEAST_ERRORS)
        assert cast.errors_used == n


def test_a_wider_level_is_a_wider_interval(answer: Callable[[str], Any]) -> None:
    card = riot_card(answer)
    narrow, wide = with_interval(80_000.0, card, 0.5), with_interval(80_000.0, card, 0.95)
    assert wide.low_usd_per_btc < narrow.low_usd_per_btc < narrow.high_usd_per_btc < wide.high_usd_per_btc


@pytest.mark.parametrize(
    ("hashcost", "mined", "horizon"),
    [
        ([1.0], [0.1, 0.1], 1),
        ([1.0, 2.0], [0.1, 0.1], 0),
        ([1.0, 0.0], [0.1, 0.1], 1),
        ([1.0, 2.0], [0.1, -1.0], 1),
    ],
)
def test_a_record_that_cannot_be(hashcost: list[float], mined: list[float], horizon: int) -> None:
    with pytest.raises(InputError):
        scorecard(["a", "b"], hashcost, mined, horizon)


@pytest.mark.parametrize(("point", "level"), [(0.0, 0.9), (NAN, 0.9), (-5.0, 0.9), (7e4, 0.0), (7e4, 1.0)])
def test_a_nowcast_that_cannot_be(point: float, level: float) -> None:
    with pytest.raises(InputError):
        with_interval(point, scorecard(["a", "b"], [1.0, 2.0], [0.1, 0.1]), level)
