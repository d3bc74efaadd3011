"""Periods: the quarter a longer filing leaves over, and fiscal quarters in the calendar (definitions 4).

Costs and coins add up over time, so a period that was not filed is a longer one minus its filed parts, and
a calendar quarter is made of the fiscal ones that overlap it, each by its days. Both are marked: ``derived``,
and ``interpolated_fraction``, the share of the calendar quarter's days that come from a period which is not
wholly inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from minerdesk.errors import InputError
from minerdesk.models.cost_ladder import FLOWS, OPTIONAL, CostLines
from minerdesk.records import Finding

DAY = timedelta(days=1)
#: 14 weeks, the longest fiscal quarter; a longer period says nothing of one calendar quarter.
LONGEST_QUARTER_DAYS = 98
#: Days of a calendar quarter that may be missing (13-week quarters leave some): the rest is scaled up.
TOLERATED_GAP_DAYS = 7

Mapped = tuple[CostLines | None, tuple[Finding, ...]]


def calendar_quarter(text: str) -> tuple[date, date]:
    """First and last day of ``2025Q2``. Raises :class:`minerdesk.errors.InputError`."""
    year, mark, number = text.strip().upper().partition("Q")
    if not (mark and year.isdigit() and number in ("1", "2", "3", "4")):
        raise InputError(f"{text!r} is no quarter; write it as 2025Q2")
    first = date(int(year), 3 * int(number) - 2, 1)
    following = date(int(year) + int(number) // 4, 3 * int(number) % 12 + 1, 1)
    return first, following - DAY


def remainder(longer: CostLines, parts: Sequence[CostLines]) -> Mapped:
    """What a longer period leaves after its filed parts: Q4 = full year - nine months, marked derived.

    The parts must lie in the longer period, not overlap, and leave one stretch of days. A line that comes
    out negative is no line, with a finding; a line some part lacks is unknown.
    """
    ticker, place = longer.ticker, longer.period_end

    def failed(kind: str, detail: str) -> Mapped:
        return None, (Finding(kind, "suspect", ticker, detail, day=place),)

    if not parts or any(part.ticker != ticker for part in parts):
        return failed("not_its_parts", "no parts, or parts of another company")
    ordered = sorted(parts, key=lambda part: part.period_start)
    if ordered[0].period_start < longer.period_start or ordered[-1].period_end > longer.period_end:
        return failed("not_its_parts", "a part reaches beyond the longer period")
    if any(before.period_end >= after.period_start for before, after in pairwise(ordered)):
        return failed("overlapping_periods", f"parts of {longer.period_start} to {longer.period_end} overlap")
    ends = [longer.period_start - DAY, *(part.period_end for part in ordered)]
    starts = [*(part.period_start for part in ordered), longer.period_end + DAY]
    gaps = [(end + DAY, start - DAY) for end, start in zip(ends, starts, strict=True) if start - end > DAY]
    if len(gaps) != 1:
        return failed("not_its_parts", f"{len(gaps)} stretches of days are left over, not one")

    findings: list[Finding] = []
    lines: dict[str, Any] = {}
    for name in FLOWS:
        whole, taken = getattr(longer, name), [getattr(part, name) for part in ordered]
        if name in OPTIONAL:
            taken = [0.0 if amount is None else amount for amount in taken]
        rest = None if whole is None or None in taken else whole - sum(taken)
        if rest is not None and rest < 0 and name != "cash_tax_usd":
            detail = f"{name}: {whole:,.10g} less its parts leaves {rest:,.10g}"
            findings.append(Finding("negative_remainder", "suspect", ticker, detail, day=gaps[0][1]))
            rest = None
        lines[name] = rest
    start, end = gaps[0]
    return CostLines(ticker, start, end, **lines, derived=True), tuple(findings)


def to_calendar(pieces: Sequence[CostLines], first: date, last: date) -> Mapped:
    """One company's lines for the calendar quarter ``first`` to ``last``, from its fiscal quarters.

    A flow is taken by days of overlap over days of its period, MW by the day-weighted mean. ``None`` with a
    finding where the pieces overlap each other or leave more than :data:`TOLERATED_GAP_DAYS` uncovered.
    """
    days = (last - first).days + 1
    findings: list[Finding] = []
    used: list[tuple[CostLines, int]] = []
    for piece in sorted(pieces, key=lambda p: p.period_start):
        overlap = (min(piece.period_end, last) - max(piece.period_start, first)).days + 1
        if overlap <= 0:
            continue
        if piece.days > LONGEST_QUARTER_DAYS:
            detail = f"{piece.period_start} to {piece.period_end} is {piece.days} days: no quarter"
            findings.append(Finding("period_too_long", "note", piece.ticker, detail, day=piece.period_end))
            continue
        used.append((piece, overlap))
    if not used:
        return None, tuple(findings)
    ticker = used[0][0].ticker
    covered = sum(overlap for _, overlap in used)
    problem = ""
    if len({piece.ticker for piece, _ in used}) > 1:
        raise InputError("pieces of more than one company")
    if any(before.period_end >= after.period_start for (before, _), (after, _) in pairwise(used)):
        problem = "overlapping_periods"
    elif days - covered > TOLERATED_GAP_DAYS:
        problem = "period_gap"
    if problem:
        detail = f"{covered} of the {days} days to {last} covered by {len(used)} periods"
        findings.append(Finding(problem, "suspect", ticker, detail, day=last))
        return None, tuple(findings)
    inside = sum(o for piece, o in used if piece.period_start >= first and piece.period_end <= last)
    if inside == days and len(used) == 1:
        return used[0][0], tuple(findings)

    lines: dict[str, Any] = {}
    for name in FLOWS:
        shares = [(getattr(piece, name), overlap / piece.days) for piece, overlap in used]
        known = [(amount, share) for amount, share in shares if amount is not None]
        whole = len(known) == len(shares) or (name in OPTIONAL and bool(known))
        lines[name] = sum(a * share for a, share in known) * days / covered if whole else None
    for name in ("mining_mw", "total_mw"):
        levels = [(getattr(piece, name), overlap) for piece, overlap in used]
        known_level = all(level is not None for level, _ in levels)
        lines[name] = sum(level * o for level, o in levels) / covered if known_level else None
    mapped = CostLines(
        ticker,
        first,
        last,
        **lines,
        derived=any(piece.derived for piece, _ in used),
        interpolated_fraction=1 - inside / days,
    )
    return mapped, tuple(findings)
