"""The cost curve of machines: who still earns its energy at a hashprice, and who switches off first.

Nobody publishes the world's fleet. A fleet here is a *stated* mix of efficiencies; :func:`vintage_mix` states
one from what is known: the network's hashrate year by year, the machines sold in each year, and how long a
machine runs. Only energy counts: a machine is under water when the power of a PH-day costs more than its
hashprice (definitions 4), whatever was paid for the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minerdesk.errors import InputError
from minerdesk.measures.mining import break_even_power_price_usd_per_kwh, energy_cost_usd_per_ph_day

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MachineCost:
    """A machine at a hashprice and a power price. ``switch_off_usd_per_ph_day`` is the hashprice below which
    it burns money, ``margin_usd_per_ph_day`` what is left above it."""

    model: str
    efficiency_j_per_th: float
    break_even_power_price_usd_per_kwh: float
    switch_off_usd_per_ph_day: float
    margin_usd_per_ph_day: float


def machine_costs(
    models: Sequence[str],
    efficiency_j_per_th: ArrayLike,
    hashprice_usd_per_ph_day: float,
    power_price_usd_per_kwh: float,
) -> tuple[MachineCost, ...]:
    """The curve of machines, most efficient first; a model told twice with one efficiency counts once.

    ``models`` are names, ``efficiency_j_per_th`` of equal length ``(n,)``. Raises :class:`InputError` for
    lengths that differ or figures that are not above zero.
    """
    levels = _positive(efficiency_j_per_th, "an efficiency")
    if len(models) != len(levels):
        raise InputError(f"{len(models)} models, {len(levels)} efficiencies")
    hashprice = float(_positive(hashprice_usd_per_ph_day, "a hashprice")[0])
    power = float(_positive(power_price_usd_per_kwh, "a power price")[0])
    distinct = dict.fromkeys((float(level), model) for model, level in zip(models, levels, strict=True))
    return tuple(
        MachineCost(
            model=model,
            efficiency_j_per_th=level,
            break_even_power_price_usd_per_kwh=break_even_power_price_usd_per_kwh(hashprice, level),
            switch_off_usd_per_ph_day=(cost := energy_cost_usd_per_ph_day(level, power)),
            margin_usd_per_ph_day=hashprice - cost,
        )
        for level, model in sorted(distinct)
    )


@dataclass(frozen=True)
class FleetMix:
    """A stated fleet: ``share_fraction`` of its hashrate at each ``efficiency_j_per_th``, both ``(k,)``, most
    efficient first; ``basis`` says in words where it comes from."""

    efficiency_j_per_th: Floats
    share_fraction: Floats
    basis: str

    @property
    def mean_efficiency_j_per_th(self) -> float:
        """Power over hashrate of the whole fleet."""
        return float(self.efficiency_j_per_th @ self.share_fraction)


def stated_mix(efficiency_j_per_th: ArrayLike, hashrate: ArrayLike, basis: str) -> FleetMix:
    """A mix from efficiencies and the hashrate (or share) at each, in any unit, ``(k,)`` both."""
    levels = _positive(efficiency_j_per_th, "an efficiency")
    weights = np.atleast_1d(np.asarray(hashrate, dtype=np.float64))
    if weights.shape != levels.shape or not (weights >= 0).all() or not weights.sum() > 0:
        raise InputError("a mix needs one share, not below zero, for each efficiency")
    order = np.argsort(levels, kind="stable")
    return FleetMix(levels[order], weights[order] / weights.sum(), basis)


def vintage_mix(
    years: Sequence[int], hashrate_eh_s: ArrayLike, efficiency_j_per_th: ArrayLike, lifetime_years: int
) -> FleetMix:
    """The mix of vintages: what was added in each year, at the efficiency of that year's machines.

    ``hashrate_eh_s`` of the network at the end of each of the consecutive ``years`` ``(n,)``, the efficiency
    of machines sold in it ``(n,)``; ``lifetime_years`` after which a vintage is scrapped. A year adds what
    the network grew by and what it scrapped; where hashrate fell beyond that, the oldest vintages went. The
    first year's machines are all taken to be of that year.
    """
    level = _positive(hashrate_eh_s, "a hashrate")
    efficiency = _positive(efficiency_j_per_th, "an efficiency")
    if not len(years) == len(level) == len(efficiency) or list(years) != list(
        range(years[0], years[0] + len(years))
    ):
        raise InputError("vintages need consecutive years, a hashrate and an efficiency for each")
    if lifetime_years < 1:
        raise InputError(f"a machine runs at least a year, not {lifetime_years}")
    running = np.zeros(len(level))
    for year, total in enumerate(level):
        if year >= lifetime_years:
            running[year - lifetime_years] = 0.0
        surplus = float(running.sum() - total)
        for oldest in range(year):
            gone = min(running[oldest], max(surplus, 0.0))
            running[oldest] -= gone
            surplus -= gone
        running[year] = max(-surplus, 0.0)
    return stated_mix(
        efficiency,
        running,
        f"vintages {years[0]} to {years[-1]}: growth of the network's hashrate, machines of the year, "
        f"scrapped after {lifetime_years} years",
    )


def under_water_fraction(
    mix: FleetMix,
    hashprice_usd_per_ph_day: float,
    power_price_usd_per_kwh: ArrayLike,
    weight: ArrayLike | None = None,
) -> float:
    """Share of a fleet's hashrate whose energy costs more than its hashprice.

    One power price for all, or a distribution: prices ``(m,)`` with the ``weight`` of hashrate that pays each
    (equal by default), whatever its machine.
    """
    prices = _positive(power_price_usd_per_kwh, "a power price")
    parts = np.ones(len(prices)) if weight is None else np.asarray(weight, dtype=np.float64)
    if parts.shape != prices.shape or not (parts >= 0).all() or not parts.sum() > 0:
        raise InputError("a distribution of power prices needs one weight, not below zero, for each")
    cost = energy_cost_usd_per_ph_day(mix.efficiency_j_per_th[:, None], prices[None, :])
    lost = cost > float(_positive(hashprice_usd_per_ph_day, "a hashprice")[0])
    return float(mix.share_fraction @ lost @ (parts / parts.sum()))


@dataclass(frozen=True)
class SwitchOff:
    """A tier of a fleet: below ``hashprice_usd_per_ph_day`` it switches off, and ``off_fraction`` of the
    fleet, this tier and all worse ones, is off."""

    efficiency_j_per_th: float
    share_fraction: float
    hashprice_usd_per_ph_day: float
    off_fraction: float


def switch_off_tiers(mix: FleetMix, power_price_usd_per_kwh: float) -> tuple[SwitchOff, ...]:
    """The tiers of a fleet in the order in which a falling hashprice switches them off."""
    power = float(_positive(power_price_usd_per_kwh, "a power price")[0])
    off = np.cumsum(mix.share_fraction[::-1])
    return tuple(
        SwitchOff(
            efficiency_j_per_th=float(level),
            share_fraction=float(share),
            hashprice_usd_per_ph_day=float(energy_cost_usd_per_ph_day(level, power)),
            off_fraction=float(gone),
        )
        for level, share, gone in zip(
            mix.efficiency_j_per_th[::-1], mix.share_fraction[::-1], off, strict=True
        )
        if share > 0
    )


def _positive(values: ArrayLike, what: str) -> Floats:
    found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if found.ndim != 1 or not (np.isfinite(found).all() and (found > 0).all()):
        raise InputError(f"{what} is a number above zero")
    return found
