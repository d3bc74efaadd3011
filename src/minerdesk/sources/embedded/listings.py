"""Company tables of the embedded desk: the universe, share counts, stakes, events."""

from __future__ import annotations

from typing import Any

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, day_or_none, last_day
from minerdesk.sources.delimited import read

BASES = ("filing", "release", "vendor")
#: More shares than any listed company has.
ABSURD_COUNT_SHARES = 1e12


def companies(snapshot: Snapshot) -> Rows:
    columns = (
        "ticker,legal_name,exchange,country,listing_currency,cik,fiscal_year_end_month,reporting_standard,"
        "filings_form,business,in_universe_from,in_universe_to,later_ticker,later_ticker_from,purity_note,source"
    ).split(",")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        row: dict[str, Any] = {column: cells.text(line, column) for column in columns}
        row["fiscal_year_end_month"] = cells.whole(line, "fiscal_year_end_month")
        for column in ("in_universe_from", "in_universe_to", "later_ticker_from"):
            row[column] = cells.day(line, column)
        if row["in_universe_from"] is None or not row["ticker"]:
            missing = "in_universe_from" if row["ticker"] else "ticker"
            cells.note("missing_cell", "rejected", f"no {missing}", line.at(missing))
            continue
        if not cells.fresh(line, row["ticker"]):
            continue
        rows.append(row | {"known_at": end_of_day(row["in_universe_from"]), "locator": line.at("ticker")})
    return Rows({"companies": rows}, sheet.findings + tuple(cells.findings))


def share_counts(snapshot: Snapshot) -> Rows:
    columns = ("ticker", "shares_outstanding", "known_at", "basis", "source", "note")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        ticker = line.cells["ticker"]
        known_on, count = cells.day(line, "known_at"), cells.number(line, "shares_outstanding")
        basis = line.cells["basis"]
        possible = count is not None and 0 < count < ABSURD_COUNT_SHARES
        if not ticker or known_on is None or not possible or basis not in BASES:
            cells.note(
                "impossible_share_count",
                "rejected",
                f"{line.cells['shares_outstanding']!r} shares, {basis!r}, known {line.cells['known_at']!r}",
                line.at("shares_outstanding"),
                subject=ticker,
            )
            continue
        if not cells.fresh(line, ticker, known_on, basis):
            continue
        if line.cells["note"]:
            cells.note(
                "share_count_remark",
                "note",
                line.cells["note"],
                line.at("note"),
                subject=ticker,
                day=known_on,
            )
        rows.append(
            {
                "ticker": ticker,
                "known_on": known_on,
                "basis": basis,
                "outstanding_shares": count,
                "source": cells.text(line, "source"),
                "note": cells.text(line, "note"),
                "known_at": end_of_day(known_on),
                "locator": line.at("shares_outstanding"),
            }
        )
    return Rows({"share_counts": rows}, sheet.findings + tuple(cells.findings))


def share_count_conflicts(snapshot: Snapshot) -> Rows:
    columns = (
        "ticker",
        "share_class",
        "shares",
        "as_of",
        "known_at",
        "basis",
        "ads_ratio",
        "source",
        "note",
    )
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        ticker, as_of = line.cells["ticker"], day_or_none(line.cells["as_of"])
        known_on = day_or_none(line.cells["known_at"]) or last_day(line.cells["known_at"])
        shares = cells.number(line, "shares")
        if known_on is None or shares is None:
            cells.note(
                "missing_cell",
                "rejected",
                "no day or no count",
                line.at("known_at"),
                subject=ticker,
            )
            continue
        if not cells.fresh(line, ticker, known_on, as_of, line.cells["share_class"], shares):
            continue
        rows.append(
            {column: cells.text(line, column) for column in columns}
            | {
                "shares": shares,
                "as_of_day": as_of,
                "known_on": known_on,
                # of a year alone the end is taken, which the bytes may well precede
                "known_at": min(end_of_day(known_on), snapshot.known_at),
                "locator": line.at("shares"),
            }
        )
    for row in rows:
        del row["as_of"]
    return Rows({"share_count_conflicts": rows}, sheet.findings + tuple(cells.findings))


def cross_holdings(snapshot: Snapshot) -> Rows:
    columns = ("holder", "held", "shares", "as_of", "known_at", "default", "source", "note")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        shares, known_on = cells.number(line, "shares"), cells.day(line, "known_at")
        as_of = cells.day(line, "as_of")
        if shares is None or known_on is None or as_of is None or shares < 0:
            cells.note(
                "impossible_holding",
                "rejected",
                f"{line.cells['shares']!r}, known {line.cells['known_at']!r}",
                line.at("shares"),
                subject=line.cells["holder"],
            )
            continue
        if not cells.fresh(line, line.cells["holder"], line.cells["held"], as_of, shares):
            continue
        rows.append(
            {
                "holder": line.cells["holder"],
                "held": line.cells["held"],
                "shares": shares,
                "as_of_day": as_of,
                "is_default": line.cells["default"] == "yes",
                "source": cells.text(line, "source"),
                "note": cells.text(line, "note"),
                "known_at": end_of_day(known_on),
                "locator": line.at("shares"),
            }
        )
    return Rows({"cross_holdings": rows}, sheet.findings + tuple(cells.findings))


def events(snapshot: Snapshot) -> Rows:
    """An event is known from its own day, or from the day of an earlier source that announced it."""
    columns = (
        "date,ticker,event_type,size_usd,shares,price_effect_pct_reported,detail_short,source_url,source_date,"
        "source_tier,conflict,difficulty_change_pct,difficulty_T"
    ).split(",")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        text = line.cells["date"]
        day, told = day_or_none(text), day_or_none(line.cells["source_date"])
        last = day or last_day(text)
        if last is None:
            cells.note("unreadable_cell", "rejected", f"{text!r} is no date", line.at("date"))
            continue
        if not cells.fresh(line, text, *(line.cells[c] for c in ("ticker", "event_type", "detail_short"))):
            continue
        if day is None:
            cells.note(
                "imprecise_date",
                "note",
                f"dated {text} only: {line.cells['detail_short']}",
                line.at("date"),
                subject=line.cells["ticker"],
            )
        rows.append(
            {
                "day_text": text,
                "day": day,
                "ticker": line.cells["ticker"],
                "event_type": line.cells["event_type"],
                "size_usd": cells.number(line, "size_usd"),
                "shares": cells.number(line, "shares"),
                "price_effect_percent_reported": cells.number(line, "price_effect_pct_reported"),
                "detail": line.cells["detail_short"],
                "source_url": cells.text(line, "source_url"),
                "source_date": cells.text(line, "source_date"),
                "source_tier": cells.text(line, "source_tier"),
                "conflict": cells.text(line, "conflict"),
                "difficulty_change_percent": cells.number(line, "difficulty_change_pct"),
                "difficulty_trillion": cells.number(line, "difficulty_T"),
                "known_at": min(end_of_day(min(last, told) if told else last), snapshot.known_at),
                "locator": line.at("date"),
            }
        )
    return Rows({"events": rows}, sheet.findings + tuple(cells.findings))
