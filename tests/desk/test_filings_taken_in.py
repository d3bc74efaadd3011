"""Filings taken in: from the file to the ladder and back to the tag, beside what releases said."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk
from minerdesk.desk.views import View, figure
from minerdesk.errors import InputError, UnknownReference, UnreadableInput
from minerdesk.models.cost_ladder import RUNGS
from minerdesk.records import Figure, end_of_day
from minerdesk.sources import filed
from minerdesk.store import frames, snapshots
from minerdesk.store.lookup import excerpt

DAY = "2025-12-05"
#: A filing of RIOT with one tagged line: the current tax of a quarter, which no release states.
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"
 xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2022-02-16"
 xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:dei="http://xbrl.sec.gov/dei/2025"
 xmlns:us-gaap="http://fasb.org/us-gaap/2025">
<body><div style="display:none"><ix:header><ix:hidden>
 <ix:nonNumeric contextRef="q" name="dei:EntityCentralIndexKey">0001167419</ix:nonNumeric>
 <ix:nonNumeric contextRef="q" name="dei:TradingSymbol">RIOT</ix:nonNumeric>
 <ix:nonNumeric contextRef="q" name="dei:DocumentType">10-Q</ix:nonNumeric>
</ix:hidden><ix:resources>
 <xbrli:context id="q"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">0001167419</xbrli:identifier>
  </xbrli:entity><xbrli:period><xbrli:startDate>2025-04-01</xbrli:startDate><xbrli:endDate>2025-06-30</xbrli:endDate>
  </xbrli:period></xbrli:context>
 <xbrli:unit id="usd"><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unit>
</ix:resources></ix:header></div>
BODY
</body></html>
"""
TAX = (
    '<p><ix:nonFraction id="f-1" name="us-gaap:CurrentIncomeTaxExpenseBenefit" contextRef="{context}" '
    'unitRef="usd" decimals="-3" scale="3" format="ixt:num-dot-decimal">{value}</ix:nonFraction></p>'
)
Take = Callable[..., Desk]


def tax(value: str, context: str = "q") -> bytes:
    return PAGE.replace("BODY", TAX.format(value=value, context=context)).encode()


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """``take((name, content, day), ...)``: a desk that has taken these in, each public from its day's end."""

    def taken(*files: tuple[str, bytes, str]) -> Desk:
        for name, content, day in files:
            pipeline.take_in(tmp_path / "a", [(name, content)], end_of_day(date.fromisoformat(day)))
        return Desk(pipeline.open_or_build(tmp_path / "a"))

    return taken


def cash(view: View, ticker: str = "RIOT") -> float:
    row = next(r for r in view.tables["ladder"] if r["ticker"] == ticker)
    return float(figure(row, "cash_cost_usd_per_btc"))


def test_a_line_no_release_states_enters_the_ladder_when_it_was_known(take: Take) -> None:
    desk = take(("0001167419-25-000033.htm", tax("320"), "2025-09-10"))
    before, after = (
        cash(desk.cost("2025Q2", allocate="none", as_of=d)) for d in ("2025-09-09", "2025-09-10")
    )
    assert after - before == pytest.approx(320_000 / 1_426)


