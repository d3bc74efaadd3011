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
    ``times`` of up to eleven last headers, ``epoch_time`` of the first header of its epoch, ``work`` in hashes
    summed from where the run began. ``None``, or fewer ``times`` than the chain has headers, mean "not known": a
    run that starts in mid-chain. What cannot be checked then is counted in :class:`Verified`, never assumed.
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

    For a run from mid-chain, ``bits`` of the header before and ``epoch_time`` of the first header of its epoch
    let the first header's bits and the first retarget be checked too.
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
    run = _Run(tip, content, hashes(content) if hashed is None else hashed)
    good, reason = run.count, ""
    # each rule looks only in front of the fault found so far: of one header the first rule in order speaks
    for name, bad in (
        ("work", run.above_target()),
        ("linkage", run.unlinked()),
        ("bits", run.expected_bits()[0] != run.bits),
        ("median_time", run.not_above_median()[0]),
        ("future_time", run.ahead_of(clock)),
        ("version", run.retired()),
    ):
        at = int(bad[:good].argmax()) if good else 0
        if good and bad[at]:
            good, reason = at, name
    fault = None
    if reason:
        fault = run.fault(good, reason)
    elif len(content) % HEADER_BYTES:
        left = len(content) % HEADER_BYTES
        fault = Fault(tip.height + 1 + good, good, "length", f"{left} bytes are left after the last header", "")
    return run.verified(good, fault)


