"""The sector's figures of a week: caps, effects, returns, breadth, and caps net of cross-holdings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week
from minerdesk.desk.views import Row, figure
from minerdesk.measures import market
from minerdesk.records import Figure, end_of_day
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel


def sector_figures(book: Book, names: list[Row], tagged: list[str]) -> dict[str, Figure]:
    """Caps, effects, returns and breadth. Only names with both closes and a start count enter a return."""
    returned = [r for r in names if figure(r, "price_effect_usd").value is not None]
    fresh = [r for r in names if figure(r, "market_cap_start_usd").value is None]
    out = [r for r in returned if r["ticker"] in tagged]

    def total(name: str, column: str, rows: list[Row]) -> Figure:
        return book.total(name, "usd", [figure(r, column) for r in rows])

    figures = {
        "sector_cap_gross_start_usd": total("sector_cap_gross_start_usd", "market_cap_start_usd", names),
        "sector_cap_gross_end_usd": total("sector_cap_gross_end_usd", "market_cap_end_usd", names),
        "sector_cap_with_return_usd": total("sector_cap_with_return_usd", "market_cap_start_usd", returned),
        "price_effect_usd": total("price_effect_usd", "price_effect_usd", names),
        "share_effect_usd": total("share_effect_usd", "share_effect_usd", names),
        "entry_effect_usd": total("entry_effect_usd", "market_cap_end_usd", fresh),
    }
    figures["cap_change_usd"] = book.model(
        "cap_change_usd",
        float(figures["sector_cap_gross_end_usd"]) - float(figures["sector_cap_gross_start_usd"]),
        "usd",
        "difference",
        (figures["sector_cap_gross_end_usd"].ref, figures["sector_cap_gross_start_usd"].ref),
    )
    figures["cap_change_fraction"] = book.derive(
        "cap_change_fraction",
        market.cap_change_fraction,
        sector_cap_start_usd=figures["sector_cap_gross_start_usd"],
        sector_cap_end_usd=figures["sector_cap_gross_end_usd"],
    )
    figures["sector_return_fraction"] = book.derive(
        "sector_return_fraction",
        market.sector_return_fraction,
        sector_price_effect_usd=figures["price_effect_usd"],
        sector_cap_start_usd=figures["sector_cap_with_return_usd"],
    )
    figures["ex_event_return_fraction"] = (
        book.derive(
            "ex_event_return_fraction",
            market.ex_event_return_fraction,
            sector_price_effect_usd=figures["price_effect_usd"],
            event_price_effect_usd=total("event_price_effect_usd", "price_effect_usd", out),
            sector_cap_start_usd=figures["sector_cap_with_return_usd"],
            event_cap_start_usd=total("event_cap_start_usd", "market_cap_start_usd", out),
        )
        if out
        else book.model(
            "ex_event_return_fraction",
            figures["sector_return_fraction"].value,  # type: ignore[arg-type]
            "fraction",
            "no name had a tagged event",
            (figures["sector_return_fraction"].ref,),
        )
    )
    rises = book.count("advancers", [figure(r, "rises") for r in names])
    falls = book.count("decliners", [figure(r, "falls") for r in names])
    known = sum(figure(r, "return_fraction").value is not None for r in names)
    refs = (rises.ref, falls.ref)
    still = known - int(float(rises)) - int(float(falls))
    figures |= {
        "names": book.model("names", len(names), "count", "count", ("companies/*",)),
        "advancers": rises,
        "decliners": falls,
        "unchanged": book.model(
            "unchanged", still, "count", "names with a return, neither up nor down", refs
        ),
        "no_data": book.model("no_data", len(names) - known, "count", "names without a return", refs),
    }
    for row in names:
        del row["rises"], row["falls"]
    return figures


def net_figures(
    book: Book,
    engine: Engine,
    as_of: datetime,
    panel: MarketPanel,
    span: Week,
    inside: set[str],
    gross: dict[str, Figure],
) -> dict[str, Figure]:
    """Gross caps less the stakes that one name of the universe holds in another: by the default stake, and
    as an alternative by the largest one told. A stake counts from the day it was known."""
    stakes = [
        s
        for s in frames.rows(engine, "cross_holdings", as_of)
        if s["holder"] in inside and s["held"] in inside and s["shares"]
    ]
    figures: dict[str, Figure] = {}
    for side, day in (("start", span.start), ("end", span.end)):
        told = [s for s in stakes if s["known_at"] <= end_of_day(day)]
        newest = {_pair(s): s for s in sorted(told, key=lambda s: s["as_of_day"]) if s["is_default"]}
        largest = {_pair(s): s for s in sorted(told, key=lambda s: s["shares"])}
        for label, chosen in (("", newest.values()), ("_alternative", largest.values())):
            held = [
                book.derive(
                    f"cross_held_{side}{label}_usd/{s['holder']}/{s['held']}",
                    market.market_cap_usd,
                    outstanding_shares=book.observed(s["ref"], s["shares"], "shares"),
                    close_usd=_close(book, panel, s["held"], day),
                )
                for s in chosen
            ]
            name = f"cross_held_{side}{label}_usd"
            figures[name] = (
                book.total(name, "usd", held) if held else book.model(name, 0.0, "usd", "no stake known", ())
            )
            net = f"sector_cap_net_{side}{label}_usd"
            figures[net] = book.derive(
                net,
                market.sector_cap_net_usd,
                sector_cap_gross_usd=gross[f"sector_cap_gross_{side}_usd"],
                cross_held_usd=figures[name],
            )
    return figures


def _pair(stake: dict[str, Any]) -> tuple[str, str]:
    return stake["holder"], stake["held"]


def _close(book: Book, panel: MarketPanel, ticker: str, day: date) -> Figure:
    """A close of the panel; missing where the name was not traded that day or not yet listed."""
    value = panel.close_usd[panel.row(day), panel.column(ticker)] if ticker in panel.tickers else np.nan
    return book.observed("" if np.isnan(value) else f"closes/{ticker}/{day}", float(value), "usd")
