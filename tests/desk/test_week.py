"""The sector's week against sums worked out by hand (``answers/week_*``), and the laws it keeps.

Tolerances: relative 1e-12 for sums of money and returns (the answers have 15 digits), 1e-9 for regressions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk
from minerdesk.desk.views import View, as_json
from minerdesk.errors import InputError, NoSession
from minerdesk.records import Figure, Rows, Snapshot, end_of_day
from minerdesk.sources import embedded
from minerdesk.store.archive import ingest

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
ANSWERED = ("2025-11-21", "2025-12-05", "2025-12-12")
#: First week with a week before it, weeks cut by holidays, new names, splits, the year's end.
OTHERS = ("2025-06-13", "2025-07-03", "2025-09-05", "2025-10-24", "2025-11-28", "2025-12-31")
CLOSE = {"rel": 1e-12, "abs": 1e-12}


@pytest.fixture(scope="module")
def weeks(desk: Desk) -> Callable[[str], View]:
    """Views by the week's end, each made once."""
    made: dict[str, View] = {}

    def view(ending: str) -> View:
        if ending not in made:
            made[ending] = desk.week(ending)
        return made[ending]

    return view


def value(view: View, name: str) -> Any:
    return view[name].value


def names(view: View) -> dict[str, dict[str, Any]]:
    return {
        str(row["ticker"]): {k: v.value if isinstance(v, Figure) else v for k, v in row.items()}
        for row in view.tables["names"]
    }


def total(values: list[float | None]) -> float:
    return math.fsum(v for v in values if v is not None)