def test_a_restatement_is_read_from_when_it_was_known(take: Take) -> None:
    """The same tax, later stated as 640 thousand: earlier reads stay as they were, both rows are kept."""
    desk = take(
        ("0001167419-25-000033.htm", tax("320"), "2025-09-10"),
        ("0001167419-25-000044.htm", tax("640"), "2025-11-10"),
    )
    costs = [
        cash(desk.cost("2025Q2", allocate="none", as_of=d))
        for d in ("2025-09-10", "2025-11-09", "2025-11-10")
    ]
    assert costs[1] == costs[0]
    assert costs[2] - costs[0] == pytest.approx(320_000 / 1_426)
    late = desk.cost("2025Q2", as_of=DAY)
    assert any(f.kind == "restated" and "640,000" in f.detail for f in late.findings)
    rows = frames.rows(desk.engine, "filed_items", datetime(2026, 1, 1, tzinfo=UTC))
    assert sorted(r["value"] for r in rows) == [320_000, 640_000]
    assert {r["accession"] for r in rows} == {"0001167419-25-000033", "0001167419-25-000044"}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (tax("320", context="gone"), "missing_context"),
        (PAGE.replace("BODY", TAX.format(value="320", context="q") + TAX.format(value="999", context="q")).encode(),
         "conflicting_values"),
        (tax("320").replace(b"iso4217:USD", b"iso4217:CAD"), "other_currency"),
        (tax("320").replace(b"unitRef=\"usd\"", b"unitRef=\"eur\""), "missing_unit"),
        (tax("three hundred"), "unreadable_number"),
        (tax("320")[:-400], "malformed_markup"),
        (tax("320").replace(b"0001167419<", b"0000000042<"), "unread_filer"),
    ],
)  # fmt: skip
def test_a_bad_filing_is_a_finding_and_never_another_number(take: Take, content: bytes, kind: str) -> None:
    desk = take(("0001167419-25-000033.htm", content, "2025-09-10"))
    plain = desk.cost("2025Q2", as_of="2025-09-09")
    spoilt = desk.cost("2025Q2", as_of=DAY)
    assert cash(spoilt) == cash(plain)
    assert spoilt["sector_cash_cost_usd_per_btc"].value == plain["sector_cash_cost_usd_per_btc"].value
    found = frames.findings(desk.engine, datetime(2026, 1, 1, tzinfo=UTC))
    assert kind in {f["kind"] for f in found}
    assert kind in {f.kind for f in spoilt.findings}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"%PDF-1.7", "neither an inline XBRL filing"),
        ("empty.htm", b"", "neither an inline XBRL filing"),
        ("cut.html.gz", gzip.compress(tax("320"))[:-20], "cut off"),
        ("bad.html.gz", b"\x1f\x8bnot gzip at all", "is damaged"),
    ],
)
def test_what_is_no_filing_is_refused(name: str, content: bytes, said: str) -> None:
    with pytest.raises(UnreadableInput, match=said):
        filed.snapshot_of(name, content, datetime(2025, 9, 1, tzinfo=UTC))


def test_a_filing_cannot_be_public_before_its_period_ends(take: Take) -> None:
    with pytest.raises(InputError, match="reports to 2025-06-30: it was not public on 2025-05-02"):
        take(("a.htm", tax("320"), "2025-05-01"))


def test_company_facts_bring_their_own_days(take: Take) -> None:
    """A document received late tells of filings as each was made; its items are read filing by filing."""
    entry = {"start": "2025-04-01", "end": "2025-06-30", "val": 320_000, "accn": "0001167419-25-000033",
             "fy": 2025, "fp": "Q2", "form": "10-Q", "filed": "2025-08-01"}  # fmt: skip
    document = {
        "cik": 1167419,
        "facts": {"us-gaap": {"CurrentIncomeTaxExpenseBenefit": {"units": {"USD": [entry]}}}},
    }
    desk = take(("CIK0001167419.json", json.dumps(document).encode(), "2026-01-01"))
    told = cash(desk.cost("2025Q2", allocate="none", as_of="2025-08-14"))
    assert told == pytest.approx(85_368.87 + 320_000 / 1_426, abs=0.71)


def test_places_in_filings(tmp_path: Path) -> None:
    from minerdesk.store.archive import Archive
    from minerdesk.store.commits import EMPTY

    one = filed.snapshot_of("a.htm", tax("320"), datetime(2025, 9, 1, tzinfo=UTC))
    snapshots.keep(tmp_path, snapshots.card(one, 1), one.content)
    archive = Archive(tmp_path, EMPTY)
    told = "us-gaap:CurrentIncomeTaxExpenseBenefit = 320 scale=3 unitRef=usd contextRef=q"
    assert excerpt(archive, one.sha256, "fact=f-1") == told
    assert excerpt(archive, one.sha256, "fact[1]") == told
    assert excerpt(archive, one.sha256, "fact=f-1 fact[1]", 400) == f"{told} + {told}"
    for place in ("fact=f-2", "fact[2]", "fact[0]"):
        with pytest.raises(UnknownReference, match="has no fact"):
            excerpt(archive, one.sha256, place)


# --- whole filings ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def filled(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with RIOT's and CLSK's filings of the second quarter, as public on their days."""
    path = tmp_path_factory.mktemp("filed") / "archive"
    for name, day in (("RIOT_10Q_2025Q2", date(2025, 7, 31)), ("CLSK_10Q_2025-06", date(2025, 8, 7))):
        file = shared_data / "filings" / "ixbrl" / f"{name}.html.gz"
        pipeline.take_in(path, [(file.name, file.read_bytes())], end_of_day(day))
    return Desk(pipeline.open_or_build(path))


