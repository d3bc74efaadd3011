"""A Bitcoin node over JSON-RPC: headers after those one has, and what each block paid.

The transport is a function of one request, so that tests, caches and other HTTP libraries are just other
functions; the one here is the standard library's. What a node says is not believed: header runs go through
:mod:`minerdesk.sources.chain` like those from a file. A reorganisation between two calls is noticed by its
broken link and the run is taken up again where the chains part.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from minerdesk.consensus import HEADER_BYTES, MAINNET, SATOSHI_PER_BTC, Network, block_hash, subsidy_satoshi
from minerdesk.errors import InputError, SourceRefused, SourceUnavailable, UnreadableInput
from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.sources import headers

NAME = "node"
#: Calls put into one request.
BATCH = 500
#: Reorganisations that may hit one fetch before it is given up.
MOST_REORGANISATIONS = 8
#: Hashes compared with the node's to find where chains part; a deeper reorganisation is refused.
DEEPEST_REORGANISATION = 2_016

_HEIGHT_OUT_OF_RANGE = -8
_NOT_FOUND = -5
_WARMING_UP = -28


@dataclass(frozen=True)
class Reply:
    """HTTP status and body."""

    status: int
    body: bytes


#: One POST: body and headers to a reply. Raises :class:`SourceUnavailable` where none comes.
Transport = Callable[[bytes, Mapping[str, str]], Reply]


@dataclass(frozen=True)
class HttpTransport:
    """POST to ``url`` with the standard library; one connection a request."""

    url: str
    timeout_seconds: float = 30.0

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        place = urlsplit(self.url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if place.scheme not in kinds or not place.hostname:
            raise InputError(f"{self.url!r} is no http or https address")
        connection = kinds[place.scheme](place.hostname, place.port, timeout=self.timeout_seconds)
        try:
            connection.request("POST", place.path or "/", body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as fault:
            told = str(fault) or type(fault).__name__
            raise SourceUnavailable(f"no answer from the node at {place.netloc}: {told}") from fault
        finally:
            connection.close()


class _Refusal(SourceRefused):
    """The node understood a call and said no; ``code`` is Bitcoin Core's."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"the node refuses {method}: {message} ({code})")
        self.code = code


@dataclass(frozen=True)
class Node:
    """How to ask a node: ``user`` and ``password``, or the ``cookie`` file in its data folder, which is read
    anew for each request because a node writes a new one at each start."""

    transport: Transport
    user: str = ""
    password: str = field(default="", repr=False)
    cookie: Path | None = None
    network: Network = MAINNET

    def call(self, method: str, *params: Any) -> Any:
        """The result of one call. Raises :class:`SourceRefused` or :class:`SourceUnavailable`."""
        return self.batch([(method, *params)])[0]

    def batch(self, calls: Sequence[tuple[Any, ...]], *, absent: frozenset[int] = frozenset()) -> list[Any]:
        """Results of ``(method, *params)`` each, in order, in requests of :data:`BATCH` calls.

        A refusal with a code in ``absent`` gives ``None`` in its place, any other raises.
        """
        results: list[Any] = []
        for start in range(0, len(calls), BATCH):
            results += self._request(calls[start : start + BATCH], absent)
        return results

    def _request(self, calls: Sequence[tuple[Any, ...]], absent: frozenset[int]) -> list[Any]:
        asked = [
            {"jsonrpc": "1.0", "id": index, "method": method, "params": params}
            for index, (method, *params) in enumerate(calls)
        ]
        token = base64.b64encode(self._credentials().encode()).decode()
        reply = self.transport(
            json.dumps(asked).encode(),
            {"Authorization": f"Basic {token}", "Content-Type": "application/json"},
        )
        answers = _answers(reply, len(asked))
        results = []
        for (method, *_), answer in zip(calls, answers, strict=True):
            error = answer.get("error")
            if error is None:
                results.append(answer.get("result"))
                continue
            named = error if isinstance(error, dict) else {}
            code, message = int(named.get("code", 0)), str(named.get("message", error))
            if code == _WARMING_UP:
                raise SourceUnavailable(f"the node is still starting: {message}")
            if code not in absent:
                raise _Refusal(method, code, message)
            results.append(None)
        return results

    def _credentials(self) -> str:
        if self.cookie is None:
            return f"{self.user}:{self.password}"
        try:
            return self.cookie.read_text(encoding="utf-8").strip()
        except OSError as fault:
            raise SourceUnavailable(
                f"no cookie at {self.cookie}: is the node running? ({fault.strerror})"
            ) from fault


