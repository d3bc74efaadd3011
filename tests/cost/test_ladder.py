"""The ladder of a company: against the filings by hand, its laws, and lines that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minerdesk.errors import InputError
from minerdesk.models.cost_ladder import (
    ALLOCATIONS,
    OPTIONAL,
    RUNGS,
    Allocation,
    CostLines,
    Ladder,
    allocation_shares,
    ladder,
    rung_name,
)

from .conftest import lines_of

Lines = Callable[..., CostLines]


def values(one: Ladder) -> list[float | None]:
    return [rung.usd_per_btc for rung in one.rungs]


# --- by hand ------------------------------------------------------------------------------------------
def test_thirteen_quarters_by_hand(quarters: dict[tuple[str, str], dict[str, Any]]) -> None:
    """RIOT seven quarters, CLSK six, in full and by revenue, to a hundredth of a cent."""
    assert len(quarters) == 13
    for quarter in quarters.values():
        for rule in ("none", "revenue"):
            computed = ladder(lines_of(quarter), rule)
            assert values(computed) == pytest.approx(quarter[f"rungs_{rule}"], abs=1e-4)
            assert computed.findings == ()
        untaxed = ladder(lines_of(quarter, cash_tax_usd=None), "none")
        assert values(untaxed) == pytest.approx(quarter["rungs_none_without_tax"], abs=1e-4)


@pytest.mark.parametrize(
    ("ticker", "issued"),
    [
        ("RIOT", (37_768, 48_992, 81_097, 85_370, 106_493, 164_836)),
        ("CLSK", (None, 44_795, 60_441, 62_158, None, 111_546)),
    ],
)
def test_second_quarter_of_2025_as_the_issue_has_it(
    ticker: str, issued: tuple[float | None, ...], lines: Lines
) -> None:
    """Within 2 USD: the issue's e and f are sums of rounded rungs (answers/cost_ladder.md)."""
    computed = values(ladder(lines(ticker, "2025Q2", cash_tax_usd=None), "none"))
    for value, given_value in zip(computed, issued, strict=True):
        assert given_value is None or value == pytest.approx(given_value, abs=2)


def test_the_rungs_meet_what_jpmorgan_published(lines: Lines) -> None:
    riot, clsk = (ladder(lines(t, "2025Q2"), "none").rung("c").usd_per_btc for t in ("RIOT", "CLSK"))
    assert riot == pytest.approx(81_000, abs=500)
    assert clsk == pytest.approx(60_000, abs=500)


def test_each_rung_adds_its_line(lines: Lines) -> None:
    """RIOT 2025Q2, thousand USD over 1,426 BTC: 53,857 16,005 45,782 6,413 30,120 83,197."""
    added = [rung.added_usd_per_btc for rung in ladder(lines("RIOT", "2025Q2"), "none").rungs]
    by_hand = [amount * 1_000 / 1_426 for amount in (53_857, 16_005, 45_782, 6_093 + 320, 30_120, 83_197)]
    assert added == pytest.approx(by_hand, rel=1e-12)


def test_a_figure_carries_rule_share_and_age(lines: Lines) -> None:
    one = ladder(lines("RIOT", "2025Q2"))
    assert (one.ticker, one.allocation) == ("RIOT", "revenue")
    assert one.mining_share_fraction == pytest.approx(140_889 / 152_988, rel=1e-12)
    assert one.age_days(date(2025, 12, 5)) == 158


# --- laws ---------------------------------------------------------------------------------------------
money = st.floats(0, 1e9, allow_nan=False)


@st.composite
def sound_lines(draw: st.DrawFn) -> CostLines:
    """Lines that can be: energy within the mining cost, SBC within SG&A, a part within its whole."""
    cost, sga, total, mw = (draw(money) for _ in range(4))
    share = draw(st.floats(0.01, 1))
    return CostLines(
        "MOON",
        date(2025, 4, 1),
        date(2025, 6, 30),
        mined_btc=draw(st.floats(0.5, 1e5)),
        energy_usd=cost * draw(st.floats(0, 1)),
        curtailment_credits_usd=draw(st.none() | money),
        mining_cost_usd=cost,
        sga_usd=sga,
        sbc_usd=sga * draw(st.floats(0, 1)),
        interest_usd=draw(money),
        cash_tax_usd=draw(st.none() | st.floats(-1e8, 1e8)),
        depreciation_usd=draw(money),
        mining_revenue_usd=(total + 1) * share,
        total_revenue_usd=total + 1,
        mining_mw=(mw + 1) * share,
        total_mw=mw + 1,
    )


rules = st.sampled_from(ALLOCATIONS)


@given(sound_lines(), rules)
def test_rungs_never_fall_but_by_a_tax_refund(lines: CostLines, rule: Allocation) -> None:
    computed = ladder(lines, rule)
    assert None not in values(computed)
    for rung in computed.rungs[1:]:
        assert rung.usd_per_btc is not None
        refunded = rung.name == "cash" and (lines.cash_tax_usd or 0) < 0
        slack = 1e-9 * max(1.0, abs(rung.usd_per_btc))
        assert refunded or rung.added_usd_per_btc is not None
        assert refunded or rung.added_usd_per_btc >= -slack


