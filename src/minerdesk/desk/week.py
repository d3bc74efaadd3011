"""The sector's week: names, sector, breadth, turnover, exposure (definitions, sections 1 and 2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week, week_ending, weeks_before
from minerdesk.desk.names import members, name_row, turnover
from minerdesk.desk.sector import (
    exposure,
    history_rows,
    index_rows,
    sector,
    session_rows,
)
from minerdesk.desk.views import Row, View
from minerdesk.measures import market
from minerdesk.records import Figure, Finding, end_of_day
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel, market_panel

#: An event of this type carries no tag: it is a remark, and takes no name out of the ex-event return.
UNTAGGED = "other"
#: A share count older than this at the week's end is told of.
STALE_COUNT_DAYS = 120
FRIDAY = 4
#: The "ticker" of events of the network itself.
NETWORK = "BTC"
EVENT_COLUMNS = ("day", "ticker", "event_type", "detail", "source_url", "source_tier", "ref")


def week(engine: Engine, ending: date, as_of: datetime, as_of_text: str) -> View:
    """The week that ends with the session ``ending``, from what was known at ``as_of``.

    Raises :class:`minerdesk.errors.NoSession`.
    """
    panel = market_panel(engine, as_of)
    span = week_ending(ending, panel.sessions)
    suffix = "" if as_of_text == str(ending) else f"@{as_of_text}"
    book = Book(f"week/{ending}{suffix}", as_of_text)
    companies = frames.rows(engine, "companies", as_of)
    bitcoin = {
        row["day"]: row["close_usd"]
        for row in frames.rows(engine, "bitcoin_closes", as_of)
        if row["clock"] == "utc_day"
    }
    whole = sector(panel, companies, bitcoin)
    universe = members(companies, ending)
    names = [name_row(book, panel, span, company) for company in universe]
    events = _events(engine, as_of, span, {c["ticker"] for c in universe})
    tagged = sorted(
        {e["ticker"] for e in events if e["event_type"] != UNTAGGED and e["day"] <= span.end} - {NETWORK}
    )

    figures = _sector_figures(book, names, tagged)
    figures |= _net_figures(book, engine, as_of, panel, span, {c["ticker"] for c in universe}, figures)
    figures |= _bitcoin_figures(book, bitcoin, span)
    figures |= exposure(book, whole, span)
    figures |= _turnover_figures(book, panel, span, names)
    for row in names:
        row["contribution_fraction"] = book.derive(
            f"contribution_fraction/{row['ticker']}",
            market.contribution_fraction,
            price_effect_usd=_figure(row, "price_effect_usd"),
            sector_cap_start_usd=figures["sector_cap_with_return_usd"],
        )
        row["events"] = "; ".join(
            f"{e['event_type']} {e['day']}"
            for e in events
            if e["ticker"] == row["ticker"] and e["day"] <= span.end
        )
        row["count_age_days"] = _count_age(book, row, ending)
    findings = _findings(engine, as_of, panel, span, names)
    for kind in {f.kind for f in findings}:
        told = {f.subject for f in findings if f.kind == kind}
        book.tally(f"findings/{kind}", len(told), ("findings/*",))
    figures |= _coverage(book, names, span, panel)
    return View(
        name="week",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures,
        tables={
            "names": tuple(names),
            "indices": index_rows(book, whole, span),
            "sessions": session_rows(book, whole, span),
            "weeks": history_rows(book, whole, span),
            "events": tuple({k: e[k] for k in EVENT_COLUMNS} for e in events if e["day"] <= span.end),
            "ahead": tuple({k: e[k] for k in EVENT_COLUMNS} for e in events if e["day"] > span.end),
        },
        findings=findings,
        facts={
            "week_start": str(span.start),
            "week_end": str(span.end),
            "clock": "btc_utc_day",
            "ex_event_names": " ".join(tagged),
        },
        nodes=book.nodes,
    )


def _figure(row: Row, column: str) -> Figure:
    cell = row[column]
    assert isinstance(cell, Figure)
    return cell


def _sector_figures(book: Book, names: list[Row], tagged: list[str]) -> dict[str, Figure]:
    """Caps, effects, returns and breadth. Only names with both closes and a start count enter a return."""
    returned = [r for r in names if _figure(r, "price_effect_usd").value is not None]
    fresh = [r for r in names if _figure(r, "market_cap_start_usd").value is None]
    out = [r for r in returned if r["ticker"] in tagged]

    def total(name: str, column: str, rows: list[Row]) -> Figure:
        return book.total(name, "usd", [_figure(r, column) for r in rows])

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
    rises = book.count("advancers", [_figure(r, "rises") for r in names])
    falls = book.count("decliners", [_figure(r, "falls") for r in names])
    known = sum(_figure(r, "return_fraction").value is not None for r in names)
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


def _net_figures(
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
        default = [s for s in told if s["is_default"]]
        largest = {(s["holder"], s["held"]): s for s in sorted(told, key=lambda s: s["shares"])}
        for label, chosen in (("", default), ("_alternative", list(largest.values()))):
            held = [
                book.derive(
                    f"cross_held_{side}{label}_usd/{s['holder']}/{s['held']}",
                    market.market_cap_usd,
                    outstanding_shares=book.observed(s["ref"], s["shares"], "shares"),
                    close_usd=book.observed(
                        f"closes/{s['held']}/{day}",
                        float(panel.close_usd[panel.row(day), panel.column(s["held"])]),
                        "usd",
                    ),
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


def _bitcoin_figures(book: Book, bitcoin: dict[date, float], span: Week) -> dict[str, Figure]:
    """Bitcoin at both ends of the week, by the close of the UTC day: the archive has no hourly prices."""
    ends = {
        side: book.observed(
            f"bitcoin_closes/utc_day/{day}" if day in bitcoin else "", bitcoin.get(day), "usd"
        )
        for side, day in (("start", span.start), ("end", span.end))
    }
    return {
        "btc_close_start_usd": ends["start"],
        "btc_close_end_usd": ends["end"],
        "btc_return_fraction": book.derive(
            "btc_return_fraction",
            market.bitcoin_return_fraction,
            close_start_usd=ends["start"],
            close_end_usd=ends["end"],
        ),
    }


def _turnover_figures(book: Book, panel: MarketPanel, span: Week, names: list[Row]) -> dict[str, Figure]:
    """Turnover and share volume, apart; the week before over the names that have volume in both weeks."""
    spent = book.total("turnover_usd", "usd", [_figure(r, "turnover_usd") for r in names])
    traded = book.total("share_volume", "shares", [_figure(r, "share_volume") for r in names])
    known = [str(r["ticker"]) for r in names if _figure(r, "turnover_usd").value is not None]
    figures = {
        "turnover_usd": spent,
        "share_volume": traded,
        "turnover_names": book.model("turnover_names", len(known), "count", "count", (spent.ref,)),
    }
    weeks = weeks_before(span, panel.sessions, 2)
    if len(weeks) < 2:
        return figures
    before = [turnover(book, panel, weeks[0], ticker) for ticker in known]
    both = [
        (r, b)
        for r, b in zip([r for r in names if r["ticker"] in known], before, strict=True)
        if _figure(b, "turnover_usd").value is not None
    ]
    for column, unit in (("turnover_usd", "usd"), ("share_volume", "shares")):
        stem = column.removesuffix("_usd")
        past = book.total(f"{stem}_previous_{unit}", unit, [_figure(b, column) for _, b in both])
        same = book.total(f"{stem}_of_both_{unit}", unit, [_figure(r, column) for r, _ in both])
        figures[f"{stem}_previous_{unit}"] = past
        figures[f"{stem}_change_fraction"] = book.derive(
            f"{stem}_change_fraction", market.change_fraction, before_ratio=past, after_ratio=same
        )
        figures[f"{stem}_per_session_change_fraction"] = book.derive(
            f"{stem}_per_session_change_fraction",
            market.per_session_change_fraction,
            before_ratio=past,
            before_sessions=len(weeks[0].sessions),
            after_ratio=same,
            after_sessions=len(span.sessions),
        )
    return figures


def _events(engine: Engine, as_of: datetime, span: Week, tickers: set[str]) -> list[dict[str, Any]]:
    """Dated events of the universe and of the network after the week's start, announced by ``as_of``."""
    return [
        row
        for row in frames.rows(engine, "events", as_of, "day", "ticker", "event_type", "detail")
        if row["day"] and span.start < row["day"] and row["ticker"] in tickers | {NETWORK}
    ]