def _answers(reply: Reply, count: int) -> list[dict[str, Any]]:
    """The answers of a batch by their id. A whole request may also be answered by one error."""
    told = reply.body[:120].decode("utf-8", "replace").strip()
    if reply.status == http.client.UNAUTHORIZED:
        raise SourceRefused("the node refuses the user name and password (401)")
    if reply.status == http.client.FORBIDDEN:
        raise SourceRefused("the node does not let this address in (403): see its rpcallowip")
    if reply.status == http.client.SERVICE_UNAVAILABLE:
        raise SourceUnavailable(f"the node is overloaded (503): {told}")
    try:
        content = json.loads(reply.body)
    except ValueError as fault:
        kind = SourceUnavailable if reply.status >= http.client.INTERNAL_SERVER_ERROR else SourceRefused
        raise kind(f"not a Bitcoin node: it answers {reply.status} {told!r}") from fault
    if isinstance(content, dict):
        content = [content | {"id": index} for index in range(count)] if content.get("error") else []
    listed = content if isinstance(content, list) else []
    answers = {
        answer["id"]: answer
        for answer in listed
        if isinstance(answer, dict) and isinstance(answer.get("id"), int)
    }
    if sorted(answers) != list(range(count)):
        raise SourceRefused(f"not a Bitcoin node: {count} calls, and it answers {told!r}")
    return [answers[index] for index in range(count)]


def check_network(node: Node) -> None:
    """Make sure that the node is on the network that was asked for.

    Raises :class:`SourceRefused` for a node on another chain, whether it says so or has another first block.
    """
    info, first = node.batch([("getblockchaininfo",), ("getblockhash", 0)])
    wanted = node.network
    told = info if isinstance(info, dict) else {}
    if told.get("chain") != wanted.name or _digest(first) != wanted.genesis:
        raise SourceRefused(
            f"the node is on chain {told.get('chain')!r} with first block {first}; "
            f"wanted {wanted.name!r} with {wanted.genesis[::-1].hex()}"
        )


def _digest(text: Any) -> bytes:
    """The bytes of a hash as displayed, in wire order; none for what is no hexadecimal text."""
    try:
        return bytes.fromhex(text)[::-1]
    except (TypeError, ValueError):
        return b""


@dataclass(frozen=True)
class HeaderRun:
    """Headers as a node has them: they take the place of all one holds from ``first_height`` on."""

    first_height: int
    content: bytes = field(repr=False)

    @property
    def headers(self) -> int:
        return len(self.content) // HEADER_BYTES

    def snapshot(self, known_at: datetime) -> Snapshot:
        """The run as a snapshot that :func:`minerdesk.sources.headers.parse` reads."""
        last = self.first_height + self.headers - 1
        return Snapshot(
            source=headers.NAME,
            name=f"headers_{self.first_height}_{last}.bin",
            content=self.content,
            known_at=known_at,
            origin="getblockheader of a Bitcoin node",
            media_type="application/octet-stream",
        )


def fetch_headers(
    node: Node, held: Sequence[bytes] = (), held_from: int = 0, *, limit: int | None = None
) -> HeaderRun:
    """The node's headers after those ``held``: hashes (wire order) at heights from ``held_from`` on.

    The run starts behind the last held header that the node still has on its chain, and ends at its tip or
    after ``limit`` headers. Raises :class:`SourceRefused` where the node is on another chain or shares none
    of the held headers; :class:`SourceUnavailable` where its chain moves faster than it can be read.
    """
    check_network(node)
    known, start = list(held), held_from + len(held)
    taken: list[bytes] = []
    for _ in range(MOST_REORGANISATIONS):
        common = _fork(node, known, held_from)
        del known[common - held_from :]
        start = min(start, common)
        del taken[common - start :]
        while limit is None or len(taken) < limit:
            room = BATCH if limit is None else min(BATCH, limit - len(taken))
            run = _next(node, common, room, known[-1] if known else None)
            if run is None:
                break  # the chains part behind us: look where
            if not run:
                return HeaderRun(start, b"".join(taken))
            taken += run
            known += [block_hash(header) for header in run]
            common += len(run)
        else:
            return HeaderRun(start, b"".join(taken))
    raise SourceUnavailable("the node's chain moved at each attempt to read it")


