"""Measures of the network against arithmetic by other means, and with their units."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk import units
from minerdesk.consensus import difficulty_of_bits, subsidy_btc_per_block
from minerdesk.errors import InputError
from minerdesk.measures import network
from minerdesk.measures.declare import MEASURES
from minerdesk.models.pools import concentration
from minerdesk.units import SUFFIXES, unit_of

Answers = Callable[[str], dict[str, Any]]

OURS = sorted(name for name, found in MEASURES.items() if found.room == "network")


def test_the_check_of_the_definitions(answers: Answers) -> None:
    known = answers("network_hashprice")["definition_check"]
    price = known["price_usd_per_btc"]
    got = network.hashprice_usd_per_ph_day(3.125, 0.030, known["difficulty"], price)
    assert got == pytest.approx(known["hashprice_usd_per_ph_day"], rel=1e-14)
    assert round(got, 2) == known["printed"]
    assert network.hashprice_btc_per_ph_day(3.125, 0.030, known["difficulty"]) * price == pytest.approx(got)


def test_hashprice_of_five_days_in_december(answers: Answers, embedded: Path) -> None:
    """From the embedded figures: blocks and fees of the day, bits in force at its end, its close."""

    def rows(name: str) -> list[dict[str, str]]:
        with (embedded / name).open(encoding="utf-8") as lines:
            return list(csv.DictReader(lines))

    known = answers("network_hashprice")
    days = {row["day"]: row for row in rows("bitcoin_daily.csv")}
    closes = {row["day"]: float(row["close"]) for row in rows("btc_usd.csv")}
    epochs = rows("bitcoin_epochs.csv")
    low, high = known["published_range_usd_per_ph_day"]
    for expected in known["days"]:
        day = days[expected["day"]]
        bits = [row["bits"] for row in epochs if int(row["first_height"]) <= int(day["last_height"])][-1]
        assert bits == expected["bits"]
        fee = network.mean_fee_btc_per_block(float(day["fees_btc"]), int(day["blocks"]))
        price = network.hashprice_usd_per_ph_day(
            subsidy_btc_per_block(int(day["last_height"])),
            fee,
            difficulty_of_bits(int(bits, 16)),
            closes[expected["day"]],
        )
        assert price == pytest.approx(expected["hashprice_usd_per_ph_day"], rel=1e-13)
        assert low <= round(price, 1) <= high


def test_braiins_recorded_hashprice(answers: Answers) -> None:
    """39 USD/PH/day at 03:28 UTC of the 14th, recorded to two digits: between the closes around it."""
    known = answers("network_hashprice")
    braiins = known["braiins_2025_12_14"]
    difficulty = difficulty_of_bits(0x1701E63A)
    fee = braiins["average_fee_btc_per_block"]
    before, after = (
        network.hashprice_usd_per_ph_day(3.125, fee, difficulty, close) for close in (90_298.71, 89_316.0)
    )
    assert after < before
    assert before == pytest.approx(braiins["hashprice_usd_per_ph_day"], abs=0.55)
    assert after == pytest.approx(braiins["hashprice_usd_per_ph_day"], abs=1.0)


def test_work_and_the_hashrate_of_a_difficulty(answers: Answers) -> None:
    known = answers("network_hashrate")["work"]
    difficulty = difficulty_of_bits(int(known["bits"], 16))
    assert difficulty == pytest.approx(known["difficulty"], rel=1e-15)
    assert network.network_work_hashes(difficulty, 144) == pytest.approx(
        known["work_144_blocks_hashes"], rel=1e-14
    )
    assert network.difficulty_hashrate_eh_s(difficulty) == pytest.approx(
        known["difficulty_hashrate_eh_s"], rel=1e-14
    )


def test_small_measures_by_hand() -> None:
    assert network.revenue_usd_per_eh_day(39.0) == 39_000.0
    assert network.miner_revenue_usd(450.0, 4.5, 100_000.0) == 45_450_000.0
    assert network.fee_share_fraction(99.0, 1.0) == 0.01
    assert network.retarget_fraction(100.0, 125.0) == 0.25
    # ten blocks of 6e21 hashes each in 600 seconds: 100 EH/s, of which a tenth is bias
    assert network.network_hashrate_eh_s(6e22, 600.0, 10) == pytest.approx(90.0)


def test_arrays_are_answered_element_by_element() -> None:
    fees = np.array([0.01, 0.02])
    got = network.hashprice_usd_per_ph_day(3.125, fees, np.array([1e14, 2e14]), 1e5)
    one = [
        network.hashprice_usd_per_ph_day(3.125, fee, level, 1e5)
        for fee, level in ((0.01, 1e14), (0.02, 2e14))
    ]
    np.testing.assert_array_equal(got, one)


@pytest.mark.parametrize("name", OURS)
def test_units_come_out_as_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = MEASURES[name]
    registry: Any = pint.UnitRegistry()
    for word in ("btc", "usd", "hash", "block", "diff"):
        registry.define(f"{word} = [{word}]")
    registry.define("petahash = 1e15 hash")
    registry.define("exahash = 1e18 hash")
    registry.define("terahash = 1e12 hash")
    values = {parameter: 2.0 + index for index, (parameter, _) in enumerate(found.inputs)}
    plain = found.function(**values)
    quantities = SimpleNamespace(
        **{
            factor: registry.Quantity(getattr(units, factor), unit)
            for factor, unit in units.FACTOR_UNITS.items()
        }
    )
    monkeypatch.setattr(inspect.getmodule(found.function), "units", quantities)
    given_units = {
        parameter: registry.Quantity(values[parameter], SUFFIXES[unit]) for parameter, unit in found.inputs
    }
    result = registry.Quantity(1.0, "dimensionless") * found.function(**given_units)
    assert result.to(SUFFIXES[unit_of(found.name)]).magnitude == pytest.approx(plain, rel=1e-12)


def test_all_are_declared() -> None:
    functions = {name for name, _ in inspect.getmembers(network, inspect.isfunction)} - {"measure"}
    assert functions == {MEASURES[name].name for name in OURS}


# --- pools ---------------------------------------------------------------------------------------------


def test_concentration_by_hand() -> None:
    monopoly = concentration([144])
    assert (monopoly.herfindahl_fraction, monopoly.effective_count) == (1.0, 1.0)
    four = concentration([36, 36, 36, 36])
    assert four.herfindahl_fraction == 0.25
    # 50 %, 30 %, and 20 of 100 blocks by nobody known: 0.25 + 0.09 + 20 / 100**2, or + 0.04
    partly = concentration([50, 30], unknown_blocks=20)
    assert partly.herfindahl_fraction == pytest.approx(0.342)
    assert partly.herfindahl_high_fraction == pytest.approx(0.38)
    np.testing.assert_allclose(partly.share_fraction, [0.5, 0.3])
    assert partly.unknown_fraction == pytest.approx(0.2)
    for pools, unknown in (([], 0), ([-1, 5], 0), ([5], -1), ([[1, 2]], 0)):
        with pytest.raises(InputError):
            concentration(pools, unknown)


@pytest.mark.data
def test_concentration_of_november_2025(chain_data: Path) -> None:
    """Against the squares of the published percentages."""
    with (chain_data / "pool_blocks_monthly.csv").open(encoding="utf-8") as lines:
        month = [row for row in csv.DictReader(lines) if row["month"] == "2025-11"]
    named = [row for row in month if row["pool_slug"] != "unknown"]
    unknown = sum(int(row["blocks"]) for row in month if row["pool_slug"] == "unknown")
    found = concentration([int(row["blocks"]) for row in named], unknown)
    squares = sum((float(row["share_pct"]) / 100) ** 2 for row in named)
    assert found.herfindahl_high_fraction == pytest.approx(squares + (unknown / 4257) ** 2, abs=2e-6)
    assert found.share_fraction.sum() + found.unknown_fraction == pytest.approx(1.0)


@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=30).filter(sum), st.integers(0, 500))
def test_concentration_lies_between_its_bounds(pools: list[int], unknown: int) -> None:
    found = concentration(pools, unknown)
    assert 1.0 / (len(pools) + unknown) - 1e-12 <= found.herfindahl_fraction
    assert found.herfindahl_fraction <= found.herfindahl_high_fraction + 1e-15 <= 1.0 + 1e-12
