"""Arithmetic of an unlock: its size against the float and the trade, and what its holders have gained."""

from __future__ import annotations

from typing import Any

from minerdesk.measures.declare import measure


@measure(definition="definitions §5")
def float_shares(outstanding_shares: Any, restricted_shares: Any) -> Any:
    """Shares that can be traded: outstanding less those still locked up or held by insiders."""
    return outstanding_shares - restricted_shares


@measure(definition="definitions §5")
def unlock_of_float_fraction(unlock_shares: Any, float_shares: Any) -> Any:
    """Shares that become free, as a fraction of the float before the unlock."""
    return unlock_shares / float_shares


@measure(definition="definitions §5")
def unlock_volume_sessions(unlock_shares: Any, average_volume_shares: Any) -> Any:
    """Days of average volume: how many sessions of the average share volume the unlocked shares are."""
    return unlock_shares / average_volume_shares


@measure(definition="definitions §5")
def holder_gain_fraction(price_usd: Any, cost_basis_usd: Any) -> Any:
    """What a holder has gained on a share, as a fraction of what was paid for it."""
    return price_usd / cost_basis_usd - 1


@measure(definition="definitions §5")
def holder_gain_usd(price_usd: Any, cost_basis_usd: Any, unlock_shares: Any) -> Any:
    """What the holders of the unlocked shares have gained together, before tax and fees."""
    return (price_usd - cost_basis_usd) * unlock_shares
