"""What the tests of the network share: the answers, the large data, a miner at regtest's easy target, and
nodes to ask: a local server that answers over HTTP from a verified chain, and ``bitcoind`` where it is."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest

from minerdesk.consensus import REGTEST, block_hash
from minerdesk.errors import SourceUnavailable
from minerdesk.sources.chain import begin, extend
from minerdesk.sources.node import HttpTransport, Node, Reply, Transport

ROOT = Path(__file__).parents[2]
USER, PASSWORD = "desk", "ein Passwort mit Ümlaut"

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


# --- nodes -------------------------------------------------------------------------------------------


class Server(Protocol):
    """A node under test: where it is, and how its chain is made to grow or turn."""

    url: str

    def grow(self, count: int) -> None: ...
    def reorganise(self, depth: int, count: int) -> None:
        """Drop the last ``depth`` blocks and put ``count`` others in their place."""


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
        script = f"6a04{self.label:08x}"  # pays nobody
        descriptor = self.node.call("getdescriptorinfo", f"raw({script})")["descriptor"]
        self.node.call("generatetodescriptor", count, descriptor)

    def reorganise(self, depth: int, count: int) -> None:
        tip = self.node.call("getblockcount")
        self.node.call("invalidateblock", self.node.call("getblockhash", tip - depth + 1))
        self.grow(count)


@dataclass
class Between:
    inner: HttpTransport
    actions: dict[int, Callable[[], None]]
    count: int = field(default=0)

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        self.count += 1
        self.actions.get(self.count, lambda: None)()
        return self.inner(body, headers)


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


@pytest.fixture(scope="session")
def client() -> Callable[..., Node]:
    """``client(server)`` is a node with the right credentials; ``transport``, ``password`` ... change it."""

    def ask(server: Server, **changes: Any) -> Node:
        return replace(Node(HttpTransport(server.url, 5), USER, PASSWORD, network=REGTEST), **changes)

    return ask


@pytest.fixture(scope="session")
def between() -> Callable[..., Transport]:
    """``between(server, {n: action})`` is a transport that acts before its n-th request: what happens between
    two calls."""

    return lambda server, actions: Between(HttpTransport(server.url, 5), actions)
