"""The network view against answers made by other means, and point in time."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from minerdesk.consensus import difficulty_of_bits
from minerdesk.desk import Desk
from minerdesk.desk.book import Book
from minerdesk.desk.network.days import read_chain, window_of
from minerdesk.desk.network.outlook import retarget
from minerdesk.desk.tracing import traces
from minerdesk.desk.views import View, as_json, figure
from minerdesk.errors import InputError, UnknownReference
from minerdesk.records import end_of_day

DAY = "2025-12-05"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def view(desk: Desk) -> View:
    return desk.network(DAY)


def _row(view: View, table: str, **wanted: Any) -> dict[str, Any]:
    (found,) = [r for r in view.tables[table] if all(r[k] == v for k, v in wanted.items())]
    return found


@pytest.mark.parametrize("day", ["2025-12-05", "2025-12-14"])
def test_hashrate_is_the_answer_also_across_a_retarget(desk: Desk, answer: Any, day: str) -> None:
    for blocks, known in answer("network_view")[day]["windows"].items():
        found = desk.network(day, int(blocks))
        for name, key in (("", "hashrate"), ("_low", "low"), ("_high", "high")):
            value = float(found[f"network_hashrate{name}_eh_s"])
            assert value == pytest.approx(known[f"{key}_eh_s"], rel=1e-9)
        row = _row(found, "windows", window_blocks=int(blocks))
        for probability in (found.figures, row):
            value = float(probability["probability_above_1_zh_s_fraction"])
            assert value == pytest.approx(known["probability_above_1_zh_s"], abs=1e-9)
        assert found["window_blocks"].value == known["blocks"]
        assert found["window_days"].value == known["days"]


def test_hashprice_and_difficulty_are_the_answer(view: View, answer: Any) -> None:
    known = answer("network_view")[DAY]
    assert view["difficulty"].value == known["difficulty"]
    assert float(view["hashprice_usd_per_ph_day"]) == pytest.approx(known["hashprice"]["usd"], rel=1e-12)
    assert float(view["hashprice_btc_per_ph_day"]) == pytest.approx(known["hashprice"]["btc"], rel=1e-12)
    assert float(view["revenue_usd_per_eh_day"]) == pytest.approx(1000 * known["hashprice"]["usd"], rel=1e-12)
    assert view["halving_left_blocks"].value == known["halving_left_blocks"]


def test_hashprice_of_the_week_that_braiins_recorded(desk: Desk) -> None:
    """2025-12-10..14 by GNU bc; Braiins' page of the 14th shows 39 USD/PH/day at the price of the 13th."""
    path = ROOT / "answers" / "network_hashprice.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    low, high = known["published_range_usd_per_ph_day"]
    for day in known["days"]:
        found = float(desk.network(day["day"])["hashprice_usd_per_ph_day"])
        assert found == pytest.approx(day["hashprice_usd_per_ph_day"], rel=1e-12)
        assert low <= round(found, 1) <= high
    shown = desk.network("2025-12-14")
    recorded = known["braiins_2025_12_14"]["hashprice_usd_per_ph_day"]
    earlier = figure(_row(shown, "days", day=date(2025, 12, 13)), "hashprice_usd_per_ph_day")
    assert round(float(earlier)) in {38, recorded}
    assert figure(_row(shown, "days", day=date(2025, 12, 14)), "hashprice_usd_per_ph_day") != earlier
    btc = float(shown["hashprice_btc_per_ph_day"])
    assert btc == pytest.approx(known["bitcoin_per_ph_day_2025_12_14"], rel=1e-12)


def test_the_retarget_that_came_lies_in_the_band(desk: Desk, answer: Any) -> None:
    for day in (DAY, "2025-12-14"):
        known, found = answer("network_view")[day]["retarget"], desk.network(day)
        assert found["epoch_done_blocks"].value == known["done"]
        assert found["epoch_left_blocks"].value == known["left"]
        middle = float(found["next_retarget_fraction"])
        assert middle == pytest.approx(known["at_the_pace_so_far"], abs=5e-4)
        low, high = (float(found[f"next_retarget_{end}_fraction"]) for end in ("low", "high"))
        assert low < known["came_fraction"] < high
        days = [date.fromisoformat(found.facts[f"next_retarget{end}_day"]) for end in ("_low", "", "_high")]
        assert days == sorted(days)
        assert days[0] <= date.fromisoformat(known["came_on"]) <= days[-1]


