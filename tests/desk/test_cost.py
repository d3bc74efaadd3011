"""The cost of a bitcoin through the desk: answers made by hand, point in time, bad questions, laws, traces."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from minerdesk.desk import Desk
from minerdesk.desk.book import Book
from minerdesk.desk.calendar import as_instant
from minerdesk.desk.cost.ladders import enter
from minerdesk.desk.cost.periods import in_quarters
from minerdesk.desk.cost.rows import Statements, statements
from minerdesk.desk.cost.sector import sector
from minerdesk.desk.tracing import traces
from minerdesk.desk.views import Row, View, as_json, figure
from minerdesk.errors import InputError, UnknownReference
from minerdesk.models.cost_ladder import RUNGS, ladder
from minerdesk.records import Figure

DAY = "2025-12-05"
#: The nowcast divides exact hashes by the industry's rounded 2^32 a unit of difficulty: 15 ppm.
ROUNDED_HASHES = 3e-5


@pytest.fixture(scope="module")
def view(desk: Desk) -> View:
    return desk.cost(as_of=DAY)


def row_of(view: View, table: str, **named: Any) -> Row:
    found = [row for row in view.tables[table] if all(row[k] == v for k, v in named.items())]
    assert len(found) == 1, (table, named, len(found))
    return found[0]


# --- against other people's arithmetic ----------------------------------------------------------------
def test_sector_figures_are_those_of_the_reconciliation(view: View, answer: Any) -> None:
    told = answer("cost_view")
    for name in ("sector_cash_cost_usd_per_btc", "sector_all_in_cost_usd_per_btc", "covered_btc",
                 "sector_cash_margin_fraction", "hashprice_usd_per_ph_day", "age_days"):  # fmt: skip
        assert float(view[name]) == pytest.approx(told[name], rel=1e-9), name
    assert view.facts["quarter"] == "2025Q2"
    assert view.facts["covered"] == "CLSK RIOT"


def test_whole_company_lines_in_full(desk: Desk, answer: Any) -> None:
    told, view = answer("cost_view"), desk.cost("2025Q2", allocate="none", as_of=DAY)
    assert float(view["sector_cash_cost_usd_per_btc"]) == pytest.approx(told["in_full_cash_cost_usd_per_btc"])
    assert float(view["sector_all_in_cost_usd_per_btc"]) == pytest.approx(
        told["in_full_all_in_cost_usd_per_btc"]
    )


@pytest.mark.parametrize(("ticker", "untold"), [("RIOT", True), ("CLSK", False)])
def test_ladders_of_two_companies_by_hand(desk: Desk, answer: Any, ticker: str, untold: bool) -> None:
    """The embedded table has no tax of RIOT, and its stock pay a thousand higher: 0.70 USD of c and d."""
    quarters = answer("cost_ladder")["quarters"]
    by_hand = next(q for q in quarters if (q["ticker"], q["quarter"]) == (ticker, "2025Q2"))
    rungs = by_hand["rungs_none_without_tax" if untold else "rungs_none"]
    row = row_of(desk.cost("2025Q2", allocate="none", as_of=DAY), "ladder", ticker=ticker)
    for name, value in zip(RUNGS, rungs, strict=True):
        assert float(figure(row, f"{name}_cost_usd_per_btc")) == pytest.approx(value, abs=0.71), name
    assert row["not_stated"] == (
        "cash_tax_usd, curtailment_credits_usd" if ticker == "CLSK" else "cash_tax_usd"
    )


def test_nowcast_and_scorecard(view: View, answer: Any) -> None:
    told = answer("cost_view")
    point = view["nowcast_cash_cost_usd_per_btc"]
    assert float(point) == pytest.approx(told["nowcast_cash_cost_usd_per_btc"], rel=ROUNDED_HASHES)
    for ticker, value in told["nowcast_of"].items():
        row = row_of(view, "margins", ticker=ticker)
        assert float(figure(row, "break_even_price_usd_per_btc")) == pytest.approx(value, rel=ROUNDED_HASHES)
        assert float(figure(row, "realised_hashrate_eh_s")) == pytest.approx(
            told["realised_hashrate_eh_s"][ticker], rel=1e-9
        )
    for name, value in told["past"].items():
        ticker, quarter = name.split()
        row = row_of(view, "scorecard", ticker=ticker, quarter=quarter, horizon_quarters=1)
        assert float(figure(row, "nowcast_usd_per_btc")) == pytest.approx(value["nowcast"], rel=1e-9)
        assert float(figure(row, "error_fraction")) == pytest.approx(value["error"], rel=1e-9)
    low = view["nowcast_cash_cost_low_usd_per_btc"]
    assert (low.value, low.note) == (None, "past errors over 2 quarters: 1; an interval takes 4")


def test_rosetta_reads_what_publishers_state(view: View) -> None:
    """JPMorgan's 81,000 and 60,000 are our rung c inside their rounding; CoinShares' pair is not ours."""
    for ticker, stated, ours in (("RIOT", 81_000, 81_096), ("CLSK", 60_000, 60_441)):
        row = row_of(view, "rosetta", subject=ticker, publisher="JPMorgan", rung="operating")
        assert float(figure(row, "stated_usd_per_btc")) == stated
        assert float(figure(row, "in_full_usd_per_btc")) == pytest.approx(ours, abs=1)
        assert row["within_rounding"] == "yes"
    for rung, rest in (("cash", 2_815), ("all_in", 4_151)):
        row = row_of(view, "rosetta", subject="sector", rung=rung)
        assert float(figure(row, "unexplained_usd_per_btc")) == pytest.approx(rest, abs=1)
        bridge = sum(float(figure(row, f"{c}_usd_per_btc")) for c in ("ours", "allocation", "unexplained"))
        assert bridge == pytest.approx(float(figure(row, "stated_usd_per_btc")))
    alone = row_of(view, "rosetta", subject="IREN", publisher="CoinShares")
    assert figure(alone, "in_full_usd_per_btc").value is None


def test_the_pair_of_the_press_is_dated(desk: Desk, view: View) -> None:
    pair = [view[f"published_{name}_cost_usd_per_btc"].value for name in ("cash", "all_in")]
    assert pair == [74_600, 137_800]
    assert (view.facts["quoted_quarter"], view["published_age_days"].value) == ("2025Q2", 158)
    before = desk.cost("2025Q2", as_of="2025-11-28")
    assert before["published_all_in_cost_usd_per_btc"].value == 137_018
    assert before.facts["quoted_quarter"] == "2024Q4"


def test_balance_of_riot(view: View, answer: Any) -> None:
    row = row_of(view, "balance", ticker="RIOT")
    for name, value in answer("cost_view")["riot_balance"].items():
        assert float(figure(row, name)) == pytest.approx(value, rel=1e-9), name
    burn = figure(row, "burn_usd_per_month")
    assert float(burn) < 0
    assert figure(row, "runway_months").note == "mining earns at this hashprice"
    assert "convertible_principal" in str(row["not_stated"])


def test_the_company_shows_its_ladder_and_balance(desk: Desk, view: View) -> None:
    own = desk.company("RIOT", DAY)
    same = row_of(own, "ladder", quarter="2025Q2")
    there = row_of(view, "ladder", ticker="RIOT")
    assert [figure(same, f"{n}_cost_usd_per_btc").value for n in RUNGS] == [
        figure(there, f"{n}_cost_usd_per_btc").value for n in RUNGS
    ]
    assert [r["quarter"] for r in own.tables["ladder"]] == [
        "2024Q1", "2024Q2", "2024Q3", "2025Q1", "2025Q2", "2025Q3"
    ]  # fmt: skip
    ev = figure(own.tables["balance"][0], "enterprise_value_usd")
    assert ev.value == figure(row_of(view, "balance", ticker="RIOT"), "enterprise_value_usd").value
    assert desk.trace(ev.ref).value == ev.value


# --- what was known when ------------------------------------------------------------------------------
def test_a_month_is_known_at_its_end(desk: Desk) -> None:
    """CLSK's filing is dated "2025-08": until it ends only RIOT is known, and one name is no sector."""
    before, after = (desk.cost("2025Q2", as_of=day) for day in ("2025-08-30", "2025-08-31"))
    assert before["sector_cash_cost_usd_per_btc"].value is None
    assert figure(row_of(before, "ladder", ticker="RIOT"), "cash_cost_usd_per_btc").value is not None
    assert float(after["sector_cash_cost_usd_per_btc"]) == pytest.approx(70_592, abs=1)
    with pytest.raises(InputError, match="no quarter with the cost of 2 names"):
        desk.cost(as_of="2025-08-30")