# --- answers ------------------------------------------------------------------------------------------
FIGURES = {
    "sector_cap_gross_start_usd": "sector_cap_gross_start_usd",
    "sector_cap_gross_end_usd": "sector_cap_gross_end_usd",
    "cap_change_usd": "sector_cap_gross_change_usd",
    "cap_change_fraction": "sector_cap_gross_change_fraction",
    "price_effect_usd": "price_effect_usd",
    "share_effect_usd": "share_effect_usd",
    "sector_return_fraction": "sector_return_fraction",
    "advancers": "advancers",
    "decliners": "decliners",
    "unchanged": "unchanged",
    "no_data": "no_data",
    "names": "names_in_universe",
    "btc_close_start_usd": "btc_close_start_usd",
    "btc_close_end_usd": "btc_close_end_usd",
    "btc_return_fraction": "btc_return_fraction",
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("ending", ANSWERED)
def test_figures(weeks: Callable[[str], View], answer: Any, ending: str, name: str) -> None:
    assert value(weeks(ending), name) == pytest.approx(answer(f"week_{ending}")[FIGURES[name]], **CLOSE)


@pytest.mark.parametrize("ending", ANSWERED)
def test_every_name(weeks: Callable[[str], View], answer: Any, ending: str) -> None:
    found = names(weeks(ending))
    expected = {row["ticker"]: row for row in answer(f"week_{ending}")["names"]}
    assert set(found) == set(expected)
    same = "close_start_usd close_end_usd return_fraction market_cap_start_usd market_cap_end_usd "
    same += "price_effect_usd share_effect_usd contribution_fraction"
    for ticker, row in expected.items():
        for column in same.split():
            # the effects are differences of caps near 1e10: an absolute cent is 1e-12 of that
            tolerance = {"rel": 1e-11, "abs": 0.01 if column.endswith("_usd") else 1e-13}
            assert found[ticker][column] == pytest.approx(row[column], **tolerance), (ticker, column)
        assert found[ticker]["start_shares"] == pytest.approx(row["shares_start"], **CLOSE)
        assert found[ticker]["end_shares"] == pytest.approx(row["shares_end"], **CLOSE)


@pytest.mark.parametrize("ending", ANSWERED)
def test_net_of_cross_holdings(weeks: Callable[[str], View], answer: Any, ending: str) -> None:
    expected = answer(f"week_{ending}")["net"]
    for label, suffix in (("default", ""), ("alternative", "_alternative")):
        for side in ("start", "end"):
            net = value(weeks(ending), f"sector_cap_net_{side}{suffix}_usd")
            held = value(weeks(ending), f"cross_held_{side}{suffix}_usd")
            assert net == pytest.approx(expected[label][f"sector_cap_net_{side}_usd"], **CLOSE)
            assert held == pytest.approx(expected[label][f"taken_out_{side}_usd"], **CLOSE)


@pytest.mark.parametrize(
    ("ending", "case", "out"),
    [
        ("2025-11-21", "ex_event_all_tagged", ""),
        # HUT's row of 2 December is of type "other", a remark: it takes no name out
        ("2025-12-05", "ex_event_each/ABTC", "ABTC"),
        ("2025-12-12", "ex_event_all_tagged", "ARBK IREN"),
    ],
)
def test_without_names_that_had_an_event(
    weeks: Callable[[str], View], answer: Any, ending: str, case: str, out: str
) -> None:
    expected = answer(f"week_{ending}")
    for part in case.split("/"):
        expected = expected[part]
    view = weeks(ending)
    assert value(view, "ex_event_return_fraction") == pytest.approx(
        expected["ex_event_return_fraction"], **CLOSE
    )
    assert view.facts["ex_event_names"] == out


@pytest.mark.parametrize("ending", ANSWERED)
def test_turnover_and_share_volume(weeks: Callable[[str], View], answer: Any, ending: str) -> None:
    view, expected = weeks(ending), answer(f"week_{ending}")
    week, before = expected["liquidity"], expected["liquidity_previous_week"]
    assert value(view, "turnover_usd") == pytest.approx(week["turnover_usd"], **CLOSE)
    assert value(view, "share_volume") == week["share_volume"]
    assert value(view, "turnover_names") == week["names_with_volume"]
    silent = {ticker for ticker, row in names(view).items() if row["turnover_usd"] is None}
    assert silent == set(week["names_without_volume"])
    assert value(view, "turnover_previous_usd") == pytest.approx(before["turnover_usd"], **CLOSE)
    assert value(view, "share_volume_previous_shares") == before["share_volume"]
    for name in ("turnover_change_fraction", "share_volume_change_fraction"):
        assert value(view, name) == pytest.approx(expected[name], rel=1e-11)
    per_session = value(view, "turnover_per_session_change_fraction")
    assert per_session == pytest.approx(expected["turnover_per_session_change_fraction"], rel=1e-11)


@pytest.mark.parametrize("ending", ANSWERED)
def test_breadth_by_name(weeks: Callable[[str], View], answer: Any, ending: str) -> None:
    expected = answer(f"week_{ending}")
    moves = {ticker: row["return_fraction"] for ticker, row in names(weeks(ending)).items()}
    assert {t for t, move in moves.items() if move >= 0.0005} == set(expected["advancers_names"])
    assert {t for t, move in moves.items() if move <= -0.0005} == set(expected["decliners_names"])
    assert {t for t, move in moves.items() if abs(move) < 0.0005} == set(expected["unchanged_names"])


@pytest.mark.parametrize("ending", ANSWERED)
def test_exposure(weeks: Callable[[str], View], answer: Any, ending: str) -> None:
    view, expected = weeks(ending), answer(f"beta_{ending}")
    one, two = expected["in_sample"], expected["two_factor_in_sample"]
    for name, number in {
        "beta_to_btc": one["beta_to_btc"],
        "beta_to_btc_se": one["beta_to_btc_se_hac"],
        "divergence_z": one["week"]["divergence_z"],
        "divergence_out_of_sample_z": expected["out_of_sample"]["week"]["divergence_z"],
        "two_factor_beta_to_btc": two["beta_to_btc"],
        "two_factor_beta_to_ai": two["beta_to_ai_basket"],
        "two_factor_beta_to_ai_se": two["beta_to_ai_basket_se_hac"],
    }.items():
        assert value(view, name) == pytest.approx(number, rel=1e-9), name


def test_indices_of_the_reference_week(weeks: Callable[[str], View], answer: Any) -> None:
    expected = answer("index_2025")
    for row in weeks("2025-12-05").tables["indices"]:
        levels = expected["levels"][row["variant"]]
        assert row["level_start"].value == pytest.approx(levels["2025-11-28"], **CLOSE)
        assert row["level_end"].value == pytest.approx(levels["2025-12-05"], **CLOSE)
        change = expected["week_return_2025_12_05_fraction"][row["variant"]]
        assert row["return_fraction"].value == pytest.approx(change, rel=1e-11)


def test_the_week_as_our_user_knows_it(weeks: Callable[[str], View]) -> None:
    """The figures of the brief, to the digits it gives."""
    view = weeks("2025-12-05")
    rows = names(view)
    assert round(100 * rows["ABTC"]["return_fraction"], 1) == -47.4
    assert round(100 * rows["ABTC"]["contribution_fraction"], 1) == -1.9
    assert round(100 * rows["APLD"]["return_fraction"], 1) == 15.2
    assert round(100 * rows["CORZ"]["return_fraction"], 1) == 1.3
    assert round(100 * value(view, "sector_return_fraction"), 1) == -4.7
    assert round(value(view, "sector_cap_gross_start_usd") / 1e9, 1) == 96.2
    assert round(100 * value(view, "cap_change_fraction"), 1) == -4.4
    assert [value(view, name) for name in ("advancers", "decliners", "names")] == [9, 25, 34]
    assert [round(value(view, f"btc_close_{side}_usd")) for side in ("start", "end")] == [90_919, 89_388]
    assert round(100 * value(view, "btc_return_fraction"), 1) == -1.7


# --- laws ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ANSWERED + OTHERS)
def test_laws_of_every_week(weeks: Callable[[str], View], ending: str) -> None:
    view = weeks(ending)
    rows = names(view).values()
    contributions = total([row["contribution_fraction"] for row in rows])
    assert abs(contributions - value(view, "sector_return_fraction")) < 1e-12
    breadth = sum(value(view, name) for name in ("advancers", "decliners", "unchanged", "no_data"))
    assert breadth == value(view, "names") == len(rows)
    start, end = value(view, "sector_cap_gross_start_usd"), value(view, "sector_cap_gross_end_usd")
    assert total([row["market_cap_start_usd"] for row in rows]) == pytest.approx(start, **CLOSE)
    assert total([row["market_cap_end_usd"] for row in rows]) == pytest.approx(end, **CLOSE)
    effects = sum(value(view, f"{what}_effect_usd") or 0 for what in ("price", "share", "entry"))
    assert end - start == pytest.approx(effects, rel=1e-9)
    assert value(view, "cap_change_usd") == pytest.approx(end - start, rel=1e-9)
    assert value(view, "sector_cap_net_end_usd") <= end
    assert value(view, "turnover_names") == sum(row["turnover_usd"] is not None for row in rows)
    last = view.tables["weeks"][-1]
    assert str(last["week_ending"]) == ending
    assert last["sector_return_fraction"].value == pytest.approx(
        value(view, "sector_return_fraction"), **CLOSE
    )
    for column in ("advancers", "decliners"):
        assert last[column].value == value(view, column)


@pytest.mark.parametrize("ending", ANSWERED + OTHERS)
def test_every_figure_has_an_origin(weeks: Callable[[str], View], ending: str) -> None:
    """An observed figure names a row; a derived one its method and figures that are in the book or rows."""
    view = weeks(ending)
    cells = [
        c for rows in view.tables.values() for row in rows for c in row.values() if isinstance(c, Figure)
    ]
    for figure in [*view.figures.values(), *cells]:
        if figure.value is None:
            continue
        assert figure.ref, figure
        assert view.nodes[figure.ref] == figure
        assert figure.method or figure.ref.split("/")[0] != "week"
    for figure in view.nodes.values():
        for ref in figure.inputs:
            assert ref in view.nodes or ref.split("/")[0] != "week", (figure.ref, ref)


def test_words_of_the_week(weeks: Callable[[str], View]) -> None:
    facts = weeks("2025-12-05").facts
    assert facts["week_start"] == "2025-11-28"
    assert facts["week_end"] == "2025-12-05"
    assert facts["clock"] == "btc_utc_day"
    events = {
        (row["ticker"], str(row["day"]), row["event_type"]) for row in weeks("2025-12-05").tables["events"]
    }
    assert ("ABTC", "2025-12-02", "lockup_expiry") in events


def test_json_of_the_week(weeks: Callable[[str], View]) -> None:
    """The one shape of every view, with the figures and columns that others build on."""
    shape = as_json(weeks("2025-12-05"))
    assert {"view", "as_of", "figures", "tables", "findings"} <= set(shape)
    assert (shape["view"], shape["as_of"]) == ("week", "2025-12-05")
    promised = (
        "sector_return_fraction ex_event_return_fraction sector_cap_gross_start_usd sector_cap_gross_end_usd "
        "sector_cap_net_start_usd sector_cap_net_end_usd btc_return_fraction beta_to_btc divergence_z advancers "
        "decliners unchanged no_data turnover_usd share_volume"
    )
    for name in promised.split():
        assert {"value", "unit", "ref", "as_of"} <= set(shape["figures"][name])
        assert shape["figures"][name]["value"] is not None
    columns = "ticker close_start_usd close_end_usd return_fraction contribution_fraction market_cap_end_usd"
    for row in shape["tables"]["names"]:
        assert set(columns.split()) <= set(row)


# --- splits and missing data --------------------------------------------------------------------------
def test_a_split_is_no_return(weeks: Callable[[str], View], answer: Any) -> None:
    cang, traps = names(weeks("2025-11-21"))["CANG"], answer("week_2025-11-21")["traps"]
    assert cang["return_fraction"] != pytest.approx(traps["CANG_return_without_split_fraction"], rel=1e-3)
    assert cang["market_cap_end_usd"] != pytest.approx(
        traps["CANG_cap_end_if_release_count_were_doubled_usd"], rel=1e-3
    )
    view = weeks("2025-12-12")
    arbk, traps = names(view)["ARBK"], answer("week_2025-12-12")["traps"]
    assert arbk["return_fraction"] < 0 < traps["ARBK_return_without_split_fraction"]
    assert any(f.kind == "return_holds_dilution" and f.subject == "ARBK" for f in view.findings)


def test_a_name_that_entered_has_no_return_and_is_counted(weeks: Callable[[str], View]) -> None:
    """ABTC's first close is of 2025-09-03: in the cap at the end, in no return of that week."""
    view = weeks("2025-09-05")
    abtc = names(view)["ABTC"]
    assert abtc["return_fraction"] is abtc["contribution_fraction"] is None
    assert abtc["market_cap_end_usd"] > 0
    assert value(view, "no_data") == 1
    assert value(view, "entry_effect_usd") == pytest.approx(abtc["market_cap_end_usd"])
    assert any(f.kind == "no_return" and f.subject == "ABTC" for f in view.findings)


def test_too_few_sessions_give_no_beta(weeks: Callable[[str], View]) -> None:
    for name in ("beta_to_btc", "divergence_z", "two_factor_beta_to_ai"):
        assert value(weeks("2025-06-13"), name) is None


# --- dates --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("2025-12-06", "no session on 2025-12-06; the last one is 2025-12-05"),
        ("2025-12-07", "no session on 2025-12-07; the last one is 2025-12-05"),
        ("2025-11-27", "no session on 2025-11-27; the last one is 2025-11-26"),
        ("2025-12-25", "no session on 2025-12-25; the last one is 2025-12-24"),
        ("2026-01-02", "no session on 2026-01-02; the last one is 2025-12-31"),
        ("2090-01-06", "no session on 2090-01-06; the last one is 2025-12-31"),
        ("2025-06-06", "no session is known before the week of 2025-06-06; the first one is 2025-06-02"),
        ("2025-05-30", "no session known on 2025-05-30: nothing was known yet"),
        ("1999-12-31", "no session known on 1999-12-31: nothing was known yet"),
    ],
)
def test_no_such_week(desk: Desk, ending: str, said: str) -> None:
    with pytest.raises(NoSession) as caught:
        desk.week(ending)
    assert str(caught.value) == said
    with pytest.raises(NoSession):
        desk.week(date.fromisoformat(ending))


