"""The JSON-RPC client over real HTTP: nodes that are dead, deaf, locked, starting, or on another chain."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from minerdesk.consensus import MAINNET, REGTEST, block_hash
from minerdesk.errors import InputError, SourceError, SourceRefused, SourceUnavailable
from minerdesk.sources.node import HttpTransport, Node, Reply, fetch_headers

Client = Callable[..., Node]
Between = Callable[..., Any]

# --- nodes that do not ---------------------------------------------------------------------------------


def test_wrong_credentials(server: Any, client: Client) -> None:
    with pytest.raises(SourceRefused, match="user name and password") as told:
        fetch_headers(client(server, password="wrong"))
    assert not told.value.retry
    assert "wrong" not in str(told.value)
    assert client(server).password not in repr(client(server))


def test_a_cookie_is_read_anew(server: Any, tmp_path: Path, client: Client) -> None:
    cookie = tmp_path / "cookie"
    right = client(server)
    mine = client(server, user="", password="", cookie=cookie)
    with pytest.raises(SourceUnavailable, match="is the node running"):
        mine.call("getblockcount")
    cookie.write_text(f"{right.user}:{right.password}\n", encoding="utf-8")
    assert mine.call("getblockcount") == 59
    cookie.write_text("__cookie__:old", encoding="utf-8")
    with pytest.raises(SourceRefused):
        mine.call("getblockcount")


def test_a_dead_node(local: Any, client: Client) -> None:
    mine = client(local)
    assert mine.call("getblockcount") == 59
    local.close()
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1") as told:
        mine.call("getblockcount")
    assert told.value.retry


def test_a_node_that_dies_between_two_calls(local: Any, client: Client, between: Between) -> None:
    transport = between(local, {3: local.close})
    with pytest.raises(SourceUnavailable):
        fetch_headers(client(local, transport=transport))


def test_a_node_that_does_not_answer() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        with pytest.raises(SourceUnavailable, match="timed out"):
            Node(HttpTransport(url, 0.2), "desk", "secret").call("getblockcount")


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
            Node(HttpTransport(url, 5), "desk", "secret").call("getblockcount")
        thread.join()


def test_a_node_on_another_chain(server: Any, client: Client) -> None:
    with pytest.raises(SourceRefused, match=r"'regtest'.*wanted 'main'") as told:
        fetch_headers(client(server, network=MAINNET))
    assert MAINNET.genesis[::-1].hex() in str(told.value)
    custom = replace(REGTEST, genesis=bytes(32))
    with pytest.raises(SourceRefused, match="first block 0f9188f1"):
        fetch_headers(client(server, network=custom))


def test_a_node_that_calls_itself_main_but_is_not(local: Any, client: Client) -> None:
    local.chain_name = "main"
    with pytest.raises(SourceRefused, match="first block"):
        fetch_headers(client(local, network=MAINNET))


def test_a_node_that_shares_none_of_what_is_held(server: Any, client: Client) -> None:
    strangers = [bytes([number]) * 32 for number in range(30)]
    with pytest.raises(SourceRefused, match="none of the headers held from height 10 to 39"):
        fetch_headers(client(server), strangers, 10)


def test_a_node_that_is_starting(local: Any, client: Client) -> None:
    local.warming_up = True
    with pytest.raises(SourceUnavailable, match="Loading block index") as told:
        fetch_headers(client(local))
    assert told.value.retry


def test_what_a_node_refuses(server: Any, client: Client) -> None:
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


def test_the_node_sends_something_else_than_a_header(local: Any, client: Client) -> None:
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
