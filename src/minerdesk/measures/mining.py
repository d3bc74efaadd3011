"""Measures of mining: what a bitcoin costs, what a petahash earns and burns (definitions, section 4).

The six rungs are cumulative: each takes the rung below it and adds a line. ``mining_share_fraction`` is the
part of a company-wide line that is charged to mining (see :mod:`minerdesk.models.cost_curve`).
"""

from __future__ import annotations

from typing import Any

from minerdesk import units
from minerdesk.measures.declare import measure

DEFINITION = "definitions 4, Cost of a bitcoin"
NETWORK = "definitions 3, Network"


# --- the ladder ---------------------------------------------------------------------------------------
@measure(DEFINITION)
def power_cost_usd_per_btc(energy_usd: Any, curtailment_credits_usd: Any, mined_btc: Any) -> Any:
    """Rung a: energy, net of curtailment credits, per bitcoin mined for own account."""
    return (energy_usd - curtailment_credits_usd) / mined_btc


@measure(DEFINITION)
def site_cost_usd_per_btc(mining_cost_usd: Any, curtailment_credits_usd: Any, mined_btc: Any) -> Any:
    """Rung b: mining cost of revenue without D&A (energy, site staff, hosting, pool fees), net of credits."""
    return (mining_cost_usd - curtailment_credits_usd) / mined_btc


@measure(DEFINITION)
def operating_cost_usd_per_btc(
    site_cost_usd_per_btc: Any, sga_usd: Any, sbc_usd: Any, mining_share_fraction: Any, mined_btc: Any
) -> Any:
    """Rung c: adds cash overhead, which is SG&A without stock-based compensation."""
    return site_cost_usd_per_btc + (sga_usd - sbc_usd) * mining_share_fraction / mined_btc


@measure(DEFINITION)
def cash_cost_usd_per_btc(
    operating_cost_usd_per_btc: Any,
    interest_usd: Any,
    cash_tax_usd: Any,
    mining_share_fraction: Any,
    mined_btc: Any,
) -> Any:
    """Rung d: adds interest expense and cash tax (a refund is negative)."""
    return operating_cost_usd_per_btc + (interest_usd + cash_tax_usd) * mining_share_fraction / mined_btc


@measure(DEFINITION)
def cash_and_sbc_cost_usd_per_btc(
    cash_cost_usd_per_btc: Any, sbc_usd: Any, mining_share_fraction: Any, mined_btc: Any
) -> Any:
    """Rung e: adds stock-based compensation."""
    return cash_cost_usd_per_btc + sbc_usd * mining_share_fraction / mined_btc


@measure(DEFINITION)
def all_in_cost_usd_per_btc(
    cash_and_sbc_cost_usd_per_btc: Any, depreciation_usd: Any, mining_share_fraction: Any, mined_btc: Any
) -> Any:
    """Rung f: adds depreciation and amortisation. Impairment and fair-value changes are in no rung."""
    return cash_and_sbc_cost_usd_per_btc + depreciation_usd * mining_share_fraction / mined_btc


# --- margin at a price --------------------------------------------------------------------------------
@measure(DEFINITION)
def mining_margin_usd_per_btc(price_usd_per_btc: Any, cost_usd_per_btc: Any) -> Any:
    """What is left of a bitcoin's price after a rung; the rung itself is the break-even price."""
    return price_usd_per_btc - cost_usd_per_btc


@measure(DEFINITION)
def mining_margin_fraction(price_usd_per_btc: Any, cost_usd_per_btc: Any) -> Any:
    """The margin over the price: 0 at break-even, negative below it."""
    return (price_usd_per_btc - cost_usd_per_btc) / price_usd_per_btc


# --- hashrate that was really there -------------------------------------------------------------------
@measure(NETWORK)
def mined_share_fraction(mined_btc: Any, rewards_btc: Any) -> Any:
    """A company's bitcoin over all rewards (subsidy and fees) of the network in the same time."""
    return mined_btc / rewards_btc


@measure(NETWORK)
def realised_hashrate_eh_s(
    mined_btc: Any, network_work_hashes: Any, rewards_btc: Any, period_seconds: Any
) -> Any:
    """Hashrate behind a production: bitcoin x network work / (rewards x seconds). [TheMinerMag]"""
    return mined_btc * network_work_hashes / (rewards_btc * period_seconds) / units.HASHES_PER_EH


@measure(NETWORK)
def realisation_rate_fraction(realised_hashrate_eh_s: Any, operating_hashrate_eh_s: Any) -> Any:
    """Realised over stated hashrate: downtime, curtailment, pool luck and optimism together. [TheMinerMag]"""
    return realised_hashrate_eh_s / operating_hashrate_eh_s


@measure(DEFINITION)
def realised_ph_days(realised_hashrate_eh_s: Any, period_days: Any) -> Any:
    """Petahash-days behind a production."""
    return realised_hashrate_eh_s * units.PH_PER_EH * period_days


# --- the same cost per petahash and day ---------------------------------------------------------------
@measure(DEFINITION)
def hashcost_usd_per_ph_day(cost_usd_per_btc: Any, mined_btc: Any, realised_ph_days: Any) -> Any:
    """A rung per realised PH-day; it stands beside hashprice and does not move with difficulty."""
    return cost_usd_per_btc * mined_btc / realised_ph_days


@measure(DEFINITION)
def nowcast_cost_usd_per_btc(hashcost_usd_per_ph_day: Any, hashprice_btc_per_ph_day: Any) -> Any:
    """Nowcast of a rung, and its break-even price: filed hashcost over what a PH-day mines today."""
    return hashcost_usd_per_ph_day / hashprice_btc_per_ph_day


@measure(DEFINITION)
def mining_margin_usd_per_ph_day(hashprice_usd_per_ph_day: Any, hashcost_usd_per_ph_day: Any) -> Any:
    """Margin of a PH-day; at the break-even hashprice, which is the hashcost, it is 0."""
    return hashprice_usd_per_ph_day - hashcost_usd_per_ph_day


@measure(DEFINITION)
def energy_cost_usd_per_ph_day(efficiency_j_per_th: Any, power_price_usd_per_kwh: Any) -> Any:
    """Energy a PH-day, the break-even hashprice of a machine: 1 PH/s at e J/TH draws e kW."""
    drawn_kw_per_ph_s = efficiency_j_per_th * units.TH_PER_PH / units.WATTS_PER_KW
    return drawn_kw_per_ph_s * units.HOURS_PER_DAY * power_price_usd_per_kwh


@measure(DEFINITION)
def break_even_power_price_usd_per_kwh(hashprice_usd_per_ph_day: Any, efficiency_j_per_th: Any) -> Any:
    """Power price at which energy eats the whole hashprice: hashprice / (24 x J/TH)."""
    drawn_kw_per_ph_s = efficiency_j_per_th * units.TH_PER_PH / units.WATTS_PER_KW
    return hashprice_usd_per_ph_day / (drawn_kw_per_ph_s * units.HOURS_PER_DAY)


@measure(DEFINITION)
def break_even_efficiency_j_per_th(hashprice_usd_per_ph_day: Any, power_price_usd_per_kwh: Any) -> Any:
    """The worst machine that still pays for its energy at a hashprice and a power price."""
    drawn_kw_per_ph_s = hashprice_usd_per_ph_day / (power_price_usd_per_kwh * units.HOURS_PER_DAY)
    return drawn_kw_per_ph_s * units.WATTS_PER_KW / units.TH_PER_PH