def _next(node: Node, height: int, count: int, before: bytes | None) -> list[bytes] | None:
    """Up to ``count`` headers from ``height`` on that follow the hash ``before``; none at the node's tip;
    ``None`` where they do not follow, because the chain moved."""
    out_of_range, not_found = frozenset({_HEIGHT_OUT_OF_RANGE}), frozenset({_NOT_FOUND})
    asked = [("getblockhash", at) for at in range(height, height + count)]
    names = [name for name in node.batch(asked, absent=out_of_range) if name is not None]
    if not names:
        at_tip = before is None or _digest(node.call("getbestblockhash")) == before
        return [] if at_tip else None
    raw = node.batch([("getblockheader", name, False) for name in names], absent=not_found)
    run: list[bytes] = []
    for header in raw:
        content = _digest(header)[::-1]
        if len(content) != HEADER_BYTES or (before is not None and content[4:36] != before):
            return run or None
        run.append(content)
        before = block_hash(content)
    return run


def _fork(node: Node, known: Sequence[bytes], first: int) -> int:
    """The lowest height at which the node's chain may differ from the hashes ``known`` from ``first`` on."""
    if not known:
        return first
    above = first + len(known)
    deepest = max(first, above - DEEPEST_REORGANISATION)
    step = 8
    while above > deepest:
        below = max(deepest, above - step)
        asked = [("getblockhash", at) for at in range(below, above)]
        told = node.batch(asked, absent=frozenset({_HEIGHT_OUT_OF_RANGE}))
        for at in range(above - 1, below - 1, -1):
            if _digest(told[at - below]) == known[at - first]:
                return at + 1
        above, step = below, step * 4
    raise SourceRefused(
        f"the node has none of the headers held from height {deepest} to {first + len(known) - 1}: "
        "another chain, or a reorganisation deeper than that"
    )


def fetch_block_stats(node: Node, first: int, last: int, known_at: datetime) -> Snapshot:
    """What the blocks from height ``first`` to ``last`` paid, in the node's own words (``getblockstats``).

    Each answer names its block hash: what a reorganisation left behind shows against the verified headers.
    """
    check_network(node)
    wanted = ["height", "blockhash", "time", "subsidy", "totalfee", "txs"]
    told = node.batch([("getblockstats", height, wanted) for height in range(first, last + 1)])
    return Snapshot(
        source=NAME,
        name=f"blockstats_{node.network.name}_{first}_{last}.json",
        content=json.dumps(told).encode(),
        known_at=known_at,
        origin="getblockstats of a Bitcoin node",
        media_type="application/json",
    )


def parse(snapshot: Snapshot, network: Network = MAINNET) -> Rows:
    """Rows of ``blocks``: time, subsidy, fees. A subsidy that is not the rule's is a finding.

    Raises :class:`minerdesk.errors.UnreadableInput` for bytes that are no list of block statistics.
    """
    rows, findings = [], []
    try:
        told = json.loads(snapshot.content)
        for index, block in enumerate(told):
            height, time = int(block["height"]), datetime.fromtimestamp(int(block["time"]), UTC)
            place = f"/{index}"
            if int(block["subsidy"]) != subsidy_satoshi(height, network):
                detail = f"block {height} has a subsidy of {block['subsidy']} satoshi, the rule gives "
                detail += str(subsidy_satoshi(height, network))
                findings.append(Finding("wrong_subsidy", "suspect", snapshot.name, detail, locator=place))
            rows.append(
                {
                    "height": height,
                    "block_hash": str(block["blockhash"]),
                    "block_time": time,
                    "subsidy_btc": int(block["subsidy"]) / SATOSHI_PER_BTC,
                    "fees_btc": int(block["totalfee"]) / SATOSHI_PER_BTC,
                    "transactions_count": int(block["txs"]),
                    "known_at": time,
                    "locator": place,
                }
            )
    except (ValueError, KeyError, TypeError) as fault:
        raise UnreadableInput(f"{snapshot.name} holds no block statistics: {fault!r}") from fault
    return Rows({"blocks": rows}, tuple(findings))
