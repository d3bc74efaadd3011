"""Block headers from files: raw 80-byte headers, one after another, checked before anything is kept.

A file's name ends in the heights it holds (``headers_822528_830592.bin``); without numbers it starts with the
network's first header. :func:`verify` streams: memory does not grow with the chain. Double hashing is nearly
all of the time; ``workers`` spreads it over processes (short hashes never let go of the interpreter's lock,
so threads would not help).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from minerdesk.consensus import HEADER_BYTES, MAINNET, Network
from minerdesk.errors import UnreadableInput
from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.sources.chain import HASH_BYTES, HEADER, Fault, Tip, Verified, begin, extend, hashes

if TYPE_CHECKING:
    from concurrent.futures import Future

NAME = "headers"
#: Headers hashed and checked at once: 640 kB, which stays in the processor's cache.
CHUNK_HEADERS = 8_192
#: Chunks that may wait for a worker, each.
WAITING_CHUNKS = 4


@dataclass(frozen=True)
class HeaderColumns:
    """Headers as columns ``(n,)``: ``time`` in unix seconds, ``block_hash`` as displayed."""

    height: NDArray[np.int64]
    time: NDArray[np.int64]
    bits: NDArray[np.uint32]
    version: NDArray[np.int32]
    block_hash: list[str]


def chunks(path: Path, headers: int = CHUNK_HEADERS) -> Iterator[bytes]:
    """The bytes of a file of headers, at most ``headers`` at a time.

    Raises :class:`UnreadableInput` where there is no such file.
    """
    try:
        with path.open("rb") as stream:
            while content := stream.read(headers * HEADER_BYTES):
                yield content
    except OSError as fault:
        raise UnreadableInput(f"{path} cannot be read: {fault.strerror}") from fault


def verify(
    content: Iterable[bytes], tip: Tip | None = None, *, clock: int | None = None, workers: int = 1
) -> Verified:
    """Check a chain of headers that comes in pieces of whole headers (the last may be cut off), in turn.

    ``tip`` is what it continues (default: the start of mainnet), ``clock`` the present in unix seconds,
    ``workers`` the processes that hash. Stops at the first fault; its ``index`` counts from the first piece.
    """
    total = Verified(begin() if tip is None else tip)
    for piece, hashed in _hashed(content, workers):
        step = extend(total.tip, piece, clock=clock, hashed=hashed)
        fault = step.fault and replace(step.fault, index=total.headers + step.fault.index)
        total = Verified(
            tip=step.tip,
            headers=total.headers + step.headers,
            retargets=total.retargets + step.retargets,
            unlinked=total.unlinked + step.unlinked,
            bits_unchecked=total.bits_unchecked + step.bits_unchecked,
            medians_unchecked=total.medians_unchecked + step.medians_unchecked,
            fault=fault,
        )
        if fault:
            break
    return total


def _hashed(content: Iterable[bytes], workers: int) -> Iterator[tuple[bytes, bytes]]:
    """Pieces with their hashes, in order; at most a few wait."""
    if workers <= 1:
        for piece in content:
            yield piece, hashes(piece)
        return
    from concurrent.futures import ProcessPoolExecutor

    waiting: deque[tuple[bytes, Future[bytes]]] = deque()
    with ProcessPoolExecutor(workers) as pool:
        for piece in content:
            waiting.append((piece, pool.submit(hashes, piece)))
            if len(waiting) > WAITING_CHUNKS * workers:
                oldest, future = waiting.popleft()
                yield oldest, future.result()
        for oldest, future in waiting:
            yield oldest, future.result()


def columns(content: bytes, first_height: int) -> HeaderColumns:
    """The fields of whole headers, the first of them at ``first_height``. Checks nothing."""
    count = len(content) // HEADER_BYTES
    fields = np.frombuffer(content, HEADER, count)
    digests = hashes(content)[::-1].hex()  # reversed as a whole: the last header's displayed hash comes first
    width = 2 * HASH_BYTES
    return HeaderColumns(
        height=np.arange(first_height, first_height + count, dtype=np.int64),
        time=fields["time"].astype(np.int64),
        bits=fields["bits"].astype(np.uint32),
        version=fields["version"].astype(np.int32),
        block_hash=[digests[at : at + width] for at in range((count - 1) * width, -1, -width)],
    )


def first_height(name: str) -> int:
    """The height a file's name says it starts with; 0 where it says none."""
    found = re.search(r"(\d+)(?:_\d+)?\.\w+$", name)
    return int(found[1]) if found else 0


def snapshot(path: Path) -> Snapshot:
    """A file of headers as a snapshot, known from its last header's time on.

    Raises :class:`UnreadableInput` where there is no such file, or not one whole header in it.
    """
    content = b"".join(chunks(path))
    if len(content) < HEADER_BYTES:
        raise UnreadableInput(f"{path} has {len(content)} bytes: a header has {HEADER_BYTES}")
    last = np.frombuffer(content, HEADER, len(content) // HEADER_BYTES)["time"][-1]
    return Snapshot(
        source=NAME,
        name=path.name,
        content=content,
        known_at=datetime.fromtimestamp(int(last), UTC),
        origin=str(path),
        media_type="application/octet-stream",
    )


def parse(snapshot: Snapshot, tip: Tip | None = None, network: Network = MAINNET) -> Rows:
    """Rows of ``block_headers`` up to the first bad header, which becomes a finding; so does what could not
    be checked because the run starts in mid-chain.

    ``tip`` is the verified end of the run before where there is one.
    """
    start = begin(first_height(snapshot.name), network) if tip is None else tip
    result = extend(start, snapshot.content)
    kept = columns(snapshot.content[: result.headers * HEADER_BYTES], start.height + 1)
    rows = [
        {
            "height": height,
            "block_hash": block_hash,
            "block_time": (time := datetime.fromtimestamp(seconds, UTC)),
            "bits": f"{bits:08x}",
            "version": version,
            "known_at": time,
            "locator": f"byte={index * HEADER_BYTES}",
        }
        for index, (height, seconds, bits, version, block_hash) in enumerate(
            zip(
                kept.height.tolist(),
                kept.time.tolist(),
                kept.bits.tolist(),
                kept.version.tolist(),
                kept.block_hash,
                strict=True,
            )
        )
    ]
    return Rows({"block_headers": rows}, tuple(_findings(snapshot, result)))


def _findings(snapshot: Snapshot, result: Verified) -> Iterator[Finding]:
    if result.fault:
        yield _finding(snapshot, result.fault)
    missing = {
        "previous hash": result.unlinked,
        "bits": result.bits_unchecked,
        "median time": result.medians_unchecked,
    }
    if any(missing.values()):
        told = ", ".join(f"{name} of {count}" for name, count in missing.items() if count)
        yield Finding(
            "header_unchecked",
            "note",
            snapshot.name,
            f"the run starts in mid-chain; not checked for want of the headers before: {told}",
            locator="byte=0",
        )


def _finding(snapshot: Snapshot, fault: Fault) -> Finding:
    return Finding(
        "bad_header",
        "rejected",
        snapshot.name,
        f"header {fault.height} and all after it: {fault.detail}",
        locator=f"byte={fault.index * HEADER_BYTES}",
    )
