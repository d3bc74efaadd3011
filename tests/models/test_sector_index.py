"""The index against levels worked out by hand (``answers/index_2025``), and the laws of index mathematics."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from minerdesk.desk import Desk
from minerdesk.desk.market.sector import Sector, sector
from minerdesk.models.sector_index import (
    BASE_LEVEL,
    WEIGHT_CAP_FRACTION,
    Variant,
    capped_weights,
    sector_index,
)
from minerdesk.records import end_of_day
from minerdesk.store import frames
from minerdesk.store.panel import market_panel

Floats = NDArray[np.float64]
VARIANTS: tuple[Variant, ...] = ("cap", "capped", "equal")
EACH = pytest.mark.parametrize("variant", VARIANTS)
LAWS = settings(max_examples=60, deadline=None, derandomize=True)
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


# --- answers ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def whole(desk: Desk) -> Sector:
    """The embedded sector over its 148 sessions."""
    moment = end_of_day(date(2025, 12, 31))
    panel = market_panel(desk.engine, moment)
    return sector(panel, frames.rows(desk.engine, "companies", moment), {})


@EACH
def test_levels_of_every_session(whole: Sector, answer: Any, variant: Variant) -> None:
    expected = answer("index_2025")
    daily = expected[f"{variant}_daily"] if variant == "cap" else expected[f"{variant}_daily_level"]
    level = dict(zip(map(str, whole.panel.sessions), whole.paths[variant].level, strict=True))
    assert level["2025-06-02"] == BASE_LEVEL
    for session, told in daily.items():
        number = told["level"] if isinstance(told, dict) else told
        assert level[session] == pytest.approx(number, rel=1e-12), session
    assert len(daily) >= 147


def test_divisors(whole: Sector, answer: Any) -> None:
    for session, divisor in answer("index_2025")["divisor_with_cap_in_usd"].items():
        row = whole.panel.row(date.fromisoformat(session))
        assert whole.paths["cap"].divisor_usd[row] == pytest.approx(divisor, rel=1e-12)


@pytest.mark.parametrize("session", ["2025-06-02", "2025-06-30", "2025-09-30", "2025-12-31"])
def test_weights_set_at_a_rebalance(whole: Sector, answer: Any, session: str) -> None:
    expected = answer("index_2025")
    row = whole.panel.row(date.fromisoformat(session))
    capped = dict(zip(whole.panel.tickers, whole.paths["capped"].weight_fraction[row], strict=True))
    told = expected["capped_weights"][session]
    assert {ticker for ticker, weight in capped.items() if weight > 0} == set(told)
    for ticker, weight in told.items():
        assert capped[ticker] == pytest.approx(weight, rel=1e-11)
    at_limit = {ticker for ticker, weight in capped.items() if weight > WEIGHT_CAP_FRACTION - 1e-12}
    assert at_limit == set(expected["names_at_the_limit"][session])
    equal = whole.paths["equal"].weight_fraction[row]
    np.testing.assert_allclose(equal[equal > 0], expected["equal_weight"][session], rtol=1e-12)
    assert np.count_nonzero(equal) == expected["names_per_rebalance"][session]


def test_names_enter_as_the_rules_say(whole: Sector, answer: Any) -> None:
    for ticker, told in answer("index_2025")["entries"].items():
        place = whole.panel.column(ticker)
        for variant, key in (
            ("cap", "cap_enters_at_close_of"),
            ("equal", "capped_and_equal_enter_at_close_of"),
        ):
            held = np.flatnonzero(whole.paths[variant].weight_fraction[:, place])
            assert str(whole.panel.sessions[held[0]]) == told[key]


def test_no_split_moves_a_level(whole: Sector) -> None:
    """The same panel on today's basis: closes and counts carried over all splits, and no split left."""
    panel = whole.panel
    growth = np.array([panel.growth(row, len(panel.sessions) - 1) for row in range(len(panel.sessions))])
    adjusted = replace(
        panel,
        close_usd=panel.close_usd / growth,
        outstanding_shares=panel.outstanding_shares * growth,
        split_ratio=np.ones_like(panel.split_ratio),
    )
    rebalance = np.zeros(len(panel.sessions), dtype=bool)
    for variant in VARIANTS:
        as_traded = sector_index(
            panel.carried_close_usd(),
            panel.outstanding_shares,
            panel.split_ratio,
            whole.member,
            rebalance,
            variant,
        )
        on_one_basis = sector_index(
            adjusted.carried_close_usd(), adjusted.outstanding_shares, adjusted.split_ratio, whole.member,
            rebalance, variant,
        )  # fmt: skip
        np.testing.assert_allclose(as_traded.level, on_one_basis.level, rtol=1e-12)


