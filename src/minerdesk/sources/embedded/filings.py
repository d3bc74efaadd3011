"""Filing tables of the embedded desk: quarterly facts, monthly production, published cost figures."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, day_or_none, last_day
from minerdesk.sources.delimited import read

#: Where a table gives no day of publication, a quarter is taken as known this long after its end (the
#: deadline of a 10-Q of a smaller company), a monthly update this long after the month.
ASSUMED_FILING_LAG = timedelta(days=45)
ASSUMED_UPDATE_LAG = timedelta(days=10)


def filing_facts(snapshot: Snapshot) -> Rows:
    return _facts(snapshot, "filing_facts", ASSUMED_FILING_LAG)


def production(snapshot: Snapshot) -> Rows:
    return _facts(snapshot, "production", ASSUMED_UPDATE_LAG)


def _facts(snapshot: Snapshot, table: str, lag: timedelta) -> Rows:
    columns = (
        "ticker,company,period_start,period_end,fiscal_label,item,value,unit,source_url,source_date,note"
    ).split(",")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    told: Counter[tuple[str, str, str]] = Counter()
    rows, assumed = [], 0
    for line in sheet.lines:
        value, end = cells.number(line, "value"), cells.day(line, "period_end")
        if value is None or end is None:
            cells.note(
                "missing_cell",
                "rejected",
                "no value or no period end",
                line.at("value"),
                subject=line.cells["ticker"],
            )
            continue
        if not cells.fresh(line, *line.cells.values()):
            continue
        published = day_or_none(line.cells["source_date"])
        if published is None or published < end:
            published, assumed = end + lag, assumed + 1
        fact = line.cells["ticker"], line.cells["fiscal_label"], line.cells["item"]
        told[fact] += 1
        rows.append(
            {
                "occurrence": told[fact],
                "ticker": line.cells["ticker"],
                "period_start": cells.day(line, "period_start"),
                "period_end": end,
                "fiscal_label": line.cells["fiscal_label"],
                "item": line.cells["item"],
                "value": value,
                "unit": line.cells["unit"],
                "source_url": cells.text(line, "source_url"),
                "source_date": cells.text(line, "source_date"),
                "note": cells.text(line, "note"),
                "known_at": end_of_day(published),
                "locator": line.at("value"),
            }
        )
    if assumed:
        cells.note(
            "publication_day_assumed",
            "note",
            f"{assumed} of {len(rows)} rows name no publication day: taken as {lag.days} days after the end",
            "column=source_date",
        )
    return Rows({table: rows}, sheet.findings + tuple(cells.findings))


def published_costs(snapshot: Snapshot) -> Rows:
    columns = (
        "calendar_quarter",
        "publisher",
        "company",
        "publisher_measure",
        "cost_usd_per_btc",
        "source",
        "note",
    )
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        value, end = cells.number(line, "cost_usd_per_btc"), _quarter_end(line.cells["calendar_quarter"])
        if value is None or end is None:
            cells.note("missing_cell", "rejected", "no value or no quarter", line.at("cost_usd_per_btc"))
            continue
        named = (line.cells[c] for c in ("calendar_quarter", "publisher", "company", "publisher_measure"))
        if not cells.fresh(line, *named):
            continue
        rows.append(
            {column: cells.text(line, column) for column in columns}
            | {
                "cost_usd_per_btc": value,
                "known_at": end_of_day(end + ASSUMED_FILING_LAG),
                "locator": line.at("cost_usd_per_btc"),
            }
        )
    return Rows({"published_costs": rows}, sheet.findings + tuple(cells.findings))


def _quarter_end(text: str) -> date | None:
    """The last day of a quarter given as ``2024Q4``."""
    quarter = re.fullmatch(r"([0-9]{4})Q([1-4])", text)
    return last_day(f"{quarter[1]}-{int(quarter[2]) * 3:02}") if quarter else None
