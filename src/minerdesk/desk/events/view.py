"""Events: the calendar of known dates ahead, the unlock radar, and what past events of a name did."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from minerdesk.desk.book import Book
from minerdesk.desk.company import known_company
from minerdesk.desk.events.ahead import Ahead, dates_ahead
from minerdesk.desk.events.market import EventMarket, window_figures
from minerdesk.desk.events.radar import past_unlocks, radar
from minerdesk.desk.events.told import EventList, event_list
from minerdesk.desk.views import Row, View
from minerdesk.errors import InputError, UnknownReference
from minerdesk.models.unlock import LITERATURE
from minerdesk.records import Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine

if TYPE_CHECKING:
    from minerdesk.desk import Desk

MOST_AHEAD_DAYS = 3_660
#: Windows of a past event: figure prefix, first and last session.
WINDOWS = (("ar", 0, 0), ("car_3_sessions", -1, 1), ("car_11_sessions", -5, 5))


def events(
    engine: Engine,
    market: EventMarket,
    ahead_days: int,
    ticker: str | None,
    as_of: datetime,
    as_of_text: str,
) -> View:
    """Dates in the ``ahead_days`` after ``as_of``, of one name or of all; with a name, its past events too.

    Raises :class:`minerdesk.errors.UnknownTicker`, and :class:`InputError` for a span that makes no sense.
    """
    if not 0 < ahead_days <= MOST_AHEAD_DAYS:
        raise InputError(f"ahead must lie between 1 and {MOST_AHEAD_DAYS} days, not {ahead_days}")
    if ticker:
        ticker = known_company(market.companies, ticker, as_of_text)["ticker"]
    asked = f"{ahead_days}" + (f";ticker={ticker}" if ticker else "")
    # the table of events has the name "events": refs of this view start otherwise
    book = Book(f"calendar/{asked}@{as_of_text}", as_of_text)
    told = event_list(engine, as_of, market.companies)
    # an instant at midnight is the end of the day before
    today = (as_of - timedelta(microseconds=1)).date()
    until = today + timedelta(days=ahead_days)
    dates = dates_ahead(engine, told, market.companies, today, as_of, until)
    dates = [one for one in dates if ticker in (None, one.ticker)]
    stakes = frames.rows(engine, "cross_holdings", as_of)
    past, odd = _past(book, market, told, ticker, today) if ticker else ((), ())
    unlocks = radar(book, market, told, dates, stakes)
    refs = ("events/*", "difficulty_epochs/*", "companies/*")
    figures = {
        "dates_ahead": book.tally("dates_ahead_count", len(dates), refs),
        "unlocks_ahead": book.tally("unlocks_ahead_count", len(unlocks), ("events/*",)),
        "past_unlocks": book.tally(
            "past_unlocks_count",
            len(past_unlocks(market, told)),
            ("events/*", *market.refs(0, len(market.sessions) - 1)),
        ),
    }
    names = {ticker} if ticker else {c["ticker"] for c in market.companies}
    return View(
        name="events",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures,
        tables={"unlocks": unlocks, "calendar": tuple(_date_row(one) for one in dates), "past": past},
        findings=(*_recent(told.findings, names, today), *odd),
        facts={
            "from": str(today + timedelta(days=1)),
            "until": str(until),
            "unlock_prior": "; ".join(LITERATURE.sources),
        }
        | ({"ticker": ticker} if ticker else {}),
        nodes=book.nodes,
    )


def asked_again(desk: Desk, subject: str, as_of: str | None) -> View:
    """The view whose refs start with ``subject`` (``90;ticker=ABTC``). Raises :class:`UnknownReference`."""
    days, _, ticker = subject.partition(";ticker=")
    if not days.isdecimal():
        raise UnknownReference(
            f"{subject!r} names no calendar: it starts with the days ahead, as 90;ticker=ABTC"
        )
    return desk.events(int(days), ticker or None, as_of)


def _recent(findings: tuple[Finding, ...], names: set[str], today: date) -> tuple[Finding, ...]:
    """Findings on dates of the past year and ahead: older ones say nothing about this calendar."""
    year = today - timedelta(days=365)
    return tuple(f for f in findings if f.subject in names and f.day and f.day > year)


def _date_row(one: Ahead) -> Row:
    return {
        "day": one.day,
        "ticker": one.ticker,
        "event_type": one.kind,
        "certainty": one.certainty,
        "detail": one.detail,
        "key": one.key,
        "revision": one.revision,
        "known_at": one.known_at.isoformat(),
        "source_tier": one.source_tier,
        "source_url": one.source_url,
        "ref": one.ref,
    }


def _past(
    book: Book, market: EventMarket, told: EventList, ticker: str, today: date
) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Every event of the name up to ``today`` that can be placed, remarks too, with AR, CAR and their t."""
    own = told.of([ticker], date.min, today, remarks=True) + told.undated(ticker)
    placed, odd = told.placed(own, market.sessions, market.first_session)
    rows: list[Row] = []
    for one in placed:
        event = told.told[one.event.ref]
        study = market.study(ticker, one.session)
        stem = f"past/{market.sessions[one.session]}/{event.dated.kind}"
        row: Row = {
            "day": event.day,
            "session": market.sessions[one.session],
            "event_type": event.dated.kind,
            "detail": event.detail,
        }
        for prefix, first, last in WINDOWS:
            row |= window_figures(book, market, stem, study, first, last, prefix)
        row |= {
            "model": study.model if study else "",
            "young": "yes" if study and study.young else "",
            "source_tier": event.source_tier,
            "source_url": event.source_url,
            "ref": event.dated.ref,
        }
        rows.append(row)
    return tuple(rows), odd
