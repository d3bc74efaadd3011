"""The Rosetta view: what publishers state of one company and quarter, beside our rungs (definitions 4).

Publishers print one number and rarely its recipe. What a statement means is looked up by publisher and
measure (:data:`MEANINGS`, from definitions 4) and never by which rung happens to lie nearest; the nearest
rung stands beside it as a check of the reading. The bridge runs from our rung under the chosen allocation,
over the allocation (publishers charge whole-company lines in full), to the statement; what is left is
unexplained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from minerdesk.models.cost_curve import SectorCost
from minerdesk.models.cost_ladder import RUNGS, Ladder

Costs = Mapping[str, float | None]

#: (publisher, measure) -> the rung it states.
MEANINGS = {
    ("CoinShares", "cash"): "cash",
    ("CoinShares", "all-in (cash + D&A + SBC)"): "all_in",
    ("JPMorgan", "power"): "power",
    ("JPMorgan", "power + cash SG&A"): "operating",
    ("TheMinerMag", "direct production"): "site",
}
#: Publishers that are rounder than this round to a thousand.
COARSEST_ROUNDING_USD = 1_000.0


@dataclass(frozen=True)
class Statement:
    """What a publisher states; ``rung`` where the statement itself says it (a company's own figure)."""

    publisher: str
    measure: str
    usd_per_btc: float
    source: str = ""
    note: str = ""
    rung: str | None = None

    @property
    def rounding_usd_per_btc(self) -> float:
        """Half the last digit printed: 500 for 81,000; 0.5 for 46,497."""
        step = 1.0
        while step < COARSEST_ROUNDING_USD and self.usd_per_btc % (step * 10) == 0:
            step *= 10
        return step / 2


@dataclass(frozen=True)
class BridgeStep:
    """One step of a bridge: what it is and how far it leads."""

    label: str
    usd_per_btc: float


@dataclass(frozen=True)
class Reading:
    """A statement read against the ladder. ``None`` where the rung is not known or not ours to compute.

    ``steps`` lead from ``ours`` to the statement; the last is ``unexplained``. ``explained_fraction`` is 1
    less the unexplained part of the statement.
    """

    statement: Statement
    rung: str | None
    ours_usd_per_btc: float | None
    steps: tuple[BridgeStep, ...]
    unexplained_usd_per_btc: float | None
    within_rounding: bool
    nearest_rung: str | None

    @property
    def explained_fraction(self) -> float | None:
        if self.unexplained_usd_per_btc is None:
            return None
        return 1 - abs(self.unexplained_usd_per_btc) / self.statement.usd_per_btc


@dataclass(frozen=True)
class Span:
    """From one statement to the next higher rung: the step as stated, ours, and the difference."""

    lower: Statement
    upper: Statement
    stated_usd_per_btc: float
    ours_usd_per_btc: float | None
    unexplained_usd_per_btc: float | None


@dataclass(frozen=True)
class Rosetta:
    """All rungs of one subject and quarter, the readings of each statement, the spans between them."""

    subject: str
    rungs: tuple[tuple[str, float | None], ...]
    readings: tuple[Reading, ...]
    spans: tuple[Span, ...]


def of_company(ours: Ladder, in_full: Ladder, statements: Sequence[Statement]) -> Rosetta:
    """A company's ladder beside the statements about it; ``in_full`` is the same with allocation none."""
    return compare(ours.ticker, _costs(ours), _costs(in_full), statements)


def of_sector(
    ours: Sequence[SectorCost],
    in_full: Sequence[SectorCost],
    statements: Sequence[Statement],
    basis: Literal["weighted", "median"] = "weighted",
) -> Rosetta:
    """Sector figures, one a rung, beside the statements about the sector that have the same ``basis``."""
    subject = "sector" if basis == "weighted" else "sector median"
    costs = [{cost.rung: getattr(cost, f"{basis}_usd_per_btc") for cost in one} for one in (ours, in_full)]
    return compare(subject, costs[0], costs[1], statements)


def compare(subject: str, ours: Costs, in_full: Costs, statements: Sequence[Statement]) -> Rosetta:
    """Costs by rung beside statements, lowest rung first; unread statements come last."""
    readings = [_read(statement, ours, in_full) for statement in statements]
    readings.sort(key=lambda r: (RUNGS.index(r.rung) if r.rung else len(RUNGS), r.statement.publisher))
    placed = [r for r in readings if r.rung is not None]
    spans = []
    for lower, upper in pairwise(placed):
        stated = upper.statement.usd_per_btc - lower.statement.usd_per_btc
        below, above = in_full.get(lower.rung or ""), in_full.get(upper.rung or "")
        step = None if below is None or above is None else above - below
        rest = None if step is None else stated - step
        spans.append(Span(lower.statement, upper.statement, stated, step, rest))
    return Rosetta(subject, tuple((n, ours.get(n)) for n in RUNGS), tuple(readings), tuple(spans))


def _costs(ladder: Ladder) -> Costs:
    return {rung.name: rung.usd_per_btc for rung in ladder.rungs}


def _read(statement: Statement, ours: Costs, in_full: Costs) -> Reading:
    rung = statement.rung or MEANINGS.get((statement.publisher, statement.measure))
    stated = statement.usd_per_btc
    known = [(abs(value / stated - 1), name) for name in RUNGS if (value := in_full.get(name)) is not None]
    nearest = min(known)[1] if known else None
    start, full = (ours.get(rung), in_full.get(rung)) if rung else (None, None)
    if start is None or full is None:
        return Reading(statement, rung, start, (), None, False, nearest)
    rest = stated - full
    steps = (BridgeStep("allocation", full - start), BridgeStep("unexplained", rest))
    close = abs(rest) <= statement.rounding_usd_per_btc
    return Reading(statement, rung, start, steps, rest, close, nearest)
