"""The sector's cost of a bitcoin: weighted by coins, the median beside it, and the curve (definitions 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minerdesk.errors import InputError
from minerdesk.models.cost_ladder import Allocation, Ladder, rung_name


@dataclass(frozen=True)
class LeftOut:
    """A company that is not in the sector figure, and why: the inputs its rung lacks."""

    ticker: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class SectorCost:
    """A rung over the companies that have every input of it.

    ``covered_btc`` is what those mined, ``known_btc`` what all companies looked at are known to have mined.
    ``interpolated_fraction`` is the coin-weighted part taken from periods of other length. All figures are
    ``None`` where no company is covered.
    """

    rung: str
    allocation: Allocation
    weighted_usd_per_btc: float | None
    median_usd_per_btc: float | None
    lowest_usd_per_btc: float | None
    highest_usd_per_btc: float | None
    covered_btc: float
    known_btc: float
    interpolated_fraction: float
    tickers: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class CurveStep:
    """A company on the cost curve: ``usd_per_btc`` from ``from_btc`` to ``to_btc`` on the axis of coins."""

    ticker: str
    usd_per_btc: float
    from_btc: float
    to_btc: float


def sector_cost(
    ladders: Sequence[Ladder], rung: str, consolidated: Mapping[str, str] | None = None
) -> SectorCost:
    """The weighted mean and the median of ``rung`` (name or letter) over ``ladders``.

    ``consolidated`` maps a company to the parent whose accounts contain it; where both are covered the
    subsidiary is left out, or its coins would count twice.

    Raises :class:`minerdesk.errors.InputError` for a company given twice or rules that differ.
    """
    name = rung_name(rung)
    tickers = [one.ticker for one in ladders]
    if len(set(tickers)) < len(tickers):
        raise InputError("a company is given more than once")
    rules = {one.allocation for one in ladders}
    if len(rules) > 1:
        raise InputError("ladders of different allocation rules do not add up")
    covered = {one.ticker: one for one in ladders if one.rung(name).usd_per_btc is not None}
    left_out = [LeftOut(o.ticker, o.rung(name).missing) for o in ladders if o.ticker not in covered]
    for ticker, parent in (consolidated or {}).items():
        if ticker in covered and parent in covered:
            del covered[ticker]
            left_out.append(LeftOut(ticker, (f"consolidated in {parent}",)))

    cost = np.array([o.rung(name).usd_per_btc for o in covered.values()], dtype=np.float64)
    mined = np.array([o.lines.mined_btc for o in covered.values()], dtype=np.float64)
    interpolated = np.array([o.lines.interpolated_fraction for o in covered.values()], dtype=np.float64)
    known = [o.lines.mined_btc for o in ladders if o.lines.mined_btc is not None]
    return SectorCost(
        rung=name,
        allocation=rules.pop() if rules else "revenue",
        weighted_usd_per_btc=weighted_mean(cost, mined) if len(cost) else None,
        median_usd_per_btc=float(np.median(cost)) if len(cost) else None,
        lowest_usd_per_btc=float(cost.min()) if len(cost) else None,
        highest_usd_per_btc=float(cost.max()) if len(cost) else None,
        covered_btc=float(mined.sum()),
        known_btc=float(sum(known)),
        interpolated_fraction=weighted_mean(interpolated, mined) if len(cost) else 0.0,
        tickers=tuple(covered),
        left_out=tuple(left_out),
    )


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Mean of ``values`` ``(n,)`` by ``weights`` ``(n,)``, all above 0; never outside their range."""
    mean = float(np.average(values, weights=weights))
    return min(max(mean, float(values.min())), float(values.max()))


def cost_curve(ladders: Sequence[Ladder], rung: str) -> tuple[CurveStep, ...]:
    """Companies from the cheapest to the dearest, each as wide as the coins it mined."""
    name = rung_name(rung)
    there = [
        (value, one.ticker, one.lines.mined_btc)
        for one in ladders
        if (value := one.rung(name).usd_per_btc) is not None and one.lines.mined_btc is not None
    ]
    steps: list[CurveStep] = []
    reached = 0.0
    for value, ticker, mined in sorted(there):
        steps.append(CurveStep(ticker, value, reached, reached + mined))
        reached += mined
    return tuple(steps)