class _Run:
    """The columns of a run beside its tip; each method gives one rule's verdict a header."""

    def __init__(self, tip: Tip, content: bytes, hashed: bytes) -> None:
        self.tip = tip
        self.count = len(content) // HEADER_BYTES
        self.first = tip.height + 1
        self.content = content
        self.hashed = hashed
        fields = np.frombuffer(content, HEADER, self.count)
        self.times = np.ascontiguousarray(fields["time"])
        self.bits = np.ascontiguousarray(fields["bits"])
        self.versions = np.ascontiguousarray(fields["version"])
        self._previous = fields["previous"].tobytes()

    def above_target(self) -> Bools:
        limit = target_of_bits(self.tip.network.limit_bits)
        targets = bytearray()
        lengths = []
        for bits, length in self._spells():
            target = _target_or_zero(bits)
            targets += (target if target <= limit else 0).to_bytes(HASH_BYTES, "little")
            lengths.append(length)
        wanted = np.frombuffer(bytes(targets), "<u8").reshape(-1, 4).repeat(lengths, axis=0)
        found = np.frombuffer(self.hashed, "<u8").reshape(-1, 4)
        above: Bools = found[:, 0] > wanted[:, 0]
        for word in (1, 2, 3):  # towards the most significant
            above = (found[:, word] > wanted[:, word]) | ((found[:, word] == wanted[:, word]) & above)
        return above

    def unlinked(self) -> Bools:
        bad = np.zeros(self.count, dtype=bool)
        if not self.count:
            return bad
        if self.tip.block_hash is not None:
            bad[0] = self._previous[:HASH_BYTES] != self.tip.block_hash
        if self.tip.height < 0:
            bad[0] |= self.hashed[:HASH_BYTES] != self.tip.network.genesis
        if self._previous[HASH_BYTES:] != self.hashed[:-HASH_BYTES]:
            before = np.frombuffer(self.hashed, "<u8").reshape(-1, 4)[:-1]
            named = np.frombuffer(self._previous, "<u8").reshape(-1, 4)[1:]
            bad[1:] = (before != named).any(axis=1)
        return bad

    def expected_bits(self) -> tuple[NDArray[np.uint32], int, int]:
        """Bits by the rule ``(count,)``, how many were recomputed at a boundary, how many stay unchecked."""
        expected = np.empty_like(self.bits)
        if not self.count:
            return expected, 0, 0
        expected[1:] = self.bits[:-1]
        expected[0] = self.bits[0] if self.tip.bits is None else self.tip.bits
        known_start = self.tip.height < 0 or self.tip.bits is not None
        unchecked, retargets = (0 if known_start else 1), 0
        if not self.tip.network.retargets:
            return expected, 0, unchecked
        for at in range(-self.first % BLOCKS_PER_EPOCH, self.count, BLOCKS_PER_EPOCH):
            if self.first + at == 0 or (at == 0 and not known_start):
                continue
            start = self.tip.epoch_time if at < BLOCKS_PER_EPOCH else int(self.times[at - BLOCKS_PER_EPOCH])
            last = self._time_before(at)
            if start is None or last is None:
                expected[at] = self.bits[at]
                unchecked += 1
            elif _target_or_zero(int(expected[at])):
                expected[at] = next_bits(int(expected[at]), last - start, self.tip.network)
                retargets += 1
        return expected, retargets, unchecked

    def not_above_median(self) -> tuple[Bools, int]:
        """Verdict ``(count,)`` and how many lack the times before."""
        bad = np.zeros(self.count, dtype=bool)
        known = len(self.tip.times)
        every = np.concatenate([np.array(self.tip.times, dtype=np.uint32), self.times])
        unchecked = 0
        for at in range(min(MEDIAN_SPAN - known, self.count)):
            before = sorted(int(time) for time in every[: known + at])
            if len(before) < min(MEDIAN_SPAN, self.first + at):
                unchecked += 1
            elif before:
                bad[at] = int(self.times[at]) <= before[len(before) // 2]
        full = max(0, MEDIAN_SPAN - known)
        if self.count > full:
            # above the median of eleven means above at least six of them
            now = self.times[full:]
            passed = np.zeros(len(now), dtype=np.int8)
            for back in range(1, MEDIAN_SPAN + 1):
                begin_at = known + full - back
                passed += now > every[begin_at : begin_at + len(now)]
            bad[full:] = passed <= MEDIAN_SPAN // 2
        return bad, unchecked

    def ahead_of(self, clock: int | None) -> Bools:
        if clock is None:
            return np.zeros(self.count, dtype=bool)
        return self.times.astype(np.int64) > clock + FUTURE_SECONDS

    def retired(self) -> Bools:
        bad = np.zeros(self.count, dtype=bool)
        for height, version in self.tip.network.versions:
            start = min(max(0, height - self.first), self.count)
            bad[start:] |= self.versions[start:] < version
        return bad

    def fault(self, at: int, reason: str) -> Fault:
        digest = self.hashed[at * HASH_BYTES : (at + 1) * HASH_BYTES][::-1].hex()
        previous = self._previous[at * HASH_BYTES : (at + 1) * HASH_BYTES][::-1].hex()
        seen = {
            "work": f"hash {digest} against bits {self.bits[at]:08x}",
            "linkage": f"names {previous} as the header before, has hash {digest}",
            "bits": f"bits {self.bits[at]:08x}, the rule gives {self.expected_bits()[0][at]:08x}",
            "median_time": f"time {self.times[at]}",
            "future_time": f"time {self.times[at]}",
            "version": f"version {self.versions[at]}",
        }
        height = self.first + at
        return Fault(height, at, reason, f"header {height}: {REASONS[reason]} ({seen[reason]})", digest)

    def verified(self, good: int, fault: Fault | None) -> Verified:
        if not good:
            return Verified(self.tip, fault=fault)
        kept = self if good == self.count else _Run(
            self.tip, self.content[: good * HEADER_BYTES], self.hashed[: good * HASH_BYTES]
        )
        _, retargets, bits_unchecked = kept.expected_bits()
        boundary = (self.first + good - 1) // BLOCKS_PER_EPOCH * BLOCKS_PER_EPOCH - self.first
        times = [*self.tip.times, *kept.times[-MEDIAN_SPAN:].tolist()]
        tip = Tip(
            network=self.tip.network,
            height=self.tip.height + good,
            block_hash=kept.hashed[-HASH_BYTES:],
            bits=int(kept.bits[-1]),
            times=tuple(times[-MEDIAN_SPAN:]),
            epoch_time=int(self.times[boundary]) if boundary >= 0 else self.tip.epoch_time,
            work=self.tip.work + sum(work_of_bits(bits) * length for bits, length in kept._spells()),
        )
        return Verified(
            tip=tip,
            headers=good,
            retargets=retargets,
            unlinked=int(self.tip.block_hash is None),
            bits_unchecked=bits_unchecked,
            medians_unchecked=kept.not_above_median()[1],
            fault=fault,
        )

    def _spells(self) -> Iterator[tuple[int, int]]:
        """Stretches of equal bits with their lengths, in order."""
        cuts = np.flatnonzero(self.bits[1:] != self.bits[:-1]) + 1
        edges = [0, *cuts.tolist(), self.count] if self.count else []
        for start, stop in zip(edges, edges[1:], strict=False):
            yield int(self.bits[start]), stop - start

    def _time_before(self, at: int) -> int | None:
        if at:
            return int(self.times[at - 1])
        return self.tip.times[-1] if self.tip.times else None


def _target_or_zero(bits: int) -> int:
    try:
        return target_of_bits(bits)
    except InputError:
        return 0
