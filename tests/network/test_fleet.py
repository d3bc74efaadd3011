"""The cost curve of machines against figures worked by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.consensus import difficulty_of_bits
from minerdesk.errors import InputError
from minerdesk.measures.network import difficulty_hashrate_eh_s
from minerdesk.models.fleet import (
    machine_costs,
    stated_mix,
    switch_off_tiers,
    under_water_fraction,
    vintage_mix,
)

Answers = Callable[[str], dict[str, Any]]


def test_break_even_of_the_definitions(answers: Answers) -> None:
    for level, printed, exact in answers("network_fleet")["break_even_at_35"]["rows"]:
        (found,) = machine_costs(["machine"], [level], 35.0, printed)
        assert found.break_even_power_price_usd_per_kwh == pytest.approx(exact, rel=1e-14)
        assert round(found.break_even_power_price_usd_per_kwh, 3) == printed


def test_the_curve_of_the_embedded_machines(answers: Answers, embedded: Path) -> None:
    with (embedded / "asic_models.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    names, levels = [row["model"] for row in rows], [float(row["efficiency_j_th"]) for row in rows]
    curve = machine_costs(names, levels, 39.0, 0.06)
    assert [one.efficiency_j_per_th for one in curve] == sorted(one.efficiency_j_per_th for one in curve)
    assert len(curve) == len(set(zip(names, levels, strict=True))) < len(rows)
    found = {(one.model, one.efficiency_j_per_th): one for one in curve}
    for name, level, switch_off in answers("network_fleet")["switch_off_at_0.06_usd_per_kwh"]:
        one = found[(name, level)]
        assert one.switch_off_usd_per_ph_day == pytest.approx(switch_off, rel=1e-12)
        assert one.margin_usd_per_ph_day == pytest.approx(39.0 - switch_off, rel=1e-12)


def test_a_stated_mix(answers: Answers) -> None:
    known = answers("network_fleet")["mix"]
    # the order in which tiers are told does not matter, nor the unit of their hashrate
    mix = stated_mix(known["efficiency"][::-1], [700 * share for share in known["share"][::-1]], "by hand")
    assert mix.mean_efficiency_j_per_th == pytest.approx(known["mean"])
    tiers = switch_off_tiers(mix, 0.06)
    assert [tier.hashprice_usd_per_ph_day for tier in tiers] == pytest.approx(known["switch_off"])
    assert [tier.off_fraction for tier in tiers] == pytest.approx(known["off"])
    assert under_water_fraction(mix, 35.0, 0.06) == pytest.approx(known["under_water_at_35"])
    half = under_water_fraction(mix, 35.0, [0.06, 0.04])
    assert half == pytest.approx(known["under_water_half_at_0.04"])
    assert under_water_fraction(mix, 35.0, [0.06, 0.04], [1.0, 0.0]) == pytest.approx(0.3)


def test_vintages_by_hand(answers: Answers) -> None:
    known = answers("network_fleet")["vintages"]
    years = [2020, 2021, 2022, 2023]
    for lifetime, shares, mean in (
        (3, "three_years", "three_years_mean"),
        (10, "ten_years", "ten_years_mean"),
    ):
        mix = vintage_mix(years, known["hashrate"], known["efficiency"], lifetime)
        np.testing.assert_allclose(mix.share_fraction * 300, known[shares], atol=1e-12)
        assert mix.mean_efficiency_j_per_th == pytest.approx(known[mean])
        assert f"after {lifetime} years" in mix.basis


def test_the_fleet_of_2025_by_vintages(embedded: Path) -> None:
    """Best air-cooled machine of each year and the network's hashrate: a mean near the 20 J/TH that Riot, the
    largest fleet with a published figure, reported for September 2025 (20.5)."""
    with (embedded / "bitcoin_epochs.csv").open(encoding="utf-8") as lines:
        epochs = [(row["first_block_time_utc"], row["bits"]) for row in csv.DictReader(lines)]
    years = list(range(2019, 2026))
    ends = [[bits for time, bits in epochs if time < f"{year + 1}"][-1] for year in years]
    hashrate = [difficulty_hashrate_eh_s(difficulty_of_bits(int(bits, 16))) for bits in ends]
    machines = [
        45.0,
        34.2,
        29.5,
        27.5,
        21.5,
        17.5,
        15.0,
    ]  # S17, S19, S19j Pro, S19j Pro+, S19 XP, S21, S21 Pro
    mix = vintage_mix(years, hashrate, machines, 5)
    assert 16.0 < mix.mean_efficiency_j_per_th < 22.0
    assert under_water_fraction(mix, 39.0, 0.05) < 0.2 < under_water_fraction(mix, 20.0, 0.05)


@given(
    st.lists(st.tuples(st.floats(5, 200), st.floats(0.1, 10)), min_size=1, max_size=8),
    st.floats(1, 500),
    st.floats(0.01, 0.3),
)
def test_tiers_and_the_share_under_water_agree(
    tiers: list[tuple[float, float]], hashprice: float, power: float
) -> None:
    mix = stated_mix([one for one, _ in tiers], [share for _, share in tiers], "drawn")
    assert mix.share_fraction.sum() == pytest.approx(1.0)
    off = [tier for tier in switch_off_tiers(mix, power) if tier.hashprice_usd_per_ph_day > hashprice]
    assert under_water_fraction(mix, hashprice, power) == pytest.approx(off[-1].off_fraction if off else 0.0)
    worse = under_water_fraction(mix, hashprice / 2, power)
    assert worse >= under_water_fraction(mix, hashprice, power) - 1e-12


@pytest.mark.parametrize(
    "call",
    [
        lambda: machine_costs(["a"], [15.0, 20.0], 35.0, 0.06),
        lambda: machine_costs(["a"], [0.0], 35.0, 0.06),
        lambda: machine_costs(["a"], [15.0], -1.0, 0.06),
        lambda: machine_costs(["a"], [15.0], 35.0, float("nan")),
        lambda: stated_mix([15.0], [0.0], ""),
        lambda: stated_mix([15.0], [0.5, 0.5], ""),
        lambda: stated_mix([15.0, 20.0], [1.5, -0.5], ""),
        lambda: under_water_fraction(stated_mix([15.0], [1], ""), 35.0, [0.05, 0.06], [1.0]),
        lambda: vintage_mix([2020, 2022], [1, 2], [3, 4], 5),
        lambda: vintage_mix([2020, 2021], [1, 2], [3, 4], 0),
    ],
)
def test_what_makes_no_fleet(call: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        call()