@given(sound_lines(), rules, st.floats(0.1, 10))
def test_cost_scales_as_one_over_the_coins(lines: CostLines, rule: Allocation, factor: float) -> None:
    assert lines.mined_btc is not None
    more = ladder(replace(lines, mined_btc=lines.mined_btc * factor), rule)
    for before, after in zip(values(ladder(lines, rule)), values(more), strict=True):
        assert after is not None
        assert after * factor == pytest.approx(before, rel=1e-9, abs=1e-6)


@given(sound_lines())
def test_allocation_none_is_the_dearest(lines: CostLines) -> None:
    assume((lines.cash_tax_usd or 0) >= 0)
    full = values(ladder(lines, "none"))
    for rule in ("revenue", "mw"):
        for part, whole in zip(values(ladder(lines, rule)), full, strict=True):
            assert part is not None
            assert whole is not None
            assert part <= whole + 1e-9 * abs(whole) + 1e-6


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=8))
def test_shares_sum_to_one(amounts: list[float]) -> None:
    assume(sum(amounts) > 1e-6)
    shares = allocation_shares(tuple(amounts))
    assert sum(shares) == pytest.approx(1, abs=1e-12)
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize("amounts", [(), (0.0, 0.0), (-1.0, 2.0), (float("nan"), 1.0), (float("inf"),)])
def test_nothing_to_allocate_by(amounts: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        allocation_shares(amounts)


# --- what is missing ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("absent", "without"),
    [
        ("energy_usd", "a"),
        ("mining_cost_usd", "bcdef"),
        ("sga_usd", "cdef"),
        ("sbc_usd", "cdef"),
        ("interest_usd", "def"),
        ("depreciation_usd", "f"),
        ("total_revenue_usd", "cdef"),
        ("mined_btc", "abcdef"),
    ],
)
def test_a_rung_without_an_input_has_no_value(absent: str, without: str, lines: Lines) -> None:
    computed = ladder(lines("RIOT", "2025Q2", **{absent: None}))
    for letter in "abcdef":
        rung = computed.rung(letter)
        assert (rung.usd_per_btc is None) == (letter in without)
        assert (absent in rung.missing) == (letter in without)


def test_optional_lines_are_named_where_nobody_states_them(lines: Lines) -> None:
    bare = ladder(lines("RIOT", "2025Q2", **dict.fromkeys(OPTIONAL)), "none")
    assert bare.not_stated == ("cash_tax_usd", "curtailment_credits_usd")
    assert bare.rung("f").usd_per_btc == pytest.approx((235_053 + 8_313) * 1_000 / 1_426, rel=1e-4)


def test_by_mw_needs_mw(lines: Lines) -> None:
    assert ladder(lines("RIOT", "2025Q2"), "mw").rung("c").missing == ("mining_mw", "total_mw")
    half = ladder(lines("RIOT", "2025Q2", mining_mw=500.0, total_mw=1_000.0), "mw")
    assert half.mining_share_fraction == 0.5


# --- what cannot be -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "kind", "without"),
    [
        ({"mined_btc": 0.0}, "no_bitcoin_mined", "abcdef"),
        ({"mined_btc": -5.0}, "no_bitcoin_mined", "abcdef"),
        ({"mined_btc": float("nan")}, "not_finite", "abcdef"),
        ({"energy_usd": -1.0}, "negative_cost_line", "a"),
        ({"curtailment_credits_usd": -8_313_000.0}, "negative_cost_line", ""),
        ({"mining_cost_usd": -1.0}, "negative_cost_line", "bcdef"),
        ({"interest_usd": -1.0}, "negative_cost_line", "def"),
        ({"depreciation_usd": float("inf")}, "not_finite", "f"),
        ({"energy_usd": 99e6}, "energy_above_mining_cost", "a"),
        ({"sbc_usd": 99e6}, "sbc_above_sga", "cdef"),
        ({"mining_revenue_usd": 999e6}, "part_above_total", "cdef"),
        ({"total_revenue_usd": 0.0, "mining_revenue_usd": 0.0}, "", "cdef"),
    ],
)
def test_a_line_that_cannot_be_is_a_finding_and_no_number(
    change: dict[str, float], kind: str, without: str, lines: Lines
) -> None:
    computed = ladder(lines("RIOT", "2025Q2", **change))
    assert [f.kind for f in computed.findings] == ([kind] if kind else [])
    assert [x for x in "abcdef" if computed.rung(x).usd_per_btc is None] == list(without)


def test_credits_above_the_cost_are_kept_and_noted(lines: Lines) -> None:
    """A quarter in which selling power paid more than mining cost: RIOT had one in 2023."""
    computed = ladder(lines("RIOT", "2025Q2", curtailment_credits_usd=100e6))
    assert [(f.kind, f.severity) for f in computed.findings] == [("credits_exceed_cost", "note")]
    assert (computed.rung("a").usd_per_btc or 0) < 0


def test_names_of_rungs() -> None:
    assert [rung_name(letter) for letter in "abcdef"] == list(RUNGS)
    assert rung_name("D") == rung_name("Cash") == "cash"
    with pytest.raises(InputError, match="a \\(power\\)"):
        rung_name("g")


def test_an_unknown_rule(lines: Lines) -> None:
    with pytest.raises(InputError, match="revenue, mw, none"):
        ladder(lines("RIOT", "2025Q2"), "headcount")  # type: ignore[arg-type]
