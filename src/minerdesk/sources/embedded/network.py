"""Network tables of the embedded desk: difficulty epochs, daily blocks and fees, machines."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from minerdesk.records import Rows, Snapshot, end_of_day
from minerdesk.sources.cells import Cells, last_day
from minerdesk.sources.delimited import read


def difficulty_epochs(snapshot: Snapshot) -> Rows:
    columns = ("first_height", "first_block_time_utc", "bits")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        height, start = cells.whole(line, "first_height"), cells.instant(line, "first_block_time_utc")
        if height is None or start is None:
            cells.note("missing_cell", "rejected", "no height or no time", line.at("first_height"))
            continue
        if not cells.fresh(line, height):
            continue
        rows.append(
            {
                "first_height": height,
                "first_block_time": start,
                "bits": line.cells["bits"],
                "known_at": start,
                "locator": line.at("bits"),
            }
        )
    return Rows({"difficulty_epochs": rows}, sheet.findings + tuple(cells.findings))


def bitcoin_days(snapshot: Snapshot) -> Rows:
    columns = ("day", "first_height", "last_height", "blocks", "subsidy_btc", "fees_btc")
    sheet, cells = read(snapshot, columns), Cells(snapshot.name)
    rows = []
    for line in sheet.lines:
        day = cells.day(line, "day")
        row = {
            "day": day,
            "first_height": cells.whole(line, "first_height"),
            "last_height": cells.whole(line, "last_height"),
            "blocks": cells.whole(line, "blocks"),
            "subsidy_btc": cells.number(line, "subsidy_btc"),
            "fees_btc": cells.number(line, "fees_btc"),
        }
        if day is None or None in row.values():
            cells.note("missing_cell", "rejected", "incomplete day", line.at("day"))
            continue
        if not cells.fresh(line, day):
            continue
        rows.append(row | {"known_at": end_of_day(day), "locator": line.at("blocks")})
    return Rows({"bitcoin_days": rows}, sheet.findings + tuple(cells.findings))


def asic_models(snapshot: Snapshot) -> Rows:
    numbers = {
        "hashrate_ths": "hashrate_th_s",
        "power_w": "power_w",
        "efficiency_j_th": "efficiency_j_per_th",
        "price_usd": "price_usd",
    }
    texts = ("model", "manufacturer", "cooling", "release", "source", "reliability")
    sheet, cells = read(snapshot, (*texts, *numbers, "price_asof")), Cells(snapshot.name)
    told: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for line in sheet.lines:
        if not cells.fresh(line, *line.cells.values()):
            continue
        named = line.cells["model"], line.cells["manufacturer"]
        told[named] += 1
        rows.append(
            {column: cells.text(line, column) for column in texts}
            | {name: cells.number(line, column) for column, name in numbers.items()}
            | {
                "occurrence": told[named],
                "price_as_of": cells.text(line, "price_asof"),
                "known_at": _released(cells.text(line, "release"), snapshot.known_at),
                "locator": line.at("model"),
            }
        )
    return Rows({"asic_models": rows}, sheet.findings + tuple(cells.findings))


def _released(release: str | None, compiled: datetime) -> datetime:
    """A machine's specification is known from the end of the month or year of its release; where no release
    is told, from when the desk was compiled."""
    day = last_day(release or "")
    return min(end_of_day(day), compiled) if day else compiled
