"""Derived quarters and fiscal quarters in the calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.errors import InputError
from minerdesk.models.cost_ladder import FLOWS, CostLines, ladder
from minerdesk.models.cost_periods import calendar_quarter, remainder, to_calendar

from .conftest import NAMES

Lines = Callable[..., CostLines]
D = date.fromisoformat


def piece(start: str, end: str, btc: float | None = 90.0, **more: Any) -> CostLines:
    stated = {"energy_usd": 900.0, "mining_cost_usd": 1_800.0} | more
    return CostLines("MOON", D(start), D(end), mined_btc=btc, **stated)


def longer(answer: Any, ticker: str, name: str, start: str, end: str) -> CostLines:
    stated = answer("cost_ladder")["longer_periods"][ticker][name]
    return CostLines(ticker, D(start), D(end), **{NAMES.get(k, k): v for k, v in stated.items()})


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025Q2", "2025-04-01", "2025-06-30"),
        (" 2024q1 ", "2024-01-01", "2024-03-31"),
        ("2024Q4", "2024-10-01", "2024-12-31"),
    ],
)
def test_calendar_quarter(text: str, first: str, last: str) -> None:
    assert calendar_quarter(text) == (D(first), D(last))


@pytest.mark.parametrize("text", ["2025", "2025Q5", "Q2 2025", "2025-Q2x", ""])
def test_no_quarter(text: str) -> None:
    with pytest.raises(InputError, match="2025Q2"):
        calendar_quarter(text)


# --- what a longer period leaves over -----------------------------------------------------------------
def test_fourth_quarter_of_riot_by_hand(
    answer: Callable[[str], Any], quarters: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Full year 2024 of the 10-K less nine months: 1,516 BTC at 75,412 operating, 150,937 all-in."""
    year = longer(answer, "RIOT", "2024FY", "2024-01-01", "2024-12-31")
    nine = longer(answer, "RIOT", "2024_9M", "2024-01-01", "2024-09-30")
    fourth, findings = remainder(year, [nine])
    assert findings == ()
    assert fourth is not None
    assert (fourth.period_start, fourth.period_end, fourth.derived) == (
        D("2024-10-01"),
        D("2024-12-31"),
        True,
    )
    rungs = [rung.usd_per_btc for rung in ladder(fourth, "none").rungs]
    assert rungs == pytest.approx(quarters["RIOT", "2024Q4"]["rungs_none"], abs=1e-4)


@pytest.mark.parametrize(
    ("longest", "start", "end", "parts", "left"),
    [
        ("FY24_9M", "2023-10-01", "2024-06-30", ("2023Q4", "2024Q2"), "2024Q1"),
        ("FY25_9M", "2024-10-01", "2025-06-30", ("2024Q4", "2025Q2"), "2025Q1"),
    ],
)
def test_a_quarter_in_the_middle_of_nine_months(
    longest: str,
    start: str,
    end: str,
    parts: tuple[str, str],
    left: str,
    answer: Callable[[str], Any],
    quarters: dict[tuple[str, str], dict[str, Any]],
    lines: Lines,
) -> None:
    whole = longer(answer, "CLSK", longest, start, end)
    rest, findings = remainder(whole, [lines("CLSK", part) for part in reversed(parts)])
    assert findings == ()
    assert rest is not None
    assert rest.period_start.isoformat() == quarters["CLSK", left]["period_start"]
    rungs = [rung.usd_per_btc for rung in ladder(rest, "none").rungs]
    assert rungs == pytest.approx(quarters["CLSK", left]["rungs_none"], abs=1e-4)


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ([], "not_its_parts"),
        ([piece("2024-12-01", "2025-03-31")], "not_its_parts"),
        ([piece("2025-04-01", "2025-06-30")], "not_its_parts"),
        ([piece("2025-01-01", "2025-12-31")], "not_its_parts"),
        ([piece("2025-01-01", "2025-06-30"), piece("2025-06-30", "2025-09-30")], "overlapping_periods"),
        ([replace(piece("2025-01-01", "2025-09-30"), ticker="SUN")], "not_its_parts"),
    ],
)
def test_parts_that_are_not_its_parts(parts: list[CostLines], kind: str) -> None:
    rest, findings = remainder(piece("2025-01-01", "2025-12-31"), parts)
    assert rest is None
    assert [f.kind for f in findings] == [kind]


def test_a_negative_remainder_is_no_line() -> None:
    """A restated year can be smaller than the nine months filed before; a cost below 0 is none."""
    rest, findings = remainder(
        piece("2025-01-01", "2025-12-31", 100.0, energy_usd=1_000.0, cash_tax_usd=1.0),
        [piece("2025-01-01", "2025-09-30", 70.0, energy_usd=1_001.0, cash_tax_usd=5.0)],
    )
    assert rest is not None
    assert [f.kind for f in findings] == ["negative_remainder"]
    assert (rest.mined_btc, rest.energy_usd, rest.cash_tax_usd) == (30.0, None, -4.0)


def test_what_a_part_does_not_state_the_rest_does_not_know() -> None:
    rest, _ = remainder(piece("2025-01-01", "2025-12-31"), [piece("2025-01-01", "2025-09-30", None)])
    assert rest is not None
    assert rest.mined_btc is None
    assert rest.energy_usd == 0.0


