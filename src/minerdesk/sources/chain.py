"""Header chains: every rule that headers alone can be held to, checked on whole runs at once.

A header is accepted if its double SHA-256 meets its target, its previous hash is that of the header before,
its bits follow the retarget rule, its time is above the median of the eleven before and (where a clock is
given) not two hours ahead of it, and its version is not retired. These are the checks, in the order, of
Bitcoin Core's ``CheckBlockHeader`` and ``ContextualCheckBlockHeader``.

:func:`extend` takes a :class:`Tip` and a run of headers and gives the new tip and the first fault. A tip
carries all that is needed to go on, so a chain of any length is checked in bounded memory, and a header that
forks off is checked against the tip it forks from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from minerdesk.consensus import (
    BLOCKS_PER_EPOCH,
    FUTURE_SECONDS,
    HEADER_BYTES,
    MAINNET,
    MEDIAN_SPAN,
    Network,
    next_bits,
    target_of_bits,
    work_of_bits,
)
from minerdesk.errors import InputError

HASH_BYTES = 32
#: Fields of the 80 bytes, in wire order.
HEADER = np.dtype(
    [
        ("version", "<i4"),
        ("previous", "V32"),
        ("merkle", "V32"),
        ("time", "<u4"),
        ("bits", "<u4"),
        ("nonce", "<u4"),
    ]
)
#: Why a header is refused, in the order in which Bitcoin Core looks.
REASONS = {
    "work": "its hash is above its target, or its bits stand for no allowed target",
    "linkage": "its previous hash is not that of the header before, or it is not the network's first header",
    "bits": "its bits do not follow the retarget rule",
    "median_time": "its time is not above the median of the eleven headers before",
    "future_time": "its time is more than two hours ahead of the clock",
    "version": "its version is retired at this height",
    "length": "fewer than 80 bytes are left",
}

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Tip:
    """The end of a verified run: all that the next header is checked against.

    ``height`` of the last header (-1 before the first), its ``block_hash`` (wire order) and ``bits``,
    ``times`` of up to eleven last headers, ``epoch_time`` of the first header of its epoch, ``work`` in
    hashes summed from where the run began. ``None``, or fewer ``times`` than the chain has headers, mean
    "not known": a run that starts in mid-chain. What cannot be checked then is counted in
    :class:`Verified`, never assumed.
    """

    network: Network
    height: int
    block_hash: bytes | None = None
    bits: int | None = None
    times: tuple[int, ...] = ()
    epoch_time: int | None = None
    work: int = 0


@dataclass(frozen=True)
class Fault:
    """The first bad header: ``index`` counts within the run, ``reason`` is a key of :data:`REASONS`,
    ``detail`` says what was seen and what was wanted, ``block_hash`` is as displayed."""

    height: int
    index: int
    reason: str
    detail: str
    block_hash: str


@dataclass(frozen=True)
class Verified:
    """``headers`` accepted, the ``tip`` after them, and the first ``fault`` or ``None``.

    ``retargets`` counts epochs whose first bits were recomputed. ``unlinked``, ``bits_unchecked`` and
    ``medians_unchecked`` count headers whose rule needs headers from before the run.
    """

    tip: Tip
    headers: int = 0
    retargets: int = 0
    unlinked: int = 0
    bits_unchecked: int = 0
    medians_unchecked: int = 0
    fault: Fault | None = None


def begin(
    height: int = 0, network: Network = MAINNET, *, epoch_time: int | None = None, bits: int | None = None
) -> Tip:
    """The tip before a run that starts at ``height``: from the network's first header by default.

    For a run from mid-chain, ``bits`` of the header before and ``epoch_time`` of the first header of its
    epoch let the first header's bits and the first retarget be checked too.
    """
    if height < 0:
        raise InputError(f"no header has height {height}")
    if height == 0:
        return Tip(network, -1, block_hash=bytes(HASH_BYTES))
    return Tip(network, height - 1, epoch_time=epoch_time, bits=bits)


def hashes(content: bytes) -> bytes:
    """Double SHA-256 of each whole header of ``content``: 32 bytes each, in wire order."""
    sha = hashlib.sha256
    end = len(content) // HEADER_BYTES * HEADER_BYTES
    return b"".join(
        [sha(sha(content[at : at + HEADER_BYTES]).digest()).digest() for at in range(0, end, HEADER_BYTES)]
    )


def extend(tip: Tip, content: bytes, *, clock: int | None = None, hashed: bytes | None = None) -> Verified:
    """Check the headers of ``content`` in turn as successors of ``tip``.

    ``clock`` is the present in unix seconds; without it no header is too far ahead. ``hashed`` is
    :func:`hashes` of the same content where the caller has it already.
    """
    count, left = divmod(len(content), HEADER_BYTES)
    cut = (
        Fault(tip.height + 1 + count, count, "length", f"{REASONS['length']} ({left})", "") if left else None
    )
    if not count:
        return Verified(tip, fault=cut)
    run = _run(tip, content, hashes(content) if hashed is None else hashed, count)
    bits, medians = _bits_rule(run), _median_rule(run)
    good, reason = count, ""
    # each rule looks only in front of the fault found so far: of one header the first rule in order speaks
    for name, bad in (
        ("work", _above_target(run)),
        ("linkage", _unlinked(run)),
        ("bits", bits.expected != run.bits),
        ("median_time", medians.bad),
        ("future_time", _ahead(run, clock)),
        ("version", _retired(run)),
    ):
        at = int(bad[:good].argmax()) if good else 0
        if good and bad[at]:
            good, reason = at, name
    return Verified(
        tip=_tip(run, good),
        headers=good,
        retargets=sum(at < good for at in bits.retargets),
        unlinked=int(tip.block_hash is None and good > 0),
        bits_unchecked=sum(at < good for at in bits.unchecked),
        medians_unchecked=sum(at < good for at in medians.unchecked),
        fault=_fault(run, good, reason, int(bits.expected[good])) if reason else cut,
    )


@dataclass(frozen=True)
class _Run:
    """A run of ``count`` headers after a tip, as columns; hashes concatenated, 32 bytes each."""

    tip: Tip
    first: int
    count: int
    times: NDArray[np.uint32]
    bits: NDArray[np.uint32]
    versions: NDArray[np.int32]
    previous: bytes
    hashed: bytes


@dataclass(frozen=True)
class _Bits:
    """``expected`` bits a header; where they were recomputed, and where they could not be."""

    expected: NDArray[np.uint32]
    retargets: list[int]
    unchecked: list[int]


@dataclass(frozen=True)
class _Medians:
    bad: Bools
    unchecked: list[int]


def _run(tip: Tip, content: bytes, hashed: bytes, count: int) -> _Run:
    fields = np.frombuffer(content, HEADER, count)
    return _Run(
        tip=tip,
        first=tip.height + 1,
        count=count,
        times=np.ascontiguousarray(fields["time"]),
        bits=np.ascontiguousarray(fields["bits"]),
        versions=np.ascontiguousarray(fields["version"]),
        previous=fields["previous"].tobytes(),
        hashed=hashed,
    )


def _spells(bits: NDArray[np.uint32]) -> Iterator[tuple[int, int]]:
    """Stretches of equal bits with their lengths, in order."""
    cuts = np.flatnonzero(bits[1:] != bits[:-1]) + 1
    for start, stop in pairwise([0, *cuts.tolist(), len(bits)]):
        yield int(bits[start]), stop - start


def _above_target(run: _Run) -> Bools:
    limit = target_of_bits(run.tip.network.limit_bits)
    targets, lengths = bytearray(), []
    for bits, length in _spells(run.bits):
        target = _target_or_zero(bits)
        targets += (target if target <= limit else 0).to_bytes(HASH_BYTES, "little")
        lengths.append(length)
    wanted = np.frombuffer(bytes(targets), "<u8").reshape(-1, 4).repeat(lengths, axis=0)
    found = np.frombuffer(run.hashed, "<u8").reshape(-1, 4)
    above: Bools = found[:, 0] > wanted[:, 0]
    for word in (1, 2, 3):  # towards the most significant
        above = (found[:, word] > wanted[:, word]) | ((found[:, word] == wanted[:, word]) & above)
    return above


def _unlinked(run: _Run) -> Bools:
    bad = np.zeros(run.count, dtype=bool)
    if run.tip.block_hash is not None:
        bad[0] = run.previous[:HASH_BYTES] != run.tip.block_hash
    if run.tip.height < 0:
        bad[0] |= run.hashed[:HASH_BYTES] != run.tip.network.genesis
    if run.previous[HASH_BYTES:] != run.hashed[:-HASH_BYTES]:
        named, before = (np.frombuffer(part, "<u8").reshape(-1, 4) for part in (run.previous, run.hashed))
        bad[1:] = (named[1:] != before[:-1]).any(axis=1)
    return bad


def _bits_rule(run: _Run) -> _Bits:
    tip, expected = run.tip, np.empty_like(run.bits)
    expected[1:] = run.bits[:-1]
    expected[0] = run.bits[0] if tip.bits is None else tip.bits
    retargets: list[int] = []
    unchecked = [0] if tip.bits is None and tip.height >= 0 else []
    boundaries = range(-run.first % BLOCKS_PER_EPOCH, run.count, BLOCKS_PER_EPOCH)
    for at in boundaries if tip.network.retargets else ():
        if run.first + at == 0 or at in unchecked:
            continue
        start = tip.epoch_time if at < BLOCKS_PER_EPOCH else int(run.times[at - BLOCKS_PER_EPOCH])
        last = int(run.times[at - 1]) if at else (tip.times[-1] if tip.times else None)
        if start is None or last is None:
            expected[at] = run.bits[at]
            unchecked.append(at)
        elif _target_or_zero(int(expected[at])):  # else the header before is at fault already
            expected[at] = next_bits(int(expected[at]), last - start, tip.network)
            retargets.append(at)
    return _Bits(expected, retargets, unchecked)


def _median_rule(run: _Run) -> _Medians:
    bad, unchecked = np.zeros(run.count, dtype=bool), []
    known = len(run.tip.times)
    every = np.concatenate([np.array(run.tip.times, dtype=np.uint32), run.times])
    few = min(max(0, MEDIAN_SPAN - known), run.count)  # headers with fewer than eleven known before them
    for at in range(few):
        before = sorted(every[: known + at].tolist())
        if len(before) < min(MEDIAN_SPAN, run.first + at):
            unchecked.append(at)
        elif before:
            bad[at] = run.times[at] <= before[len(before) // 2]
    now, end = run.times[few:], known + few
    passed = np.zeros(len(now), dtype=np.int8)
    for back in range(1, MEDIAN_SPAN + 1) if len(now) else ():
        passed += now > every[end - back : end - back + len(now)]
    bad[few:] = passed <= MEDIAN_SPAN // 2  # above the median of eleven is above at least six of them
    return _Medians(bad, unchecked)


def _ahead(run: _Run, clock: int | None) -> Bools:
    if clock is None:
        return np.zeros(run.count, dtype=bool)
    ahead: Bools = run.times.astype(np.int64) > clock + FUTURE_SECONDS
    return ahead


def _retired(run: _Run) -> Bools:
    bad = np.zeros(run.count, dtype=bool)
    for height, version in run.tip.network.versions:
        start = min(max(0, height - run.first), run.count)
        bad[start:] |= run.versions[start:] < version
    return bad


def _fault(run: _Run, at: int, reason: str, expected: int) -> Fault:
    digest, previous = (
        column[at * HASH_BYTES : (at + 1) * HASH_BYTES][::-1].hex() for column in (run.hashed, run.previous)
    )
    seen = {
        "work": f"hash {digest}, bits {run.bits[at]:08x}",
        "linkage": f"it names {previous}",
        "bits": f"bits {run.bits[at]:08x}, the rule gives {expected:08x}",
        "version": f"version {run.versions[at]}",
    }.get(reason, f"time {run.times[at]}")
    return Fault(run.first + at, at, reason, f"{REASONS[reason]} ({seen})", digest)


def _tip(run: _Run, good: int) -> Tip:
    """The tip after the first ``good`` headers of a run."""
    tip = run.tip
    if not good:
        return tip
    boundary = (tip.height + good) // BLOCKS_PER_EPOCH * BLOCKS_PER_EPOCH - run.first
    times = (*tip.times, *run.times[max(0, good - MEDIAN_SPAN) : good].tolist())
    return Tip(
        network=tip.network,
        height=tip.height + good,
        block_hash=run.hashed[(good - 1) * HASH_BYTES : good * HASH_BYTES],
        bits=int(run.bits[good - 1]),
        times=times[-MEDIAN_SPAN:],
        epoch_time=int(run.times[boundary]) if boundary >= 0 else tip.epoch_time,
        work=tip.work + sum(work_of_bits(bits) * length for bits, length in _spells(run.bits[:good])),
    )


def _target_or_zero(bits: int) -> int:
    try:
        return target_of_bits(bits)
    except InputError:
        return 0
