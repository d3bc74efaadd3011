"""Hashrate from blocks, with exact intervals.

Blocks come as a Poisson process at the rate hashrate / (difficulty x hashes a unit of difficulty). Weight the
seconds of each stretch of equal difficulty by the inverse of its work per block, and their sum times the
hashrate is a Gamma variable of the number of blocks, whatever the difficulties were: the interval is exact,
also across a retarget. Within one epoch this is (n-1)/n x work / seconds. [delvingbitcoin 1745]

A window is either so many blocks, whose time is random, or so much time, whose blocks are random: two
functions, because the unbiased estimate differs by one block. Header times, which miners set, are taken as
they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from minerdesk import units
from minerdesk.errors import InputError


@dataclass(frozen=True)
class HashrateEstimate:
    """Unbiased estimate and exact interval at ``confidence``, of ``blocks`` in ``seconds``.

    ``shape`` and ``scale_eh_s`` are the Gamma distribution that gives :func:`probability_above`.
    """

    hashrate_eh_s: float
    low_eh_s: float
    high_eh_s: float
    confidence: float
    blocks: int
    seconds: float
    shape: float
    scale_eh_s: float


def hashrate_of_blocks(
    blocks: ArrayLike, seconds: ArrayLike, difficulty: ArrayLike, confidence: float = 0.95
) -> HashrateEstimate:
    """Hashrate of the last n blocks: ``seconds`` run from the header before the first of them to the last.

    Each argument is a number, or one number for each stretch of equal difficulty in the window, ``(k,)``.
    Raises :class:`InputError` for fewer than two blocks, no time, or arguments that do not fit.
    """
    from scipy.special import gammaincinv

    count, seconds_sum, exposure = _exposure(blocks, seconds, difficulty, confidence)
    if count < 2:
        raise InputError(f"{count} block tells nothing of the hashrate: two are needed")
    tail = (1.0 - confidence) / 2.0
    return HashrateEstimate(
        hashrate_eh_s=(count - 1) / exposure,
        low_eh_s=float(gammaincinv(count, tail)) / exposure,
        high_eh_s=float(gammaincinv(count, 1.0 - tail)) / exposure,
        confidence=confidence,
        blocks=count,
        seconds=seconds_sum,
        shape=float(count),
        scale_eh_s=1.0 / exposure,
    )


def hashrate_of_days(
    blocks: ArrayLike, seconds: ArrayLike, difficulty: ArrayLike, confidence: float = 0.95
) -> HashrateEstimate:
    """Hashrate of a span of time in which n blocks were counted, as whole days are.

    The estimate is n over the exposure (no block is lost to the bias here), the interval that of Garwood for
    a Poisson count (1936), which covers at least ``confidence``. Arguments and errors as for
    :func:`hashrate_of_blocks`; one block is enough.
    """
    from scipy.special import gammaincinv

    count, seconds_sum, exposure = _exposure(blocks, seconds, difficulty, confidence)
    if count < 1:
        raise InputError("no block in the window")
    tail = (1.0 - confidence) / 2.0
    return HashrateEstimate(
        hashrate_eh_s=count / exposure,
        low_eh_s=float(gammaincinv(count, tail)) / exposure,
        high_eh_s=float(gammaincinv(count + 1, 1.0 - tail)) / exposure,
        confidence=confidence,
        blocks=count,
        seconds=seconds_sum,
        shape=count + 0.5,
        scale_eh_s=1.0 / exposure,
    )


def probability_above(estimate: HashrateEstimate, level_eh_s: float) -> float:
    """Probability that the hashrate of the window was above a level.

    Of the confidence distribution whose quantiles are the exact interval's ends (for a count of days: of the
    one in the middle between the two exact ones). It speaks of this window, never of "the" hashrate.
    """
    from scipy.special import gammaincc

    if not level_eh_s >= 0:
        raise InputError(f"a level of hashrate is positive, not {level_eh_s}")
    return float(gammaincc(estimate.shape, level_eh_s / estimate.scale_eh_s))


def _exposure(
    blocks: ArrayLike, seconds: ArrayLike, difficulty: ArrayLike, confidence: float
) -> tuple[int, float, float]:
    """Blocks, seconds, and the sum of seconds over work per block in 1 / (EH/s)."""
    found, span, level = (
        np.atleast_1d(np.asarray(column, dtype=np.float64)) for column in (blocks, seconds, difficulty)
    )
    if not found.shape == span.shape == level.shape or found.ndim != 1:
        raise InputError("blocks, seconds and difficulty must have one length: one entry a stretch")
    if not 0.0 < confidence < 1.0:
        raise InputError(f"a confidence lies between 0 and 1, not {confidence}")
    if not (np.isfinite(span).all() and (level > 0).all() and (found >= 0).all() and span.sum() > 0):
        raise InputError("a window needs difficulties above zero, block counts and a time above zero")
    work_eh = level * (units.HASHES_PER_DIFFICULTY / units.HASHES_PER_EH)
    exposure = float((span / work_eh).sum())
    if exposure <= 0:
        raise InputError("the time of the window, weighted by difficulty, is not above zero")
    return int(found.sum()), float(span.sum()), exposure