def test_bands_of_all_days_hold_what_came(desk: Desk) -> None:
    """Every third day with a forecast, August 2025 to January 2026: overlapping, so the bar is low."""
    whole = read_chain(desk.engine, date(2026, 1, 31), end_of_day(date(2026, 1, 31)))
    held = []
    for day in sorted(whole.days)[::3]:
        known, later = (
            tuple(e for e in whole.epochs if (e.first_height <= whole.days[day]["last_height"]) == before)
            for before in (True, False)
        )
        found = retarget(Book("x", str(day)), replace(whole, day=day, epochs=known))
        if found["next_retarget_fraction"].value is None or not later:
            continue
        came = later[0].difficulty / known[-1].difficulty - 1
        low, high = (float(found[f"next_retarget_{end}_fraction"]) for end in ("low", "high"))
        held.append(low <= came <= high)
    assert len(held) > 40
    assert sum(held) / len(held) > 0.85


def test_a_young_epoch_has_no_forecast(desk: Desk) -> None:
    found = desk.network("2025-12-11")
    assert int(float(found["epoch_done_blocks"])) < 146
    assert found["next_retarget_fraction"].value is None
    assert "next_retarget_day" not in found.facts
    assert float(_row(found, "epochs", first_height=927360)["change_fraction"]) == pytest.approx(
        -0.0074, abs=1e-4
    )


def test_the_stated_fleet_is_the_answer(view: View, answer: Any) -> None:
    known = answer("network_view")[DAY]["fleet"]
    tiers = view.tables["switch_off"]
    shares = {float(r["efficiency_j_per_th"]): float(r["share_fraction"]) for r in tiers}  # type: ignore[arg-type]
    assert shares == {float(level): pytest.approx(share) for level, share in known["share"].items()}
    assert float(view["fleet_efficiency_j_per_th"]) == pytest.approx(known["mean_j_per_th"])
    off = answer("network_view")[DAY]["switched_off_at_0.06"]
    assert float(view["under_water_fraction"]) == pytest.approx(sum(shares[level] for level in off))
    hashprice = float(view["hashprice_usd_per_ph_day"])
    for row in tiers:
        burns = float(row["switch_off_usd_per_ph_day"]) > hashprice  # type: ignore[arg-type]
        assert burns == (float(row["efficiency_j_per_th"]) in off)  # type: ignore[arg-type]
        assert burns == (float(row["break_even_power_price_usd_per_kwh"]) < 0.06)  # type: ignore[arg-type]


def test_the_machines_of_the_answer(view: View) -> None:
    """24 x 0.06 x J/TH by hand (answers/network_fleet.json); a machine without a release day is not known."""
    found = {r["model"]: r for r in view.tables["machines"]}
    for name, cost in (("Antminer S21 XP", 19.44), ("Antminer S21", 25.2), ("Antminer S19 XP", 30.96)):
        assert float(found[name]["switch_off_usd_per_ph_day"]) == pytest.approx(cost)  # type: ignore[arg-type]
    assert "Antminer S23 Hyd" not in found
    levels = [float(r["efficiency_j_per_th"]) for r in view.tables["machines"]]  # type: ignore[arg-type]
    assert levels == sorted(levels)


def test_nothing_later_is_used(desk: Desk, view: View) -> None:
    """Asked later about the same day, the answer is the same; and no ref reaches beyond the day."""
    later = desk.network(DAY, as_of="2026-01-31")
    assert {n: f.value for n, f in later.figures.items()} == {n: f.value for n, f in view.figures.items()}
    assert later["difficulty"].ref == f"network/{DAY}@2026-01-31/difficulty"
    for found in (view, later):
        refs = {ref for node in found.nodes.values() for ref in (node.ref, *node.inputs)}
        days = {
            d
            for ref in refs
            if ref.startswith(("bitcoin_", "network/"))
            for d in re.findall(r"\d{4}-\d\d-\d\d", ref.split("@")[0])
        }
        assert max(days) == DAY
        heights = {
            int(h) for ref in refs if ref.startswith("difficulty_epochs/") for h in re.findall(r"\d+", ref)
        }
        assert max(heights) == 925344
        assert max(r["day"] for r in found.tables["days"]) == date(2025, 12, 5)  # type: ignore[type-var]


def test_every_figure_leads_to_bytes_or_is_stated(desk: Desk, view: View) -> None:
    refs = {f.ref for f in view.figures.values() if f.value is not None}
    for rows in view.tables.values():
        refs |= {c.ref for r in rows[-3:] for c in r.values() if hasattr(c, "ref") and c.value is not None}
    found = traces(desk, view, refs)
    for ref in refs:
        leaves = list(found[ref].leaves())
        assert any(leaf.sources for leaf in leaves) or found[ref].method == "stated", ref
        assert all(leaf.sources or leaf.method == "stated" for leaf in leaves), ref


