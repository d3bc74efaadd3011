"""Market tables of the embedded desk: prices, volumes, counts, splits, stakes, companies, events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, day_or_none, last_day
from minerdesk.sources.delimited import Line, Sheet, read

#: No listed share has closed above this; a larger number is a slipped decimal or another unit.
ABSURD_CLOSE_USD = 1_000_000.0
ABSURD_BITCOIN_USD = 100_000_000.0
#: More shares than any listed company has.
ABSURD_VOLUME_SHARES = ABSURD_COUNT_SHARES = 1e12
ABSURD_SPLIT_RATIO = 1e6
#: The same split told twice lies within so many days of itself.
SAME_SPLIT_DAYS = 10
#: How a ticker is written.
TICKER = re.compile(r"[A-Z][A-Z0-9]{0,5}([.-][A-Z]{1,2})?")
BASES = ("filing", "release", "vendor")


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


def closes(snapshot: Snapshot) -> Rows:
    """Wide file, one column a ticker: USD as traded; blank where there is no figure."""
    sheet, cells = read(snapshot, ("session",), optional=None), Cells(snapshot.name)
    tickers, rows = _tickers(sheet, cells), []
    for line, session in _sessions(sheet, cells):
        for ticker in tickers:
            close = cells.number(line, ticker)
            if close is None:
                continue
            if not 0 < close < ABSURD_CLOSE_USD:
                cells.note(
                    "impossible_price",
                    "rejected",
                    f"close of {close:g} USD",
                    line.at(ticker),
                    subject=ticker,
                    day=session,
                )
                continue
            rows.append(_dated(line, ticker, session, close_usd=close))
    return Rows({"closes": rows}, sheet.findings + tuple(cells.findings))


def volumes(snapshot: Snapshot) -> Rows:
    """Wide file, one column a ticker: shares as traded."""
    sheet, cells = read(snapshot, ("session",), optional=None), Cells(snapshot.name)
    tickers, rows = _tickers(sheet, cells), []
    for line, session in _sessions(sheet, cells):
        for ticker in tickers:
            volume = cells.number(line, ticker)
            if volume is None:
                continue
            if not 0 <= volume < ABSURD_VOLUME_SHARES:
                cells.note(
                    "impossible_volume",
                    "rejected",
                    f"volume of {volume:g} shares",
                    line.at(ticker),
                    subject=ticker,
                    day=session,
                )
                continue
            rows.append(_dated(line, ticker, session, share_volume=volume))
    return Rows({"volumes": rows}, sheet.findings + tuple(cells.findings))


def bitcoin_daily(snapshot: Snapshot) -> Rows:
    return _bitcoin(snapshot, "day", "close", "utc_day", "USD")


def bitcoin_weekly(snapshot: Snapshot) -> Rows:
    return _bitcoin(snapshot, "week_ending_sunday", "close_usdt", "utc_week", "USDT")


def _bitcoin(snapshot: Snapshot, day_column: str, close_column: str, clock: str, quote: str) -> Rows:
    sheet, cells = read(snapshot, (day_column, close_column)), Cells(snapshot.name)
    rows = []
    for line, day in _sessions(sheet, cells, day_column):
        close = cells.number(line, close_column)
        if close is None:
            continue
        if not 0 < close < ABSURD_BITCOIN_USD:
            cells.note(
                "impossible_price",
                "rejected",
                f"bitcoin at {close:g} {quote}",
                line.at(close_column),
                subject="BTC",
                day=day,
            )
            continue
        rows.append(
            {
                "clock": clock,
                "day": day,
                "close_usd": close,
                "quote": quote,
                "known_at": end_of_day(day),
                "locator": line.at(close_column),
            }
        )
    return Rows({"bitcoin_closes": rows}, sheet.findings + tuple(cells.findings))


def splits(snapshot: Snapshot) -> Rows:
    columns = ("ticker", "effective_date", "new_shares", "old_shares", "kind", "source", "note")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows: list[dict[str, Any]] = []
    for line in sheet.lines:
        day = cells.day(line, "effective_date")
        new, old = cells.number(line, "new_shares"), cells.number(line, "old_shares")
        ticker = line.cells["ticker"]
        possible = new and old and 1 / ABSURD_SPLIT_RATIO <= new / old <= ABSURD_SPLIT_RATIO
        if not ticker or day is None or not new or not old or not possible:
            cells.note(
                "impossible_split",
                "rejected",
                f"{line.cells['new_shares']} for {line.cells['old_shares']}, {line.cells['effective_date']}",
                line.at("effective_date"),
                subject=ticker,
            )
            continue
        twin = next(
            (
                row
                for row in rows
                if row["ticker"] == ticker
                and abs((row["effective_date"] - day).days) <= SAME_SPLIT_DAYS
                and row["new_shares"] * old == new * row["old_shares"]
            ),
            None,
        )
        if twin:
            cells.note(
                "split_twice",
                "rejected",
                f"{new:g} for {old:g} stands already on {twin['effective_date']}",
                line.at("effective_date"),
                subject=ticker,
                day=day,
            )
            continue
        if not cells.fresh(line, ticker, day):
            continue
        rows.append(
            {
                "ticker": ticker,
                "effective_date": day,
                "new_shares": new,
                "old_shares": old,
                "kind": cells.text(line, "kind"),
                "source": cells.text(line, "source"),
                "note": cells.text(line, "note"),
                "known_at": end_of_day(day),
                "locator": line.at("new_shares"),
            }
        )
    return Rows({"splits": rows}, sheet.findings + tuple(cells.findings))


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


def _dated(line: Line, ticker: str, session: date, **value: float) -> dict[str, Any]:
    return {
        "ticker": ticker,
        "session": session,
        **value,
        "known_at": end_of_day(session),
        "locator": line.at(ticker),
    }


def _tickers(sheet: Sheet, cells: Cells) -> list[str]:
    """The columns of a wide file that are named like a ticker; others are noted."""
    names = [name for name in sheet.columns if name != "session"]
    odd = [name for name in names if not TICKER.fullmatch(name)]
    if odd and sheet.lines:
        cells.note("extra_columns", "note", "ignored: " + ", ".join(map(repr, odd)), "line=1")
    return [name for name in names if name not in odd]


def _sessions(sheet: Sheet, cells: Cells, column: str = "session") -> Iterator[tuple[Line, date]]:
    """Lines with their day: a day told twice counts once, disorder is noted and does no harm."""
    latest: date | None = None
    for line in sheet.lines:
        day = cells.day(line, column)
        if day is None:
            if not line.cells[column]:
                cells.note("missing_cell", "rejected", f"no {column}", line.at(column))
            continue
        if not cells.fresh(line, day):
            continue
        if latest and day < latest:
            cells.note("out_of_order", "note", f"{day} comes after {latest}", line.at(column), day=day)
        latest = max(day, latest or day)
        yield line, day
