"""The numbers of the Bitcoin protocol, exact: compact bits, targets, work, retarget, subsidy.

Integers throughout; a difficulty is rounded once, when it becomes a float. Rules as in Bitcoin Core
(``arith_uint256.cpp``, ``pow.cpp``, ``kernel/chainparams.cpp``, ``validation.cpp``), written anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from minerdesk.errors import InputError

HEADER_BYTES = 80
BLOCKS_PER_EPOCH = 2_016
TARGET_SECONDS_PER_EPOCH = 1_209_600
TARGET_SECONDS_PER_BLOCK = 600
#: One retarget moves difficulty by at most this factor either way.
RETARGET_CLAMP = 4
#: Timestamps looked back on for the median time past.
MEDIAN_SPAN = 11
#: A header may be dated at most this far ahead of the clock.
FUTURE_SECONDS = 7_200
SATOSHI_PER_BTC = 100_000_000
FIRST_SUBSIDY_SATOSHI = 50 * SATOSHI_PER_BTC

_DIFFICULTY_ONE_TARGET = 0xFFFF << 208
_TARGET_LIMIT = 1 << 256


@dataclass(frozen=True)
class Network:
    """What tells one Bitcoin network from another.

    ``name`` is the one a node answers with; ``genesis`` the first header's hash as bytes in wire order;
    ``limit_bits`` the easiest target; ``retargets`` is false on regtest; ``versions`` are pairs of (height,
    lowest version allowed from there on) of BIP 34, 66 and 65.
    """

    name: str
    genesis: bytes
    limit_bits: int
    retargets: bool
    halving_blocks: int
    versions: tuple[tuple[int, int], ...]


MAINNET = Network(
    name="main",
    genesis=bytes.fromhex("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")[::-1],
    limit_bits=0x1D00FFFF,
    retargets=True,
    halving_blocks=210_000,
    versions=((227_931, 2), (363_725, 3), (388_381, 4)),
)
REGTEST = Network(
    name="regtest",
    genesis=bytes.fromhex("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206")[::-1],
    limit_bits=0x207FFFFF,
    retargets=False,
    halving_blocks=150,
    versions=((1, 4),),
)


def block_hash(header: bytes) -> bytes:
    """Double SHA-256 of an 80-byte header, in wire order (the displayed hash is its reverse)."""
    return hashlib.sha256(hashlib.sha256(header).digest()).digest()


def target_of_bits(bits: int) -> int:
    """The target a compact form stands for: a hash read as a little-endian number must not be above it.

    Raises :class:`minerdesk.errors.InputError` for a form that is negative, zero or above 256 bits.
    """
    size, mantissa = bits >> 24, bits & 0x007F_FFFF
    target = mantissa << 8 * (size - 3) if size > 3 else mantissa >> 8 * (3 - size)
    if bits & 0x0080_0000 or not 0 < target < _TARGET_LIMIT:
        raise InputError(f"the compact bits {bits:08x} stand for no target")
    return target


def bits_of_target(target: int) -> int:
    """Compact form of a target, rounded down to its three leading bytes."""
    if not 0 < target < _TARGET_LIMIT:
        raise InputError("a target lies between 1 and 2**256 - 1")
    size = (target.bit_length() + 7) // 8
    mantissa = target >> 8 * (size - 3) if size > 3 else target << 8 * (3 - size)
    if mantissa & 0x0080_0000:  # that bit is a sign: move one byte up
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def next_bits(bits: int, seconds: int, network: Network = MAINNET) -> int:
    """Compact bits of the next epoch after one that took ``seconds`` from its first to its last header.

    Those are 2,015 intervals for a goal of 2,016: an old slip of the protocol that is part of the rule, as
    are the clamp to a factor of four and the rounding to compact form.
    """
    if not network.retargets:
        return bits
    shortest, longest = TARGET_SECONDS_PER_EPOCH // RETARGET_CLAMP, TARGET_SECONDS_PER_EPOCH * RETARGET_CLAMP
    taken = min(max(seconds, shortest), longest)
    target = target_of_bits(bits) * taken // TARGET_SECONDS_PER_EPOCH
    return bits_of_target(min(target, target_of_bits(network.limit_bits)))


def difficulty_of_bits(bits: int) -> float:
    """Difficulty: the target of difficulty one over this target, correctly rounded."""
    return _DIFFICULTY_ONE_TARGET / target_of_bits(bits)


def work_of_bits(bits: int) -> int:
    """Expected hashes for a block at these bits; chains are compared by its sum."""
    return _TARGET_LIMIT // (target_of_bits(bits) + 1)


def subsidy_satoshi(height: int, network: Network = MAINNET) -> int:
    """New coins of the block at ``height``. Raises :class:`InputError` for a negative height."""
    if height < 0:
        raise InputError(f"no block has height {height}")
    halvings = height // network.halving_blocks
    return FIRST_SUBSIDY_SATOSHI >> halvings if halvings < 64 else 0


def subsidy_btc_per_block(height: int, network: Network = MAINNET) -> float:
    """:func:`subsidy_satoshi` in BTC."""
    return subsidy_satoshi(height, network) / SATOSHI_PER_BTC