def test_a_ref_is_enough_to_ask_again(desk: Desk) -> None:
    found = desk.network(DAY, 144, "2025-12-31", power_price_usd_per_kwh=0.05)
    ref = found["under_water_fraction"].ref
    assert ref == f"network/{DAY};window=144;power=0.05@2025-12-31/under_water_fraction"
    assert desk.trace(ref).value == found["under_water_fraction"].value
    spans = desk.trace(f"network/{DAY}/halving_days").inputs[1]
    assert spans.rows == 53
    asked = f"network/{DAY}"
    for bad in (f"{asked};colour=red/difficulty", f"{asked};window=x/difficulty", "difficulty_epochs/a..b"):
        with pytest.raises(UnknownReference):
            desk.trace(bad)


def test_bad_questions(desk: Desk) -> None:
    with pytest.raises(InputError, match=r"no blocks of 2025-08-01 .* on record: 2025-08-11 to 2026-01-31"):
        desk.network("2025-08-01")
    with pytest.raises(InputError, match=r"2025-12-05 were known at 2025-12-02 00:00 UTC"):
        desk.network(DAY, as_of="2025-12-01")
    with pytest.raises(InputError, match="a window has 1 to"):
        desk.network(DAY, 0)
    with pytest.raises(InputError, match="power price"):
        desk.network(DAY, power_price_usd_per_kwh=-0.01)


def test_what_is_missing_is_shown_as_missing(desk: Desk) -> None:
    """The first day on record has no window of a week, the last one no price; pools are known of no block."""
    first = desk.network("2025-08-11")
    assert first["network_hashrate_eh_s"].value is None
    assert first["probability_above_1_zh_s_fraction"].value is None
    assert _row(first, "windows", window_blocks=144)["blocks"].value == 147
    last = desk.network("2026-01-31")
    assert last["hashprice_usd_per_ph_day"].value is None
    assert float(last["hashprice_btc_per_ph_day"]) > 0
    assert "no_bitcoin_close" in {f.kind for f in last.findings}
    assert last["pool_herfindahl_fraction"].value is None
    assert desk.network().facts["day"] == "2025-12-31"
    assert as_json(last)["figures"]["under_water_fraction"]["value"] is None


def test_epochs_and_days(desk: Desk, view: View) -> None:
    epochs = view.tables["epochs"]
    assert len(epochs) == 20
    assert float(epochs[0]["difficulty"]) == difficulty_of_bits(int(str(epochs[0]["bits"]), 16))  # type: ignore[arg-type]
    days = view.tables["days"]
    assert len(days) == 90
    assert [b["day"] - a["day"] for a, b in pairwise(days)] == [timedelta(1)] * 89  # type: ignore[operator]
    chain = read_chain(desk.engine, date(2025, 12, 5), end_of_day(date(2025, 12, 5)))
    found = window_of(chain, date(2025, 11, 27), 1)  # the day of a retarget, an hour and a quarter old
    assert found
    row = _row(view, "days", day=date(2025, 11, 27))
    assert float(row["hashrate_eh_s"]) == found.estimate.hashrate_eh_s
    assert found.refs == (
        "bitcoin_days/2025-11-27..2025-11-27",
        "difficulty_epochs/923328",
        "difficulty_epochs/925344",
    )


def test_the_backtest_says_where_it_fails(desk: Desk) -> None:
    """90 % intervals: good up to six months, too narrow beyond (docs/network_backtest.md)."""
    found = desk.network("2025-12-31", backtest=True)
    known = {r["horizon_months"]: r for r in found.tables["backtest"] if r["price"] == "known"}
    coverage = {m: float(r["hashrate_coverage_fraction"]) for m, r in known.items()}  # type: ignore[arg-type]
    assert min(coverage[1], coverage[3]) > 0.88
    assert coverage[24] < coverage[12] < 0.85
    assert "seed 20251205" in known[1]["cases"].note  # type: ignore[union-attr]
    assert found["difficulty"].ref == "network/2025-12-31;backtest=yes/difficulty"
    names = ("hashrate_coverage_fraction", "hashprice_coverage_fraction")
    page = (ROOT / "docs" / "network_backtest.md").read_text(encoding="utf-8").split("Longer history")[0]
    printed = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) % \| (\d+) % \|", page, re.MULTILINE)
    told = [
        (r["price"], r["horizon_months"], r["cases"].value, *(round(100 * float(r[n])) for n in names))  # type: ignore[arg-type, union-attr]
        for r in found.tables["backtest"]
    ]
    assert [(price, *map(int, rest)) for price, *rest in printed] == told
