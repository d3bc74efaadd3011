"""The ladder of one company and period: six rungs, what each rests on, what is missing (definitions 4).

``None`` is a figure nobody stated; it is never 0, and no rung that needs it has a value. Two lines may be
absent without harm, because most filers have none and say nothing then: curtailment credits and cash tax.
A line that cannot be (a negative cost, a count of zero, more energy than the cost it is part of) is a
finding, and the rungs that need it have no value. The arithmetic is that of :mod:`minerdesk.measures.mining`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal

from minerdesk.errors import InputError
from minerdesk.measures import mining
from minerdesk.records import Finding

Allocation = Literal["revenue", "mw", "none"]
ALLOCATIONS: tuple[Allocation, ...] = ("revenue", "mw", "none")
#: The rungs a to f, from the bottom.
RUNGS = ("power", "site", "operating", "cash", "cash_and_sbc", "all_in")
LETTERS = dict(zip("abcdef", RUNGS, strict=True))


@dataclass(frozen=True)
class CostLines:
    """What a company states of a period, in USD, BTC and MW; ``None`` where it does not.

    ``energy_usd`` is before credits and part of ``mining_cost_usd``, which is mining's cost of revenue
    without depreciation, hosting paid included. ``sga_usd`` contains ``sbc_usd``. ``derived`` marks a
    remainder of longer periods, ``interpolated_fraction`` the part that comes from periods of other length.
    """

    ticker: str
    period_start: date
    period_end: date
    mined_btc: float | None = None
    energy_usd: float | None = None
    curtailment_credits_usd: float | None = None
    mining_cost_usd: float | None = None
    sga_usd: float | None = None
    sbc_usd: float | None = None
    interest_usd: float | None = None
    cash_tax_usd: float | None = None
    depreciation_usd: float | None = None
    mining_revenue_usd: float | None = None
    total_revenue_usd: float | None = None
    mining_mw: float | None = None
    total_mw: float | None = None
    derived: bool = False
    interpolated_fraction: float = 0.0

    @property
    def days(self) -> int:
        return (self.period_end - self.period_start).days + 1


#: Lines that add up over time (a stock like MW does not).
FLOWS = tuple(f.name for f in fields(CostLines) if f.name.endswith(("_usd", "_btc")))
OPTIONAL = frozenset({"curtailment_credits_usd", "cash_tax_usd"})
#: What each rung needs beside the rung below it.
_INPUTS = {
    "power": ("energy_usd", "curtailment_credits_usd", "mined_btc"),
    "site": ("mining_cost_usd", "curtailment_credits_usd", "mined_btc"),
    "operating": ("sga_usd", "sbc_usd", "mining_share_fraction", "mined_btc"),
    "cash": ("interest_usd", "cash_tax_usd", "mining_share_fraction", "mined_btc"),
    "cash_and_sbc": ("sbc_usd", "mining_share_fraction", "mined_btc"),
    "all_in": ("depreciation_usd", "mining_share_fraction", "mined_btc"),
}
#: A tax refund is a stated credit; every other line of a cost is at least 0.
_MAY_BE_NEGATIVE = frozenset({"cash_tax_usd"})


@dataclass(frozen=True)
class Rung:
    """One rung: its value, what it adds to the rung below, and the inputs it lacks."""

    name: str
    usd_per_btc: float | None
    added_usd_per_btc: float | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ladder:
    """The rungs of a company and period under one allocation rule. ``not_stated``: optional lines absent."""

    lines: CostLines
    allocation: Allocation
    mining_share_fraction: float | None
    rungs: tuple[Rung, ...]
    not_stated: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ticker(self) -> str:
        return self.lines.ticker

    def rung(self, name: str) -> Rung:
        """A rung by name or letter. Raises :class:`minerdesk.errors.InputError` for another."""
        return self.rungs[RUNGS.index(rung_name(name))]

    def age_days(self, as_of: date) -> int:
        """Days from the end of the period to ``as_of``."""
        return (as_of - self.lines.period_end).days


def rung_name(text: str) -> str:
    """The name of a rung given by name or letter. Raises :class:`minerdesk.errors.InputError`."""
    name = LETTERS.get(text.lower(), text.lower())
    if name not in RUNGS:
        known = ", ".join(f"{letter} ({rung})" for letter, rung in LETTERS.items())
        raise InputError(f"no rung {text!r}; there are {known}")
    return name


def allocation_shares(amounts: tuple[float, ...]) -> tuple[float, ...]:
    """Shares of segments in a company-wide line, by their revenue or MW; they sum to 1.

    Raises :class:`minerdesk.errors.InputError` for a negative amount or nothing to divide by.
    """
    total = math.fsum(amounts)
    if not math.isfinite(total) or min(amounts, default=-1.0) < 0 or total <= 0:
        raise InputError(f"cannot allocate by {amounts}")
    return tuple(amount / total for amount in amounts)


def ladder(lines: CostLines, allocate: Allocation = "revenue") -> Ladder:
    """The six rungs of ``lines``. Raises :class:`minerdesk.errors.InputError` for an unknown rule."""
    if allocate not in ALLOCATIONS:
        raise InputError(f"no allocation {allocate!r}; there are {', '.join(ALLOCATIONS)}")
    sound, findings = _sound(lines)
    share, share_needs = _mining_share(sound, allocate)
    given: dict[str, Any] = {name: getattr(sound, name) for name in (*FLOWS, "mined_btc")}
    given |= {name: given[name] or 0.0 for name in OPTIONAL}
    given["mining_share_fraction"] = share
    rungs: list[Rung] = []
    below: tuple[str, ...] = ()
    for name, inputs in _INPUTS.items():
        lacking = tuple(n for n in inputs if given[n] is None)
        if "mining_share_fraction" in lacking:
            lacking = (*(n for n in lacking if n != "mining_share_fraction"), *share_needs)
        lacking = tuple(dict.fromkeys((*below, *lacking)))
        last = rungs[-1].usd_per_btc if rungs else None
        value = None
        if not lacking:
            formula = getattr(mining, f"{name}_cost_usd_per_btc")
            stands_on = {} if name in ("power", "site") else {f"{rungs[-1].name}_cost_usd_per_btc": last}
            value = float(formula(**stands_on, **{n: given[n] for n in inputs}))
        added = value if name == "power" else None if value is None or last is None else value - last
        rungs.append(Rung(name, value, added, lacking))
        # energy is inside the mining cost: its absence empties rung a alone
        below = () if name == "power" else lacking
    not_stated = tuple(name for name in sorted(OPTIONAL) if getattr(sound, name) is None)
    return Ladder(sound, allocate, share, tuple(rungs), not_stated, findings)


def _mining_share(lines: CostLines, allocate: Allocation) -> tuple[float | None, tuple[str, ...]]:
    """Mining's share of company-wide lines, or what is missing to know it."""
    if allocate == "none":
        return 1.0, ()
    part, whole = ("mining_revenue_usd", "total_revenue_usd")
    if allocate == "mw":
        part, whole = ("mining_mw", "total_mw")
    mine, total = getattr(lines, part), getattr(lines, whole)
    if mine is None or total is None:
        return None, tuple(name for name in (part, whole) if getattr(lines, name) is None)
    if total <= 0:
        return None, (whole,)
    return allocation_shares((mine, total - mine))[0], ()


