"""The sector's week: names, sector, breadth, turnover, exposure (definitions, sections 1 and 2)."""

from __future__ import annotations

from datetime import date, datetime

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week, week_ending, weeks_before
from minerdesk.desk.market.caps import net_figures, sector_figures
from minerdesk.desk.market.names import members, name_row, turnover
from minerdesk.desk.market.notes import (
    EVENT_COLUMNS,
    NETWORK,
    UNTAGGED,
    count_age_days,
    coverage,
    week_events,
    week_findings,
)
from minerdesk.desk.market.sector import (
    exposure,
    history_rows,
    index_rows,
    sector,
    session_rows,
)
from minerdesk.desk.views import Row, View, figure
from minerdesk.measures import market
from minerdesk.records import Figure
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel, market_panel


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
    events = week_events(engine, as_of, span, {c["ticker"] for c in universe})
    tagged = sorted(
        {e["ticker"] for e in events if e["event_type"] != UNTAGGED and e["day"] <= span.end} - {NETWORK}
    )

    figures = sector_figures(book, names, tagged)
    figures |= net_figures(book, engine, as_of, panel, span, {c["ticker"] for c in universe}, figures)
    figures |= _bitcoin_figures(book, bitcoin, span)
    figures |= exposure(book, whole, span)
    figures |= _turnover_figures(book, panel, span, names)
    for row in names:
        row["contribution_fraction"] = book.derive(
            f"contribution_fraction/{row['ticker']}",
            market.contribution_fraction,
            price_effect_usd=figure(row, "price_effect_usd"),
            sector_cap_start_usd=figures["sector_cap_with_return_usd"],
        )
        row["events"] = "; ".join(
            f"{e['event_type']} {e['day']}"
            for e in events
            if e["ticker"] == row["ticker"] and e["day"] <= span.end
        )
        row["count_age_days"] = count_age_days(book, row, ending)
    findings = week_findings(engine, as_of, panel, span, names)
    for kind in {f.kind for f in findings}:
        told = {f.subject for f in findings if f.kind == kind}
        book.tally(f"findings/{kind}", len(told), ("findings/*",))
    figures |= coverage(book, names, span, panel)
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
    spent = book.total("turnover_usd", "usd", [figure(r, "turnover_usd") for r in names])
    traded = book.total("share_volume", "shares", [figure(r, "share_volume") for r in names])
    known = [str(r["ticker"]) for r in names if figure(r, "turnover_usd").value is not None]
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
        if figure(b, "turnover_usd").value is not None
    ]
    for column, unit in (("turnover_usd", "usd"), ("share_volume", "shares")):
        stem = column.removesuffix("_usd")
        past = book.total(f"{stem}_previous_{unit}", unit, [figure(b, column) for _, b in both])
        same = book.total(f"{stem}_of_both_{unit}", unit, [figure(r, column) for r, _ in both])
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
