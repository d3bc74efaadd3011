"""Market tables of the embedded desk: prices, volumes, splits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells
from minerdesk.sources.delimited import Line, Sheet, read

#: No listed share has closed above this; a larger number is a slipped decimal or another unit.
ABSURD_CLOSE_USD = 1_000_000.0
ABSURD_BITCOIN_USD = 100_000_000.0
#: More shares than any listed company has.
ABSURD_VOLUME_SHARES = 1e12
ABSURD_SPLIT_RATIO = 1e6
#: The same split told twice lies within so many days of itself.
SAME_SPLIT_DAYS = 10
#: How a ticker is written.
TICKER = re.compile(r"[A-Z][A-Z0-9]{0,5}([.-][A-Z]{1,2})?")


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
