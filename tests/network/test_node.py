"""The JSON-RPC client over real HTTP: against a local server that answers from a verified chain, and against
``bitcoind`` where it is on the PATH."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest

from minerdesk.consensus import MAINNET, REGTEST, block_hash
from minerdesk.errors import InputError, SourceError, SourceRefused, SourceUnavailable, UnreadableInput
from minerdesk.records import Snapshot
from minerdesk.sources import headers, node
from minerdesk.sources.chain import begin, extend
from minerdesk.sources.forks import HeaderTree
from minerdesk.sources.node import HttpTransport, Node, Reply, fetch_headers

Miner = Callable[..., bytes]
USER, PASSWORD = "desk", "ein Passwort mit Ümlaut"


class Server(Protocol):
    """A node under test: where it is, and how its chain is made to grow or turn."""

    url: str

    def grow(self, count: int) -> None: ...
    def reorganise(self, depth: int, count: int) -> None:
        """Drop the last ``depth`` blocks and put ``count`` others in their place."""


# --- a local server ------------------------------------------------------------------------------------


class LocalNode:
    """Answers Bitcoin Core's calls over HTTP from a chain that our own check has accepted."""

    def __init__(self, chain: bytes, mine: Miner) -> None:
        self.chain = [chain[at : at + 80] for at in range(0, len(chain), 80)]
        self.mine = mine
        self.stale: dict[str, bytes] = {}
        self.requests = 0
        self.salt = 1_000
        self.warming_up = False
        self.chain_name = "regtest"
        self._verify()
        handler = type("Handler", (_Handler,), {"node": self})
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.005,), daemon=True)
        self.thread.start()

    def _verify(self) -> None:
        assert extend(begin(0, REGTEST), b"".join(self.chain)).fault is None

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def grow(self, count: int) -> None:
        for _ in range(count):
            self.salt += 1
            self.chain.append(self.mine(self.chain[-1], salt=self.salt))
        self._verify()

    def reorganise(self, depth: int, count: int) -> None:
        for header in self.chain[-depth:]:
            self.stale[block_hash(header)[::-1].hex()] = header
        del self.chain[-depth:]
        self.grow(count)

    def answer(self, method: str, params: list[Any]) -> Any:
        names = [block_hash(header)[::-1].hex() for header in self.chain]
        tip = len(names) - 1
        if self.warming_up:
            raise RpcError(-28, "Loading block index…")
        match method, params:
            case "getblockchaininfo", []:
                return {"chain": self.chain_name, "blocks": tip, "bestblockhash": names[-1]}
            case "getblockcount", []:
                return tip
            case "getbestblockhash", []:
                return names[-1]
            case "getblockhash", [int(height)]:
                if not 0 <= height <= tip:
                    raise RpcError(-8, "Block height out of range")
                return names[height]
            case "getblockheader", [str(name), False]:
                every = dict(zip(names, self.chain, strict=True)) | self.stale
                if name not in every:
                    raise RpcError(-5, "Block not found")
                return every[name].hex()
            case "getblockstats", [int(height), list(wanted)]:
                header = self.chain[height]
                stats = {
                    "height": height,
                    "blockhash": names[height],
                    "time": int.from_bytes(header[68:72], "little"),
                    "subsidy": 5_000_000_000 >> height // 150,
                    "totalfee": 0,
                    "txs": 1,
                }
                return {key: stats[key] for key in wanted}
        raise RpcError(-32601, "Method not found")


class RpcError(Exception):
    pass


