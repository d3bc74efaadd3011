"""The sector's index: level = sum(price x shares x weight factor) / divisor, three ways of weighting.

The divisor changes at issuance, entries and exits so that the level moves only with prices [S&P, index
mathematics; Luxor, crypto mining stock index]. Splits change shares and price together and touch nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Variant = Literal["cap", "capped", "equal"]

BASE_LEVEL = 1000.0
WEIGHT_CAP_FRACTION = 0.10


@dataclass(frozen=True)
class IndexPath:
    """``level`` and ``divisor_usd``: shape ``(sessions,)``; ``weight_fraction``: ``(sessions, names)`` at each
    session's close, after the changes of that close."""

    variant: Variant
    level: Floats
    divisor_usd: Floats
    weight_fraction: Floats

    @property
    def daily_return_fraction(self) -> Floats:
        """Returns from close to close, shape ``(sessions - 1,)``."""
        return self.level[1:] / self.level[:-1] - 1


def sector_index(
    close_usd: Floats,
    outstanding_shares: Floats,
    split_ratio: Floats,
    member: NDArray[np.bool_],
    rebalance: NDArray[np.bool_],
    variant: Variant = "cap",
) -> IndexPath:
    """The index over ``(sessions, names)`` arrays.

    ``close_usd`` carried over gaps (NaN before the first close), ``outstanding_shares`` known at each close,
    ``member`` membership by session, ``rebalance`` of shape ``(sessions,)``. The first session is the base.

    ``cap`` follows the share counts and takes a new member in at the close of its first session with a
    price and a count. ``capped`` and ``equal`` set their holdings at each rebalance (no name over
    :data:`WEIGHT_CAP_FRACTION`, equal weights) and let them drift until the next.
    """
    sessions = len(close_usd)
    usable = member & np.isfinite(close_usd) & np.isfinite(outstanding_shares)
    prices = np.where(np.isfinite(close_usd), close_usd, 0.0)
    level, divisor = np.empty(sessions), np.empty(sessions)
    weight = np.zeros_like(prices)
    held = _holdings(prices[0], outstanding_shares[0], usable[0], variant)
    level[0] = BASE_LEVEL
    for row in range(sessions):
        if row:
            held = held * split_ratio[row]
            level[row] = (held @ prices[row]) / divisor[row - 1]
            if variant == "cap" or rebalance[row]:
                held = _holdings(prices[row], outstanding_shares[row], usable[row], variant)
            else:
                held = np.where(member[row], held, 0.0)
        value = held * prices[row]
        divisor[row] = value.sum() / level[row]
        weight[row] = value / value.sum()
    return IndexPath(variant, level, divisor, weight)


def _holdings(prices: Floats, shares: Floats, usable: NDArray[np.bool_], variant: Variant) -> Floats:
    """Shares the index holds of each name after a rebalance."""
    cap = np.where(usable, np.nan_to_num(shares) * prices, 0.0)
    if variant == "cap":
        return np.where(usable, np.nan_to_num(shares), 0.0)
    equal = variant == "equal"
    target = usable / usable.sum() if equal else capped_weights(cap / cap.sum(), WEIGHT_CAP_FRACTION)
    with np.errstate(divide="ignore", invalid="ignore"):
        held: Floats = np.where(usable, target * cap.sum() / prices, 0.0)
    return held


def capped_weights(weight_fraction: Floats, cap_fraction: float) -> Floats:
    """Weights of which none exceeds ``cap_fraction``, the excess spread pro rata over the others.

    Where too few names are there to place everything under the cap, all get the same weight.
    """
    weights: Floats = weight_fraction / weight_fraction.sum()
    names = np.count_nonzero(weights)
    if names * cap_fraction <= 1:
        even: Floats = np.where(weights > 0, 1 / names, 0.0)
        return even
    capped = np.zeros(len(weights), dtype=bool)
    while (over := (weights > cap_fraction * (1 + 1e-12)) & ~capped).any():
        capped |= over
        free = weight_fraction * ~capped
        weights = np.where(capped, cap_fraction, free / free.sum() * (1 - cap_fraction * capped.sum()))
    return weights