@given(st.integers(1, 3), st.lists(st.floats(0, 1e9), min_size=8, max_size=8))
def test_parts_and_rest_make_the_whole(cut: int, amounts: list[float]) -> None:
    """Quarters minus some leave the others, line by line."""
    bounds = [D("2025-01-01"), D("2025-04-01"), D("2025-07-01"), D("2025-10-01"), D("2026-01-01")]
    four = [
        CostLines("MOON", a, b - timedelta(days=1), mined_btc=amounts[2 * i], sga_usd=amounts[2 * i + 1])
        for i, (a, b) in enumerate(pairwise(bounds))
    ]
    year = CostLines(
        "MOON", bounds[0], D("2025-12-31"), mined_btc=sum(amounts[::2]), sga_usd=sum(amounts[1::2])
    )
    rest, _ = remainder(year, four[:cut])
    assert rest is not None
    assert rest.period_start == bounds[cut]
    assert rest.mined_btc is None or rest.mined_btc == pytest.approx(sum(amounts[2 * cut :: 2]), abs=1e-3)


# --- fiscal in calendar -------------------------------------------------------------------------------
FIRST, LAST = calendar_quarter("2025Q2")


def test_a_fiscal_quarter_that_is_the_calendar_quarter_is_taken_as_it_is(lines: Lines) -> None:
    clsk = lines("CLSK", "2025Q2")
    mapped, findings = to_calendar([clsk, lines("CLSK", "2024Q4")], FIRST, LAST)
    assert (mapped, findings) == (clsk, ())


def test_two_quarters_by_days_of_overlap() -> None:
    """February to April (89 days) and May to July (92): 30 of 89 days and 61 of 92 make April to June."""
    mapped, findings = to_calendar(
        [
            piece("2025-02-01", "2025-04-30", 89.0, energy_usd=890.0, mining_mw=100.0),
            piece("2025-05-01", "2025-07-31", 184.0, energy_usd=9_200.0, mining_mw=200.0),
        ],
        FIRST,
        LAST,
    )
    assert findings == ()
    assert mapped is not None
    assert mapped.mined_btc == pytest.approx(30 + 61 * 2)
    assert mapped.energy_usd == pytest.approx(30 * 10 + 61 * 100)
    assert mapped.mining_mw == pytest.approx((30 * 100 + 61 * 200) / 91)
    assert mapped.interpolated_fraction == 1.0
    assert (mapped.period_start, mapped.period_end) == (FIRST, LAST)


def test_the_interpolated_part_is_stated() -> None:
    mapped, _ = to_calendar(
        [piece("2025-03-02", "2025-04-30"), piece("2025-05-01", "2025-06-30")], FIRST, LAST
    )
    assert mapped is not None
    assert mapped.interpolated_fraction == pytest.approx(30 / 91)


def test_thirteen_weeks_are_scaled_over_the_few_days_they_lack() -> None:
    mapped, findings = to_calendar([piece("2025-03-30", "2025-06-28", 91.0)], FIRST, LAST)
    assert findings == ()
    assert mapped is not None
    assert mapped.mined_btc == pytest.approx(91.0)
    assert mapped.interpolated_fraction == 1.0


@pytest.mark.parametrize(
    ("pieces", "kinds"),
    [
        ([piece("2025-04-01", "2025-05-31")], ["period_gap"]),
        ([piece("2025-04-01", "2025-06-30"), piece("2025-06-01", "2025-08-31")], ["overlapping_periods"]),
        ([piece("2024-06-30", "2025-06-28")], ["period_too_long"]),  # 364 days
        ([piece("2024-06-30", "2025-07-05")], ["period_too_long"]),  # 371 days
        ([piece("2025-07-01", "2025-09-30")], []),
        ([], []),
    ],
)
def test_pieces_that_do_not_make_the_quarter(pieces: list[CostLines], kinds: list[str]) -> None:
    mapped, findings = to_calendar(pieces, FIRST, LAST)
    assert mapped is None
    assert [f.kind for f in findings] == kinds


def test_a_line_one_piece_lacks_is_unknown_unless_optional() -> None:
    mapped, _ = to_calendar(
        [
            piece("2025-02-01", "2025-04-30", energy_usd=None, curtailment_credits_usd=None),
            piece("2025-05-01", "2025-07-31", curtailment_credits_usd=92.0),
        ],
        FIRST,
        LAST,
    )
    assert mapped is not None
    assert mapped.energy_usd is None
    assert mapped.curtailment_credits_usd == pytest.approx(61.0)


def test_pieces_of_two_companies() -> None:
    with pytest.raises(InputError, match="more than one company"):
        to_calendar(
            [piece("2025-04-01", "2025-05-15"), replace(piece("2025-05-16", "2025-06-30"), ticker="SUN")],
            FIRST,
            LAST,
        )


@given(st.integers(-45, 45))
def test_a_steady_miner_costs_the_same_wherever_its_quarters_lie(shift: int) -> None:
    """Constant rates: the calendar quarter's flows are its days times the rate."""
    starts = [FIRST + timedelta(days=shift + 91 * i) for i in range(-2, 3)]
    pieces = [
        CostLines("MOON", s, s + timedelta(days=90), mined_btc=91.0, energy_usd=910.0, sga_usd=1.0)
        for s in starts
    ]
    mapped, findings = to_calendar(pieces, FIRST, LAST)
    assert findings == ()
    assert mapped is not None
    assert mapped.mined_btc == pytest.approx(91.0)
    assert mapped.energy_usd == pytest.approx(910.0)
    assert mapped.interpolated_fraction == (0.0 if shift == 0 else 1.0)
    assert all(getattr(mapped, name) is None for name in FLOWS if getattr(pieces[0], name) is None)
