"""Header chains: real ones accepted whole, and one wrong bit anywhere found."""

from __future__ import annotations

import csv
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerdesk.consensus import MAINNET, REGTEST, block_hash, next_bits, target_of_bits, work_of_bits
from minerdesk.errors import InputError, UnreadableInput
from minerdesk.records import Snapshot, end_of_day
from minerdesk.sources import headers
from minerdesk.sources.chain import REASONS, Tip, begin, extend, hashes
from minerdesk.sources.forks import HeaderTree

Miner = Callable[..., bytes]

#: Headers 0, 2,015 and 2,016 of mainnet (public chain facts; from the boundary headers of the large data).
GENESIS, LAST_OF_FIRST_EPOCH, FIRST_OF_SECOND_EPOCH = (
    bytes.fromhex(line)
    for line in (
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
        "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
        "01000000e25509cde707c3d02a693e4fe9e7cdd57c38a0d2c8d6341f20dae84b000000000c113df1185e162ee92d031fe21d1400"
        "ff7d705a3e9b9c860eea855313cd8ca26c087f49ffff001d30b73231",
        "010000006397bb6abd4fc521c0d3f6071b5650389f0b4551bc40b4e6b067306900000000ace470aecda9c8818c8fe57688cd2a77"
        "2b5a57954a00df0420a7dd546b6d2c576b0e7f49ffff001d33f0192f",
    )
)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# --- real chains ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def epochs(chain_data: Path) -> dict[int, dict[str, str]]:
    with (chain_data / "difficulty_epochs.csv").open(encoding="utf-8") as lines:
        return {int(row["height"]): row for row in csv.DictReader(lines)}


def tip_before(height: int, epochs: dict[int, dict[str, str]]) -> Tip:
    """The tip before a run in mid-chain, from the table of epochs."""
    epoch = (height - 1) // 2016 * 2016
    return begin(height, epoch_time=int(epochs[epoch]["timestamp"]), bits=int(epochs[epoch]["bits"], 16))


@pytest.mark.data
def test_all_headers_of_the_data_are_accepted(chain_data: Path, epochs: dict[int, dict[str, str]]) -> None:
    accepted = {}
    for path in sorted(chain_data.glob("headers_*.bin")):
        first = headers.first_height(path.name)
        result = headers.verify(headers.chunks(path), tip_before(first, epochs))
        assert result.fault is None
        assert result.unlinked == 1
        # only a run that starts at a boundary leaves bits unchecked: its own first
        assert result.bits_unchecked == (1 if first % 2016 == 0 else 0)
        assert result.medians_unchecked == min(11, result.headers)
        accepted[path.name] = (result.headers, result.retargets)
    assert accepted == {
        "headers_586657_589289.bin": (2_633, 1),
        "headers_665280_665407.bin": (128, 0),
        "headers_822528_830592.bin": (8_065, 4),
        "headers_890440_890448.bin": (9, 0),
    }
    assert sum(count for count, _ in accepted.values()) == 10_835