def _count_age(book: Book, row: Row, ending: date) -> Figure:
    """Days between the week's end and the day the share count became known."""
    shares = _figure(row, "end_shares")
    known_on = _count_day(shares)
    age = (ending - known_on).days if known_on else None
    return book.model(f"count_age_days/{row['ticker']}", age, "days", "difference", shares.inputs)


def _coverage(book: Book, names: list[Row], span: Week, panel: MarketPanel) -> dict[str, Figure]:
    """How many names and sessions the figures rest on."""
    returned = [_figure(r, "return_fraction") for r in names]
    capped = [_figure(r, "market_cap_end_usd") for r in names]
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


def _findings(
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
        if _figure(row, "return_fraction").value is None:
            found.append(
                Finding("no_return", "note", ticker, "no close at one end of the week", day=span.end)
            )
        if _figure(row, "market_cap_end_usd").value is None:
            found.append(Finding("no_cap", "note", ticker, "no share count or no close", day=span.end))
        if _figure(row, "turnover_usd").value is None:
            found.append(Finding("no_volume", "note", ticker, "no share volume on record", day=span.end))
        known_on = _count_day(_figure(row, "end_shares"))
        if known_on and (span.end - known_on).days > STALE_COUNT_DAYS:
            age = (span.end - known_on).days
            found.append(
                Finding(
                    "old_share_count", "suspect", ticker, f"count of {known_on}, {age} days old", day=span.end
                )
            )
    if span.end.weekday() < FRIDAY - 1:
        found.append(
            Finding(
                "week_to_date", "note", "week", f"{span.end} may not be the week's last session", day=span.end
            )
        )
    return tuple(found)


def _count_day(shares: Figure) -> date | None:
    """The day a share count became known, from its ref (``share_counts/ABTC/2025-11-14/filing``)."""
    return date.fromisoformat(shares.inputs[0].split("/")[2]) if shares.inputs else None
