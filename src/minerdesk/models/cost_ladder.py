"""The ladder of one company and period: six rungs, what each rests on, what is missing (definitions 4).

``None`` is a figure nobody stated; it is never 0, and no rung that needs it has a value. Two lines may be
absent without harm, because most filers have none and say nothing then: curtailment credits and cash tax.
A line that cannot be (a negative cost, a count of zero, more energy than the cost it is part of) is a
finding, and the rungs above it have no value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal

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
    """All rungs of a company and period under one allocation rule. ``not_stated``: optional lines left out."""

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

    lacking: list[str] = []

    def missing(*names: str) -> tuple[str, ...]:
        """Inputs among ``names`` that nobody stated, with those of the rungs below."""
        lacking.extend(n for n in names if getattr(sound, n) is None and n not in lacking)
        return tuple(lacking)

    credits_usd, tax_usd = sound.curtailment_credits_usd or 0.0, sound.cash_tax_usd or 0.0
    btc = sound.mined_btc
    power: float | None = None
    no_power = tuple(n for n in ("mined_btc", "energy_usd") if getattr(sound, n) is None)
    if btc is not None and sound.energy_usd is not None:
        power = mining.power_cost_usd_per_btc(sound.energy_usd, credits_usd, btc)
    rungs = [Rung("power", power, power, no_power)]

    value: float | None = None
    needs = missing("mined_btc", "mining_cost_usd")
    if btc is not None and sound.mining_cost_usd is not None:
        value = mining.site_cost_usd_per_btc(sound.mining_cost_usd, credits_usd, btc)
    rungs.append(Rung("site", value, _less(value, power), needs))

    lacking.extend(share_needs)
    needs, below = missing("sga_usd", "sbc_usd"), value
    value = None
    if not needs and None not in (below, share, sound.sga_usd, sound.sbc_usd):
        value = mining.operating_cost_usd_per_btc(below, sound.sga_usd, sound.sbc_usd, share, btc)
    rungs.append(Rung("operating", value, _less(value, below), needs))

    needs, below = missing("interest_usd"), value
    value = None if needs else mining.cash_cost_usd_per_btc(below, sound.interest_usd, tax_usd, share, btc)
    rungs.append(Rung("cash", value, _less(value, below), needs))

    needs, below = missing("sbc_usd"), value
    value = None if needs else mining.cash_and_sbc_cost_usd_per_btc(below, sound.sbc_usd, share, btc)
    rungs.append(Rung("cash_and_sbc", value, _less(value, below), needs))

    needs, below = missing("depreciation_usd"), value
    value = None if needs else mining.all_in_cost_usd_per_btc(below, sound.depreciation_usd, share, btc)
    rungs.append(Rung("all_in", value, _less(value, below), needs))
    not_stated = tuple(name for name in sorted(OPTIONAL) if getattr(sound, name) is None)
    return Ladder(sound, allocate, share, tuple(rungs), not_stated, findings)


def _less(value: float | None, below: float | None) -> float | None:
    return None if value is None or below is None else value - below


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
    kept = replace(lines, **dict.fromkeys(refused))
    if kept.energy_usd is not None and kept.mining_cost_usd is not None:
        if kept.energy_usd > kept.mining_cost_usd:
            detail = f"energy {kept.energy_usd:,.0f} in a mining cost of {kept.mining_cost_usd:,.0f}"
            found("energy_above_mining_cost", detail, "energy_usd")
    if kept.sbc_usd is not None and kept.sga_usd is not None and kept.sbc_usd > kept.sga_usd:
        found("sbc_above_sga", f"SBC {kept.sbc_usd:,.0f} in SG&A of {kept.sga_usd:,.0f}", "sga_usd")
    for part, whole in (("mining_revenue_usd", "total_revenue_usd"), ("mining_mw", "total_mw")):
        mine, total = getattr(kept, part), getattr(kept, whole)
        if mine is not None and total is not None and mine > total:
            found("part_above_total", f"{part} {mine:,.10g} of {total:,.10g}", part)
    charged = kept.mining_cost_usd if kept.energy_usd is None else kept.energy_usd
    if kept.curtailment_credits_usd and charged is not None and kept.curtailment_credits_usd > charged:
        detail = f"credits {kept.curtailment_credits_usd:,.0f} exceed the energy or cost of {charged:,.0f}"
        found("credits_exceed_cost", detail, severity="note")
    return replace(lines, **dict.fromkeys(refused)), tuple(findings)
