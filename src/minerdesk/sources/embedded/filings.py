"""Filing tables of the embedded desk: quarterly facts, monthly production, published cost figures."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, day_or_none, last_day
from minerdesk.sources.delimited import Line, read

#: Where a table gives no day of publication, a quarter is taken as known this long after its end (the
#: deadline of a 10-Q of a smaller company), a monthly update this long after the month. A publisher of
#: costs needs the filings first: the quarters whose day is on record took 90 to 156 days.
ASSUMED_FILING_LAG = timedelta(days=45)
ASSUMED_UPDATE_LAG = timedelta(days=10)
ASSUMED_PUBLISHER_LAG = timedelta(days=120)
#: A source that is a filing for a period names its last day: "SEC 10-Q Riot 2025-03-31, comparative column".
_FILING_FOR = re.compile(r"10-[QK][^;]*?([0-9]{4}-[0-9]{2}-[0-9]{2})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


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
    compiled = snapshot.known_at.date()
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
        published = _published(line, end, cells)
        if published is None:
            published, assumed = _end_filed(line, end) + lag, assumed + 1
        # "2026" is its last day, but what stands in these bytes was known when they were written
        published = min(published, max(compiled, end))
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
                "known_at": min(end_of_day(published), snapshot.known_at),
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


def _published(line: Line, end: date, cells: Cells) -> date | None:
    """The day the source is dated; the last one of a month or a year. ``None`` where it gives none.

    A source from before the end of the period it reports is odd: a finding, and no date to go by.
    """
    raw = line.cells["source_date"]
    published = day_or_none(raw) or last_day(raw)
    if published is not None and published >= end:
        return published
    if raw:
        kind = "odd_source_date" if published is None else "published_before_period_end"
        detail = f"a source dated {raw[:20]!r} for a period that ends {end}"
        cells.note(kind, "suspect", detail, line.at("source_date"), subject=line.cells["ticker"], day=end)
    return None


def _end_filed(line: Line, end: date) -> date:
    """The end of the period that was filed: later than ``end`` where the source is a later filing, whose
    comparative column states this one."""
    named = _FILING_FOR.search(line.cells["source_url"])
    filed = day_or_none(named[1]) if named else None
    return max(end, filed) if filed else end


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
    rows, source = [], ""
    for line in sheet.lines:
        # "same" points at the line above
        source = source if line.cells["source"] == "same" else line.cells["source"]
        value, end = cells.number(line, "cost_usd_per_btc"), _quarter_end(line.cells["calendar_quarter"])
        if value is None or end is None:
            cells.note("missing_cell", "rejected", "no value or no quarter", line.at("cost_usd_per_btc"))
            continue
        named = (line.cells[c] for c in ("calendar_quarter", "publisher", "company", "publisher_measure"))
        if not cells.fresh(line, *named):
            continue
        dated = _DAY.search(source)
        told = (day_or_none(dated[0]) if dated else None) or end + ASSUMED_PUBLISHER_LAG
        rows.append(
            {column: cells.text(line, column) for column in columns}
            | {
                "source": source,
                "cost_usd_per_btc": value,
                "known_at": min(end_of_day(max(told, end)), snapshot.known_at),
                "locator": line.at("cost_usd_per_btc"),
            }
        )
    return Rows({"published_costs": rows}, sheet.findings + tuple(cells.findings))


def _quarter_end(text: str) -> date | None:
    """The last day of a quarter given as ``2024Q4``."""
    quarter = re.fullmatch(r"([0-9]{4})Q([1-4])", text)
    return last_day(f"{quarter[1]}-{int(quarter[2]) * 3:02}") if quarter else None