# --- laws ---------------------------------------------------------------------------------------------
class World:
    """A small market: prices, counts, splits, membership and rebalances of some names over some sessions."""

    def __init__(self, data: st.DataObject, names: int = 12, sessions: int = 7) -> None:
        shape = (sessions, names)
        moves = data.draw(arrays(np.float64, shape, elements=st.floats(-0.3, 0.4)))
        start = data.draw(arrays(np.float64, names, elements=st.floats(0.1, 300)))
        growth = data.draw(
            arrays(np.float64, shape, elements=st.sampled_from([1.0, 1.0, 1.0, 1.05, 1.5, 0.9]))
        )
        first = data.draw(arrays(np.float64, names, elements=st.floats(1e6, 1e9)))
        self.close_usd = start * np.cumprod(1 + moves, axis=0)
        self.outstanding_shares = first * np.cumprod(growth, axis=0)
        self.split_ratio = np.ones(shape)
        self.member = data.draw(arrays(np.bool_, shape, elements=st.booleans()))
        self.member[:, :2] = True
        self.rebalance = data.draw(arrays(np.bool_, sessions))

    def index(self, variant: Variant, **other: Any) -> Any:
        return sector_index(**(vars(self) | other), variant=variant)


@EACH
@LAWS
@given(data=st.data())
def test_weights_sum_to_one(variant: Variant, data: st.DataObject) -> None:
    world = World(data)
    path = world.index(variant)
    np.testing.assert_allclose(path.weight_fraction.sum(axis=1), 1, rtol=1e-12)
    assert (path.weight_fraction >= 0).all()
    assert (path.weight_fraction[~world.member] == 0).all()
    assert np.isfinite(path.level).all()
    assert path.level[0] == BASE_LEVEL


@EACH
@LAWS
@given(data=st.data())
def test_the_level_moves_only_with_prices(variant: Variant, data: st.DataObject) -> None:
    """Issuance, buybacks, entries, exits and rebalances at unchanged prices: the level stands still."""
    world = World(data)
    still = np.broadcast_to(world.close_usd[0], world.close_usd.shape)
    np.testing.assert_allclose(world.index(variant, close_usd=still).level, BASE_LEVEL, rtol=1e-12)


@EACH
@LAWS
@given(data=st.data())
def test_the_level_is_continuous(variant: Variant, data: st.DataObject) -> None:
    """At each close, the value held after the changes of that close over the new divisor is the level found
    with the holdings from before: the next session starts where this one ended."""
    world = World(data)
    path = world.index(variant)
    for row in range(1, len(path.level)):
        move = world.close_usd[row] / world.close_usd[row - 1] - 1
        by_weights = path.level[row - 1] * (1 + path.weight_fraction[row - 1] @ move)
        assert path.level[row] == pytest.approx(by_weights, rel=1e-12)


