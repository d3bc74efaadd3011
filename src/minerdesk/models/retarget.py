"""What difficulty does next, and when the subsidy halves.

Given the time so far, the epoch's remaining time is a ratio of two Gamma variables (a beta prime), so the
forecast of a constant hashrate is exact. Hashrate is not constant: it wanders within an epoch, and past
retargets tell by how much. With log hashrate a random walk, the log of the epoch's time is uncertain by
``drift x share of blocks left`` on top of counting, where ``2 drift^2`` is the variance of the log change
from epoch to epoch beyond that of counting. The round figure 1.96/sqrt(k) is close to this at the start of
an epoch and too wide at its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from minerdesk.consensus import (
    BLOCKS_PER_EPOCH,
    MAINNET,
    RETARGET_CLAMP,
    TARGET_SECONDS_PER_EPOCH,
    Network,
    subsidy_btc_per_block,
)
from minerdesk.errors import InputError
from minerdesk.models.regression import ols

#: Intervals between an epoch's first and last header: what the rule measures.
INTERVALS = BLOCKS_PER_EPOCH - 1
#: Before so many blocks a forecast would be luck: two more than a day's.
LEAST_BLOCKS = 146
#: Fewer past retargets than half a year's do not tell how far hashrate wanders.
LEAST_RETARGETS = 13
#: Past epochs that tell how fast blocks come (two years), and the lags over which their pace is correlated.
HALVING_EPOCHS = 52
HALVING_LAGS = 13


@dataclass(frozen=True)
class RetargetForecast:
    """The next change of difficulty (new / old - 1): median and interval at ``confidence``; the seconds until
    the first block under it; ``drift``, the wandering of hashrate that is in the band (0: none assumed)."""

    change_fraction: float
    low_fraction: float
    high_fraction: float
    confidence: float
    blocks_done: int
    blocks_left: int
    seconds_left: float
    seconds_left_low: float
    seconds_left_high: float
    drift: float


def forecast_retarget(
    blocks_done: int, seconds_done: float, past_changes: ArrayLike = (), confidence: float = 0.95
) -> RetargetForecast | None:
    """Forecast after ``blocks_done`` intervals since the epoch's first header, which took ``seconds_done``.

    ``past_changes`` are past retargets as fractions ``(n,)``, about two years of them; without any, hashrate
    is taken as constant. ``None`` before 146 blocks. With all 2,015 done the change is that of the rule
    (before the rounding to compact bits, which :func:`minerdesk.consensus.next_bits` does).

    Raises :class:`InputError` for a number of blocks that no epoch has, a time that is not above zero, or one
    to twelve past retargets.
    """
    from scipy.special import betaincinv

    if not 0 <= blocks_done <= INTERVALS or not seconds_done > 0 or not 0.0 < confidence < 1.0:
        raise InputError(f"no forecast from {blocks_done} blocks in {seconds_done} seconds at {confidence}")
    if blocks_done < LEAST_BLOCKS:
        return None
    drift, left = drift_of_retargets(past_changes), INTERVALS - blocks_done
    tail = (1.0 - confidence) / 2.0
    growth = np.zeros(3)  # log of the epoch's whole time over the time so far
    if left:
        growth = -np.log1p(-betaincinv(left, blocks_done, np.array([tail, 0.5, 1.0 - tail])))
        counting = math.sqrt(1.0 / blocks_done + 1.0 / left)  # both are times the share of blocks left
        growth = growth[1] + math.hypot(1.0, drift / counting) * (growth - growth[1])
    short, middle, long = (float(total) for total in seconds_done * np.exp(np.maximum(growth, 0.0)))
    with_last = BLOCKS_PER_EPOCH / INTERVALS  # the first block under new bits comes one interval later
    return RetargetForecast(
        change_fraction=_change(middle),
        low_fraction=_change(long),
        high_fraction=_change(short),
        confidence=confidence,
        blocks_done=blocks_done,
        blocks_left=left + 1,
        seconds_left=middle * with_last - seconds_done,
        seconds_left_low=short * with_last - seconds_done,
        seconds_left_high=long * with_last - seconds_done,
        drift=drift,
    )


def drift_of_retargets(past_changes: ArrayLike) -> float:
    """How far log hashrate wanders within an epoch, from past retargets as fractions ``(n,)``; 0 for none.

    The log change between epochs has the variance ``2 drift^2`` of the wandering and 2 / 2,016 of counting.
    """
    changes = np.asarray(past_changes, dtype=np.float64)
    if changes.size == 0:
        return 0.0
    if changes.ndim != 1 or changes.size < LEAST_RETARGETS or not (changes > -1.0).all():
        raise InputError(f"past retargets are at least {LEAST_RETARGETS} fractions above -1")
    variance = float(np.log1p(changes).var(ddof=1))
    return math.sqrt(max(0.0, variance / 2.0 - 1.0 / BLOCKS_PER_EPOCH))


def _change(seconds: float) -> float:
    return min(max(TARGET_SECONDS_PER_EPOCH / seconds, 1.0 / RETARGET_CLAMP), float(RETARGET_CLAMP)) - 1.0


@dataclass(frozen=True)
class HalvingEstimate:
    """The next halving: its height, the subsidy from there on, and the seconds until it with an interval."""

    height: int
    subsidy_btc_per_block: float
    blocks_left: int
    seconds_left: float
    seconds_left_low: float
    seconds_left_high: float
    confidence: float


def estimate_halving(
    height: int, epoch_seconds: ArrayLike, confidence: float = 0.95, network: Network = MAINNET
) -> HalvingEstimate:
    """When the subsidy halves next, seen from the block at ``height``, at the pace of the last 52 epochs.

    ``epoch_seconds``: seconds from first block to first block of past epochs, latest last, ``(n,)``, n >= 52.
    The interval is that of a sum of correlated epochs (Newey-West with 13 lags) and of the pace's own error.
    Difficulty follows hashrate, so an error in growth moves the date by two weeks for each log point only.

    Raises :class:`InputError` for too few epochs.
    """
    past = np.asarray(epoch_seconds, dtype=np.float64)[-HALVING_EPOCHS:]
    if past.shape != (HALVING_EPOCHS,):
        raise InputError(f"the pace is that of {HALVING_EPOCHS} past epochs; {past.size} were given")
    target = (height // network.halving_blocks + 1) * network.halving_blocks
    epochs = (target - height) / BLOCKS_PER_EPOCH
    pace = ols(past, np.empty((past.size, 0)), hac_lags=HALVING_LAGS)
    error_of_pace = float(pace.standard_errors[0])
    spread = error_of_pace * math.sqrt(past.size * epochs + epochs**2)
    middle = epochs * float(pace.coefficients[0])
    reach = NormalDist().inv_cdf((1.0 + confidence) / 2.0) * spread
    return HalvingEstimate(
        height=target,
        subsidy_btc_per_block=subsidy_btc_per_block(target, network),
        blocks_left=target - height,
        seconds_left=middle,
        seconds_left_low=max(0.0, middle - reach),
        seconds_left_high=middle + reach,
        confidence=confidence,
    )