def test_a_restatement_changes_only_reads_after_it(desk: Desk) -> None:
    """RIOT's mining cost of 2024Q1: 41,084 thousand as filed, recast to 36,549 in the 10-Q of May 2025."""

    def cost(day: str) -> float | None:
        view = desk.cost("2024Q1", as_of=day)
        told = [v for k, v in view.nodes.items() if k.endswith("/mining_cost_usd")]
        rows = [v for k, v in view.nodes.items() if "cost_of_revenue_ex_da" in k]
        return (told or rows)[0].value  # type: ignore[return-value]

    assert [cost(day) for day in ("2025-05-30", "2025-05-31", DAY)] == [41_084_000, 36_549_000, 36_549_000]
    late = row_of(desk.cost("2024Q1", as_of=DAY), "ladder", ticker="RIOT")
    assert float(figure(late, "site_cost_usd_per_btc")) == pytest.approx(23_033.72, abs=0.01)
    assert any(f.kind == "restated" and f.subject == "RIOT" for f in desk.cost("2024Q1", as_of=DAY).findings)


def test_nothing_is_used_before_its_source(desk: Desk) -> None:
    """No row is read before the month, year or day its own source gives."""
    for day in ("2025-03-31", "2025-08-15", DAY):
        for row in statements(desk.engine, as_instant(day)).used:
            told = row["source_date"] or ""
            assert told[: len(told)] <= day[: len(told)], row["ref"]
            if len(told) == 7:
                assert day >= f"{told}-28", row["ref"]


