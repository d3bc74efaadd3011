"""The Rosetta view on what publishers stated of the second quarter of 2025."""

from __future__ import annotations

import csv
from collections.abc import Callable
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.models.cost_curve import sector_cost
from minerdesk.models.cost_ladder import RUNGS, CostLines, ladder
from minerdesk.models.rosetta import MEANINGS, Statement, compare, of_company, of_sector

Lines = Callable[..., CostLines]


def published(quarter: str, company: str) -> list[Statement]:
    """Rows of the embedded table of published costs."""
    text = (resources.files("minerdesk") / "embedded" / "published_costs.csv").read_text(encoding="utf-8-sig")
    return [
        Statement(
            r["publisher"], r["publisher_measure"], float(r["cost_usd_per_btc"]), r["source"], r["note"]
        )
        for r in csv.DictReader(text.splitlines())
        if (r["calendar_quarter"], r["company"]) == (quarter, company)
    ]


def test_every_measure_in_the_table_has_a_meaning() -> None:
    text = (resources.files("minerdesk") / "embedded" / "published_costs.csv").read_text(encoding="utf-8-sig")
    said = {(r["publisher"], r["publisher_measure"]) for r in csv.DictReader(text.splitlines())}
    assert said == set(MEANINGS)


def test_clsk_beside_two_publishers(lines: Lines) -> None:
    """JPMorgan's 60,000 is our 60,441 to the thousand; CoinShares' 58,472 leaves 3,686 unexplained."""
    one = ladder(lines("CLSK", "2025Q2"))
    view = of_company(one, ladder(lines("CLSK", "2025Q2"), "none"), published("2025Q2", "CLSK"))
    assert [(r.statement.publisher, r.rung) for r in view.readings] == [
        ("JPMorgan", "operating"),
        ("CoinShares", "cash"),
    ]
    fully, cash = view.readings
    assert fully.within_rounding
    assert fully.unexplained_usd_per_btc == pytest.approx(-441, abs=1)
    assert not cash.within_rounding
    assert cash.unexplained_usd_per_btc == pytest.approx(-3_686, abs=1)
    assert cash.explained_fraction == pytest.approx(1 - 3_686 / 58_472, abs=1e-4)
    assert cash.nearest_rung == "operating"
    (span,) = view.spans
    assert span.stated_usd_per_btc == pytest.approx(58_472 - 60_000)
    assert span.ours_usd_per_btc == pytest.approx(1_717, abs=1)
    assert span.unexplained_usd_per_btc == pytest.approx(-3_245, abs=1)


def test_riot_needs_the_step_of_allocation(lines: Lines) -> None:
    """Our default charges mining 92 % of the overhead, JPMorgan all: 78,558 + 2,539 - 97 = 81,000."""
    view = of_company(
        ladder(lines("RIOT", "2025Q2")), ladder(lines("RIOT", "2025Q2"), "none"), published("2025Q2", "RIOT")
    )
    (reading,) = view.readings
    assert reading.ours_usd_per_btc == pytest.approx(78_558, abs=1)
    assert [(s.label, round(s.usd_per_btc)) for s in reading.steps] == [
        ("allocation", 2_539),
        ("unexplained", -97),
    ]
    assert reading.within_rounding
    assert reading.nearest_rung == "operating"


def test_the_sector_beside_coinshares(lines: Lines) -> None:
    both = [
        [ladder(lines(t, "2025Q2", cash_tax_usd=None), rule) for t in ("RIOT", "CLSK")]
        for rule in ("revenue", "none")
    ]
    costs = [[sector_cost(ladders, rung) for rung in RUNGS] for ladders in both]
    view = of_sector(costs[0], costs[1], published("2025Q2", "sector"))
    cash, all_in = view.readings
    assert (cash.rung, all_in.rung) == ("cash", "all_in")
    assert cash.unexplained_usd_per_btc == pytest.approx(74_600 - 71_786, abs=2)
    assert all_in.unexplained_usd_per_btc == pytest.approx(137_800 - 133_649, abs=2)
    median = of_sector(costs[0], costs[1], published("2025Q2", "sector"), "median")
    assert median.subject == "sector median"
    assert dict(median.rungs)["all_in"] == costs[0][-1].median_usd_per_btc


def test_a_company_we_have_no_ladder_for_keeps_its_statements(lines: Lines) -> None:
    bare = ladder(CostLines("IREN", lines("CLSK", "2025Q2").period_start, lines("CLSK", "2025Q2").period_end))
    view = of_company(bare, bare, published("2025Q2", "IREN"))
    assert [r.statement.usd_per_btc for r in view.readings] == [29_000, 54_000, 46_497]
    assert all(r.unexplained_usd_per_btc is None and r.steps == () for r in view.readings)
    assert [s.stated_usd_per_btc for s in view.spans] == [25_000, -7_503]
    assert all(s.ours_usd_per_btc is None for s in view.spans)


def test_a_measure_nobody_explained_is_not_read_as_the_nearest(lines: Lines) -> None:
    one = ladder(lines("RIOT", "2025Q2"), "none")
    (reading,) = of_company(one, one, [Statement("Somebody", "cost", 49_000.0)]).readings
    assert (reading.rung, reading.unexplained_usd_per_btc, reading.nearest_rung) == (None, None, "site")


def test_a_companys_own_figure_says_its_rung(lines: Lines) -> None:
    one = ladder(lines("RIOT", "2025Q2"), "none")
    own = Statement("RIOT", "cost to mine one bitcoin, excluding miner depreciation", 48_992.0, rung="site")
    (reading,) = of_company(one, one, [own]).readings
    assert reading.within_rounding


@pytest.mark.parametrize(
    ("value", "half"), [(81_000, 500), (60_000, 500), (74_600, 50), (46_497, 0.5), (79_995, 0.5), (82_160, 5)]
)
def test_rounding_is_read_off_the_digits(value: float, half: float) -> None:
    assert Statement("", "", value).rounding_usd_per_btc == half


costs = st.dictionaries(st.sampled_from(RUNGS), st.floats(1e3, 3e5), min_size=6, max_size=6)


@given(costs, costs, st.integers(1_000, 300_000), st.sampled_from(sorted(MEANINGS)))
def test_a_bridge_always_arrives(
    ours: dict[str, float], full: dict[str, float], stated: int, meaning: tuple[str, str]
) -> None:
    (reading,) = compare("MOON", ours, full, [Statement(*meaning, float(stated))]).readings
    assert reading.ours_usd_per_btc is not None
    assert reading.ours_usd_per_btc + sum(s.usd_per_btc for s in reading.steps) == pytest.approx(stated)
