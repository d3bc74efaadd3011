"""Measures of the market (definitions, section 2)."""

from __future__ import annotations

from typing import Any

from minerdesk.measures.declare import measure, one_where

DEFINITION = "definitions 2, Market"
#: A smaller move counts as none.
UNCHANGED_BELOW_FRACTION = 0.0005


@measure(DEFINITION)
def price_return_fraction(close_start_usd: Any, close_end_usd: Any, split_ratio: Any) -> Any:
    """Return of a share over a period, splits taken out.

    ``split_ratio``: new over old shares of all splits effective after the start and not after the end.
    """
    return close_end_usd * split_ratio / close_start_usd - 1


@measure(DEFINITION)
def market_cap_usd(outstanding_shares: Any, close_usd: Any) -> Any:
    """Shares outstanding (all classes, known then) times the as-traded close."""
    return outstanding_shares * close_usd


@measure(DEFINITION)
def price_effect_usd(start_shares: Any, close_start_usd: Any, return_fraction: Any) -> Any:
    """What the price move alone did to the cap: start shares times the price change, splits taken out."""
    return start_shares * close_start_usd * return_fraction


@measure(DEFINITION)
def share_effect_usd(start_shares: Any, end_shares: Any, close_end_usd: Any, split_ratio: Any) -> Any:
    """What new and retired shares did to the cap: share change, splits taken out, times the end close."""
    return (end_shares - start_shares * split_ratio) * close_end_usd


@measure(DEFINITION)
def contribution_fraction(price_effect_usd: Any, sector_cap_start_usd: Any) -> Any:
    """A name's share in the sector's return; over all names they sum to it."""
    return price_effect_usd / sector_cap_start_usd


@measure(DEFINITION)
def sector_return_fraction(sector_price_effect_usd: Any, sector_cap_start_usd: Any) -> Any:
    """Return of the sector: the price effect of all names over their start cap. A change of cap is not."""
    return sector_price_effect_usd / sector_cap_start_usd


@measure(DEFINITION)
def cap_change_fraction(sector_cap_start_usd: Any, sector_cap_end_usd: Any) -> Any:
    """Change of the sector's cap: prices, new shares and new names together."""
    return sector_cap_end_usd / sector_cap_start_usd - 1


@measure(DEFINITION)
def ex_event_return_fraction(
    sector_price_effect_usd: Any,
    event_price_effect_usd: Any,
    sector_cap_start_usd: Any,
    event_cap_start_usd: Any,
) -> Any:
    """The sector's return without the names that had a tagged event in the week."""
    return (sector_price_effect_usd - event_price_effect_usd) / (sector_cap_start_usd - event_cap_start_usd)


@measure(DEFINITION)
def sector_cap_net_usd(sector_cap_gross_usd: Any, cross_held_usd: Any) -> Any:
    """Sum of caps without the listed stakes that one name holds in another."""
    return sector_cap_gross_usd - cross_held_usd


@measure(DEFINITION)
def turnover_usd(close_usd: Any, share_volume_shares: Any) -> Any:
    """Turnover of a session: close times share volume."""
    return close_usd * share_volume_shares


@measure(DEFINITION)
def change_fraction(before_ratio: Any, after_ratio: Any) -> Any:
    """Relative change of one quantity."""
    return after_ratio / before_ratio - 1


@measure(DEFINITION)
def per_session_change_fraction(
    before_ratio: Any, before_sessions: Any, after_ratio: Any, after_sessions: Any
) -> Any:
    """Relative change of a flow per session: weeks with a holiday compare fairly."""
    return (after_ratio / after_sessions) / (before_ratio / before_sessions) - 1


@measure(DEFINITION)
def rises_count(return_fraction: Any) -> Any:
    """1 where a name rose, 0 elsewhere."""
    return one_where(return_fraction >= UNCHANGED_BELOW_FRACTION)


@measure(DEFINITION)
def falls_count(return_fraction: Any) -> Any:
    """1 where a name fell, 0 elsewhere."""
    return one_where(return_fraction <= -UNCHANGED_BELOW_FRACTION)


@measure(DEFINITION)
def bitcoin_return_fraction(close_start_usd: Any, close_end_usd: Any) -> Any:
    """Return of bitcoin between two closes on one clock."""
    return close_end_usd / close_start_usd - 1
