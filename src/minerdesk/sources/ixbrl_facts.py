"""What a reported fact is, and what can be wrong with one, whichever file it came in.

A fact row (table ``xbrl_facts``) has the columns of :data:`COLUMNS`. ``value`` is ``None`` where the filer
says nil, which is not zero. ``suspect`` marks facts a finding has called into question: they are kept, and
no figure is made of them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from minerdesk.records import Finding

Row = dict[str, Any]

COLUMNS = (
    "ticker",
    "cik",
    "accession",
    "form",
    "concept",
    "extension",
    "context",
    "dimensions",
    "period_start",
    "period_end",
    "period_kind",
    "unit",
    "decimals",
    "value",
    "suspect",
    "known_at",
    "locator",
)
#: Regular lengths of a reporting period in days, first and last day counted.
PERIODS = {"quarter": (89, 92), "half": (181, 184), "nine_months": (272, 275), "year": (365, 366)}
#: A period this close to a regular length is meant to be one: 52 or 53 weeks (364, 371), 13 or 14 (91, 98).
NEAR_DAYS = 10
#: A count that is this many times another of its kind is off by a thousand, not grown.
SCALE_SLIP = 300.0
#: More bitcoin than this no company holds or mines; a count above it is a scale or a money amount.
ABSURD_BITCOIN = 2_000_000.0
_CURRENCY = re.compile(r"[A-Z]{3}\b")
_SHARE_COUNTS = re.compile(
    r":(Entity)?CommonStockSharesOutstanding$|:WeightedAverageNumberOf\w*Shares\w*Outstanding"
)


def duration_days(start: date, end: date) -> int:
    """Days of a period, first and last day counted: a calendar year has 365 or 366."""
    return (end - start).days + 1


def period_kind(start: date | None, end: date) -> str:
    """``instant``, ``quarter``, ``half``, ``nine_months``, ``year`` or ``other``, odd lengths included."""
    if start is None:
        return "instant"
    days = duration_days(start, end)
    for kind, (least, most) in PERIODS.items():
        if least - NEAR_DAYS <= days <= most + NEAR_DAYS:
            return kind
    return "other"


def is_odd(start: date | None, end: date) -> bool:
    """Whether a period is near a regular length and not of it (a year of 364 or 371 days)."""
    kind = period_kind(start, end)
    if start is None or kind in ("instant", "other"):
        return False
    least, most = PERIODS[kind]
    return not least <= duration_days(start, end) <= most


def check(rows: list[Row], subject: str) -> tuple[list[Row], tuple[Finding, ...]]:
    """Facts with ``suspect`` set where one is in question, and the findings that say why."""
    findings: list[Finding] = []
    doubted: set[int] = set()

    def found(kind: str, severity: str, detail: str, members: Iterable[int]) -> None:
        places = list(members)
        last = rows[places[0]]
        findings.append(
            Finding(kind, severity, subject, detail, locator=last["locator"], day=last["period_end"])
        )
        if severity == "suspect":
            doubted.update(places)

    for members in _conflicts(rows):
        facts = [rows[i] for i in members]
        values = ", ".join(f"{f['value']:,.10g} (decimals {f['decimals']})" for f in facts)
        found("conflicting_values", "suspect", f"{facts[0]['concept']} {_when(facts[0])}: {values}", members)
    for i, row in enumerate(rows):
        if row["unit"] and _is_money(row["unit"]) and "NumberOf" in row["concept"].split(":")[-1]:
            found("count_in_money", "suspect", f"{row['concept']} = {row['value']:,.10g} {row['unit']}", [i])
        elif "itcoin" in row["unit"] and row["value"] is not None and abs(row["value"]) > ABSURD_BITCOIN:
            found("absurd_count", "suspect", f"{row['concept']} = {row['value']:,.10g} {row['unit']}", [i])
    for small, large in _scale_slips(rows):
        detail = (
            f"{rows[small]['concept']} = {rows[small]['value']:,.10g} beside "
            f"{rows[large]['concept']} = {rows[large]['value']:,.10g}: in thousands?"
        )
        found("shares_in_thousands", "suspect", detail, [small])
    odd: defaultdict[tuple[Any, Any], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if is_odd(row["period_start"], row["period_end"]):
            odd[row["period_start"], row["period_end"]].append(i)
    for (start, end), members in odd.items():
        days = duration_days(start, end)
        found("odd_period", "note", f"{start} to {end} is {days} days, in {len(members)} facts", members)
    foreign = Counter(row["unit"] for row in rows if _is_money(row["unit"]) and not _is_usd(row["unit"]))
    for unit, number in foreign.items():
        members = [i for i, row in enumerate(rows) if row["unit"] == unit]
        found(
            "other_currency", "note", f"{number} facts in {unit}; no figure in USD is made of them", members
        )
    return [row | {"suspect": i in doubted} for i, row in enumerate(rows)], tuple(findings)


def consistent(values: Iterable[tuple[float, int | None]]) -> bool:
    """Whether numbers printed to different precision can be one number.

    Each ``(value, decimals)`` stands for ``value`` plus or minus half of 10^-decimals; ``None`` is exact.
    They agree where all these ranges overlap [XBRL 2.1 duplicates, "consistent duplicates"]; ranges that only
    touch, like those of 100 and 101, do not.
    """
    low, high = float("-inf"), float("inf")
    for value, decimals in values:
        error = abs(value) * 1e-12  # of the doubles themselves
        half = error if decimals is None else 0.5 * 10.0**-decimals - error
        low, high = max(low, value - half), min(high, value + half)
    return low <= high


def _conflicts(rows: list[Row]) -> list[list[int]]:
    """Places of facts that say different things of one concept, period, dimensions and unit."""
    groups: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row["value"] is not None:
            key = ("cik", "concept", "dimensions", "period_start", "period_end", "unit", "accession")
            groups[tuple(row[name] for name in key)].append(i)
    return [
        members
        for members in groups.values()
        if len(members) > 1 and not consistent((rows[i]["value"], rows[i]["decimals"]) for i in members)
    ]


def _scale_slips(rows: list[Row]) -> list[tuple[int, int]]:
    """Pairs of counts of common shares, the first a thousand times too small beside the second."""
    counts = [
        i
        for i, row in enumerate(rows)
        if row["unit"] == "shares"
        and row["value"]
        and not row["dimensions"]
        and _SHARE_COUNTS.search(row["concept"])
    ]
    if not counts:
        return []
    large = max(counts, key=lambda i: float(rows[i]["value"]))
    return [(i, large) for i in counts if rows[i]["value"] * SCALE_SLIP < rows[large]["value"]]


def _is_money(unit: str) -> bool:
    return bool(_CURRENCY.match(unit))


def _is_usd(unit: str) -> bool:
    return unit.partition("/")[0] == "USD"


def _when(row: Row) -> str:
    start, end = row["period_start"], row["period_end"]
    return f"at {end}" if start is None else f"from {start} to {end}"
