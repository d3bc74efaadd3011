"""From tags to items: against the answers read by hand, fact by fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from minerdesk.records import Snapshot
from minerdesk.sources.ixbrl import parse
from minerdesk.sources.ixbrl_items import items, restatements

from .conftest import FILINGS, KNOWN

LINES = {
    "revenue_total": "revenue_total_usd",
    "revenue_self_mining": "revenue_mining_usd",
    "cost_of_revenue_ex_da": "site_usd",
    "power_cost_mining": "energy_usd",
    "power_curtailment_credits": "curtailment_credits_usd",
    "sga_expense": "sga_usd",
    "stock_based_compensation": "sbc_usd",
    "interest_expense": "interest_usd",
    "income_tax_current": "cash_tax_usd",
    "depreciation_amortization": "depreciation_usd",
}


def a_fact(
    concept: str = "us-gaap:InterestExpense", value: float | None = 5.0, **more: Any
) -> dict[str, Any]:
    return {
        "ticker": "CLSK",
        "cik": "0000827876",
        "accession": "a",
        "form": "10-Q",
        "concept": concept,
        "extension": False,
        "context": "c",
        "dimensions": "",
        "period_start": date(2025, 4, 1),
        "period_end": date(2025, 6, 30),
        "period_kind": "quarter",
        "unit": "USD",
        "decimals": -3,
        "value": value,
        "suspect": False,
        "known_at": KNOWN,
        "locator": "fact=1",
    } | more


@pytest.mark.data
def test_items_are_the_facts_the_answers_were_read_from(
    whole: Callable[[str], Snapshot], answer: Callable[[str], Any]
) -> None:
    """Ten filed quarters of RIOT and CLSK: value, concept and fact id of every line."""
    read = {stem: items(parse(whole(stem)).tables["xbrl_facts"])[0] for stem in FILINGS if stem[0] in "RC"}
    checked = 0
    for quarter in answer("cost_ladder")["quarters"]:
        if "derived" in quarter:
            continue
        end = date.fromisoformat(quarter["period_end"])
        rows = {
            row["item"]: row
            for row in read[quarter["filing"]]
            if row["period_end"] == end and row["fiscal_label"].startswith("3M")
        }
        for item, line in LINES.items():
            if item not in rows:
                assert quarter["ticker"] == "CLSK"  # which tags neither energy nor credits nor a current tax
                continue
            assert rows[item]["value"] == quarter["lines"][line], (quarter["quarter"], item)
            checked += 1
        for item, (concept, identity) in quarter["facts"].items():
            name = {"current_income_tax": "income_tax_current"}.get(item, item)
            row = rows.get(name) or rows["sga_expense"]
            assert concept in row["concept"].split(" + ")
            assert f"fact={identity}" in row["locator"].split()
            assert row["context"]
    assert checked == 6 * 10 + 4 * 6 + 4


@pytest.mark.data
def test_what_is_held(whole: Callable[[str], Snapshot]) -> None:
    """Figures of the balance sheets, read off the pages."""
    expected = {
        ("RIOT_10Q_2025Q2", "debt_total"): 252_627_000.0 + 585_750_000.0,
        ("RIOT_10Q_2025Q2", "btc_held"): 19_273.0,
        ("RIOT_10Q_2025Q2", "cash_and_equivalents"): 255_371_000.0,
        ("CLSK_10Q_2025-06", "debt_total"): 820_337_000.0,
        ("CLSK_10Q_2025-06", "cash_and_equivalents"): 34_553_000.0,
        ("BTBT_10Q_2025Q2", "cash_and_equivalents"): 181_165_847.0,
    }
    for (stem, item), value in expected.items():
        rows, _ = items(parse(whole(stem)).tables["xbrl_facts"])
        held = {r["value"] for r in rows if r["item"] == item and r["period_end"] == date(2025, 6, 30)}
        assert held == {value}, (stem, item)
    counted = [
        r["value"]
        for r in items(parse(whole("RIOT_10Q_2025Q2")).tables["xbrl_facts"])[0]
        if r["item"] == "shares_outstanding"
    ]
    assert counted == [369_623_180.0]


@pytest.mark.parametrize(
    "spoilt",
    [{"value": None}, {"suspect": True}, {"unit": "CAD"}, {"dimensions": "a=b"}, {"period_kind": "other"}],
)
def test_what_is_not_read(spoilt: dict[str, Any]) -> None:
    assert len(items([a_fact()])[0]) == 1
    assert items([a_fact(**spoilt)])[0] == []


def test_a_sum_needs_all_its_parts_and_names_them() -> None:
    parts = [
        "us-gaap:ProfessionalFees",
        "us-gaap:OtherLaborRelatedExpenses",
        "us-gaap:GeneralAndAdministrativeExpense",
    ]
    facts = [a_fact(concept, 10.0 + i, locator=f"fact={i}") for i, concept in enumerate(parts)]
    (row,), _ = items(facts)
    assert (row["item"], row["value"], row["locator"]) == ("sga_expense", 33.0, "fact=0 fact=1 fact=2")
    assert items(facts[:2])[0] == []


def test_the_statement_counts_and_not_the_sentence() -> None:
    sentence = a_fact(value=5_100_000.0, decimals=-5, locator="fact=s")
    exact = a_fact(value=5_093_000.0, decimals=-3, locator="fact=t")
    for order in ([sentence, exact], [exact, sentence]):
        assert [row["locator"] for row in items(order)[0]] == ["fact=t"]


def test_a_filer_nobody_read_gives_a_finding() -> None:
    rows, findings = items([a_fact(cik="0000000042")])
    assert (rows, [f.kind for f in findings]) == ([], ["unread_filer"])


def test_a_restatement_is_noted_once_and_both_rows_stay() -> None:
    """RIOT's mining cost of the first quarter of 2024: 41,084 in 2024, 36,549 as recast in 2025."""
    first = {
        "ticker": "RIOT", "item": "cost_of_revenue_ex_da", "period_start": date(2024, 1, 1),
        "period_end": date(2024, 3, 31), "value": 41_084_000.0, "known_at": datetime(2024, 5, 1),
        "locator": "x",
    }  # fmt: skip
    later = first | {"value": 36_549_000.0, "known_at": first["known_at"] + timedelta(days=365)}
    again = later | {"known_at": later["known_at"] + timedelta(days=90)}
    (finding,) = restatements([again, later, first])
    assert finding.kind == "restated"
    assert "41,084,000 known 2024-05-01, 36,549,000 known 2025-05-01" in finding.detail
    assert restatements([later, again]) == ()
