"""Deals of the embedded desk: AI and high-performance-computing contracts as announced."""

from __future__ import annotations

from collections import Counter
from typing import Any

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, day_or_none
from minerdesk.sources.delimited import read

TEXTS = (
    "ticker,company,counterparty,end_tenant,deal_type,site,state_country,extension_years,gpu_model,"
    "expected_start,backstop_guarantor,equity_stake_note,source_url,source_date,source_tier,conflict,notes"
).split(",")
NUMBERS = (
    "critical_it_mw,gross_mw,contract_value_usd,term_years,annual_revenue_usd,capex_usd,capex_per_mw_usd,"
    "gpu_count"
).split(",")


def deals(snapshot: Snapshot) -> Rows:
    margin = "noi_or_ebitda_margin_pct"
    sheet, cells = read(snapshot, ("announced_date", *TEXTS, *NUMBERS, margin)), Cells(snapshot.name)
    told: Counter[tuple[str, str, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for line in sheet.lines:
        if not cells.fresh(line, *line.cells.values()):
            continue
        text = line.cells["announced_date"]
        day = day_or_none(text)
        if day is None:
            cells.note(
                "imprecise_date",
                "note",
                f"announced {text or 'on no stated day'} only",
                line.at("announced_date"),
                subject=line.cells["ticker"],
            )
        published = day or day_or_none(line.cells["source_date"])
        deal = text, line.cells["ticker"], line.cells["counterparty"]
        told[deal] += 1
        rows.append(
            {column: cells.text(line, column) for column in TEXTS}
            | {column: cells.number(line, column) for column in NUMBERS}
            | {
                "occurrence": told[deal],
                "announced_text": text,
                "announced_day": day,
                "noi_or_ebitda_margin_percent": cells.number(line, margin),
                "known_at": end_of_day(published) if published else snapshot.known_at,
                "locator": line.at("announced_date"),
            }
        )
    return Rows({"deals": rows}, sheet.findings + tuple(cells.findings))
