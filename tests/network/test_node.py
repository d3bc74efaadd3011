"""The JSON-RPC client over real HTTP: what comes over, and what a reorganisation between two calls does.

Against a local server that answers from a verified chain, and against ``bitcoind`` where it is on the PATH.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from minerdesk.consensus import REGTEST, block_hash
from minerdesk.errors import SourceUnavailable, UnreadableInput
from minerdesk.records import Snapshot
from minerdesk.sources import headers, node
from minerdesk.sources.chain import begin, extend
from minerdesk.sources.forks import HeaderTree
from minerdesk.sources.node import Node, fetch_headers

Client = Callable[..., Node]
Between = Callable[..., Any]

# --- a node that works ---------------------------------------------------------------------------------


def test_the_whole_chain_comes_over_and_is_accepted(server: Any, client: Client) -> None:
    run = fetch_headers(client(server))
    assert (run.first_height, run.headers) == (0, 60)
    result = extend(begin(0, REGTEST), run.content)
    assert (result.headers, result.fault) == (60, None)
    snapshot = run.snapshot(datetime(2025, 12, 5, tzinfo=UTC))
    assert snapshot.name == "headers_0_59.bin"
    assert len(headers.parse(snapshot, network=REGTEST).tables["block_headers"]) == 60


def test_only_what_is_missing_comes_over(
    server: Any, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(node, "BATCH", 7)
    mine = client(server)
    tree = HeaderTree(extend(begin(0, REGTEST), fetch_headers(mine, limit=10).content[:80]).tip)
    assert tree.extend(fetch_headers(mine, limit=10).content) is None
    assert tree.best.height == 9
    while (run := fetch_headers(mine, tree.branch()[1], tree.branch()[0], limit=20)).headers:
        assert run.first_height == tree.best.height + 1
        assert run.headers <= 20
        assert tree.extend(run.content) is None
    assert tree.best.height == 59
    server.grow(3)
    late = fetch_headers(mine, tree.branch()[1], 0)
    assert (late.first_height, late.headers) == (60, 3)


def test_block_statistics(server: Any, client: Client) -> None:
    snapshot = node.fetch_block_stats(client(server), 1, 5, datetime(2025, 12, 5, tzinfo=UTC))
    found = node.parse(snapshot, REGTEST)
    rows = found.tables["blocks"]
    assert [row["height"] for row in rows] == [1, 2, 3, 4, 5]
    assert {row["subsidy_btc"] for row in rows} == {50.0}
    assert found.findings == ()
    # mainnet does not halve at 150 blocks: the same answers are odd there
    told = json.loads(snapshot.content)
    told[2]["subsidy"] -= 1
    (finding,) = node.parse(replace(snapshot, content=json.dumps(told).encode()), REGTEST).findings
    assert (finding.kind, finding.locator) == ("wrong_subsidy", "/2")
    with pytest.raises(UnreadableInput, match="blockstats_regtest_1_5"):
        node.parse(replace(snapshot, content=b'[{"height": 1}]'), REGTEST)


# --- reorganisations -----------------------------------------------------------------------------------


def test_a_reorganisation_since_the_last_time(server: Any, client: Client) -> None:
    mine = client(server)
    before = fetch_headers(mine)
    tree = HeaderTree(extend(begin(0, REGTEST), before.content[:80]).tip)
    assert tree.extend(before.content) is None
    server.reorganise(depth=25, count=27)
    after = fetch_headers(mine, tree.branch()[1], 0)
    assert (after.first_height, after.headers) == (35, 27)
    assert tree.extend(after.content) is None
    assert tree.best.height == 61
    assert tree.best.block_hash == block_hash(after.content[-80:])


@pytest.mark.parametrize("when", range(2, 18))
@pytest.mark.parametrize(("depth", "count"), [(1, 2), (30, 31), (50, 5), (3, 1)])
def test_a_reorganisation_between_two_calls(
    local: Any,
    monkeypatch: pytest.MonkeyPatch,
    when: int,
    depth: int,
    count: int,
    client: Client,
    between: Between,
) -> None:
    """At any moment, to a longer or a shorter chain, what comes over is one chain: the one at the end."""
    monkeypatch.setattr(node, "BATCH", 9)
    transport = between(local, {when: lambda: local.reorganise(depth, count)})
    held = [block_hash(header) for header in local.chain[:20]]
    run = fetch_headers(client(local, transport=transport), held, 0)
    expected = b"".join(local.chain)
    if transport.count >= when:
        assert len(local.chain) == 60 - depth + count
    assert run.first_height + run.headers == len(local.chain)
    assert run.content == expected[run.first_height * 80 :]
    assert run.first_height <= 20
    whole = b"".join(local.chain[: run.first_height]) + run.content
    assert extend(begin(0, REGTEST), whole).fault is None


def test_a_reorganisation_between_two_calls_of_any_node(
    server: Any, monkeypatch: pytest.MonkeyPatch, client: Client, between: Between
) -> None:
    monkeypatch.setattr(node, "BATCH", 20)
    transport = between(server, {5: lambda: server.reorganise(45, 50)})
    run = fetch_headers(client(server, transport=transport))
    result = extend(begin(0, REGTEST), run.content)
    assert (run.first_height, result.headers, result.fault) == (0, 65, None)
    best = client(server).call("getbestblockhash")
    assert block_hash(run.content[-80:])[::-1].hex() == best


def test_a_chain_that_never_rests(
    local: Any, monkeypatch: pytest.MonkeyPatch, client: Client, between: Between
) -> None:
    monkeypatch.setattr(node, "BATCH", 4)

    def turn() -> None:
        local.reorganise(2, 2)

    restless = between(local, dict.fromkeys(range(2, 2_000), turn))
    with pytest.raises(SourceUnavailable, match="moved at each attempt"):
        fetch_headers(client(local, transport=restless))


def test_a_snapshot_that_is_no_list() -> None:
    nothing = Snapshot(node.NAME, "x.json", b"{", datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(UnreadableInput):
        node.parse(nothing)
