"""Bitcoin Core's consensus library says the same of every header: accepted, refused and why, and the tip."""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerdesk.consensus import REGTEST, block_hash
from minerdesk.sources.chain import begin, extend
from minerdesk.sources.forks import HeaderTree

pbk = pytest.importorskip("pbk", reason="py-bitcoinkernel is not installed")
bindings = pytest.importorskip("pbk.capi.bindings")

Miner = Callable[..., bytes]

#: Our reasons as Bitcoin Core's library groups them (validation results; several share "invalid header").
CORE_RESULT = {
    "work": pbk.BlockValidationResult.INVALID_HEADER,
    "bits": pbk.BlockValidationResult.INVALID_HEADER,
    "median_time": pbk.BlockValidationResult.INVALID_HEADER,
    "version": pbk.BlockValidationResult.INVALID_HEADER,
    "linkage": pbk.BlockValidationResult.MISSING_PREV,
    "future_time": pbk.BlockValidationResult.TIME_FUTURE,
}


class Core:
    """A fresh regtest block index of Bitcoin Core in memory."""

    def __init__(self, folder: Path) -> None:
        options = pbk.ContextOptions()
        options.set_chainparams(pbk.ChainParameters(pbk.ChainType.REGTEST))
        chainstate = pbk.ChainstateManagerOptions(
            pbk.Context(options), str(folder / "data"), str(folder / "blocks")
        )
        chainstate.update_block_tree_db_in_memory(True)
        chainstate.update_chainstate_db_in_memory(True)
        self.manager = pbk.ChainstateManager(chainstate)

    def add(self, header: bytes) -> pbk.BlockValidationResult | None:
        """``None`` where accepted, else why not (the wrapper's method would throw the reason away)."""
        state = pbk.BlockValidationState()
        status = bindings.btck_chainstate_manager_process_block_header(
            self.manager, pbk.BlockHeader(header), state
        )
        accepted = state.validation_mode == pbk.ValidationMode.VALID
        assert accepted == (status == 0)
        return None if accepted else state.block_validation_result

    @property
    def tip(self) -> bytes:
        return bytes(self.manager.best_entry.block_hash)


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path)


def test_the_same_first_header(core: Core, regtest_genesis: bytes) -> None:
    assert core.tip == block_hash(regtest_genesis) == REGTEST.genesis
    assert bytes(core.manager.best_entry.block_header) == regtest_genesis


def test_a_good_chain_is_accepted_by_both(core: Core, regtest_chain: bytes) -> None:
    for at in range(80, len(regtest_chain), 80):
        assert core.add(regtest_chain[at : at + 80]) is None
    ours = extend(begin(0, REGTEST), regtest_chain)
    assert ours.fault is None
    assert (core.tip, core.manager.best_entry.height) == (ours.tip.block_hash, ours.tip.height)


def breakages(mine: Miner, parent: bytes, now: int) -> dict[str, tuple[str, bytes]]:
    """name -> (our reason, header)."""
    parent_time = struct.unpack_from("<I", parent, 68)[0]
    return {
        "work falls short": ("work", mine(parent, meets=False)),
        "bits above the limit": ("work", mine(parent, bits=0x2100FFFF)),
        "bits negative": ("work", mine(parent, bits=0x20FFFFFF)),
        "bits overflow": ("work", mine(parent, bits=0xFF7FFFFF)),
        "bits zero": ("work", mine(parent, bits=0)),
        "bits too hard for the hash": ("work", mine(parent, bits=0x1D00FFFF)),
        "bits slightly harder": ("bits", mine(parent, bits=0x207FFFFE)),
        "bits in another form": ("bits", mine(parent, bits=0x21007FFF)),
        "unknown header before": ("linkage", mine(parent, previous=bytes(range(32)))),
        "time at the median": ("median_time", mine(parent, seconds=-3_000)),
        "time long ago": ("median_time", mine(parent, seconds=-parent_time)),
        "time in three hours": ("future_time", mine(parent, seconds=now + 10_800 - parent_time)),
        "time at the end of time": ("future_time", mine(parent, seconds=2**32 - 1 - parent_time)),
        "version 3": ("version", mine(parent, version=3)),
        "version 0": ("version", mine(parent, version=0)),
        "version negative": ("version", mine(parent, version=-(2**31))),
        # of two faults the one that Bitcoin Core looks at first
        "version and bits": ("bits", mine(parent, bits=0x207FFFFE, version=1)),
        "version and time": ("median_time", mine(parent, seconds=-9_000, version=1)),
        "work and linkage": ("work", mine(parent, previous=bytes(32), meets=False)),
    }


