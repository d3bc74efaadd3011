"""From statements to the lines of calendar quarters, each line with the rows it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from minerdesk.desk.cost.rows import Statements
from minerdesk.models.cost_inputs import stated
from minerdesk.models.cost_ladder import FLOWS, CostLines
from minerdesk.models.cost_periods import LONGEST_QUARTER_DAYS, calendar_quarter, remainder, to_calendar
from minerdesk.records import Finding

AS_STATED = ""


@dataclass(frozen=True)
class Piece:
    """Lines of one company and period; ``how`` they came about where they are not stated as they are."""

    lines: CostLines
    refs: Mapping[str, tuple[str, ...]]
    how: str = AS_STATED
    findings: tuple[Finding, ...] = ()


def quarter_of(day: date) -> str:
    """The calendar quarter of a day: ``2025Q2``."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarters_between(first: str, last: str) -> int:
    """Quarters from ``first`` to ``last``: 1 for neighbours."""
    places = [int(name[:4]) * 4 + int(name[5]) for name in (first, last)]
    return places[1] - places[0]


def in_quarters(statements: Statements) -> dict[str, dict[str, Piece]]:
    """quarter -> ticker -> its lines, for every calendar quarter some statement reaches into."""
    companies: defaultdict[str, list[Piece]] = defaultdict(list)
    for one in stated(statements.used):
        companies[one.lines.ticker].append(Piece(one.lines, one.refs, AS_STATED, one.findings))
    found: defaultdict[str, dict[str, Piece]] = defaultdict(dict)
    for ticker, pieces in sorted(companies.items()):
        short = [p for p in pieces if p.lines.days <= LONGEST_QUARTER_DAYS]
        short += _left_over(pieces, short)
        for name in sorted(
            {quarter_of(d) for p in short for d in (p.lines.period_start, p.lines.period_end)}
        ):
            mapped = _mapped(short, name)
            if mapped is not None:
                found[name][ticker] = mapped
    return dict(found)


def _left_over(pieces: list[Piece], short: list[Piece]) -> list[Piece]:
    """Quarters nobody filed: a longer period less its filed parts, as few parts as do."""
    made: list[Piece] = []
    longer = [p for p in pieces if p.lines.days > LONGEST_QUARTER_DAYS]
    for whole in sorted(longer, key=lambda p: (p.lines.days, p.lines.period_start)):
        # the longest part first: a fourth quarter is the year less nine months
        inside = sorted(
            (p for p in pieces if p is not whole and _within(p, whole)), key=lambda p: -p.lines.days
        )
        quarters = [p for p in (*short, *made) if _within(p, whole)]
        for parts in ([p] for p in inside), [quarters]:
            rest = next((piece for some in parts if (piece := _rest(whole, some))), None)
            if rest is not None and not _covered(rest, [*short, *made]):
                made.append(rest)
                break
    return made


def _within(part: Piece, whole: Piece) -> bool:
    inner, outer = part.lines, whole.lines
    return outer.period_start <= inner.period_start and inner.period_end <= outer.period_end


def _covered(piece: Piece, others: Iterable[Piece]) -> bool:
    lines = piece.lines
    return any(
        o.lines.period_start <= lines.period_end and lines.period_start <= o.lines.period_end for o in others
    )


def _rest(whole: Piece, parts: list[Piece]) -> Piece | None:
    """``whole`` less ``parts``, where that leaves one quarter."""
    rest, findings = remainder(whole.lines, [p.lines for p in parts])
    if rest is None or rest.days > LONGEST_QUARTER_DAYS:
        return None
    every = (whole, *parts)
    refs = {
        line: tuple(dict.fromkeys(ref for piece in every for ref in piece.refs.get(line, ())))
        for line in FLOWS
        if getattr(rest, line) is not None
    }
    start, end = whole.lines.period_start, whole.lines.period_end
    told = tuple(f for piece in every for f in piece.findings)
    return Piece(rest, refs, f"{start} to {end} less its filed parts", (*told, *findings))


def _mapped(pieces: list[Piece], quarter: str) -> Piece | None:
    first, last = calendar_quarter(quarter)
    lines, findings = to_calendar([p.lines for p in pieces], first, last)
    if lines is None:
        return None
    used = [p for p in pieces if p.lines.period_start <= last and p.lines.period_end >= first]
    if len(used) == 1 and used[0].lines == lines:
        return Piece(lines, used[0].refs, used[0].how, (*used[0].findings, *findings))
    refs = {
        line: tuple(dict.fromkeys(ref for piece in used for ref in piece.refs.get(line, ())))
        for line in FLOWS
        if getattr(lines, line) is not None
    }
    told = tuple(f for piece in used for f in piece.findings)
    return Piece(lines, refs, "fiscal quarters by days of overlap", (*told, *findings))