@EACH
@LAWS
@given(data=st.data(), ratio=st.sampled_from([0.1, 1 / 216, 2.0, 3.0]))
def test_a_split_changes_nothing(variant: Variant, data: st.DataObject, ratio: float) -> None:
    world = World(data)
    row = data.draw(st.integers(1, len(world.close_usd) - 1))
    place = data.draw(st.integers(0, world.close_usd.shape[1] - 1))
    before = world.index(variant)
    close, shares, split = (a.copy() for a in (world.close_usd, world.outstanding_shares, world.split_ratio))
    split[row, place] = ratio
    close[row:, place] /= ratio
    shares[row:, place] *= ratio
    after = world.index(variant, close_usd=close, outstanding_shares=shares, split_ratio=split)
    np.testing.assert_allclose(after.level, before.level, rtol=1e-12)
    np.testing.assert_allclose(after.weight_fraction, before.weight_fraction, rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(after.divisor_usd, before.divisor_usd, rtol=1e-11)


@EACH
@LAWS
@given(data=st.data(), moves=st.lists(st.floats(-0.5, 0.8), min_size=7, max_size=7))
def test_equal_moves_of_all_names_move_the_index_so(
    variant: Variant, data: st.DataObject, moves: list[float]
) -> None:
    world = World(data)
    close = world.close_usd[0] * np.cumprod(1 + np.array(moves))[:, None]
    path = world.index(variant, close_usd=close)
    np.testing.assert_allclose(path.daily_return_fraction, moves[1:], rtol=1e-9, atol=1e-12)


@LAWS
@given(data=st.data(), size=st.floats(1e6, 1e12))
def test_a_name_that_stands_still_damps_by_its_weight(data: st.DataObject, size: float) -> None:
    """Cap-weighted over one session: with a still name of cap C beside names of cap K, a return r becomes
    r K / (K + C)."""
    world = World(data, sessions=2)
    world.member[:] = True
    alone = world.index("cap").daily_return_fraction[0]
    caps = (world.close_usd[0] * world.outstanding_shares[0]).sum()

    def with_still(array: Any, filling: float) -> Any:
        return np.column_stack([array, np.full(2, filling)])

    beside = world.index(
        "cap",
        close_usd=with_still(world.close_usd, 1.0),
        outstanding_shares=with_still(world.outstanding_shares, size),
        split_ratio=with_still(world.split_ratio, 1.0),
        member=np.column_stack([world.member, [True, True]]),
    ).daily_return_fraction[0]
    assert beside == pytest.approx(alone * caps / (caps + size), rel=1e-9, abs=1e-14)


@EACH
@LAWS
@given(data=st.data(), scale=st.floats(1e-3, 1e3))
def test_the_currency_of_prices_does_not_matter(variant: Variant, data: st.DataObject, scale: float) -> None:
    world = World(data)
    scaled = world.index(variant, close_usd=world.close_usd * scale)
    np.testing.assert_allclose(scaled.level, world.index(variant).level, rtol=1e-11)


@EACH
@LAWS
@given(data=st.data())
def test_what_comes_later_changes_no_earlier_level(variant: Variant, data: st.DataObject) -> None:
    world = World(data)
    until = data.draw(st.integers(1, len(world.close_usd)))
    part = sector_index(**{name: array[:until] for name, array in vars(world).items()}, variant=variant)
    np.testing.assert_array_equal(part.level, world.index(variant).level[:until])


def test_a_name_without_price_or_count_is_not_held() -> None:
    close = np.array([[1.0, np.nan, 5.0], [1.1, 3.0, 5.0], [1.2, 3.3, 5.0]])
    shares = np.array([[10.0, 10.0, np.nan]] * 3)
    one = np.ones_like(close)
    rebalance = np.array([False, True, False])
    for variant in VARIANTS:
        path = sector_index(close, shares, one, one.astype(bool), rebalance, variant)
        assert (path.weight_fraction[:, 2] == 0).all()
        assert path.weight_fraction[0, 1] == 0 < path.weight_fraction[1, 1]
        assert path.level[1] == pytest.approx(1100, rel=1e-12)


# --- capping ------------------------------------------------------------------------------------------
weights = arrays(np.float64, st.integers(1, 40), elements=st.just(0.0) | st.floats(1e-3, 1e3))


@LAWS
@given(raw=weights, cap=st.floats(0.02, 0.6))
def test_capped_weights(raw: Floats, cap: float) -> None:
    assume(raw.sum() > 1e-6)
    capped = capped_weights(raw, cap)
    assert capped.sum() == pytest.approx(1, rel=1e-12)
    assert (capped[raw == 0] == 0).all()
    if np.count_nonzero(raw) * cap > 1:
        assert capped.max() <= cap * (1 + 1e-9), "none over the cap"
    else:
        np.testing.assert_allclose(capped[raw > 0], 1 / np.count_nonzero(raw))
    # the order of sizes stands, and names below the cap keep their proportions
    order = np.argsort(raw, kind="stable")
    assert (np.diff(capped[order]) >= -1e-12).all()
    free = (capped > 0) & (capped < cap * (1 - 1e-6))
    if np.count_nonzero(raw) * cap > 1 and free.sum() > 1:
        quotient = capped[free] / raw[free]
        np.testing.assert_allclose(quotient, quotient[0], rtol=1e-9)


def test_capping_by_hand() -> None:
    """50, 30 and eleven names that share 20: 10 % each for the two, 80 % over eleven equal names."""
    raw = np.array([50.0, 30.0] + [20 / 11] * 11)
    np.testing.assert_allclose(capped_weights(raw, 0.10), [0.1, 0.1] + [0.8 / 11] * 11, rtol=1e-12)


def test_capping_in_rounds() -> None:
    """The excess of the first lifts the second over the cap: 40, 9.9 and ten of 5.01."""
    raw = np.array([40.0, 9.9] + [5.01] * 10)
    capped = capped_weights(raw, 0.10)
    np.testing.assert_allclose(capped, [0.1, 0.1] + [0.08] * 10, rtol=1e-12)