def test_a_day_inside_a_week(desk: Desk) -> None:
    """Known later, the day is not the week's end; as of that day it was, so far, and that is told."""
    with pytest.raises(NoSession, match="2025-12-03 is not the last session of its week; that is 2025-12-05"):
        desk.week("2025-12-03", as_of="2025-12-31")
    view = desk.week("2025-12-03")
    assert view.facts["week_start"] == "2025-11-28"
    assert any(finding.kind == "week_to_date" for finding in view.findings)
    assert not any(finding.kind == "week_to_date" for finding in desk.week("2025-12-05").findings)


@pytest.mark.parametrize(
    "ending", ["", "yesterday", "05.12.2025", "2025-12", "2025-02-30", "2025-12-05T00:00"]
)
def test_no_date(desk: Desk, ending: str) -> None:
    with pytest.raises(InputError, match="write it as 2025-12-05"):
        desk.week(ending)


@pytest.mark.parametrize("as_of", ["soon", "2025-13-01"])
def test_no_as_of(desk: Desk, as_of: str) -> None:
    with pytest.raises(InputError, match="as-of date"):
        desk.week("2025-12-05", as_of)


def test_an_as_of_without_zone(desk: Desk) -> None:
    with pytest.raises(InputError, match="time zone"):
        desk.week("2025-12-05", datetime(2025, 12, 6))


