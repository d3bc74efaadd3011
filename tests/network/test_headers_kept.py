"""Headers into the archive: checked against what it knows of the ones before, kept as far as they hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.consensus import block_hash
from minerdesk.desk import Desk
from minerdesk.errors import SourceRefused, UnreadableInput
from minerdesk.sources.node import Node, Reply
from minerdesk.store import doctor, frames
from minerdesk.store.archive import Archive, open_archive

#: Bitcoin's first two headers (Bitcoin Core, kernel/chainparams.cpp; block 1 as every explorer shows it).
FIRST_TWO = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
    "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
    "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee1467"
    "7ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"
)
NAMES = [block_hash(FIRST_TWO[at : at + 80])[::-1].hex() for at in (0, 80)]
NOW = datetime(2025, 12, 5, tzinfo=UTC)
EVER = datetime.max.replace(tzinfo=UTC)


@pytest.fixture
def place(archive: Archive, tmp_path: Path) -> Path:
    """An archive of its own, with the embedded desk in it."""
    path = tmp_path / "archive"
    shutil.copytree(archive.path, path, ignore=shutil.ignore_patterns("answers"))
    return path


def held(archive: Archive, table: str = "block_headers") -> list[dict[str, Any]]:
    return frames.rows(Desk(archive).engine, table, EVER)


def test_the_first_two_headers(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "first.bin"
    file.write_bytes(FIRST_TWO)
    taken = pipeline.take_headers(place, file)
    assert (taken.first_height, taken.verified.headers, taken.stored) == (0, 2, 2)
    assert taken.verified.fault is None
    assert taken.verified.unlinked == taken.verified.bits_unchecked == taken.verified.medians_unchecked == 0
    archive = open_archive(place)
    assert [(r["height"], r["block_hash"], r["bits"]) for r in held(archive)] == [
        (0, NAMES[0], "1d00ffff"),
        (1, NAMES[1], "1d00ffff"),
    ]
    (source,) = Desk(archive).trace("block_headers/1").sources
    assert source.excerpt == FIRST_TWO[80:].hex()
    # the same again adds nothing; the bytes parse to the same rows
    assert pipeline.take_headers(place, file).stored == 2
    assert open_archive(place).commit.number == archive.commit.number
    assert pipeline.examine(place) == ()


def test_only_checked_is_not_kept(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "first.bin"
    file.write_bytes(FIRST_TWO)
    assert pipeline.take_headers(place, file, keep=False).stored == 0
    assert held(open_archive(place)) == []


def test_what_holds_is_kept_up_to_the_bad_header(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.bin"
    file.write_bytes(FIRST_TWO[:120] + bytes([FIRST_TWO[120] ^ 1]) + FIRST_TWO[121:])
    taken = pipeline.take_headers(place, file)
    assert taken.verified.fault
    assert (taken.verified.fault.height, taken.verified.fault.reason, taken.stored) == (1, "work", 1)
    archive = open_archive(place)
    assert len(held(archive)) == 1
    found = [f for f in frames.findings(Desk(archive).engine, EVER) if f["kind"] == "bad_header"]
    assert [f["locator"] for f in found] == ["byte=80"]


def test_headers_that_do_not_follow_those_held_are_not_kept(place: Path, tmp_path: Path) -> None:
    """Alone the run would pass: only the archive knows the header before it."""
    first, second = tmp_path / "first.bin", tmp_path / "headers_1_1.bin"
    first.write_bytes(FIRST_TWO[:80])
    second.write_bytes(FIRST_TWO[80:])
    pipeline.take_headers(place, first)
    follows = pipeline.take_headers(place, second)
    assert (follows.verified.unlinked, follows.verified.medians_unchecked, follows.stored) == (0, 0, 1)
    stranger = pipeline.take_headers(place, second, height=2)
    assert stranger.verified.fault
    assert (stranger.verified.fault.reason, stranger.stored) == ("linkage", 0)
    assert [row["height"] for row in held(open_archive(place))] == [0, 1]


def test_the_bits_in_force_are_known_from_the_epochs(place: Path, tmp_path: Path) -> None:
    """A header of the first epoch, told to stand in December 2025, has not the bits in force there."""
    file = tmp_path / "one.bin"
    file.write_bytes(FIRST_TWO[80:])
    taken = pipeline.take_headers(place, file, height=926_000)
    assert taken.verified.fault
    assert taken.verified.fault.reason == "bits"
    assert "1701e2a0" in taken.verified.fault.detail
    assert taken.stored == 0


@pytest.mark.parametrize("content", [b"", b"\0" * 79])
def test_a_file_without_a_header(place: Path, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "none.bin"
    file.write_bytes(content)
    with pytest.raises(UnreadableInput, match="a header has 80"):
        pipeline.take_headers(place, file, keep=False)
    with pytest.raises(UnreadableInput, match="cannot be read"):
        pipeline.take_headers(place, tmp_path / "absent.bin")


@pytest.mark.data
def test_all_headers_of_the_large_data(place: Path, chain_data: Path) -> None:
    """10,835 headers in four files; the epochs on record let the first retarget inside each be recomputed."""
    files = sorted(chain_data.glob("headers_*_*.bin"))
    taken = [pipeline.take_headers(place, file) for file in files]
    assert sum(one.verified.headers for one in taken) == sum(one.stored for one in taken) == 10_835
    assert not any(one.verified.fault for one in taken)
    # 586,657..589,289 crosses 588,672; 822,528..830,592 starts at a boundary and crosses four
    assert [one.verified.retargets for one in taken] == [1, 0, 4, 0]
    assert len(held(open_archive(place))) == 10_835
    assert doctor.examine(place, pipeline.parse) == ()


# --- from a node ---------------------------------------------------------------------------------------


def chain_of(
    names: list[str], content: bytes, asked: list[str]
) -> Callable[[bytes, Mapping[str, str]], Reply]:
    """A node on mainnet that has these headers and no more, as a transport."""

    def answer(method: str, params: list[Any]) -> dict[str, Any]:
        asked.append(method)
        match method, params:
            case "getblockchaininfo", []:
                return {"result": {"chain": "main"}}
            case "getbestblockhash", []:
                return {"result": names[-1]}
            case "getblockhash", [int(height)]:
                if height >= len(names):
                    return {"error": {"code": -8, "message": "Block height out of range"}}
                return {"result": names[height]}
            case "getblockheader", [str(name), False]:
                at = 80 * names.index(name)
                return {"result": content[at : at + 80].hex()}
            case "getblockstats", [int(height), _]:
                paid = {"subsidy": 5_000_000_000, "totalfee": 0, "txs": 1}
                time = int.from_bytes(content[80 * height + 68 : 80 * height + 72], "little")
                return {"result": {"height": height, "blockhash": names[height], "time": time, **paid}}
        raise AssertionError(method)

    def transport(body: bytes, _: Mapping[str, str]) -> Reply:
        told = [{"id": c["id"], **answer(c["method"], c["params"])} for c in json.loads(body)]
        return Reply(200, json.dumps(told).encode())

    return transport


def test_headers_and_payments_from_a_node(place: Path) -> None:
    asked: list[str] = []
    node = Node(chain_of(NAMES, FIRST_TWO, asked))
    one = pipeline.take_from_node(place, node, NOW, limit=1)
    assert (one.first_height, one.stored) == (0, 1)
    rest = pipeline.take_from_node(place, node, NOW)
    assert (rest.first_height, rest.stored) == (1, 1)
    assert (rest.verified.unlinked, rest.verified.medians_unchecked) == (0, 0)
    archive = open_archive(place)
    assert [row["height"] for row in held(archive)] == [0, 1]
    paid = held(archive, "blocks")
    assert [(r["block_hash"], r["subsidy_btc"], r["fees_btc"], r["transactions_count"]) for r in paid] == [
        (NAMES[0], 50.0, 0.0, 1),
        (NAMES[1], 50.0, 0.0, 1),
    ]
    assert Desk(archive).trace("blocks/1").sources[0].excerpt.startswith('{"height": 1')
    asked.clear()
    assert pipeline.take_from_node(place, node, NOW).verified.headers == 0
    assert "getblockstats" not in asked
    assert pipeline.examine(place) == ()


def test_a_node_that_lies_about_its_chain(place: Path) -> None:
    bad = FIRST_TWO[:120] + bytes([FIRST_TWO[120] ^ 1]) + FIRST_TWO[121:]
    names = [NAMES[0], block_hash(bad[80:])[::-1].hex()]
    taken = pipeline.take_from_node(place, Node(chain_of(names, bad, [])), NOW)
    assert taken.verified.fault
    assert (taken.verified.fault.reason, taken.stored) == ("work", 1)
    other = Node(chain_of(names[::-1], bad[80:] + bad[:80], []))
    with pytest.raises(SourceRefused, match="first block"):
        pipeline.take_from_node(place, other, NOW)
