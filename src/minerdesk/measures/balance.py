"""Measures of the balance sheet: enterprise value, converts, treasury, runway, dilution (definitions 4).

A convertible note counts by one of two methods. If-converted: above the conversion price the holder takes
shares and the debt is gone, below it is debt. Treasury (net share settlement): the principal stays debt and
only the excess over it is paid in shares. Options and warrants take the treasury method. [ASC 260-10-45]
"""

from __future__ import annotations

from typing import Any

from minerdesk import units
from minerdesk.measures.declare import measure, one_where

DEFINITION = "definitions 4, Cost of a bitcoin"


# --- shares and debt of instruments that can become shares --------------------------------------------
@measure(DEFINITION)
def exercised_fraction(close_usd: Any, exercise_price_usd: Any) -> Any:
    """1 where an option or a convert is in the money, 0 elsewhere."""
    return one_where(close_usd > exercise_price_usd)


@measure(DEFINITION)
def treasury_method_shares(
    underlying_shares: Any, exercise_price_usd: Any, close_usd: Any, exercised_fraction: Any
) -> Any:
    """Net new shares of options, warrants or a net-settled convert: the exercise money buys shares back."""
    return underlying_shares * exercised_fraction * (close_usd - exercise_price_usd) / close_usd


@measure(DEFINITION)
def if_converted_shares(principal_usd: Any, conversion_price_usd: Any, exercised_fraction: Any) -> Any:
    """All underlying shares of a convert that is converted."""
    return principal_usd * exercised_fraction / conversion_price_usd


@measure(DEFINITION)
def if_converted_debt_usd(principal_usd: Any, exercised_fraction: Any) -> Any:
    """Principal that stays debt under the if-converted method."""
    return principal_usd * (1 - exercised_fraction)


@measure(DEFINITION)
def diluted_shares(outstanding_shares: Any, option_shares: Any, convert_shares: Any) -> Any:
    """All classes outstanding and the net new shares of options and converts."""
    return outstanding_shares + option_shares + convert_shares


# --- value --------------------------------------------------------------------------------------------
@measure(DEFINITION)
def enterprise_value_usd(
    equity_value_usd: Any, debt_usd: Any, preferred_usd: Any, minority_usd: Any, cash_usd: Any
) -> Any:
    """Equity of all classes, debt, preferred stock and minorities, less cash. Bitcoin is not cash here."""
    return equity_value_usd + debt_usd + preferred_usd + minority_usd - cash_usd


@measure(DEFINITION)
def treasury_value_usd(held_btc: Any, price_usd_per_btc: Any) -> Any:
    """Bitcoin held, pledged ones included, at the day's price."""
    return held_btc * price_usd_per_btc


@measure(DEFINITION)
def hodl_adjusted_ev_usd(enterprise_value_usd: Any, held_btc: Any, price_usd_per_btc: Any) -> Any:
    """Enterprise value without the bitcoin held: what the market pays for the business."""
    return enterprise_value_usd - held_btc * price_usd_per_btc


@measure(DEFINITION)
def ev_usd_per_eh_s(enterprise_value_usd: Any, operating_hashrate_eh_s: Any) -> Any:
    """Enterprise value per EH/s; with the HODL-adjusted value it prices the machines alone."""
    return enterprise_value_usd / operating_hashrate_eh_s


@measure(DEFINITION)
def mnav_ratio(market_cap_usd: Any, held_btc: Any, price_usd_per_btc: Any) -> Any:
    """Market cap over the value of the bitcoin held."""
    return market_cap_usd / (held_btc * price_usd_per_btc)


# --- time and dilution --------------------------------------------------------------------------------
@measure(DEFINITION)
def cash_burn_usd_per_month(
    realised_hashrate_ph_s: Any, hashcost_usd_per_ph_day: Any, hashprice_usd_per_ph_day: Any
) -> Any:
    """Cash lost a month by mining at a hashprice; negative where mining earns. Hashcost of rung d."""
    lost_usd_per_day = realised_hashrate_ph_s * (hashcost_usd_per_ph_day - hashprice_usd_per_ph_day)
    return lost_usd_per_day * units.DAYS_PER_YEAR / units.MONTHS_PER_YEAR


@measure(DEFINITION)
def runway_months(liquid_usd: Any, burn_usd_per_month: Any) -> Any:
    """Months that liquid means last. Ask only where the burn is positive; else there is no end to give."""
    return liquid_usd / burn_usd_per_month


@measure(DEFINITION)
def dilution_fraction(shares_before_shares: Any, shares_now_shares: Any, split_ratio: Any) -> Any:
    """Growth of the count over a time, splits taken out (``split_ratio``: new over old shares between)."""
    return shares_now_shares / (shares_before_shares * split_ratio) - 1