def test_a_nowcast_that_cannot_be_had_says_why(desk: Desk) -> None:
    late = desk.cost("2025Q2", as_of="2026-11-21")
    point = late["nowcast_cash_cost_usd_per_btc"]
    assert (point.value, point.note) == (None, "the difficulty of the day is not on record")
    assert late["hashprice_usd_per_ph_day"].value is None
    assert late["btc_price_usd_per_btc"].value is None


# --- questions that are none --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"quarter": "2025Q5"}, "no quarter"),
        ({"quarter": "soon"}, "write it as 2025Q2"),
        ({"quarter": "2031Q1"}, "no filing of 2031Q1 was known on 2025-12-05; known are 2024Q1 to 2025Q"),
        ({"quarter": "2025Q4"}, "no filing of 2025Q4 was known"),
        ({"rung": "z"}, "no rung 'z'"),
        ({"allocate": "vibes"}, "no allocation 'vibes'; there are revenue, mw, none"),
    ],
)
def test_bad_questions(desk: Desk, asked: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        desk.cost(**asked, as_of=DAY)


def test_before_any_filing(desk: Desk) -> None:
    with pytest.raises(InputError, match="no quarter with the cost"):
        desk.cost(as_of="2020-01-01")
    with pytest.raises(InputError, match=r"no filing of 2019Q4 was known on 2020-01-01$"):
        desk.cost("2019Q4", as_of="2020-01-01")


def test_by_mw_no_one_is_covered(desk: Desk) -> None:
    """No filing on record splits its MW: the rungs that need a share are missing, the first two are not."""
    view = desk.cost("2025Q2", allocate="mw", as_of=DAY)
    assert view["sector_site_cost_usd_per_btc"].value is not None
    assert view["sector_cash_cost_usd_per_btc"].value is None
    riot = row_of(view, "left_out", ticker="RIOT")
    assert riot["missing"] == "mining_mw, total_mw"


# --- laws ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("rule", ["revenue", "none"])
@pytest.mark.parametrize("quarter", ["2024Q2", "2025Q1", "2025Q2", "2025Q3"])
def test_laws_of_the_ladder(desk: Desk, quarter: str, rule: str) -> None:
    view = desk.cost(quarter, allocate=rule, as_of=DAY)
    for row in view.tables["ladder"]:
        rungs = [figure(row, f"{n}_cost_usd_per_btc").value for n in RUNGS]
        told = [float(v) for v in rungs if v is not None]
        assert told == sorted(told), row["ticker"]
    for name in RUNGS:
        weighted = view[f"sector_{name}_cost_usd_per_btc"].value
        if weighted is not None:
            every = [figure(r, f"{name}_cost_usd_per_btc").value for r in view.tables["ladder"]]
            there = [float(v) for v in every if v is not None]
            assert min(there) <= float(weighted) <= max(there)
    steps = view.tables["curve"]
    costs = [float(figure(r, "cost_usd_per_btc")) for r in steps]
    assert costs == sorted(costs)
    mined = [float(figure(r, "mined_btc")) for r in steps]
    assert [float(figure(r, "cumulative_btc")) for r in steps] == pytest.approx(
        [sum(mined[: k + 1]) for k in range(len(mined))]
    )


def test_figures_are_the_models(desk: Desk, view: View) -> None:
    """The measures in the book and the ladder of the model give one number."""
    pieces = in_quarters(statements(desk.engine, as_instant(DAY)))["2025Q2"]
    for ticker, piece in pieces.items():
        for rung in ladder(piece.lines).rungs:
            told = figure(row_of(view, "ladder", ticker=ticker), f"{rung.name}_cost_usd_per_btc").value
            assert told == rung.usd_per_btc, (ticker, rung.name)


def test_every_name_is_covered_or_left_out(view: View) -> None:
    inside = set(view.facts["covered"].split())
    outside = [str(r["ticker"]) for r in view.tables["left_out"]]
    assert len(outside) == len(set(outside))
    assert not inside & set(outside)
    assert len(inside | set(outside)) >= 34
    assert row_of(view, "left_out", ticker="WULF")["missing"] == "interest_usd"


# --- traces -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "asked",
    [{}, {"quarter": "2025Q2", "rung": "f", "allocate": "none"}, {"quarter": "2024Q1"}],
    ids=["default", "other parameters", "old quarter"],
)
def test_every_figure_leads_to_bytes(desk: Desk, asked: dict[str, str]) -> None:
    view = desk.cost(**asked, as_of=DAY)
    cells = [
        c for rows in view.tables.values() for row in rows for c in row.values() if isinstance(c, Figure)
    ]
    refs = {f.ref for f in [*view.figures.values(), *cells] if f.value is not None}
    assert len(refs) > 60
    for ref, trace in traces(desk, view, refs).items():
        for leaf in trace.leaves():
            assert leaf.sources or leaf.note, (ref, leaf.ref)
    for name in ("sector_power_cost_usd_per_btc", "covered_btc", "names"):
        # a ref alone is enough to ask again
        assert desk.trace(view[name].ref).value == view[name].value


