"""Predicted CAR of an unlock: a prior from the literature, updated by the desk's own panel, both kept.

Prior: the three-day abnormal return at the end of a lock-up is -1.5 % over 1,948 agreements of 1988-1997
[Field and Hanka, "The Expiration of IPO Share Lockups", Journal of Finance 56 (2001), 471-500] and -0.7 %
over 1,914 of 2004-2023 [replication, Aalto University, 2024]. The mean of another era is taken as normal
around their average, with the spread of a third draw from the same normal: sd x sqrt(1 + 1/2).

Model: the CAR of unlock i is normal around the mean effect with variance ``effect_sd**2 + error_i**2``, where
``error_i`` is the forecast error of its own event study. ``effect_sd``, by how much unlocks truly differ, is
not in the abstracts: 5 % is an assumption of this module until the panel estimates it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from minerdesk.errors import InputError


@dataclass(frozen=True)
class UnlockPrior:
    """Beliefs on the mean three-day CAR of an unlock before the panel: normal ``mean``, ``mean_sd``."""

    mean: float
    mean_sd: float
    effect_sd: float
    sources: tuple[str, ...]


FIELD_HANKA = -0.015
REPLICATION = -0.007

LITERATURE = UnlockPrior(
    mean=(FIELD_HANKA + REPLICATION) / 2,
    mean_sd=float(np.std([FIELD_HANKA, REPLICATION], ddof=1) * np.sqrt(1.5)),
    effect_sd=0.05,
    sources=("Field and Hanka 2001: -1.5 % (n = 1,948)", "replication 2004-2023: -0.7 % (n = 1,914)"),
)

#: From this many events on, the panel's own spread replaces the assumed ``effect_sd``.
FEWEST_FOR_SPREAD = 5


@dataclass(frozen=True)
class CarInterval:
    """A predicted CAR: ``mean`` and the central interval ``low`` .. ``high`` of probability ``level``.

    ``mean_sd`` is the uncertainty of the mean effect, ``effect_sd`` the spread between unlocks used.
    """

    mean: float
    low: float
    high: float
    level: float
    mean_sd: float
    effect_sd: float


@dataclass(frozen=True)
class UnlockPrediction:
    """What an unlock may do: from the literature alone, and updated by ``events`` of the desk's panel."""

    prior: CarInterval
    updated: CarInterval
    events: int
    panel_mean: float


def predict_unlock(
    error: float,
    panel_cars: ArrayLike = (),
    panel_errors: ArrayLike = (),
    *,
    prior: UnlockPrior = LITERATURE,
    level: float = 0.9,
) -> UnlockPrediction:
    """Predict the CAR[-1,+1] of an unlock whose forecast error is ``error`` (log, one standard deviation).

    ``panel_cars`` and ``panel_errors`` ``(events,)`` are CAR[-1,+1] and forecast errors of past unlocks;
    NaN pairs are left out. With ``FEWEST_FOR_SPREAD`` events the spread between unlocks is estimated by
    moments [DerSimonian and Laird 1986]. Raises :class:`InputError` for a negative error or a level
    outside (0, 1).
    """
    if not error >= 0.0 or not 0.0 < level < 1.0:
        raise InputError(f"need an error >= 0 and a level in (0, 1), not {error} and {level}")
    cars = np.asarray(panel_cars, dtype=np.float64)
    errors = np.asarray(panel_errors, dtype=np.float64)
    if cars.shape != errors.shape:
        raise InputError(f"{cars.size} panel CARs but {errors.size} errors")
    known = np.isfinite(cars) & np.isfinite(errors) & (errors > 0)
    cars, errors = cars[known], errors[known]
    effect_sd = _spread(cars, errors) if len(cars) >= FEWEST_FOR_SPREAD else prior.effect_sd
    weight = 1.0 / (effect_sd**2 + errors**2)
    precision = 1.0 / prior.mean_sd**2 + float(weight.sum())
    mean = (prior.mean / prior.mean_sd**2 + float(weight @ cars)) / precision
    return UnlockPrediction(
        prior=_interval(prior.mean, prior.mean_sd, prior.effect_sd, error, level),
        updated=_interval(mean, precision**-0.5, effect_sd, error, level),
        events=len(cars),
        panel_mean=float(cars.mean()) if len(cars) else float("nan"),
    )


def _interval(mean: float, mean_sd: float, effect_sd: float, error: float, level: float) -> CarInterval:
    from scipy.special import ndtri

    half = float(ndtri((1.0 + level) / 2.0)) * float(np.sqrt(mean_sd**2 + effect_sd**2 + error**2))
    return CarInterval(mean, mean - half, mean + half, level, mean_sd, effect_sd)


def _spread(cars: np.ndarray, errors: np.ndarray) -> float:
    """Standard deviation of the true effects by moments, zero where the errors explain all spread."""
    w = errors**-2.0
    mean = (w @ cars) / w.sum()
    q = float(w @ (cars - mean) ** 2)
    scale = float(w.sum() - (w @ w) / w.sum())
    return float(np.sqrt(max(q - (len(cars) - 1), 0.0) / scale))
