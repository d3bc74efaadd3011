"""Cells to values. A cell that is not what it should be becomes a finding, never a number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from minerdesk.records import Finding
from minerdesk.sources.delimited import Line

V = TypeVar("V")
#: Years that data about listed companies and bitcoin can mean.
YEARS = range(1900, 2200)
MONTH_OR_YEAR = re.compile(r"[0-9]{4}(-[0-9]{2})?")


@dataclass
class Cells:
    """Typed access to the cells of one file; collects what could not be read."""

    subject: str
    findings: list[Finding] = field(default_factory=list)
    seen: dict[tuple[Any, ...], Line] = field(default_factory=dict, repr=False)

    def note(self, kind: str, severity: str, detail: str, locator: str, **more: Any) -> None:
        subject = more.pop("subject", self.subject)
        self.findings.append(Finding(kind, severity, subject, detail, locator=locator, **more))

    def fresh(self, line: Line, *identity: Any) -> bool:
        """Whether no line before told of ``identity``. An identical repeat is noted, a differing one set
        aside: the first is kept."""
        first = self.seen.setdefault(identity, line)
        if first is line:
            return True
        place = line.at(next(iter(line.cells)))
        if first.cells == line.cells:
            self.note("duplicate_row", "note", f"repeats line {first.number}", place)
        else:
            of = " ".join(str(part) for part in identity if part is not None)
            detail = f"line {first.number} says otherwise of {of}; the first is kept"
            self.note("contradicting_row", "rejected", detail, place)
        return False

    def text(self, line: Line, column: str) -> str | None:
        return line.cells.get(column) or None

    def number(self, line: Line, column: str) -> float | None:
        """A finite number; blank is ``None``; anything else is a finding and ``None``."""
        return self._typed(line, column, "a number", finite)

    def whole(self, line: Line, column: str) -> int | None:
        return self._typed(line, column, "a whole number", whole)

    def day(self, line: Line, column: str) -> date | None:
        """A calendar day in ISO form; blank is ``None``; a month or a year alone is a finding."""
        return self._typed(line, column, "a day (YYYY-MM-DD)", iso_day)

    def instant(self, line: Line, column: str) -> datetime | None:
        return self._typed(line, column, "an instant with zone", instant)

    def _typed(self, line: Line, column: str, wanted: str, convert: Callable[[str], V]) -> V | None:
        raw = line.cells.get(column, "")
        if not raw:
            return None
        try:
            return convert(raw)
        except ValueError:
            self.note("unreadable_cell", "rejected", f"{raw[:60]!r} is not {wanted}", line.at(column))
            return None


def finite(raw: str) -> float:
    """A finite float. Raises :class:`ValueError` for NaN, infinity and anything with separators."""
    value = float(raw)
    if not math.isfinite(value) or "_" in raw:
        raise ValueError(raw)
    return value


def whole(raw: str) -> int:
    """A whole number that a table can hold. Raises :class:`ValueError` for anything else."""
    value = int(raw)
    if "_" in raw or not -(2**63) <= value < 2**63:
        raise ValueError(raw)
    return value


def iso_day(raw: str) -> date:
    """A day as ``2025-12-05``. Raises :class:`ValueError` for other forms and for years nobody means."""
    day = date.fromisoformat(raw)
    if day.isoformat() != raw or day.year not in YEARS:
        raise ValueError(raw)
    return day


def instant(raw: str) -> datetime:
    """An instant in UTC. Raises :class:`ValueError` for one without a zone and for years nobody means."""
    moment = datetime.fromisoformat(raw)
    if moment.tzinfo is None or moment.year not in YEARS:
        raise ValueError(raw)
    return moment.astimezone(UTC)


def day_or_none(raw: str | None) -> date | None:
    """A day where the text is one; a month, a year or words give ``None`` without a finding."""
    try:
        return iso_day(raw or "")
    except ValueError:
        return None


def last_day(raw: str) -> date | None:
    """The last day of a month or a year given as ``2025-06`` or ``2025``; ``None`` for anything else."""
    if not MONTH_OR_YEAR.fullmatch(raw):
        return None
    year, month = int(raw[:4]), int(raw[5:] or 12)
    if year not in YEARS or not 1 <= month <= 12:
        return None
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
