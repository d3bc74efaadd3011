"""From stated items (a filing's, a release's) to the lines of the ladder, one company and period at a time.

An item feeds one line, under rules that hold for every company and a short list of refusals for single ones,
each with its reason. Two values for one item are one where they agree to the precision printed; else the
one known later stands (a restatement) with a note, and of two known at once neither does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from minerdesk.models.cost_ladder import CostLines
from minerdesk.records import Finding

Row = Mapping[str, Any]

#: item -> the line it feeds
LINES = {
    "btc_produced": "mined_btc",
    "power_cost_mining": "energy_usd",
    "power_curtailment_credits": "curtailment_credits_usd",
    "cost_of_revenue_ex_da": "mining_cost_usd",
    "sga_expense": "sga_usd",
    "stock_based_compensation": "sbc_usd",
    "interest_expense": "interest_usd",
    "income_tax_current": "cash_tax_usd",
    "depreciation_amortization": "depreciation_usd",
    "revenue_self_mining": "mining_revenue_usd",
    "revenue_total": "total_revenue_usd",
}
#: Items that are added to a line or replace it, handled in :func:`_combine`.
SITE_EXPENSES, NET_OF_CREDITS = "operating_expenses", "cost_of_revenue_mining_net_of_credits"
#: (ticker, item, period end or None for all) -> why it is not the line its name promises.
REFUSED: dict[tuple[str, str, date | None], str] = {
    ("HUT", "cost_of_revenue_ex_da", None): "all segments",
    ("HIVE", "cost_of_revenue_ex_da", None): "direct costs of mining and HPC together",
    ("WULF", "cost_of_revenue_ex_da", date(2025, 9, 30)): "may contain HPC",
    ("MARA", "power_cost_mining", None): "owned sites only; hosting fees hold the rest of the energy",
    ("CIFR", "sga_expense", None): "compensation is a line of its own and was not found",
}
#: (ticker, item) -> words of the note that mark the value meant, where a source prints two kinds.
MEANT = {("IREN", "power_cost_mining"): "net electricity"}


@dataclass(frozen=True)
class Stated:
    """The lines of one company and period, and per line the refs of the rows it was read from."""

    lines: CostLines
    refs: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def stated(rows: Iterable[Row]) -> tuple[Stated, ...]:
    """Lines from rows with ``ticker, period_start, period_end, item, value, unit, note, known_at, ref``.

    Rows of other items and of an instant are passed over. The caller gives the rows known at its ``as_of``.
    """
    periods: defaultdict[tuple[str, date, date], defaultdict[str, list[Row]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows:
        if row["period_start"] is not None and row["item"] in {*LINES, SITE_EXPENSES, NET_OF_CREDITS}:
            periods[row["ticker"], row["period_start"], row["period_end"]][row["item"]].append(row)
    return tuple(_combine(*period, items) for period, items in sorted(periods.items()))


def _combine(ticker: str, start: date, end: date, items: Mapping[str, Sequence[Row]]) -> Stated:
    findings: list[Finding] = []

    def found(kind: str, severity: str, detail: str) -> None:
        findings.append(Finding(kind, severity, ticker, detail, day=end))

    chosen: dict[str, Row] = {}
    for item, given in items.items():
        why = REFUSED.get((ticker, item, end)) or REFUSED.get((ticker, item, None))
        if why:
            found("not_mining_alone", "note", f"{item} {given[0]['value']:,.0f} is not used: {why}")
            continue
        unit = "BTC" if item == "btc_produced" else "USD"
        usable = [row for row in given if row["unit"] == unit]
        for row in given:
            if row["unit"] != unit:
                found("other_currency", "suspect", f"{item} {row['value']:,.10g} {row['unit']}, not {unit}")
        stands = _choose(ticker, item, usable, found) if usable else None
        if stands is not None:
            chosen[item] = stands

    refs: dict[str, tuple[str, ...]] = {
        LINES[item]: (row["ref"],) for item, row in chosen.items() if item in LINES
    }
    values: dict[str, Any] = {LINES[i]: float(row["value"]) for i, row in chosen.items() if i in LINES}
    lines = replace(CostLines(ticker, start, end), **values)
    cost, extra, net = (chosen.get(i) for i in ("cost_of_revenue_ex_da", SITE_EXPENSES, NET_OF_CREDITS))
    if extra is not None and lines.mining_cost_usd is not None:
        lines = replace(lines, mining_cost_usd=lines.mining_cost_usd + extra["value"])
        refs["mining_cost_usd"] += (extra["ref"],)
    elif net is not None:
        # the same cost net of credits: in a later filing it is the quarter recast
        recast = net["value"] + (lines.curtailment_credits_usd or 0.0)
        if cost is None or (recast != cost["value"] and net["known_at"] > cost["known_at"]):
            lines = replace(lines, mining_cost_usd=recast)
            refs["mining_cost_usd"] = (net["ref"], *refs.get("curtailment_credits_usd", ()))
            if cost is not None:
                found("restated", "note", f"mining cost {cost['value']:,.0f}, later {recast:,.0f}")
        elif recast != cost["value"] and net["known_at"] == cost["known_at"]:
            lines = replace(lines, mining_cost_usd=None)
            found(
                "conflicting_values", "suspect", f"mining cost {cost['value']:,.0f} and {recast:,.0f} at once"
            )
    return Stated(lines, refs, tuple(findings))


def _choose(ticker: str, item: str, rows: Sequence[Row], found: Any) -> Row | None:
    """The row that stands among those of one item, or none."""
    words = MEANT.get((ticker, item))
    meant = [row for row in rows if words and words in (row["note"] or "")] or list(rows)
    ranges = [
        (row["value"] - _half_digit(row["value"]), row["value"] + _half_digit(row["value"])) for row in meant
    ]
    values = " and ".join(sorted({f"{row['value']:,.10g}" for row in rows}))
    if max(low for low, _ in ranges) <= min(high for _, high in ranges):
        if len(rows) > len(meant):
            found("two_kinds", "note", f"{item}: {values}; the one noted {words!r} is used")
        return min(meant, key=lambda row: _half_digit(row["value"]))
    latest = max(row["known_at"] for row in meant)
    last = [row for row in meant if row["known_at"] == latest]
    if len({row["value"] for row in last}) > 1:
        found("conflicting_values", "suspect", f"{item}: {values} known at once; none is used")
        return None
    found("restated", "note", f"{item}: {values}; the one known last, {last[0]['value']:,.10g}, is used")
    return last[0]


def _half_digit(value: float) -> float:
    """Half of the last digit that is not 0: 50,000 for 22,100,000; 0 for a number with a fraction."""
    if value == 0 or value != int(value):
        return 0.0
    step = 1
    while int(value) % (step * 10) == 0:
        step *= 10
    return step / 2
