"""Events in every wrong form, and where they end up."""

from __future__ import annotations

from datetime import date

import pytest

from minerdesk.errors import NoSession
from minerdesk.models.event_dates import DatedEvent, exact_day, place_events, session_at

#: New York sessions around Thanksgiving 2025; 27 November was a holiday.
SESSIONS = (*(date(2025, 11, d) for d in (20, 21, 24, 25, 26, 28)), date(2025, 12, 1), date(2025, 12, 2))
LISTED = {"ABTC": 0, "NEW": 4}


def event(ticker: str = "ABTC", day: str = "2025-12-02", kind: str = "unlock", size: float | None = 1e6):
    return DatedEvent(ticker, day, kind, ref=f"event/{ticker}/{day}", size_usd=size)


def kinds(*events: DatedEvent) -> tuple[list[tuple[int, bool]], list[tuple[str, str]]]:
    placed, findings = place_events(events, SESSIONS, LISTED)
    return [(p.session, p.moved) for p in placed], [(f.kind, f.severity) for f in findings]


def test_a_session_stays() -> None:
    assert kinds(event()) == ([(7, False)], [])


@pytest.mark.parametrize("day", ["2025-11-27", "2025-11-29", "2025-11-30"])
def test_a_holiday_or_weekend_moves_to_the_next_session(day: str) -> None:
    row = 5 if day == "2025-11-27" else 6
    placed, findings = place_events([event(day=day)], SESSIONS, LISTED)
    assert [(p.session, p.moved) for p in placed] == [(row, True)]
    assert [f.kind for f in findings] == ["event_moved"]
    assert day in findings[0].detail
    assert str(SESSIONS[row]) in findings[0].detail
    assert findings[0].day == date.fromisoformat(day)


def test_before_the_listing_is_left_out() -> None:
    assert kinds(event("NEW", "2025-11-25")) == ([], [("event_before_listing", "rejected")])
    assert kinds(event("NEW", "2025-11-26")) == ([(4, False)], [])


def test_twice_counts_once_and_the_one_with_a_size_stays() -> None:
    placed, findings = place_events([event(size=None), event(size=5.0)], SESSIONS, LISTED)
    assert [p.event.size_usd for p in placed] == [5.0]
    assert [f.kind for f in findings] == ["event_twice"]
    # the holiday and the session it moves to are the same event
    assert kinds(event(day="2025-11-27"), event(day="2025-11-28"))[0] == [(5, True)]
    # another kind on the same day is another event
    assert len(kinds(event(), event(kind="earnings"))[0]) == 2


def test_without_a_size_is_kept_and_said() -> None:
    assert kinds(event(size=None)) == ([(7, False)], [("event_without_size", "note")])
    assert kinds(DatedEvent("ABTC", "2025-12-02", "unlock", shares=10.0))[1] == []


def test_a_wrong_ticker_is_left_out() -> None:
    assert kinds(event("ABCT")) == ([], [("event_unknown_ticker", "rejected")])


@pytest.mark.parametrize(
    "day", ["2025-12", "2025", "", "soon", "2025-13-01", "2025-02-30", "20251202  ", "20251202", "2025-W49-2"]
)
def test_no_exact_day_is_left_out(day: str) -> None:
    assert exact_day(day) is None
    assert kinds(event(day=day)) == ([], [("event_without_day", "rejected")])


@pytest.mark.parametrize("day", ["2025-11-19", "2025-12-03"])
def test_outside_the_sessions_is_left_out(day: str) -> None:
    assert kinds(event(day=day)) == ([], [("event_outside_sessions", "rejected")])
    with pytest.raises(NoSession):
        session_at(date.fromisoformat(day), SESSIONS)


def test_no_sessions_at_all() -> None:
    with pytest.raises(NoSession):
        session_at(date(2025, 12, 2), ())


def test_nothing_is_lost_and_order_is_by_session() -> None:
    told = [
        event(),
        event("NEW", "2025-11-20"),
        event("XXX"),
        event(day="2025-11-20"),
        event("NEW", "2025-12-01"),
        event(day="2025"),
    ]
    placed, findings = place_events(told, SESSIONS, LISTED)
    assert [p.session for p in placed] == [0, 6, 7]
    assert len(placed) + sum(f.severity == "rejected" for f in findings) == len(told)