# --- point in time ------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["2025-07-25", "2025-09-19", "2025-11-21", "2025-12-05"])
def test_no_look_ahead(desk: Desk, tmp_path: Path, ending: str) -> None:
    """From an archive that holds later data the week is the same as from one that ends with the week."""
    moment = end_of_day(date.fromisoformat(ending))
    view = as_json(
        Desk(ingest(tmp_path, [(one, cut(one, moment)) for one in embedded.snapshots()])).week(ending)
    )
    assert view == as_json(desk.week(ending))


def cut(one: Snapshot, moment: datetime) -> Rows:
    """What was known of a file at ``moment``."""
    rows = pipeline.parse(one)
    tables = {name: [r for r in table if r["known_at"] <= moment] for name, table in rows.tables.items()}
    findings = (f for f in rows.findings if f.day is None or end_of_day(f.day) <= moment)
    return Rows(tables, tuple(findings))


def test_a_correction_of_a_close_changes_only_later_reads(desk: Desk, tmp_path: Path) -> None:
    files = list(embedded.snapshots())
    closes = next(one for one in files if one.name == "closes.csv")
    wrong = closes.content.replace(b"\n2025-12-05,2.23,", b"\n2025-12-05,2.32,")
    assert wrong != closes.content
    corrected = replace(closes, content=wrong, known_at=datetime(2026, 2, 1, tzinfo=UTC))
    first = replace(closes, known_at=datetime(2026, 1, 1, tzinfo=UTC))
    arriving = [first if one.name == "closes.csv" else one for one in files] + [corrected]
    later = Desk(ingest(tmp_path, [(one, pipeline.parse(one)) for one in arriving]))
    assert as_json(later.week("2025-12-05")) == as_json(desk.week("2025-12-05"))
    assert names(later.week("2025-12-05", as_of="2026-01-30"))["ABTC"]["close_end_usd"] == 2.23
    assert names(later.week("2025-12-05", as_of="2026-02-01"))["ABTC"]["close_end_usd"] == 2.32


