"""Who finds the blocks: shares of pools and their concentration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError
from minerdesk.measures.network import herfindahl_term_fraction, pool_share_fraction


@dataclass(frozen=True)
class Concentration:
    """``share_fraction`` of each named pool ``(k,)``, of all blocks, those of unknown pools included.

    The Herfindahl index lies between ``herfindahl_fraction``, each unknown block a miner of its own, and
    ``herfindahl_high_fraction``, all of them one pool. ``effective_count`` is how many equal pools would
    give the former.
    """

    share_fraction: NDArray[np.float64]
    unknown_fraction: float
    herfindahl_fraction: float
    herfindahl_high_fraction: float
    effective_count: float


def concentration(pool_blocks: ArrayLike, unknown_blocks: int = 0) -> Concentration:
    """Concentration of a window from the blocks of each named pool ``(k,)`` and of no known one.

    Raises :class:`InputError` for negative counts or an empty window.
    """
    blocks = np.asarray(pool_blocks, dtype=np.float64)
    total = float(blocks.sum()) + unknown_blocks
    if blocks.ndim != 1 or not (blocks >= 0).all() or unknown_blocks < 0 or total <= 0:
        raise InputError("pool blocks are counts, of at least one block together")
    shares = pool_share_fraction(blocks, total)
    named = float(np.sum(herfindahl_term_fraction(shares)))
    each = unknown_blocks * herfindahl_term_fraction(pool_share_fraction(1.0, total))
    unknown = pool_share_fraction(float(unknown_blocks), total)
    return Concentration(
        share_fraction=shares,
        unknown_fraction=unknown,
        herfindahl_fraction=named + each,
        herfindahl_high_fraction=named + herfindahl_term_fraction(unknown),
        effective_count=1.0 / (named + each),
    )