@pytest.mark.data
def test_every_boundary_header(chain_data: Path) -> None:
    with (chain_data / "headers_epoch_boundaries.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    raw = {int(row["height"]): bytes.fromhex(row["header_hex"]) for row in rows}
    assert len(raw) == 827
    for row in rows:
        height = int(row["height"])
        digest = block_hash(raw[height])
        assert digest[::-1].hex() == row["hash"]
        # a run of one: the work of each, and its version at its height
        assert extend(begin(height), raw[height]).fault is None
        if height % 2016 == 0 and height:
            last, first = raw[height - 1], raw[height - 2016]
            start = replace(
                extend(begin(height - 1), last).tip,
                epoch_time=struct.unpack_from("<I", first, 68)[0],
                times=(),
            )
            # the tip knows bits and hash of the header before, so linkage and the retarget rule speak
            known = replace(start, times=(struct.unpack_from("<I", last, 68)[0],))
            result = extend(known, raw[height])
            assert (result.fault, result.retargets) == (None, 1)


@pytest.mark.data
def test_the_retarget_rule_over_all_epochs(epochs: dict[int, dict[str, str]]) -> None:
    checked = 0
    for height, row in epochs.items():
        after = epochs.get(height + 2016)
        if after and row["timestamp"] and row["last_block_timestamp"]:
            seconds = int(row["last_block_timestamp"]) - int(row["timestamp"])
            assert next_bits(int(row["bits"], 16), seconds) == int(after["bits"], 16), height
            assert target_of_bits(int(after["bits"], 16)) == int(after["target_hex"], 16)
            checked += 1
    assert checked >= 469


@pytest.mark.data
def test_a_stale_header_is_good_and_does_not_lead(chain_data: Path) -> None:
    content = (chain_data / "headers_822528_830592.bin").read_bytes()
    with (chain_data / "stale_headers.csv").open(encoding="utf-8") as lines:
        stale = {int(row["height"]): bytes.fromhex(row["header_hex"]) for row in csv.DictReader(lines)}
    for height, header in stale.items():
        at = (height - 822_528) * 80
        tree = HeaderTree(extend(begin(822_528), content[:at]).tip)
        assert tree.add(header) is None
        assert tree.extend(content[at : at + 240]) is None
        assert tree.best.height == height + 2
        assert block_hash(header) in tree
        # the data calls 829,613 stale too, but the chain goes on from it: only 823,226 was left behind
        assert (block_hash(header) in tree.branch()[1]) is (height == 829_613)


@pytest.mark.data
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_a_real_chain_is_found_where_it_is(chain_data: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(chain_data.glob("headers_*.bin"))))
    content = path.read_bytes()
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    result = extend(begin(headers.first_height(path.name)), flipped(content, bit))
    assert result.fault is not None
    assert result.fault.index == bit // 640
    assert result.fault.reason == "work"
    assert result.headers == bit // 640


# --- small chains --------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_one_flipped_bit_in_a_mined_chain_is_found(regtest_chain: bytes, data: st.DataObject) -> None:
    """Half of all hashes meet regtest's target: there the header after tells (the last has none)."""
    bit = data.draw(st.integers(0, (len(regtest_chain) - 80) * 8 - 1))
    result = extend(begin(0, REGTEST), flipped(regtest_chain, bit))
    assert result.fault is not None
    assert bit // 640 <= result.fault.index <= bit // 640 + 1


@pytest.mark.parametrize("bit", range(640))
def test_every_bit_of_the_first_header_of_mainnet(bit: int) -> None:
    assert extend(begin(), GENESIS).fault is None
    fault = extend(begin(), flipped(GENESIS, bit)).fault
    assert fault is not None
    assert fault.index == 0


def test_another_networks_first_header_is_refused(regtest_genesis: bytes) -> None:
    fault = extend(begin(0, REGTEST), GENESIS).fault
    assert fault is not None
    assert fault.reason == "linkage"
    other = extend(begin(0, MAINNET), regtest_genesis).fault
    assert other is not None
    assert other.reason == "work"  # regtest's target is above mainnet's limit


def test_the_first_retarget_needs_the_epochs_first_time() -> None:
    known = begin(2015, epoch_time=1231006505, bits=0x1D00FFFF)
    last = extend(known, LAST_OF_FIRST_EPOCH)
    assert (last.fault, last.bits_unchecked) == (None, 0)
    first = extend(last.tip, FIRST_OF_SECOND_EPOCH)
    assert (first.fault, first.retargets, first.bits_unchecked) == (None, 1, 0)
    assert first.tip.epoch_time == 1233063531
    blind = extend(replace(last.tip, epoch_time=None), FIRST_OF_SECOND_EPOCH)
    assert (blind.fault, blind.retargets, blind.bits_unchecked) == (None, 0, 1)
    # an epoch of four weeks would have called for other bits
    harder = replace(last.tip, epoch_time=1233061996 - 400_000)
    fault = extend(harder, FIRST_OF_SECOND_EPOCH).fault
    assert fault is not None
    assert fault.reason == "bits"
    assert "1d00ffff" in fault.detail
    assert f"{next_bits(0x1D00FFFF, 400_000):08x}" in fault.detail