class _Handler(BaseHTTPRequestHandler):
    node: LocalNode

    def do_POST(self) -> None:
        self.node.requests += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self._send(401, b"")
            return
        asked = json.loads(body)
        told = [self._one(call) for call in asked]
        self._send(200, json.dumps(told[::-1]).encode())  # a batch may be answered in any order

    def _one(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            return {
                "id": call["id"],
                "result": self.node.answer(call["method"], call["params"]),
                "error": None,
            }
        except RpcError as error:
            code, message = error.args
            return {"id": call["id"], "result": None, "error": {"code": code, "message": message}}

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


# --- bitcoind ------------------------------------------------------------------------------------------


class Bitcoind:
    """Bitcoin Core's own node on a fresh regtest chain of 60 blocks."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"
        self.process = subprocess.Popen(
            [
                *("bitcoind", "-regtest", f"-datadir={folder}", f"-rpcport={port}", "-listen=0", "-server=1"),
                *(f"-rpcuser={USER}", f"-rpcpassword={PASSWORD}", "-disablewallet", "-printtoconsole=0"),
            ]
        )
        self.node = Node(HttpTransport(self.url), USER, PASSWORD, network=REGTEST)
        self.label = 0
        for _ in range(120):
            try:
                self.node.call("getblockcount")
                break
            except SourceUnavailable:
                time.sleep(0.5)
        self.grow(59)

    def close(self) -> None:
        self.node.call("stop")
        self.process.wait(60)

    def grow(self, count: int) -> None:
        self.label += 1  # another script each time, or the node would mine the blocks it dropped again
        descriptor = self.node.call("getdescriptorinfo", f"raw(51{self.label:02x}75)")["descriptor"]
        self.node.call("generatetodescriptor", count, descriptor)

    def reorganise(self, depth: int, count: int) -> None:
        tip = self.node.call("getblockcount")
        self.node.call("invalidateblock", self.node.call("getblockhash", tip - depth + 1))
        self.grow(count)


@pytest.fixture(params=["local", "bitcoind"])
def server(
    request: pytest.FixtureRequest, mine: Miner, regtest_chain: bytes, tmp_path: Path
) -> Iterator[Server]:
    if request.param == "bitcoind" and shutil.which("bitcoind") is None:
        pytest.skip("bitcoind is not on the PATH: only the local server was asked")
    found = LocalNode(regtest_chain, mine) if request.param == "local" else Bitcoind(tmp_path)
    yield found
    found.close()


@pytest.fixture
def local(mine: Miner, regtest_chain: bytes) -> Iterator[LocalNode]:
    found = LocalNode(regtest_chain, mine)
    yield found
    found.close()


def client(server: Server, **changes: Any) -> Node:
    return replace(Node(HttpTransport(server.url, 5), USER, PASSWORD, network=REGTEST), **changes)


@dataclass
class Between:
    """A transport that does something before its n-th request: what happens between two calls."""

    inner: HttpTransport
    actions: dict[int, Callable[[], None]]
    count: int = field(default=0)

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        self.count += 1
        self.actions.get(self.count, lambda: None)()
        return self.inner(body, headers)


# --- a node that works ---------------------------------------------------------------------------------


def test_the_whole_chain_comes_over_and_is_accepted(server: Server) -> None:
    run = fetch_headers(client(server))
    assert (run.first_height, run.headers) == (0, 60)
    result = extend(begin(0, REGTEST), run.content)
    assert (result.headers, result.fault) == (60, None)
    snapshot = run.snapshot(datetime(2025, 12, 5, tzinfo=UTC))
    assert snapshot.name == "headers_0_59.bin"
    assert len(headers.parse(snapshot, network=REGTEST).tables["block_headers"]) == 60


def test_only_what_is_missing_comes_over(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_block_statistics(server: Server) -> None:
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


def test_a_reorganisation_since_the_last_time(server: Server) -> None:
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
    local: LocalNode, monkeypatch: pytest.MonkeyPatch, when: int, depth: int, count: int
) -> None:
    """At any moment, to a longer or a shorter chain, what comes over is one chain: the one at the end."""
    monkeypatch.setattr(node, "BATCH", 9)
    transport = Between(HttpTransport(local.url, 5), {when: lambda: local.reorganise(depth, count)})
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
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "BATCH", 20)
    transport = Between(HttpTransport(server.url, 5), {5: lambda: server.reorganise(45, 50)})
    run = fetch_headers(client(server, transport=transport))
    result = extend(begin(0, REGTEST), run.content)
    assert (run.first_height, result.headers, result.fault) == (0, 65, None)
    best = client(server).call("getbestblockhash")
    assert block_hash(run.content[-80:])[::-1].hex() == best


def test_a_chain_that_never_rests(local: LocalNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "BATCH", 4)

    def turn() -> None:
        local.reorganise(2, 2)

    restless = Between(HttpTransport(local.url, 5), dict.fromkeys(range(2, 2_000), turn))
    with pytest.raises(SourceUnavailable, match="moved at each attempt"):
        fetch_headers(client(local, transport=restless))


# --- nodes that do not ---------------------------------------------------------------------------------


def test_wrong_credentials(server: Server) -> None:
    with pytest.raises(SourceRefused, match="user name and password") as told:
        fetch_headers(client(server, password="wrong"))
    assert not told.value.retry
    assert "wrong" not in str(told.value)
    assert PASSWORD not in repr(client(server))


def test_a_cookie_is_read_anew(server: Server, tmp_path: Path) -> None:
    cookie = tmp_path / "cookie"
    mine = client(server, user="", password="", cookie=cookie)
    with pytest.raises(SourceUnavailable, match="is the node running"):
        mine.call("getblockcount")
    cookie.write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    assert mine.call("getblockcount") == 59
    cookie.write_text("__cookie__:old", encoding="utf-8")
    with pytest.raises(SourceRefused):
        mine.call("getblockcount")


def test_a_dead_node(local: LocalNode) -> None:
    mine = client(local)
    assert mine.call("getblockcount") == 59
    local.close()
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1") as told:
        mine.call("getblockcount")
    assert told.value.retry


def test_a_node_that_dies_between_two_calls(local: LocalNode) -> None:
    transport = Between(HttpTransport(local.url, 5), {3: local.close})
    with pytest.raises(SourceUnavailable):
        fetch_headers(client(local, transport=transport))


def test_a_node_that_does_not_answer() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with pytest.raises(SourceUnavailable, match="timed out"):
            Node(HttpTransport(url, 0.2), USER, PASSWORD).call("getblockcount")


def test_a_node_that_hangs_up_half_way() -> None:
    with socket.socket() as half:
        half.bind(("127.0.0.1", 0))
        half.listen()

        def hang_up() -> None:
            caller, _ = half.accept()
            caller.recv(65_536)
            caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{")
            caller.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{half.getsockname()[1]}/"
        with pytest.raises(SourceUnavailable, match=r"IncompleteRead|reset"):
            Node(HttpTransport(url, 5), USER, PASSWORD).call("getblockcount")
        thread.join()


def test_a_node_on_another_chain(server: Server) -> None:
    with pytest.raises(SourceRefused, match=r"'regtest'.*wanted 'main'") as told:
        fetch_headers(client(server, network=MAINNET))
    assert MAINNET.genesis[::-1].hex() in str(told.value)
    custom = replace(REGTEST, genesis=bytes(32))
    with pytest.raises(SourceRefused, match="first block 0f9188f1"):
        fetch_headers(client(server, network=custom))


def test_a_node_that_calls_itself_main_but_is_not(local: LocalNode) -> None:
    local.chain_name = "main"
    with pytest.raises(SourceRefused, match="first block"):
        fetch_headers(client(local, network=MAINNET))


def test_a_node_that_shares_none_of_what_is_held(server: Server) -> None:
    strangers = [bytes([number]) * 32 for number in range(30)]
    with pytest.raises(SourceRefused, match="none of the headers held from height 10 to 39"):
        fetch_headers(client(server), strangers, 10)


def test_a_node_that_is_starting(local: LocalNode) -> None:
    local.warming_up = True
    with pytest.raises(SourceUnavailable, match="Loading block index") as told:
        fetch_headers(client(local))
    assert told.value.retry


def test_what_a_node_refuses(server: Server) -> None:
    with pytest.raises(SourceRefused, match=r"getnothing.*-32601"):
        client(server).call("getnothing")
    with pytest.raises(SourceRefused, match=r"getblockhash.*out of range"):
        client(server).call("getblockhash", 10_000)


def test_no_address() -> None:
    for url in ("localhost:8332", "ftp://localhost", "http:///x"):
        with pytest.raises(InputError, match="address"):
            Node(HttpTransport(url)).call("getblockcount")


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (200, b"<html>hello</html>", SourceRefused, "not a Bitcoin node"),
        (200, b"[]", SourceRefused, "not a Bitcoin node"),
        (200, b"{}", SourceRefused, "not a Bitcoin node"),
        (200, b'"yes"', SourceRefused, "not a Bitcoin node"),
        (200, b"3", SourceRefused, "not a Bitcoin node"),
        (200, b"null", SourceRefused, "not a Bitcoin node"),
        (200, b'[{"id": 7, "result": 1}]', SourceRefused, "not a Bitcoin node"),
        (404, b"", SourceRefused, "404"),
        (403, b"", SourceRefused, "rpcallowip"),
        (502, b"bad gateway", SourceUnavailable, "502"),
        (503, b"Work queue depth exceeded", SourceUnavailable, "Work queue depth"),
        (500, b'{"result":null,"error":{"code":-28,"message":"Verifying"}}', SourceUnavailable, "Verifying"),
        (
            500,
            b'{"result":null,"error":{"code":-32700,"message":"Parse error"}}',
            SourceRefused,
            "Parse error",
        ),
        (200, b'[{"id": 0, "error": "odd"}]', SourceRefused, "odd"),
        (200, b'[{"id": {}, "error": "odd"}]', SourceRefused, "not a Bitcoin node"),
    ],
)
def test_odd_replies(status: int, body: bytes, error: type[SourceError], told: str) -> None:
    with pytest.raises(error, match=told):
        Node(lambda *_: Reply(status, body)).call("getblockcount")


def test_the_node_sends_something_else_than_a_header(local: LocalNode) -> None:
    """A header that does not follow is never taken in, whatever the node says."""
    good = HttpTransport(local.url, 5)

    def lying(body: bytes, headers: Mapping[str, str]) -> Reply:
        reply = good(body, headers)
        told = json.loads(reply.body)
        for answer, call in zip(told[::-1], json.loads(body), strict=True):
            if call["method"] == "getblockheader" and isinstance(answer["result"], str):
                answer["result"] = answer["result"][:8] + "00" * 32 + answer["result"][72:]
        return Reply(200, json.dumps(told).encode())

    with pytest.raises(SourceUnavailable, match="moved"):
        fetch_headers(client(local, transport=lying), [block_hash(local.chain[0])], 0)


def test_a_snapshot_that_is_no_list() -> None:
    nothing = Snapshot(node.NAME, "x.json", b"{", datetime(2025, 1, 1, tzinfo=UTC))
    with pytest.raises(UnreadableInput):
        node.parse(nothing)
