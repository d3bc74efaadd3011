"""What the tests of the network share: the answers, the large data, and a miner at regtest's easy target."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

#: Header 0 of regtest as Bitcoin Core has it (kernel/chainparams.cpp: version 1, time 1296688602, nonce 2).
REGTEST_GENESIS = bytes.fromhex(
    "01000000" + "00" * 32 + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
    "dae5494d" + "ffff7f20" + "02000000"
)
Miner = Callable[..., bytes]


@pytest.fixture(scope="session")
def answers() -> Callable[[str], dict[str, Any]]:
    """Expected values by file name, from answers/."""

    def read(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((ROOT / "answers" / f"{name}.json").read_text(encoding="utf-8"))
        return found

    return read


@pytest.fixture(scope="session")
def chain_data() -> Path:
    folder = ROOT.parent / "shared" / "data" / "chain"
    if not folder.is_dir():
        pytest.skip(f"the large data folder is absent: {folder}")
    return folder


@pytest.fixture(scope="session")
def embedded() -> Path:
    """The embedded figures, as files."""
    return ROOT / "src" / "minerdesk" / "embedded"


@pytest.fixture(scope="session")
def regtest_genesis() -> bytes:
    return REGTEST_GENESIS


@pytest.fixture(scope="session")
def mine() -> Miner:
    """``mine(parent_header, ...)`` gives a header after it; ``meets=False`` one whose work falls short."""

    def mined(
        parent: bytes,
        *,
        seconds: int = 600,
        version: int = 4,
        bits: int = 0x207FFFFF,
        previous: bytes | None = None,
        salt: int = 0,
        meets: bool = True,
    ) -> bytes:
        before = hashlib.sha256(hashlib.sha256(parent).digest()).digest() if previous is None else previous
        time = struct.unpack_from("<I", parent, 68)[0] + seconds
        limit = 0x7FFFFF << 8 * (0x20 - 3)
        for nonce in range(1_000_000):
            header = struct.pack("<i32s32sIII", version, before, salt.to_bytes(32, "big"), time, bits, nonce)
            digest = hashlib.sha256(hashlib.sha256(header).digest()).digest()
            if (int.from_bytes(digest, "little") <= limit) is meets:
                return header
        raise AssertionError("half of all nonces meet this target")

    return mined


@pytest.fixture(scope="session")
def regtest_chain(mine: Miner) -> bytes:
    """60 headers of regtest from its first on."""
    headers = [REGTEST_GENESIS]
    while len(headers) < 60:
        headers.append(mine(headers[-1], salt=len(headers)))
    return b"".join(headers)