def broken(mine: Miner, parent: bytes, clock: int) -> Iterator[tuple[str, bytes]]:
    """A header broken in each way after ``parent``, with the reason."""
    yield "work", mine(parent, meets=False)
    yield "work", mine(parent, bits=0x217FFFFF)  # easier than allowed
    yield "work", mine(parent, bits=0x20FFFFFF)  # negative
    yield "work", mine(parent, bits=0)
    yield "linkage", mine(parent, previous=bytes(range(32)))
    yield "bits", mine(parent, bits=0x207FFFFE)
    yield "median_time", mine(parent, seconds=-3_000)  # the median of eleven, 600 seconds apart
    yield "future_time", mine(parent, seconds=clock + 7_201 - struct.unpack_from("<I", parent, 68)[0])
    yield "version", mine(parent, version=3)
    yield "version", mine(parent, version=-1)


def test_each_way_to_break_a_header(mine: Miner, regtest_chain: bytes) -> None:
    parent = regtest_chain[-80:]
    clock = struct.unpack_from("<I", parent, 68)[0] + 10_000
    tip = extend(begin(0, REGTEST), regtest_chain, clock=clock).tip
    seen = set()
    for reason, header in broken(mine, parent, clock):
        good = mine(header)
        result = extend(tip, header + good, clock=clock)
        assert result.fault is not None
        assert (result.fault.reason, result.fault.index, result.fault.height) == (reason, 0, tip.height + 1)
        assert REASONS[reason] in result.fault.detail
        assert result.fault.block_hash == block_hash(header)[::-1].hex()
        assert result.tip == tip
        seen.add(reason)
        # behind good headers it is found at its place
        before = extend(begin(0, REGTEST), regtest_chain + header, clock=clock)
        assert before.fault is not None
        assert (before.fault.index, before.headers, before.tip) == (60, 60, tip)
    assert seen | {"length"} == set(REASONS)
    # one second later, or one second less ahead, is accepted
    assert extend(tip, mine(parent, seconds=-2_999), clock=clock).fault is None
    latest = mine(parent, seconds=clock + 7_200 - struct.unpack_from("<I", parent, 68)[0])
    assert extend(tip, latest, clock=clock).fault is None
    assert extend(tip, mine(parent, seconds=10**9)).fault is None  # no clock, no limit


def test_of_two_faults_the_first_header_and_bitcoin_cores_order_count(
    mine: Miner, regtest_chain: bytes
) -> None:
    parent = regtest_chain[-80:]
    tip = extend(begin(0, REGTEST), regtest_chain).tip
    worst = mine(parent, previous=bytes(32), bits=0x207FFFFE, seconds=-9_000, version=1)
    fault = extend(tip, worst).fault
    assert fault is not None
    assert fault.reason == "linkage"
    old = mine(parent, version=2)
    two = extend(tip, old + mine(old, meets=False)).fault
    assert two is not None
    assert (two.index, two.reason) == (0, "version")


@pytest.mark.parametrize("size", [1, 2, 3, 11, 12, 59])
def test_a_chain_in_pieces_is_the_chain(regtest_chain: bytes, size: int) -> None:
    whole = extend(begin(0, REGTEST), regtest_chain)
    step = size * 80
    pieces = [regtest_chain[at : at + step] for at in range(0, len(regtest_chain), step)]
    assert headers.verify(pieces, begin(0, REGTEST)) == whole
    assert whole.tip.work == 60 * work_of_bits(0x207FFFFF)
    assert whole.tip.block_hash == hashes(regtest_chain)[-32:]


def test_processes_hash_alike(regtest_chain: bytes) -> None:
    bad = bytearray(regtest_chain)
    bad[41 * 80 + 4] ^= 1  # previous hash of header 41
    for content in (regtest_chain, bytes(bad)):
        pieces = [content[at : at + 240] for at in range(0, len(content), 240)]
        assert headers.verify(pieces, begin(0, REGTEST), workers=2) == headers.verify(
            pieces, begin(0, REGTEST)
        )
    fault = headers.verify(pieces, begin(0, REGTEST)).fault
    assert fault is not None
    assert fault.index in (41, 42)


