"""Measures of the network: what a hash earns, how many there are, who finds the blocks (definitions 3).

Realised hashrate and break-even of companies and machines are in :mod:`minerdesk.measures.mining`; intervals,
probabilities and forecasts in :mod:`minerdesk.models.hashrate`.
"""

from __future__ import annotations

from typing import Any

from minerdesk import units
from minerdesk.measures.declare import measure

DEFINITION = "definitions 3, Network"


# --- what a hash earns --------------------------------------------------------------------------------
@measure(DEFINITION)
def mean_fee_btc_per_block(fees_btc: Any, window_blocks: Any) -> Any:
    """Fees of a window over its blocks; hashprice takes the last 144."""
    return fees_btc / window_blocks


@measure(DEFINITION)
def hashprice_btc_per_ph_day(
    subsidy_btc_per_block: Any, mean_fee_btc_per_block: Any, network_difficulty: Any
) -> Any:
    """Expected bitcoin of 1 PH/s a day: exact, as difficulty is; no estimate of hashrate enters."""
    hashes_per_block = network_difficulty * units.HASHES_PER_DIFFICULTY_ROUNDED
    hashes_per_ph_day = units.SECONDS_PER_DAY * units.HASHES_PER_PH
    return (subsidy_btc_per_block + mean_fee_btc_per_block) * hashes_per_ph_day / hashes_per_block


@measure(DEFINITION)
def hashprice_usd_per_ph_day(
    subsidy_btc_per_block: Any, mean_fee_btc_per_block: Any, network_difficulty: Any, price_usd_per_btc: Any
) -> Any:
    """Expected revenue of 1 PH/s a day: (subsidy + fee) x hashes / (difficulty x 2^32) x price. [Luxor]"""
    hashes_per_block = network_difficulty * units.HASHES_PER_DIFFICULTY_ROUNDED
    hashes_per_ph_day = units.SECONDS_PER_DAY * units.HASHES_PER_PH
    reward_btc_per_block = subsidy_btc_per_block + mean_fee_btc_per_block
    return reward_btc_per_block * hashes_per_ph_day / hashes_per_block * price_usd_per_btc


@measure(DEFINITION)
def revenue_usd_per_eh_day(hashprice_usd_per_ph_day: Any) -> Any:
    """Expected revenue of 1 EH/s a day."""
    return hashprice_usd_per_ph_day * units.PH_PER_EH


@measure(DEFINITION)
def miner_revenue_usd(subsidy_btc: Any, fees_btc: Any, price_usd_per_btc: Any) -> Any:
    """What all miners together were paid: subsidies and fees at a price."""
    return (subsidy_btc + fees_btc) * price_usd_per_btc


@measure(DEFINITION)
def fee_share_fraction(subsidy_btc: Any, fees_btc: Any) -> Any:
    """Fees over all rewards."""
    return fees_btc / (subsidy_btc + fees_btc)


# --- how many there are -------------------------------------------------------------------------------
@measure(DEFINITION)
def network_work_hashes(network_difficulty: Any, window_blocks: Any) -> Any:
    """Expected hashes behind blocks found at a difficulty, exact: 2^48 / 65535 a unit of difficulty."""
    return network_difficulty * window_blocks * units.HASHES_PER_DIFFICULTY


@measure(DEFINITION)
def network_hashrate_eh_s(network_work_hashes: Any, window_seconds: Any, block_count: Any) -> Any:
    """Unbiased hashrate of n blocks and the seconds they took: (n-1)/n x W/T. [delvingbitcoin 1745]"""
    return (block_count - 1) / block_count * network_work_hashes / window_seconds / units.HASHES_PER_EH


@measure(DEFINITION)
def difficulty_hashrate_eh_s(network_difficulty: Any) -> Any:
    """The hashrate at which a difficulty gives one block in 600 seconds: what the last retarget believed."""
    hashes_per_block = network_difficulty * units.HASHES_PER_DIFFICULTY
    return hashes_per_block / units.TARGET_SECONDS_PER_BLOCK / units.HASHES_PER_EH


@measure(DEFINITION)
def retarget_fraction(old_difficulty: Any, new_difficulty: Any) -> Any:
    """Change of difficulty from one epoch to the next."""
    return new_difficulty / old_difficulty - 1


# --- who finds the blocks -----------------------------------------------------------------------------
@measure(DEFINITION)
def pool_share_fraction(pool_blocks: Any, window_blocks: Any) -> Any:
    """A pool's part of the blocks of a window."""
    return pool_blocks / window_blocks


@measure(DEFINITION)
def herfindahl_term_fraction(pool_share_fraction: Any) -> Any:
    """A pool's term of the Herfindahl index, which is their sum: 1 for a monopoly, 1/n for n equal pools."""
    return pool_share_fraction * pool_share_fraction
