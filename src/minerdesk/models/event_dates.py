"""From a list of events to rows of the session grid; what cannot be placed becomes a finding.

An event on a day without a session moves to the next one. The same event told twice (ticker, kind, session)
counts once. An event before the first price of its name, of an unknown ticker, or without an exact day is
left out with a finding; one without a size is kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from minerdesk.errors import NoSession
from minerdesk.records import Finding


@dataclass(frozen=True)
class DatedEvent:
    """An event as it was told: ``day`` is ISO text, which may be only a month or a year.

    ``ref`` is its readable key, ``source`` where it stands, ``size_usd`` and ``shares`` what it is about.
    """

    ticker: str
    day: str
    kind: str
    ref: str = ""
    source: str = ""
    size_usd: float | None = None
    shares: float | None = None


@dataclass(frozen=True)
class PlacedEvent:
    """An event on row ``session`` of the grid; ``moved`` where its own day had no session."""

    event: DatedEvent
    session: int
    moved: bool


def exact_day(text: str) -> date | None:
    """The day of an ISO date; ``None`` for a month, a year or nothing.

    >>> exact_day("2025-12-02"), exact_day("2025-12")
    (datetime.date(2025, 12, 2), None)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # fromisoformat also takes 20251202, 2025-W49-2 and the like
    return day if day.isoformat() == text else None


def session_at(day: date, sessions: Sequence[date]) -> int:
    """Row of ``day`` in ascending ``sessions``, or of the next session after it.

    Raises :class:`NoSession` where ``day`` lies before the first or after the last session.
    """
    if not sessions or not sessions[0] <= day <= sessions[-1]:
        known = f"{sessions[0]} to {sessions[-1]}" if sessions else "none"
        raise NoSession(f"{day} lies outside the sessions known ({known})")
    return bisect_left(sessions, day)


def place_events(
    events: Iterable[DatedEvent], sessions: Sequence[date], first_session: Mapping[str, int]
) -> tuple[tuple[PlacedEvent, ...], tuple[Finding, ...]]:
    """Place ``events`` on ``sessions``; ``first_session`` has the row of each name's first price.

    Returns the placed events in the order of their sessions, and a finding for all that was odd.
    """
    placed: dict[tuple[str, str, int], PlacedEvent] = {}
    findings: list[Finding] = []

    def found(kind: str, severity: str, event: DatedEvent, detail: str) -> None:
        findings.append(
            Finding(kind, severity, event.ticker, detail, name=event.ref, day=exact_day(event.day))
        )

    for event in events:
        day = exact_day(event.day)
        if event.ticker not in first_session:
            found("event_unknown_ticker", "rejected", event, f"no prices of {event.ticker!r}")
            continue
        if day is None:
            found("event_without_day", "rejected", event, f"{event.day!r} is no exact day")
            continue
        try:
            row = session_at(day, sessions)
        except NoSession as outside:
            found("event_outside_sessions", "rejected", event, str(outside))
            continue
        if row < first_session[event.ticker]:
            listed = sessions[first_session[event.ticker]]
            found("event_before_listing", "rejected", event, f"{day}: first price on {listed}")
            continue
        moved = sessions[row] != day
        if moved:
            found("event_moved", "note", event, f"no session on {day}: moved to {sessions[row]}")
        key = (event.ticker, event.kind, row)
        if key in placed:
            found("event_twice", "note", event, f"{event.kind} of {sessions[row]} is told twice")
            if not _sized(placed[key].event) and _sized(event):
                placed[key] = PlacedEvent(event, row, moved)
            continue
        placed[key] = PlacedEvent(event, row, moved)
    for one in placed.values():
        if not _sized(one.event):
            found("event_without_size", "note", one.event, "neither an amount nor shares are stated")
    return tuple(sorted(placed.values(), key=lambda p: (p.session, p.event.ticker))), tuple(findings)


def _sized(event: DatedEvent) -> bool:
    return event.size_usd is not None or event.shares is not None
