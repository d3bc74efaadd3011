"""The names of a week: one row of figures for each company of the universe."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week
from minerdesk.desk.views import Row
from minerdesk.measures import market
from minerdesk.records import Figure
from minerdesk.store.panel import MarketPanel


def members(companies: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """Companies of the universe on ``day``, in the order of the table."""
    return [
        c
        for c in companies
        if c["in_universe_from"] <= day and (c["in_universe_to"] is None or day <= c["in_universe_to"])
    ]


def name_row(book: Book, panel: MarketPanel, week: Week, company: dict[str, Any]) -> Row:
    """Closes, counts, caps, effects, turnover of one company over the week; missing is ``None``."""
    ticker = company["ticker"]
    start, end = panel.row(week.start), panel.row(week.end)
    place = panel.tickers.index(ticker) if ticker in panel.tickers else None

    def at(array: Any, row: int) -> float | None:
        return None if place is None or np.isnan(array[row, place]) else float(array[row, place])

    def close(row: int) -> Figure:
        value = at(panel.close_usd, row)
        return book.observed(f"closes/{ticker}/{panel.sessions[row]}" if value else "", value, "usd")

    def shares(row: int, name: str) -> Figure:
        value = at(panel.outstanding_shares, row)
        ref = panel.count_refs[row][place] if place is not None else ""
        if value is None:
            return Figure(None, "shares", "", book.as_of)
        return book.model(f"{name}/{ticker}", value, "shares", "share count carried over splits", (ref,))

    split = 1.0 if place is None else float(panel.growth(start, end)[place])
    split_refs = [
        ref
        for (session, name), ref in panel.split_refs.items()
        if name == ticker and week.start < session <= week.end
    ]
    ratio: Figure | float = (
        book.model(f"split_ratio/{ticker}", split, "ratio", "product", split_refs) if split_refs else 1.0
    )
    close_start, close_end = close(start), close(end)
    shares_start, shares_end = shares(start, "start_shares"), shares(end, "end_shares")
    change = book.derive(
        f"return_fraction/{ticker}",
        market.price_return_fraction,
        close_start_usd=close_start,
        close_end_usd=close_end,
        split_ratio=ratio,
    )
    return {
        "ticker": ticker,
        "legal_name": company["legal_name"],
        "close_start_usd": close_start,
        "close_end_usd": close_end,
        "return_fraction": change,
        "start_shares": shares_start,
        "end_shares": shares_end,
        "market_cap_start_usd": book.derive(
            f"market_cap_start_usd/{ticker}",
            market.market_cap_usd,
            outstanding_shares=shares_start,
            close_usd=close_start,
        ),
        "market_cap_end_usd": book.derive(
            f"market_cap_end_usd/{ticker}",
            market.market_cap_usd,
            outstanding_shares=shares_end,
            close_usd=close_end,
        ),
        "price_effect_usd": book.derive(
            f"price_effect_usd/{ticker}",
            market.price_effect_usd,
            start_shares=shares_start,
            close_start_usd=close_start,
            return_fraction=change,
        ),
        "share_effect_usd": book.derive(
            f"share_effect_usd/{ticker}",
            market.share_effect_usd,
            start_shares=shares_start,
            end_shares=shares_end,
            close_end_usd=close_end,
            split_ratio=ratio,
        ),
        "rises": book.derive(f"rises_count/{ticker}", market.rises_count, return_fraction=change),
        "falls": book.derive(f"falls_count/{ticker}", market.falls_count, return_fraction=change),
        **turnover(book, panel, week, ticker),
    }


def turnover(book: Book, panel: MarketPanel, week: Week, ticker: str) -> Row:
    """Turnover and share volume over the sessions of ``week``; missing unless every session has a volume."""
    spent, traded = None, None
    if ticker in panel.tickers:
        place = panel.column(ticker)
        rows = [panel.row(session) for session in week.sessions]
        volume = panel.share_volume[rows, place]
        spent = float(market.turnover_usd(panel.close_usd[rows, place], volume).sum())
        traded = float(volume.sum())
    span = f"{ticker}/{week.sessions[0]}..{week.sessions[-1]}"
    at = f"{ticker}/{week.end}"
    volumes = f"volumes/{span}"
    return {
        "turnover_usd": book.model(
            f"turnover_usd/{at}",
            spent,
            "usd",
            "measures.market.turnover_usd, summed",
            (f"closes/{span}", volumes),
        ),
        "share_volume": book.model(f"share_volume/{at}", traded, "shares", "sum", (volumes,)),
    }
