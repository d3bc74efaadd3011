"""The book of a view: every figure entered once, with what it was made from.

Figures enter as observed (a row of the archive) or derived (a measure, a sum or a model on figures already
in the book), so that a number without an origin cannot reach a page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from minerdesk.measures.declare import MEASURES
from minerdesk.records import Figure


@dataclass
class Book:
    """``prefix`` starts every derived ref (``week/2025-12-05``); ``as_of`` is stamped on every figure."""

    prefix: str
    as_of: str
    nodes: dict[str, Figure] = field(default_factory=dict)

    def observed(self, ref: str, value: float | None, unit: str) -> Figure:
        """A value read from the archive's row ``ref``; an empty ref is a value that is missing there."""
        return self._enter(Figure(_clean(value), unit, ref, self.as_of))

    def derive(self, name: str, measure: Callable[..., Any], **inputs: Figure | float) -> Figure:
        """``measure`` on figures; missing where an input is. A plain number stands for a neutral element
        (a split ratio of one) and has no origin."""
        declared = MEASURES[f"{measure.__module__.rsplit('.', 1)[-1]}.{measure.__name__}"]
        for parameter, expected in declared.inputs:
            given = inputs[parameter]
            if isinstance(given, Figure) and expected not in (given.unit, "ratio"):
                raise TypeError(f"{declared.path} takes {parameter} in {expected}, not {given.unit}")
        values = {k: v.value if isinstance(v, Figure) else v for k, v in inputs.items()}
        value = None if None in values.values() else measure(**values)
        refs = tuple(v.ref for v in inputs.values() if isinstance(v, Figure) and v.ref)
        return self.model(name, value, declared.unit, f"measures.{declared.path}", refs)

    def total(self, name: str, unit: str, figures: Iterable[Figure]) -> Figure:
        """Sum of the figures that are there; ``note`` says how many of how many."""
        every = list(figures)
        there = [f for f in every if f.value is not None]
        value = math.fsum(float(f) for f in there) if there else None
        return self.model(
            name, value, unit, "sum", tuple(f.ref for f in there), f"{len(there)} of {len(every)}"
        )

    def count(self, name: str, figures: Iterable[Figure]) -> Figure:
        """Sum of ones and zeros, as a whole number."""
        there = [f for f in figures if f.value is not None]
        value = round(sum(float(f) for f in there))
        return self.model(name, value, "count", "sum", tuple(f.ref for f in there))

    def model(
        self,
        name: str,
        value: float | int | None,
        unit: str,
        method: str,
        inputs: Iterable[str],
        note: str = "",
    ) -> Figure:
        """A figure computed elsewhere (a model), with the refs it was computed from."""
        ref = f"{self.prefix}/{name}"
        return self._enter(Figure(_clean(value), unit, ref, self.as_of, method, tuple(inputs), note))

    def tally(self, name: str, value: int, inputs: Iterable[str] = ()) -> Figure:
        """A whole number counted by whoever calls (names, sessions, findings)."""
        return self.model(name, value, "count", "count", inputs)

    def _enter(self, figure: Figure) -> Figure:
        if figure.ref:
            self.nodes[figure.ref] = figure
        return figure


def _clean(value: float | int | None) -> float | int | None:
    """``None`` for NaN; a NumPy number as Python's own."""
    if value is None or isinstance(value, int):
        return value
    return None if math.isnan(value) else float(value)
