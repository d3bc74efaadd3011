"""One company: prices, counts, splits, stakes, events, deals and filed figures, as known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import as_day
from minerdesk.desk.cost.company import company_cost
from minerdesk.desk.views import Row, View
from minerdesk.errors import UnknownTicker
from minerdesk.measures import market
from minerdesk.records import Figure, Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import market_panel

#: Returns are shown over so many sessions.
SPANS = {"return_week_fraction": 5, "return_month_fraction": 21, "return_quarter_fraction": 63}


def known_company(companies: Iterable[dict[str, Any]], ticker: str, as_of_text: str) -> dict[str, Any]:
    """The row of ``ticker``, its own or a later one. Raises :class:`UnknownTicker`, with the nearest known."""
    known = {c["ticker"]: c for c in companies}
    renamed = {c["later_ticker"]: c["ticker"] for c in known.values() if c["later_ticker"]}
    own: dict[str, Any] | None = known.get(renamed.get(ticker, ticker))
    if own is None:
        near = difflib.get_close_matches(ticker, known, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise UnknownTicker(f"no company {ticker} was known to the desk on {as_of_text}{hint}")
    return own


def company(engine: Engine, ticker: str, as_of: datetime, as_of_text: str) -> View:
    """What the desk knows of ``ticker``. Raises :class:`UnknownTicker`, with the nearest known ones."""
    own = known_company(frames.rows(engine, "companies", as_of), ticker, as_of_text)
    ticker = own["ticker"]
    book = Book(f"company/{ticker}@{as_of_text}", as_of_text)
    panel = market_panel(engine, as_of)
    figures: dict[str, Figure] = {}
    prices: list[Row] = []
    if ticker in panel.tickers:
        place = panel.column(ticker)
        there = np.flatnonzero(np.isfinite(panel.close_usd[:, place]))
        last = int(there[-1])
        session = panel.sessions[last]
        figures["close_usd"] = book.observed(
            f"closes/{ticker}/{session}", panel.close_usd[last, place], "usd"
        )
        count = panel.outstanding_shares[last, place]
        figures["outstanding_shares"] = book.model(
            "outstanding_shares",
            float(count),
            "shares",
            "share count carried over splits",
            (panel.count_refs[last][place],) if panel.count_refs[last][place] else (),
        )
        figures["market_cap_usd"] = book.derive(
            "market_cap_usd",
            market.market_cap_usd,
            outstanding_shares=figures["outstanding_shares"],
            close_usd=figures["close_usd"],
        )
        for name, sessions in SPANS.items():
            first = last - sessions
            if first < there[0]:
                figures[name] = Figure(None, "fraction", "", as_of_text)
                continue
            split = float(panel.growth(first, last)[place])
            refs = [
                r
                for (day, t), r in panel.split_refs.items()
                if t == ticker and panel.sessions[first] < day <= session
            ]
            figures[name] = book.derive(
                name,
                market.price_return_fraction,
                close_start_usd=book.observed(
                    f"closes/{ticker}/{panel.sessions[first]}", panel.close_usd[first, place], "usd"
                ),
                close_end_usd=figures["close_usd"],
                split_ratio=book.model(f"{name}_split_ratio", split, "ratio", "product", refs)
                if refs
                else 1.0,
            )
        for row in there[-21:]:
            volume = panel.share_volume[row, place]
            day = panel.sessions[row]
            prices.append(
                {
                    "session": day,
                    "close_usd": book.observed(f"closes/{ticker}/{day}", panel.close_usd[row, place], "usd"),
                    "share_volume": book.observed(
                        "" if np.isnan(volume) else f"volumes/{ticker}/{day}", volume, "shares"
                    ),
                }
            )
    tables: dict[str, tuple[Row, ...]] = {"prices": tuple(prices)}
    for table, column, shown in (
        ("share_counts", "ticker", ("known_on", "basis", "outstanding_shares", "source", "note")),
        ("share_count_conflicts", "ticker", ("known_on", "share_class", "shares", "basis", "source", "note")),
        ("splits", "ticker", ("effective_date", "new_shares", "old_shares", "kind", "source", "note")),
        ("events", "ticker", ("day_text", "event_type", "detail", "size_usd", "source_url", "source_tier")),
        ("deals", "ticker", ("announced_text", "counterparty", "deal_type", "critical_it_mw", "gross_mw",
                             "contract_value_usd", "term_years", "source_tier")),
        ("filing_facts", "ticker", ("fiscal_label", "period_end", "item", "value", "unit", "note")),
        ("production", "ticker", ("fiscal_label", "period_end", "item", "value", "unit", "note")),
    ):  # fmt: skip
        rows = [r for r in frames.rows(engine, table, as_of) if r[column] == ticker]
        tables[table] = tuple({**{c: r[c] for c in shown}, "ref": r["ref"]} for r in rows)
    stakes = [r for r in frames.rows(engine, "cross_holdings", as_of) if ticker in (r["holder"], r["held"])]
    tables["cross_holdings"] = tuple(
        {c: r[c] for c in ("holder", "held", "shares", "as_of_day", "source", "note", "ref")} for r in stakes
    )
    own_cost, doubts = company_cost(book, engine, panel, ticker, as_of, as_day(as_of_text))
    tables |= own_cost
    fields = ("kind", "severity", "subject", "detail", "source", "name", "locator", "day", "snapshot")
    found = (
        doubts
        + tuple(f for f in panel.findings if f.subject == ticker)
        + tuple(
            Finding(**{k: r[k] for k in fields})
            for r in frames.findings(engine, as_of)
            if r["subject"] == ticker
        )
    )
    words = ("legal_name", "exchange", "country", "reporting_standard", "filings_form", "business", "cik")
    facts = {"ticker": ticker} | {k: str(own[k]) for k in words if own[k]}
    if own["later_ticker"] and own["later_ticker_from"] and own["later_ticker_from"] <= as_of.date():
        facts["later_ticker"] = own["later_ticker"]
    return View("company", book.prefix, as_of_text, figures, tables, found, facts, book.nodes)