@pytest.mark.data
def test_whole_filings_give_the_ladder_worked_out_by_hand(filled: Desk, answer: Any) -> None:
    """Every line of rungs b to f from tags, coins and CLSK's energy from releases; RIOT's tax included."""
    quarters = {(q["ticker"], q["quarter"]): q for q in answer("cost_ladder")["quarters"]}
    for rule in ("none", "revenue"):
        view = filled.cost("2025Q2", allocate=rule, as_of=DAY)
        for ticker in ("RIOT", "CLSK"):
            row = next(r for r in view.tables["ladder"] if r["ticker"] == ticker)
            told = [figure(row, f"{n}_cost_usd_per_btc").value for n in RUNGS]
            assert told == pytest.approx(quarters[ticker, "2025Q2"][f"rungs_{rule}"], abs=0.001)
    # the reconciliation's last line: with the tax of the filing
    in_full = filled.cost("2025Q2", allocate="none", as_of=DAY)
    assert float(in_full["sector_cash_cost_usd_per_btc"]) == pytest.approx(71_878, abs=1)
    assert float(in_full["sector_all_in_cost_usd_per_btc"]) == pytest.approx(133_742, abs=1)


@pytest.mark.data
def test_filed_and_released_stand_side_by_side(filled: Desk) -> None:
    rows = filled.cost("2025Q2", as_of=DAY).tables["filed_and_released"]
    named = {(r["ticker"], r["item"], r["period_end"]): r for r in rows}
    pay = named["RIOT", "stock_based_compensation", date(2025, 6, 30)]
    assert [figure(pay, c).value for c in ("filed", "released", "difference")] == [
        30_120_000,
        30_121_000,
        -1_000,
    ]
    assert pay["concept"] == "us-gaap:StockIssuedDuringPeriodValueShareBasedCompensation"
    interest = named["CLSK", "interest_expense", date(2025, 6, 30)]
    assert figure(interest, "difference").value == 0


@pytest.mark.data
def test_a_filed_figure_leads_to_concept_and_tag(filled: Desk, answer: Any) -> None:
    view = filled.cost("2025Q2", as_of=DAY)
    row = next(r for r in view.tables["ladder"] if r["ticker"] == "RIOT")
    leaves = {leaf.ref: leaf for leaf in filled.trace(figure(row, "all_in_cost_usd_per_btc").ref).leaves()}
    source = leaves["filed_items/0001167419/3M to 2025-06-30/interest_expense/RIOT_10Q_2025Q2.html"].sources[
        0
    ]
    quarters = {(q["ticker"], q["quarter"]): q for q in answer("cost_ladder")["quarters"]}
    concept, fact = quarters["RIOT", "2025Q2"]["facts"]["interest_expense"]
    assert source.locator == f"fact={fact}"
    assert source.excerpt.startswith(f"{concept} = 6,093 ")
    every = [c for r in view.tables["filed_and_released"] for c in r.values() if isinstance(c, Figure)]
    assert all(filled.trace(c.ref, DAY).sources for c in every[:8] if c.ref.startswith("filed_items/"))


@pytest.mark.data
def test_a_whole_filing_with_two_values_for_one_fact(shared_data: Path, take: Take) -> None:
    """The filed depreciation is doubted, so the release's stands: the sector's figure does not move."""
    file = shared_data / "filings" / "ixbrl" / "RIOT_10Q_2025Q2.html.gz"
    page = gzip.decompress(file.read_bytes())
    stated = re.search(
        rb'<ix:nonFraction [^>]*id="(Tc_cRZ0NVm1MUufrfcGlb5zLw_17_3)">83,197</ix:nonFraction>', page
    )
    assert stated
    twin = stated[0].replace(b"83,197", b"38,197").replace(stated[1], b"twin")
    spoilt = page.replace(stated[0], stated[0] + twin)
    desk = take((file.name.removesuffix(".gz"), spoilt, "2025-07-31"))
    view = desk.cost("2025Q2", as_of=DAY)
    assert any(f.kind == "conflicting_values" and "Depreciation" in f.detail for f in view.findings)
    row = next(r for r in view.tables["ladder"] if r["ticker"] == "RIOT")
    used = {leaf.ref for leaf in desk.trace(figure(row, "all_in_cost_usd_per_btc").ref).leaves()}
    assert "filing_facts/RIOT/Q2 2025/depreciation_amortization/1" in used
    assert float(figure(row, "all_in_cost_usd_per_btc")) == pytest.approx(155_879.76, abs=1)