def test_a_file_cut_off(regtest_chain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "headers.bin"
    path.write_bytes(regtest_chain[:-1])
    result = headers.verify(headers.chunks(path, 7), begin(0, REGTEST))
    assert result.headers == 59
    assert result.fault is not None
    assert (result.fault.reason, result.fault.index) == ("length", 59)
    assert extend(begin(), b"").headers == 0
    with pytest.raises(UnreadableInput, match="nowhere"):
        list(headers.chunks(tmp_path / "nowhere.bin"))
    with pytest.raises(InputError, match="-1"):
        begin(-1)


@pytest.mark.data
def test_memory_does_not_grow_with_the_chain(chain_data: Path) -> None:
    path = chain_data / "headers_822528_830592.bin"
    content = path.read_bytes()
    peaks = []
    for count in (1_008, 8_064):
        pieces = (content[at : at + 504 * 80] for at in range(0, count * 80, 504 * 80))
        tracemalloc.start()
        result = headers.verify(pieces, begin(822_528))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        # and in pieces or as a whole the verdict is the same, retargets within and between pieces alike
        assert result == extend(begin(822_528), content[: count * 80])
        assert (result.headers, result.retargets) == (count, (count - 1) // 2_016)
    assert peaks[1] < 1.1 * peaks[0] < 1e6


# --- as a source ---------------------------------------------------------------------------------------


def as_snapshot(content: bytes, name: str) -> Snapshot:
    return Snapshot(headers.NAME, name, content, end_of_day(date(2025, 12, 5)))


def test_parse_gives_rows_with_their_place(regtest_chain: bytes) -> None:
    found = headers.parse(as_snapshot(regtest_chain, "regtest.bin"), network=REGTEST)
    rows = found.tables["block_headers"]
    assert (len(rows), found.findings) == (60, ())
    assert rows[0]["block_hash"] == "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
    assert rows[7]["locator"] == "byte=560"
    assert rows[7]["height"] == 7
    assert rows[7]["bits"] == "207fffff"
    assert [row["block_hash"] for row in rows] == [
        block_hash(regtest_chain[at : at + 80])[::-1].hex() for at in range(0, len(regtest_chain), 80)
    ]


def test_parse_keeps_what_stands_before_the_first_bad_header(regtest_chain: bytes) -> None:
    bad = bytearray(regtest_chain)
    bad[41 * 80] = 3  # version, hence hash
    found = headers.parse(as_snapshot(bytes(bad), "regtest.bin"), network=REGTEST)
    assert len(found.tables["block_headers"]) in (41, 42)
    (finding,) = found.findings
    assert (finding.kind, finding.severity) == ("bad_header", "rejected")
    assert finding.locator == f"byte={len(found.tables['block_headers']) * 80}"
    middle = headers.parse(as_snapshot(regtest_chain[80 * 20 :], "headers_20_59.bin"), network=REGTEST)
    assert [row["height"] for row in middle.tables["block_headers"]] == list(range(20, 60))
    (note,) = middle.findings
    assert (note.kind, note.severity) == ("header_unchecked", "note")
    assert "median time of 11" in note.detail
    tip = extend(begin(0, REGTEST), regtest_chain[: 80 * 20]).tip
    assert headers.parse(as_snapshot(regtest_chain[80 * 20 :], "headers_20_59.bin"), tip=tip).findings == ()


def test_a_file_as_snapshot(regtest_chain: bytes, tmp_path: Path) -> None:
    path = tmp_path / "headers_0_59.bin"
    path.write_bytes(regtest_chain)
    snapshot = headers.snapshot(path)
    assert (snapshot.content, snapshot.name, snapshot.source) == (regtest_chain, path.name, "headers")
    assert snapshot.known_at.timestamp() == 1296688602 + 59 * 600
    path.write_bytes(b"\1" * 79)
    with pytest.raises(UnreadableInput, match="79 bytes"):
        headers.snapshot(path)


@pytest.mark.parametrize(
    ("name", "height"),
    [("headers_822528_830592.bin", 822_528), ("run_7.bin", 7), ("headers.bin", 0), ("btc2_x.dat", 0)],
)
def test_the_name_says_where_it_starts(name: str, height: int) -> None:
    assert headers.first_height(name) == height
