"""Cells to values. A cell that is not what it should be becomes a finding, never a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from minerdesk.records import Finding
from minerdesk.sources.delimited import Line

V = TypeVar("V")


@dataclass
class Cells:
    """Typed access to the cells of one file; collects what could not be read."""

    subject: str
    findings: list[Finding] = field(default_factory=list)

    def note(self, kind: str, severity: str, detail: str, locator: str, **more: Any) -> None:
        subject = more.pop("subject", self.subject)
        self.findings.append(Finding(kind, severity, subject, detail, locator=locator, **more))

    def text(self, line: Line, column: str) -> str | None:
        return line.cells.get(column) or None

    def number(self, line: Line, column: str) -> float | None:
        """A finite number; blank is ``None``; anything else is a finding and ``None``."""
        return self._typed(line, column, "a number", finite)

    def whole(self, line: Line, column: str) -> int | None:
        return self._typed(line, column, "a whole number", int)

    def day(self, line: Line, column: str) -> date | None:
        """A calendar day in ISO form; blank is ``None``; a month or a year alone is a finding."""
        return self._typed(line, column, "a day (YYYY-MM-DD)", iso_day)

    def instant(self, line: Line, column: str) -> datetime | None:
        return self._typed(line, column, "an instant with zone", datetime.fromisoformat)

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


def iso_day(raw: str) -> date:
    if len(raw) != len("2025-12-05"):
        raise ValueError(raw)
    return date.fromisoformat(raw)


def day_or_none(raw: str | None) -> date | None:
    """A day where the text is one; a month, a year or words give ``None`` without a finding."""
    try:
        return iso_day(raw or "")
    except ValueError:
        return None
