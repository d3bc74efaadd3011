"""Why a name moved: its week beyond what bitcoin and the sector explain, and a cause where the rule finds one."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week, week_ending
from minerdesk.desk.events.market import EventMarket, window_figures
from minerdesk.desk.events.told import EventList, event_list
from minerdesk.desk.market.names import members
from minerdesk.desk.views import Row, View
from minerdesk.measures import market as measures
from minerdesk.models.cause import NEAR_SESSIONS, Cause, find_cause, move_of
from minerdesk.models.event_dates import PlacedEvent
from minerdesk.models.event_study import EventStudy
from minerdesk.records import Figure, Finding
from minerdesk.store.engine import Engine

#: What is said of a name that has no price to study.
NO_TEST = "no_test"


def causes(engine: Engine, market: EventMarket, ending: date, as_of: datetime, as_of_text: str) -> View:
    """The verdict of the cause rule on every name's week that ends with ``ending`` (definitions, section 5).

    Raises :class:`minerdesk.errors.NoSession`.
    """
    span = week_ending(ending, market.sessions)
    suffix = "" if as_of_text == str(ending) else f"@{as_of_text}"
    book = Book(f"causes/{ending}{suffix}", as_of_text)
    events = event_list(engine, as_of, market.companies)
    universe = [c["ticker"] for c in members(list(market.companies), ending)]
    placed, odd = _near(events, market, span, universe)
    without = _without_each(book, market, span, universe)
    rows = [_row(book, market, span, ticker, placed, events, without) for ticker in universe]
    verdicts = [row["verdict"] for row in rows]
    refs = market.refs(market.panel.row(span.start), market.panel.row(span.end))
    figures = {"sector_return_fraction": without[""]}
    for verdict in ("named", "no_dated_event", "not_significant", NO_TEST):
        figures[verdict] = book.tally(f"{verdict}_count", verdicts.count(verdict), refs)
    return View(
        name="causes",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures,
        tables={"causes": tuple(rows)},
        findings=tuple(f for f in (*market.panel.findings, *events.findings, *odd) if _within(f, span)),
        facts={"week_start": str(span.start), "week_end": str(span.end)},
        nodes=book.nodes,
    )


def _near(
    events: EventList, market: EventMarket, span: Week, universe: list[str]
) -> tuple[tuple[PlacedEvent, ...], tuple[Finding, ...]]:
    """Events that can lie within three sessions of a session of the week."""
    first = max(market.panel.row(span.sessions[0]) - NEAR_SESSIONS, 0)
    last = min(market.panel.row(span.end) + NEAR_SESSIONS, len(market.sessions) - 1)
    # an event on a day off moves to the next session: begin after the session before
    start = market.sessions[max(first - 1, 0)]
    near = events.of(universe, start, market.sessions[last])
    return events.placed(near, market.sessions, market.first_session)


def _within(finding: Finding, span: Week) -> bool:
    return finding.day is not None and span.start <= finding.day <= span.end


def _row(
    book: Book,
    market: EventMarket,
    span: Week,
    ticker: str,
    placed: tuple[PlacedEvent, ...],
    events: EventList,
    without: dict[str, Figure],
) -> Row:
    first, end = 1 - len(span.sessions), market.panel.row(span.end)
    study = market.study(ticker, end)
    cause = _cause(study, ticker, first, placed)
    verdict = _verdict(cause, study, first)
    found = events.told[cause.event.event.ref] if cause and cause.event else None
    return {
        "ticker": ticker,
        "verdict": verdict,
        "event_type": found.dated.kind if found else None,
        "event_day": found.day if found else None,
        "sessions_apart": cause.distance if cause else None,
        "also_near": "; ".join(f"{p.event.kind} {p.event.day}" for p in cause.also) if cause else "",
        **window_figures(book, market, ticker, study, first, 0),
        "sector_without_fraction": without[ticker],
        "model": study.model if study else "",
        "young": "yes" if study and study.young else "",
        "detail": found.detail if found else "",
        "source_url": found.source_url if found else "",
        "source_tier": found.source_tier if found else "",
        "ref": found.dated.ref if found else "",
    }


def _cause(
    study: EventStudy | None, ticker: str, first: int, placed: tuple[PlacedEvent, ...]
) -> Cause | None:
    return find_cause(move_of(study, ticker, first, 0), placed) if study else None


def _verdict(cause: Cause | None, study: EventStudy | None, first: int) -> str:
    """The rule's verdict; a name that did not trade the whole week cannot be tested over it."""
    if cause is None or study is None:
        return NO_TEST
    if cause.event is not None and study.window(first, 0).missing:
        return NO_TEST
    return cause.verdict


def _without_each(book: Book, market: EventMarket, span: Week, universe: list[str]) -> dict[str, Figure]:
    """The sector's return over the week without each name, and with all under ``""``."""
    panel = market.panel
    start, end = panel.row(span.start), panel.row(span.end)
    with np.errstate(invalid="ignore"):
        cap = panel.close_usd[start] * panel.outstanding_shares[start]
        change = measures.price_return_fraction(
            panel.close_usd[start], panel.close_usd[end], panel.growth(start, end)
        )
    inside = np.isin(panel.tickers, universe) & np.isfinite(cap * change)
    cap, effect = np.where(inside, cap, 0.0), np.where(inside, cap * change, 0.0)
    refs = market.refs(start, end)[:3]
    found: dict[str, Figure] = {}
    for ticker in ("", *universe):
        own = panel.column(ticker) if ticker in panel.tickers else None
        left = cap.sum() - (cap[own] if own is not None else 0.0)
        value = (
            measures.ex_event_return_fraction(
                effect.sum(), effect[own] if own is not None else 0.0, cap.sum(), cap.sum() - left
            )
            if left
            else None
        )
        found[ticker] = book.model(
            f"{ticker}/sector_without_fraction" if ticker else "sector_return_fraction",
            value,
            "fraction",
            "measures.market.ex_event_return_fraction",
            refs,
        )
    return found