GOOD = {
    "time one second above the median": {"seconds": -2_999},
    "time in one hour": {"ahead": 3_600},
    "version bits": {"version": 0x20000000},
    "version at its largest": {"version": 2**31 - 1},
}


def test_every_breakage_is_refused_by_both_for_the_same_reason(
    core: Core, mine: Miner, regtest_chain: bytes
) -> None:
    now = int(time.time())
    tree = HeaderTree(extend(begin(0, REGTEST), regtest_chain[:80]).tip)
    for at in range(80, len(regtest_chain), 80):
        assert core.add(regtest_chain[at : at + 80]) is tree.add(regtest_chain[at : at + 80]) is None
    parent = regtest_chain[-80:]
    for name, (reason, header) in breakages(mine, parent, now).items():
        fault = tree.add(header, clock=now)
        assert fault is not None, name
        assert fault.reason == reason, name
        assert core.add(header) == CORE_RESULT[reason], name
        # what builds on it has no header before
        child = mine(header, seconds=0)
        orphan = tree.add(child, clock=now)
        assert orphan is not None, name
        assert core.add(child) is not None, name
    for name, options in GOOD.items():
        parent_time = struct.unpack_from("<I", parent, 68)[0]
        ahead = options.get("ahead")
        seconds = options.get("seconds", 600) if ahead is None else now + ahead - parent_time
        header = mine(parent, seconds=seconds, version=options.get("version", 4), salt=99)
        assert tree.add(header, clock=now) is None, name
        assert core.add(header) is None, name
    assert tree.best.block_hash == core.tip


def test_a_reorganisation_ends_on_the_same_tip(core: Core, mine: Miner, regtest_genesis: bytes) -> None:
    tree = HeaderTree(extend(begin(0, REGTEST), regtest_genesis).tip)
    tips = []
    for branch, length in enumerate((5, 6, 4, 9, 9)):  # each forks off the first header; the last is a tie
        header = regtest_genesis
        for _ in range(length):
            header = mine(header, salt=branch + 1)
            assert core.add(header) is tree.add(header) is None
            assert tree.best.block_hash == core.tip
        tips.append((core.tip, tree.best.height))
    assert [height for _, height in tips] == [5, 6, 6, 9, 9]
    assert tips[3] == tips[4]  # of equal work the first seen stays
    root, branch = tree.branch()
    assert (root, len(branch), branch[-1]) == (0, 10, core.tip)


KINDS = (
    "good",
    "good",
    "good",
    "good",
    "fork",
    "fork",
    "work",
    "linkage",
    "bits",
    "median",
    "future",
    "version",
)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), kinds=st.lists(st.sampled_from(KINDS), min_size=5, max_size=60))
def test_any_history_is_told_alike(
    tmp_path_factory: pytest.TempPathFactory, mine: Miner, regtest_genesis: bytes, seed: int, kinds: list[str]
) -> None:
    core = Core(tmp_path_factory.mktemp("core"))
    now = int(time.time())
    tree = HeaderTree(extend(begin(0, REGTEST), regtest_genesis).tip)
    draw, known, best = random.Random(seed), [regtest_genesis], regtest_genesis
    for number, kind in enumerate(kinds):
        parent = draw.choice(known) if kind == "fork" or draw.random() < 0.2 else best
        age = now - struct.unpack_from("<I", parent, 68)[0]
        header = {
            "work": lambda p: mine(p, meets=False),
            "linkage": lambda p: mine(p, previous=draw.randbytes(32)),
            "bits": lambda p: mine(p, bits=draw.choice((0x207FFFFE, 0x207FFF00, 0x207F0000))),
            "median": lambda p: mine(p, seconds=-draw.choice((0, 1, 601, 3_001, 10_000))),
            "future": lambda p, age=age: mine(p, seconds=age + draw.choice((7_100, 7_300, 100_000))),
            "version": lambda p: mine(p, version=draw.choice((-5, 0, 1, 2, 3, 4, 5))),
        }.get(kind, lambda p, n=number: mine(p, seconds=draw.choice((1, 600, 1_200)), salt=n))(parent)
        fault, refusal = tree.add(header, clock=now), core.add(header)
        assert (fault is None) == (refusal is None), (kind, fault, refusal)
        if fault is not None:
            assert refusal == CORE_RESULT[fault.reason], (kind, fault)
        else:
            known.append(header)
            if tree.best.block_hash == block_hash(header):
                best = header
        assert tree.best.block_hash == core.tip