def test_a_line_is_traced_to_its_cell(desk: Desk, view: View) -> None:
    cash = figure(row_of(view, "ladder", ticker="RIOT"), "cash_cost_usd_per_btc")
    leaves = {leaf.ref: leaf for leaf in desk.trace(cash.ref).leaves()}
    source = leaves["filing_facts/RIOT/Q2 2025/interest_expense/1"].sources[0]
    assert (source.name, source.excerpt) == ("filing_facts.csv", "value = 6093000")


def test_a_ref_with_other_parameters_is_none(desk: Desk) -> None:
    with pytest.raises(UnknownReference, match="no question about costs"):
        desk.trace(f"cost/2025Q2;colour=blue@{DAY}/covered_btc")


def test_the_answer_is_the_same_when_remembered(desk: Desk) -> None:
    assert as_json(desk.cost(as_of=DAY)) == as_json(desk.cost(as_of=DAY))


def test_a_spoilt_statement_is_a_finding_and_no_part_of_the_sector(desk: Desk) -> None:
    """RIOT's second quarter spoilt in one place at a time: of two names one is left, so there is no figure."""
    rows = statements(desk.engine, as_instant(DAY)).used
    faults = {
        "no_bitcoin_mined": ("btc_produced", {"value": 0.0}),
        "negative_cost_line": ("interest_expense", {"value": -6_093_000.0}),
        "other_currency": ("sga_expense", {"unit": "CAD"}),
        "sbc_above_sga": ("sga_expense", {"value": 75_902.0}),
        "period_too_long": (None, {"period_start": date(2024, 6, 28)}),
    }
    for kind, (item, change) in faults.items():
        spoilt = [
            row | change
            if row["ticker"] == "RIOT" and row["fiscal_label"] == "Q2 2025" and item in (row["item"], None)
            else row
            for row in rows
        ]
        pieces = in_quarters(Statements(tuple(spoilt), ()))["2025Q2"]
        book = Book("cost/test", DAY)
        entered = [enter(book, piece, "2025Q2", "revenue") for piece in pieces.values()]
        told = {f.kind for one in entered for f in (*one.piece.findings, *one.ladder.findings)}
        own = sector(book, entered)
        assert own.weighted["cash"].value is None, kind
        assert "RIOT" not in own.costs["cash"].tickers
        if kind != "period_too_long":
            assert kind in told
