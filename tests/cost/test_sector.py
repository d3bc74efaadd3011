"""The sector figure: weights, coverage, names left out; and the embedded desk's second quarter of 2025."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.errors import InputError
from minerdesk.models.cost_curve import LeftOut, cost_curve, sector_cost
from minerdesk.models.cost_inputs import REFUSED, stated
from minerdesk.models.cost_ladder import Allocation, CostLines, Ladder, ladder
from minerdesk.models.cost_periods import calendar_quarter
from minerdesk.sources import embedded

ROOT = Path(__file__).resolve().parents[2]
Lines = Callable[..., CostLines]


def a_miner(ticker: str, btc: float | None, cost: float | None) -> Ladder:
    spent = None if btc is None or cost is None else btc * cost
    one = CostLines(ticker, date(2025, 4, 1), date(2025, 6, 30), mined_btc=btc, mining_cost_usd=spent)
    return ladder(one, "none")


@pytest.fixture(scope="module")
def embedded_rows() -> list[dict[str, Any]]:
    """Rows of the embedded filing facts, as the parser gives them, with a ref each."""
    (snapshot,) = (s for s in embedded.snapshots() if s.name == "filing_facts.csv")
    return [row | {"ref": row["locator"]} for row in embedded.parse(snapshot).tables["filing_facts"]]


def second_quarter(rows: list[dict[str, Any]], allocate: Allocation) -> list[Ladder]:
    period = calendar_quarter("2025Q2")
    return [
        ladder(s.lines, allocate)
        for s in stated(rows)
        if (s.lines.period_start, s.lines.period_end) == period
    ]


# --- laws ---------------------------------------------------------------------------------------------
@given(st.lists(st.tuples(st.floats(0.1, 1e5), st.floats(1, 1e6)), min_size=1, max_size=12))
def test_the_weighted_mean_lies_between_the_lowest_and_the_highest(miners: list[tuple[float, float]]) -> None:
    ladders = [a_miner(f"M{i}", btc, cost) for i, (btc, cost) in enumerate(miners)]
    sector = sector_cost(ladders, "b")
    assert sector.weighted_usd_per_btc is not None
    assert sector.lowest_usd_per_btc <= sector.weighted_usd_per_btc <= sector.highest_usd_per_btc
    assert sector.lowest_usd_per_btc <= sector.median_usd_per_btc <= sector.highest_usd_per_btc
    assert sector.covered_btc == pytest.approx(sum(btc for btc, _ in miners))


@given(st.lists(st.tuples(st.floats(0.1, 1e5), st.floats(1, 1e6)), min_size=1, max_size=12))
def test_the_curve_is_as_wide_as_the_coins_and_never_falls(miners: list[tuple[float, float]]) -> None:
    ladders = [a_miner(f"M{i}", btc, cost) for i, (btc, cost) in enumerate(miners)]
    steps = cost_curve([*ladders, a_miner("GAP", 5.0, None)], "site")
    assert len(steps) == len(miners)
    assert steps[0].from_btc == 0
    for before, after in pairwise(steps):
        assert before.to_btc == after.from_btc
        assert before.usd_per_btc <= after.usd_per_btc
    area = sum(step.usd_per_btc * (step.to_btc - step.from_btc) for step in steps)
    sector = sector_cost(ladders, "b")
    assert sector.weighted_usd_per_btc == pytest.approx(area / steps[-1].to_btc, rel=1e-9)


def test_coverage_and_names_left_out() -> None:
    ladders = [
        a_miner("A", 100, 50_000),
        a_miner("B", 300, 70_000),
        a_miner("C", 80, None),
        a_miner("D", None, None),
    ]
    sector = sector_cost(ladders, "site")
    assert sector.weighted_usd_per_btc == pytest.approx(65_000)
    assert sector.median_usd_per_btc == 60_000
    assert (sector.covered_btc, sector.known_btc, sector.tickers) == (400, 480, ("A", "B"))
    assert sector.left_out == (
        LeftOut("C", ("mining_cost_usd",)),
        LeftOut("D", ("mining_cost_usd", "mined_btc")),
    )


def test_a_subsidiary_in_its_parents_accounts_counts_once() -> None:
    both = [a_miner("HUT", 100, 50_000), a_miner("ABTC", 60, 40_000)]
    assert sector_cost(both, "b", {"ABTC": "HUT"}).covered_btc == 100
    assert sector_cost(both[1:], "b", {"ABTC": "HUT"}).covered_btc == 60
    assert sector_cost(both, "b", {"ABTC": "HUT"}).left_out == (LeftOut("ABTC", ("consolidated in HUT",)),)


def test_nobody_covered_gives_no_figure() -> None:
    for ladders in ([], [a_miner("C", 80, None)]):
        sector = sector_cost(ladders, "all_in")
        assert sector.weighted_usd_per_btc is sector.median_usd_per_btc is None
        assert sector.covered_btc == 0


def test_what_does_not_add_up_is_refused(lines: Lines) -> None:
    with pytest.raises(InputError, match="more than once"):
        sector_cost([a_miner("A", 1, 1), a_miner("A", 1, 1)], "b")
    with pytest.raises(InputError, match="different allocation"):
        sector_cost([a_miner("A", 1, 1), ladder(lines("RIOT", "2025Q2"), "revenue")], "b")
    with pytest.raises(InputError, match="no rung"):
        sector_cost([], "z")


@pytest.mark.parametrize(
    "change",
    [{"mined_btc": 0.0}, {"interest_usd": -1.0}, {"depreciation_usd": float("nan")}, {"sbc_usd": 1e12}],
)
def test_a_spoilt_name_leaves_the_sector_figure_to_the_others(change: dict[str, float], lines: Lines) -> None:
    """A finding, never a wrong number."""
    clean, spoilt = lines("CLSK", "2025Q2"), lines("RIOT", "2025Q2", **change)
    sector = sector_cost([ladder(clean, "none"), ladder(spoilt, "none")], "f")
    assert sector.tickers == ("CLSK",)
    assert sector.weighted_usd_per_btc == pytest.approx(111_545.73, abs=0.01)
    assert ladder(spoilt, "none").findings


# --- the embedded desk, against docs/reconciliation_2025Q2.md -----------------------------------------
@pytest.mark.parametrize(
    ("allocate", "cash", "all_in"), [("none", 71_785.3, 133_648.6), ("revenue", 70_592.1, 129_848.7)]
)
def test_second_quarter_of_2025(
    allocate: Allocation, cash: float, all_in: float, embedded_rows: list[dict[str, Any]]
) -> None:
    """By awk on the figures of the filings: 246,798 and 459,484 thousand USD over 3,438 BTC."""
    ladders = second_quarter(embedded_rows, allocate)
    for rung, expected in (("cash", cash), ("all_in", all_in)):
        sector = sector_cost(ladders, rung)
        assert sector.weighted_usd_per_btc == pytest.approx(expected, abs=0.1)
        assert (sector.covered_btc, sector.tickers) == (3_438, ("CLSK", "RIOT"))
        assert sector.known_btc == pytest.approx(9_529.6)


def test_site_cost_of_five_names(embedded_rows: list[dict[str, Any]]) -> None:
    """57,149 over 5,396 BTC: the calculation that came with the filings (calc_cost_per_btc.csv)."""
    sector = sector_cost(second_quarter(embedded_rows, "none"), "site")
    assert sector.weighted_usd_per_btc == pytest.approx(57_149, abs=0.5)
    assert sector.covered_btc == pytest.approx(5_396, abs=0.5)
    assert sector.tickers == ("BTBT", "CANG", "CLSK", "RIOT", "WULF")


def test_the_reconciliation_prints_what_comes_out(embedded_rows: list[dict[str, Any]]) -> None:
    page = (ROOT / "docs" / "reconciliation_2025Q2.md").read_text(encoding="utf-8")
    for rule in ("none", "revenue"):
        for rung in ("cash", "all_in"):
            figure = sector_cost(second_quarter(embedded_rows, rule), rung).weighted_usd_per_btc
            assert f"{figure:,.0f}" in page
    left = {one.ticker for one in sector_cost(second_quarter(embedded_rows, "none"), "cash").left_out}
    assert left == {
        "BITF",
        "BTBT",
        "BTDR",
        "CAN",
        "CANG",
        "CIFR",
        "CORZ",
        "FUFU",
        "HIVE",
        "HUT",
        "IREN",
        "MARA",
        "WULF",
    }
    assert all(ticker in page for ticker in left)


# --- from rows to lines -------------------------------------------------------------------------------
def a_row(item: str, value: float, **more: Any) -> dict[str, Any]:
    return {
        "ticker": "MOON",
        "period_start": date(2025, 4, 1),
        "period_end": date(2025, 6, 30),
        "item": item,
        "value": value,
        "unit": "BTC" if item == "btc_produced" else "USD",
        "note": None,
        "known_at": 1,
        "ref": f"{item}/{value:g}",
    } | more


def test_each_line_keeps_the_ref_of_its_row(embedded_rows: list[dict[str, Any]]) -> None:
    period = calendar_quarter("2025Q2")
    (riot,) = (
        s for s in stated(embedded_rows) if s.lines.ticker == "RIOT" and s.lines.period_start == period[0]
    )
    by_ref = {row["ref"]: row for row in embedded_rows}
    assert set(riot.refs) == {
        "mined_btc", "energy_usd", "curtailment_credits_usd", "mining_cost_usd", "sga_usd", "sbc_usd",
        "interest_usd", "depreciation_usd", "mining_revenue_usd", "total_revenue_usd",
    }  # fmt: skip
    for line, refs in riot.refs.items():
        assert getattr(riot.lines, line) == by_ref[refs[0]]["value"]
        assert by_ref[refs[0]]["ticker"] == "RIOT"


def test_a_recast_quarter_takes_the_later_vintage(embedded_rows: list[dict[str, Any]]) -> None:
    """RIOT 2024Q1: 41,084 as first filed; 31,418 net plus 5,131 of credits a year later (May 2025)."""
    rows = [r for r in embedded_rows if r["ticker"] == "RIOT" and r["period_end"] == date(2024, 3, 31)]
    dated = [r | {"known_at": r["source_date"] or "2024-05"} for r in rows]
    (now,) = stated(dated)
    assert now.lines.mining_cost_usd == 36_549_000
    assert ("restated", "note") in [(f.kind, f.severity) for f in now.findings]
    (then,) = stated([r for r in dated if r["known_at"] == "2024-05"])
    assert then.lines.mining_cost_usd == 41_084_000
    (at_once,) = stated([r | {"known_at": "2024-05"} for r in rows])
    assert at_once.lines.mining_cost_usd is None
    assert [(f.kind, f.severity) for f in at_once.findings] == [("conflicting_values", "suspect")]


def test_site_expenses_are_part_of_the_mining_cost(embedded_rows: list[dict[str, Any]]) -> None:
    """WULF 2025Q2: 22,094 of cost of revenue and 3,500 of site operating expenses, two sources for the first."""
    (wulf,) = (
        s
        for s in stated(embedded_rows)
        if s.lines.ticker == "WULF" and s.lines.period_end == date(2025, 6, 30)
    )
    assert wulf.lines.mining_cost_usd == 25_594_000
    assert len(wulf.refs["mining_cost_usd"]) == 2


@pytest.mark.parametrize(("ticker", "item", "end"), REFUSED)
def test_what_is_refused_is_there_and_says_why(
    ticker: str, item: str, end: date | None, embedded_rows: list[dict[str, Any]]
) -> None:
    """A refusal that meets no row would be dead."""
    met = [
        f
        for s in stated(embedded_rows)
        for f in s.findings
        if f.kind == "not_mining_alone" and f.subject == ticker and f.detail.startswith(item)
    ]
    assert met
    assert REFUSED[ticker, item, end] in met[0].detail


def test_two_values_that_round_to_one_are_one() -> None:
    (one,) = stated([a_row("interest_expense", 22_100_000), a_row("interest_expense", 22_094_000)])
    assert (one.lines.interest_usd, one.findings) == (22_094_000, ())


def test_two_values_known_at_once_are_none() -> None:
    (one,) = stated([a_row("interest_expense", 22_100_000), a_row("interest_expense", 21_000_000)])
    assert one.lines.interest_usd is None
    assert [(f.kind, f.severity) for f in one.findings] == [("conflicting_values", "suspect")]


def test_of_two_vintages_the_later_stands() -> None:
    (one,) = stated([a_row("interest_expense", 21e6, known_at=2), a_row("interest_expense", 22.123456e6)])
    assert one.lines.interest_usd == 21e6
    assert [(f.kind, f.severity) for f in one.findings] == [("restated", "note")]


def test_net_electricity_is_the_power_cost_of_iren(embedded_rows: list[dict[str, Any]]) -> None:
    (iren,) = (
        s
        for s in stated(embedded_rows)
        if s.lines.ticker == "IREN" and s.lines.period_end == date(2025, 3, 31)
    )
    assert iren.lines.energy_usd == 36_500_000
    assert "two_kinds" in [f.kind for f in iren.findings]


def test_other_money_never_enters_a_line() -> None:
    (one,) = stated([a_row("interest_expense", 5e6, unit="CAD"), a_row("btc_produced", 5.0)])
    assert (one.lines.interest_usd, one.lines.mined_btc) == (None, 5.0)
    assert [f.kind for f in one.findings] == ["other_currency"]
