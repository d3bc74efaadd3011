"""What a reader of a week should know: events, ages of counts, coverage, findings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week, weeks_before
from minerdesk.desk.views import Row, figure
from minerdesk.records import Figure, Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel

#: An event of this type carries no tag: it is a remark, and takes no name out of the ex-event return.
UNTAGGED = "other"
#: A share count older than this at the week's end is told of.
STALE_COUNT_DAYS = 120
FRIDAY = 4
#: The "ticker" of events of the network itself.
NETWORK = "BTC"
EVENT_COLUMNS = ("day", "ticker", "event_type", "detail", "source_url", "source_tier", "ref")


def week_events(engine: Engine, as_of: datetime, span: Week, tickers: set[str]) -> list[dict[str, Any]]:
    """Dated events of the universe and of the network after the week's start, announced by ``as_of``."""
    return [
        row
        for row in frames.rows(engine, "events", as_of, "day", "ticker", "event_type", "detail")
        if row["day"] and span.start < row["day"] and row["ticker"] in tickers | {NETWORK}
    ]


def count_age_days(book: Book, row: Row, ending: date) -> Figure:
    """Days between the week's end and the day the share count became known."""
    shares = figure(row, "end_shares")
    known_on = _count_day(shares)
    age = (ending - known_on).days if known_on else None
    return book.model(f"count_age_days/{row['ticker']}", age, "days", "difference", shares.inputs)


def coverage(book: Book, names: list[Row], span: Week, panel: MarketPanel) -> dict[str, Figure]:
    """How many names and sessions the figures rest on."""
    returned = [figure(r, "return_fraction") for r in names]
    capped = [figure(r, "market_cap_end_usd") for r in names]
    counted: dict[str, Figure] = {}
    for name, every in (("names_with_return", returned), ("names_with_cap", capped)):
        there = [f.ref for f in every if f.value is not None]
        counted[name] = book.tally(name, len(there), there)
    before = weeks_before(span, panel.sessions, 2)
    counted["sessions"] = book.tally("sessions", len(span.sessions), (f"closes/*/{span.start}..{span.end}",))
    if len(before) > 1:
        past = before[0]
        counted["previous_sessions"] = book.tally(
            "previous_sessions", len(past.sessions), (f"closes/*/{past.start}..{past.end}",)
        )
    return counted


def week_findings(
    engine: Engine,
    as_of: datetime,
    panel: MarketPanel,
    span: Week,
    names: list[Row],
) -> tuple[Finding, ...]:
    """What a reader of this week should know: of the data in it, and what is missing or old."""
    inside = {str(r["ticker"]) for r in names}
    found = [f for f in panel.findings if f.subject in inside and f.day and span.start <= f.day <= span.end]
    for row in frames.findings(engine, as_of):
        about = row["day"] is not None and span.start <= row["day"] <= span.end
        if about and (row["subject"] in inside or row["subject"] == "BTC"):
            fields = ("kind", "severity", "subject", "detail", "source", "name", "locator", "day", "snapshot")
            found.append(Finding(**{k: row[k] for k in fields}))
    for row in names:
        ticker = str(row["ticker"])
        if figure(row, "return_fraction").value is None:
            found.append(
                Finding("no_return", "note", ticker, "no close at one end of the week", day=span.end)
            )
        if figure(row, "market_cap_end_usd").value is None:
            found.append(Finding("no_cap", "note", ticker, "no share count or no close", day=span.end))
        if figure(row, "turnover_usd").value is None:
            found.append(Finding("no_volume", "note", ticker, "no share volume on record", day=span.end))
        known_on = _count_day(figure(row, "end_shares"))
        if known_on and (span.end - known_on).days > STALE_COUNT_DAYS:
            age = (span.end - known_on).days
            found.append(
                Finding(
                    "old_share_count", "suspect", ticker, f"count of {known_on}, {age} days old", day=span.end
                )
            )
    if span.end.weekday() < FRIDAY:
        found.append(
            Finding(
                "week_to_date", "note", "week", f"{span.end} may not be the week's last session", day=span.end
            )
        )
    return tuple(found)


def _count_day(shares: Figure) -> date | None:
    """The day a share count became known, from its ref (``share_counts/ABTC/2025-11-14/filing``)."""
    return date.fromisoformat(shares.inputs[0].split("/")[2]) if shares.inputs else None
