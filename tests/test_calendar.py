"""The sessions of the embedded desk are those of the New York Stock Exchange, all of them and no others."""

from __future__ import annotations

from datetime import date, timedelta

import exchange_calendars
import pandas as pd
import pytest

from minerdesk.desk import Desk
from minerdesk.desk.calendar import as_day, as_instant, week_ending, weeks_before
from minerdesk.errors import InputError, NoSession
from minerdesk.records import end_of_day
from minerdesk.store.panel import market_panel

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture(scope="module")
def sessions(desk: Desk) -> tuple[date, ...]:
    return market_panel(desk.engine, end_of_day(date(2026, 12, 31))).sessions


@pytest.fixture(scope="module")
def new_york(sessions: tuple[date, ...]) -> list[date]:
    calendar = exchange_calendars.get_calendar("XNYS", start="2025-01-01", end="2026-12-31")
    span = calendar.sessions_in_range(pd.Timestamp(sessions[0]), pd.Timestamp(sessions[-1]))
    return [stamp.date() for stamp in span]


def test_sessions_are_those_of_new_york(sessions: tuple[date, ...], new_york: list[date]) -> None:
    assert (sessions[0], sessions[-1], len(sessions)) == (date(2025, 6, 2), date(2025, 12, 31), 148)
    assert list(sessions) == new_york


def test_the_last_session(desk: Desk) -> None:
    assert desk.last_session() == date(2025, 12, 31)


def test_weeks_end_with_the_last_session_of_the_iso_week(
    sessions: tuple[date, ...], new_york: list[date]
) -> None:
    """By pandas' own ISO weeks, against our walk back from the last week."""
    iso = pd.DatetimeIndex(new_york).isocalendar()
    days = pd.Series(new_york, index=iso.index)
    by_week = days.groupby(iso["week"].where(iso["year"] == 2025, 53)).agg(["first", "last", "size"])
    expected = list(zip(by_week["last"].shift(1), by_week["last"], by_week["size"], strict=True))[1:]
    found = weeks_before(week_ending(sessions[-1], sessions), sessions, 100)
    assert [(week.start, week.end, len(week.sessions)) for week in found] == expected


def test_the_week_of_the_seed() -> None:
    days = [date(2025, 11, 24) + timedelta(days=n) for n in (0, 1, 2, 4, 7, 8, 9, 10, 11)]
    week = week_ending(date(2025, 12, 5), days)
    assert (week.start, week.end, len(week.sessions)) == (date(2025, 11, 28), date(2025, 12, 5), 5)


def test_a_week_over_the_turn_of_the_year() -> None:
    days = [date(2024, 12, day) for day in (27, 30, 31)] + [date(2025, 1, day) for day in (2, 3)]
    week = week_ending(date(2025, 1, 3), days)
    assert (week.start, len(week.sessions)) == (date(2024, 12, 27), 4)
    with pytest.raises(NoSession, match="that is 2025-01-03"):
        week_ending(date(2024, 12, 31), days)


def test_days_and_instants() -> None:
    assert as_day("2025-12-05") == as_day(date(2025, 12, 5)) == date(2025, 12, 5)
    assert as_instant("2025-12-05") == end_of_day(date(2025, 12, 5))
    with pytest.raises(InputError, match="'tomorrow' is no date"):
        as_day("tomorrow")