def _sound(lines: CostLines) -> tuple[CostLines, tuple[Finding, ...]]:
    """``lines`` without what cannot be, and the findings that say so."""
    findings: list[Finding] = []
    refused: dict[str, None] = {}

    def found(kind: str, detail: str, *names: str, severity: str = "suspect") -> None:
        findings.append(Finding(kind, severity, lines.ticker, detail, day=lines.period_end))
        refused.update(dict.fromkeys(names))

    for name in (*FLOWS, "mining_mw", "total_mw"):
        value = getattr(lines, name)
        if value is None:
            continue
        if not math.isfinite(value):
            found("not_finite", f"{name} is {value}", name)
        elif name == "mined_btc" and value <= 0:
            found("no_bitcoin_mined", f"{value:,g} BTC mined: a cost per bitcoin has no meaning", name)
        elif value < 0 and name not in _MAY_BE_NEGATIVE:
            found("negative_cost_line", f"{name} = {value:,.0f}", name)
    kept = _without(lines, refused)
    energy, cost = kept.energy_usd, kept.mining_cost_usd
    if energy is not None and cost is not None and energy > cost:
        found(
            "energy_above_mining_cost", f"energy {energy:,.0f} in a mining cost of {cost:,.0f}", "energy_usd"
        )
    if kept.sbc_usd is not None and kept.sga_usd is not None and kept.sbc_usd > kept.sga_usd:
        found("sbc_above_sga", f"SBC {kept.sbc_usd:,.0f} in SG&A of {kept.sga_usd:,.0f}", "sga_usd")
    for part, whole in (("mining_revenue_usd", "total_revenue_usd"), ("mining_mw", "total_mw")):
        mine, total = getattr(kept, part), getattr(kept, whole)
        if mine is not None and total is not None and mine > total:
            found("part_above_total", f"{part} {mine:,.10g} of {total:,.10g}", part)
    charged = cost if energy is None else energy
    if kept.curtailment_credits_usd and charged is not None and kept.curtailment_credits_usd > charged:
        detail = f"credits {kept.curtailment_credits_usd:,.0f} exceed the energy or cost of {charged:,.0f}"
        found("credits_exceed_cost", detail, severity="note")
    return _without(lines, refused), tuple(findings)


def _without(lines: CostLines, names: Iterable[str]) -> CostLines:
    nothing: dict[str, Any] = dict.fromkeys(names)
    return replace(lines, **nothing)
