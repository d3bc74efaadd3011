"""The dated events of the names: those of the event table and the deals, as known, ready to be placed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from minerdesk.desk.market.notes import UNTAGGED
from minerdesk.models.event_dates import DatedEvent, PlacedEvent, place_events
from minerdesk.records import Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine

#: A source that says of its own date that it is another one (a quarter's end) or only near.
_NOT_THE_DAY = re.compile(r"\b(?:date|day) (?:=|approximate)")
#: Deals of this type are leases of a site to a tenant of AI or high-performance computing.
LEASE = "colocation_lease"
UNLOCK = "lockup_expiry"
CONVERTIBLE = "convertible_notes"


@dataclass(frozen=True)
class Told:
    """An event with what its source says: ``row`` is the archive's row, ``remark`` one that carries no tag
    (it describes a move, and can be no cause)."""

    dated: DatedEvent
    day: date | None
    detail: str
    source_url: str
    source_tier: str
    remark: bool
    known_at: datetime


@dataclass(frozen=True)
class EventList:
    """Events by ref, in order of day; ``findings`` on those that have no day of their own."""

    told: dict[str, Told]
    findings: tuple[Finding, ...]

    def of(self, tickers: Iterable[str], start: date, end: date, remarks: bool = False) -> list[Told]:
        """Events of ``tickers`` from ``start`` to ``end``, both included."""
        names = set(tickers)
        return [
            one
            for one in self.told.values()
            if one.day
            and start <= one.day <= end
            and one.dated.ticker in names
            and (remarks or not one.remark)
        ]

    def undated(self, ticker: str) -> list[Told]:
        """Events of ``ticker`` that are told for a month or a year only."""
        return [one for one in self.told.values() if one.day is None and one.dated.ticker == ticker]

    def placed(
        self, events: Iterable[Told], sessions: tuple[date, ...], first_session: dict[str, int]
    ) -> tuple[tuple[PlacedEvent, ...], tuple[Finding, ...]]:
        """``events`` on the sessions, and what was odd about them."""
        return place_events([one.dated for one in events], sessions, first_session)


def event_list(engine: Engine, as_of: datetime, companies: Iterable[dict[str, Any]]) -> EventList:
    """All events and deals known at ``as_of``; a later ticker is told under the one of the archive."""
    renamed = {c["later_ticker"]: c["ticker"] for c in companies if c["later_ticker"]}
    told: list[Told] = []
    findings: list[Finding] = []
    for row in frames.rows(engine, "events", as_of):
        if row["day"] and _NOT_THE_DAY.search(row["conflict"] or ""):
            if row["event_type"] != UNTAGGED:
                findings.append(_not_the_day(row))
            continue
        told.append(_told(row, row["event_type"], row["day"], row["day_text"], row["detail"], renamed))
    for row in frames.rows(engine, "deals", as_of):
        text = " ".join(str(row[c]) for c in ("counterparty", "site") if row[c])
        told.append(_told(row, row["deal_type"], row["announced_day"], row["announced_text"], text, renamed))
    told.sort(key=lambda one: (one.dated.day, one.dated.ticker, one.dated.ref))
    return EventList({one.dated.ref: one for one in told}, tuple(findings))


def _not_the_day(row: dict[str, Any]) -> Finding:
    detail = f"{row['event_type']} of {row['day']}: {row['conflict']}"
    return Finding("event_day_not_exact", "note", row["ticker"], detail, name=row["ref"], day=row["day"])


def _told(
    row: dict[str, Any], kind: str, day: date | None, text: str, detail: str, renamed: dict[str, str]
) -> Told:
    return Told(
        DatedEvent(
            ticker=renamed.get(row["ticker"], row["ticker"]),
            day=text,
            kind=kind,
            ref=row["ref"],
            source=row["source_url"] or "",
            size_usd=row.get("size_usd", row.get("contract_value_usd")),
            shares=row.get("shares"),
        ),
        day,
        detail,
        row["source_url"] or "",
        row["source_tier"] or "",
        kind == UNTAGGED,
        row["known_at"],
    )
