"""Weeks and sessions, from the sessions the archive knows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from minerdesk.errors import InputError, NoSession
from minerdesk.records import end_of_day


@dataclass(frozen=True)
class Week:
    """From the close of ``start`` (the last session of the week before) to the close of ``end``."""

    start: date
    end: date
    sessions: tuple[date, ...]


def as_day(value: date | str, what: str = "date") -> date:
    """A day from ISO text. Raises :class:`InputError` for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InputError(f"{value!r} is no {what}; write it as 2025-12-05") from None


def as_instant(value: date | datetime | str) -> datetime:
    """``as_of``: a day means its end (UTC)."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(f"as_of {value} has no time zone")
        return value
    return end_of_day(as_day(value, "as-of date"))


def week_ending(end: date, sessions: Sequence[date]) -> Week:
    """The week that ends with the session ``end``.

    Raises :class:`NoSession` where ``end`` is no session, not the last of its ISO week, or where the archive
    holds no session before that week.
    """
    if not sessions:
        raise NoSession(f"no session known on {end}: nothing was known yet")
    if end not in sessions:
        before = sessions[: bisect_right(sessions, end)]
        if end > sessions[-1]:
            raise NoSession(f"no session on {end}; the last one is {sessions[-1]}")
        if not before:
            raise NoSession(f"no session on {end}; the first one is {sessions[0]}")
        raise NoSession(f"no session on {end}; the last one is {before[-1]}")
    monday = end - timedelta(days=end.weekday())
    own = [s for s in sessions if monday <= s < monday + timedelta(days=7)]
    if own[-1] != end:
        raise NoSession(f"{end} is not the last session of its week; that is {own[-1]}")
    first = bisect_left(sessions, monday)
    if first == 0:
        raise NoSession(f"no session is known before the week of {end}; the first one is {sessions[0]}")
    return Week(sessions[first - 1], end, tuple(own))


def weeks_before(week: Week, sessions: Sequence[date], count: int) -> list[Week]:
    """Up to ``count`` weeks that end with ``week``, oldest first."""
    found = [week]
    while len(found) < count:
        try:
            found.append(week_ending(found[-1].start, sessions))
        except NoSession:
            break
    return found[::-1]
