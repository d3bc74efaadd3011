"""The calendar view as files to subscribe to: entries from its rows, in English."""

from __future__ import annotations

from datetime import date, datetime

from minerdesk.desk.calendar import as_instant
from minerdesk.desk.views import Row, View
from minerdesk.present.calendar_feed import DOMAIN, CalendarEntry, Status, icalendar, rss
from minerdesk.present.event_words import first_address, words_of

NAME = "Listed Bitcoin miners: dates ahead"
#: A reserved name (RFC 2606): the feed is a file, and whoever publishes it knows its place.
LINK = f"https://{DOMAIN}/calendar"
STATUS: dict[str, Status] = {"announced": "CONFIRMED", "rule": "CONFIRMED", "forecast": "TENTATIVE"}


def entries(view: View) -> list[CalendarEntry]:
    """One entry a row of the view's calendar."""
    return [_entry(row) for row in view.tables["calendar"]]


def as_icalendar(view: View) -> bytes:
    """The view's calendar as an ``.ics`` file, stamped with the moment its facts were known."""
    return icalendar(entries(view), name=NAME, stamp=as_instant(view.as_of))


def as_rss(view: View) -> bytes:
    """The view's calendar as an RSS 2.0 feed."""
    return rss(
        entries(view),
        title=NAME,
        link=LINK,
        description="Unlocks, convertibles, index changes, retargets, filings due; as of " + view.as_of,
        built=as_instant(view.as_of),
    )


def _entry(row: Row) -> CalendarEntry:
    day, revision = row["day"], row["revision"]
    if not isinstance(day, date) or not isinstance(revision, int):
        raise TypeError(f"a row of the calendar without day or revision: {row}")
    kind, ticker, certainty = str(row["event_type"]), str(row["ticker"]), str(row["certainty"])
    grade = f" Source grade {row['source_tier']}." if row["source_tier"] else ""
    return CalendarEntry(
        key=str(row["key"]),
        day=day,
        title=f"{ticker}: {words_of(kind)}" + (" (forecast)" if certainty == "forecast" else ""),
        known_at=datetime.fromisoformat(str(row["known_at"])),
        description=f"{row['detail']}.{grade}",
        ticker=ticker,
        kind=kind,
        url=first_address(row["source_url"]),
        status=STATUS[certainty],
        revision=revision,
    )
