"""How a measure is declared.

A measure is arithmetic (``+ - * /`` and comparisons) on its arguments, so that one function serves a
float, a NumPy array, an Ibis column and a pint quantity. Its name and each parameter's name end in a
unit; the declaration reads them, and refuses a name without one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from minerdesk.units import unit_of

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Measure:
    """A declared measure: what it is called, the unit it returns, the units it takes, where it is defined."""

    name: str
    room: str
    unit: str
    inputs: tuple[tuple[str, str], ...]
    definition: str
    function: Callable[..., Any]

    @property
    def path(self) -> str:
        """Readable name used as ``method`` of a figure: ``market.price_return_fraction``."""
        return f"{self.room}.{self.name}"

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")


#: All declared measures by path; the generated page of measures and the unit proof walk it.
MEASURES: dict[str, Measure] = {}


def one_where(condition: Any) -> Any:
    """1 where a comparison holds, 0 elsewhere, on every carrier."""
    # an Ibis column: engines have no product of truth and number
    choose = getattr(condition, "ifelse", None)
    return choose(1, 0) if choose else condition * 1


def measure(definition: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a measure; ``definition`` names the section of ``docs/definitions.md`` it implements."""

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        declared = Measure(
            name=function.__name__,
            room=function.__module__.rsplit(".", 1)[-1],
            unit=unit_of(function.__name__),
            inputs=tuple((name, unit_of(name)) for name in inspect.signature(function).parameters),
            definition=definition,
            function=function,
        )
        MEASURES[declared.path] = declared
        return function

    return declare