def test_later_knowledge_is_used_when_asked_for(desk: Desk) -> None:
    """Read a month later, the week's prices are the same; only what came to be known may differ."""
    then, later = desk.week("2025-12-05"), desk.week("2025-12-05", as_of="2025-12-31")
    assert later.as_of == "2025-12-31"
    for ticker, row in names(then).items():
        assert names(later)[ticker]["close_end_usd"] == row["close_end_usd"]
        assert names(later)[ticker]["return_fraction"] == row["return_fraction"]
    assert all(figure.ref.startswith("week/2025-12-05@2025-12-31/") for figure in later.figures.values()
               if figure.method)  # fmt: skip


def test_the_same_twice(desk: Desk) -> None:
    assert as_json(desk.week("2025-12-05")) == as_json(desk.week("2025-12-05"))


def test_a_stake_counts_from_the_day_it_was_known(desk: Desk) -> None:
    """Hut 8's stake in ABTC became known on 2025-11-14: the week's start does not know it, its end does."""
    week = desk.week("2025-11-14")
    assert week["sector_cap_net_start_usd"].value == week["sector_cap_gross_start_usd"].value
    held = 585_779_922 * desk.trace("closes/ABTC/2025-11-14").rows
    assert float(week["sector_cap_gross_end_usd"]) - float(week["sector_cap_net_end_usd"]) > held
