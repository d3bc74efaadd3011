"""The contract of every source: ``parse`` is a pure function of a snapshot, and its rows say where they stand.

A new source adds samples to :data:`SAMPLES` and, for a kind of place of its own, a reader to :data:`READERS`.
"""

from __future__ import annotations

import builtins
import csv
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from minerdesk import pipeline
from minerdesk.errors import ArchiveDamaged, UnreadableInput
from minerdesk.records import Rows, Snapshot
from minerdesk.sources import embedded, filed, headers
from minerdesk.store import snapshots
from minerdesk.store.archive import Archive, ingest
from minerdesk.store.commits import EMPTY
from minerdesk.store.lookup import excerpt
from minerdesk.store.schema import arrow_schema
from minerdesk.store.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
LARGE = ROOT.parent / "shared" / "data"
RECEIVED = datetime(2026, 11, 22, tzinfo=UTC)
Load = Callable[[], Snapshot]

#: What Bitcoin Core answers about the first block, by `getblockstats`.
GENESIS = {
    "height": 0,
    "blockhash": "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
    "time": 1231006505,
    "subsidy": 5_000_000_000,
    "totalfee": 0,
    "txs": 1,
}
#: Two figures of RIOT's filings of 31 July 2024 and 2025, as data.sec.gov has them.
RIOT = {
    "cik": 1167419,
    "entityName": "RIOT PLATFORMS, INC.",
    "facts": {
        "dei": {
            "EntityCommonStockSharesOutstanding": {
                "units": {
                    "shares": [
                        {"end": "2025-07-29", "val": 369623180, "accn": "0001167419-25-000033", "fy": 2025,
                         "fp": "Q2", "form": "10-Q", "filed": "2025-07-31"}
                    ]
                }
            }
        },
        "us-gaap": {
            "SellingGeneralAndAdministrativeExpense": {
                "units": {
                    "USD": [
                        {"start": "2024-04-01", "end": "2024-06-30", "val": 61189000,
                         "accn": "0001167419-24-000041", "fy": 2024, "fp": "Q2", "form": "10-Q",
                         "filed": "2024-07-31"}
                    ]
                }
            }
        },
    },
}  # fmt: skip


def filing(name: str) -> Load:
    return lambda: filed.snapshot_of(name, (LARGE / "filings" / name).read_bytes(), RECEIVED)


#: source -> samples of it by name, real bytes; those in the large data folder are skipped without it
SAMPLES: dict[str, dict[str, Load]] = {
    embedded.NAME: {one.name: partial(replace, one) for one in embedded.snapshots()},
    filed.IXBRL: {"data": filing("ixbrl/BTBT_10Q_2025Q2.html.gz")},
    filed.COMPANY_FACTS: {
        "riot": lambda: filed.snapshot_of("riot.json", json.dumps(RIOT).encode(), RECEIVED)
    },
    "headers": {"data": lambda: headers.snapshot(LARGE / "chain" / "headers_890440_890448.bin")},
    "node": {"genesis": lambda: Snapshot("node", "stats.json", json.dumps([GENESIS]).encode(), RECEIVED)},
}
EACH = pytest.mark.parametrize(
    "load",
    [
        pytest.param(load, id=f"{source}-{name}", marks=[pytest.mark.data] if name == "data" else [])
        for source, samples in SAMPLES.items()
        for name, load in samples.items()
    ],
)


@pytest.fixture
def one(load: Load) -> Snapshot:
    return load()


def test_every_source_has_samples() -> None:
    assert set(SAMPLES) == set(pipeline.PARSERS)


@EACH
def test_rows_fit_their_tables(one: Snapshot, check_rows: Callable[[Rows], None]) -> None:
    rows = pipeline.parse(one)
    assert any(rows.tables.values())
    check_rows(rows)
    for name, table in rows.tables.items():
        pa.Table.from_pylist(table, schema=arrow_schema(TABLES[name]))


@EACH
def test_parse_is_deterministic_and_pure(one: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.parse(one)

    def forbidden(*args: Any, **_: Any) -> Any:
        raise AssertionError(f"a parser must not reach outside its snapshot: {args}")

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", forbidden)
        patch.setattr(Path, "open", forbidden)
        patch.setattr(socket, "socket", forbidden)
        second = pipeline.parse(replace(one))
    assert first == second


@EACH
def test_nothing_is_known_after_its_bytes_and_nothing_before_bitcoin(one: Snapshot) -> None:
    for table in pipeline.parse(one).tables.values():
        for row in table:
            assert datetime(2009, 1, 1, tzinfo=UTC) <= row["known_at"] <= one.known_at


@EACH
def test_the_place_leads_to_the_bytes(one: Snapshot) -> None:
    """By a reading of its own, not by the product's."""
    for table in pipeline.parse(one).tables.values():
        for row in table:
            READERS[one.source](one, row)


def read_cell(one: Snapshot, row: dict[str, Any]) -> None:
    """The line of the locator, cut by Python's csv, holds a value of the row."""
    place, text = cell_at(one, row["locator"])
    assert text in {written(value, text) for value in row.values()}, (place, row)


def cell_at(one: Snapshot, locator: str) -> tuple[str, str]:
    """Column and text of ``line=27;column=ABTC``."""
    lines = one.content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    header = [name.strip() for name in next(csv.reader(lines[:1]))]
    place = dict(part.split("=", 1) for part in locator.split(";"))
    cells = next(csv.reader([lines[int(place["line"]) - 1]]))
    return place["column"], cells[header.index(place["column"])].strip()


def written(value: Any, like: str) -> str:
    """``value`` as a file would have it; numbers in the form of ``like`` where they are equal to it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return like if float(like) == value else repr(value)
        except ValueError:
            return repr(value)
    return str(value)


def read_header(one: Snapshot, row: dict[str, Any]) -> None:
    """The eighty bytes at the locator hash to the row's block."""
    start = int(row["locator"].removeprefix("byte="))
    header = one.content[start : start + 80]
    assert sha256(sha256(header).digest()).digest()[::-1].hex() == row["block_hash"]


def read_statistics(one: Snapshot, row: dict[str, Any]) -> None:
    told = json.loads(one.content)[int(row["locator"].removeprefix("/"))]
    assert (told["height"], told["blockhash"]) == (row["height"], row["block_hash"])


def read_pointers(one: Snapshot, row: dict[str, Any]) -> None:
    """Each JSON pointer leads to an entry with a value."""
    for pointer in row["locator"].split():
        there = json.loads(one.content)
        for step in pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            there = there[int(name)] if isinstance(there, list) else there[name]
        assert "val" in there


def read_tags(one: Snapshot, row: dict[str, Any]) -> None:
    """Each fact is a tag of the filing, by its id or by its place among the numbers; a filing's own row
    stands in its cover tags (dei)."""
    for place in row["locator"].split():
        if place == "dei":
            assert b'name="dei:' in one.content
        elif place.startswith("fact="):
            assert f'id="{place[5:]}"'.encode() in one.content
        else:
            number = int(place.removeprefix("fact[").removesuffix("]"))
            assert 1 <= number <= one.content.count(b"nonFraction")


READERS = {
    embedded.NAME: read_cell,
    filed.IXBRL: read_tags,
    filed.COMPANY_FACTS: read_pointers,
    "headers": read_header,
    "node": read_statistics,
}


@EACH
def test_the_archive_follows_every_place(one: Snapshot, tmp_path: Path) -> None:
    """What a trace prints of a row stands in the bytes."""
    snapshots.keep(tmp_path, snapshots.card(one, 1), one.content)
    archive = Archive(tmp_path, EMPTY)
    for table in pipeline.parse(one).tables.values():
        for row in table[:: max(1, len(table) // 25)]:
            shown = excerpt(archive, one.sha256, row["locator"])
            assert shown
            if one.source == embedded.NAME:
                column, text = cell_at(one, row["locator"])
                assert shown == f"{column} = {text}"[:160]


@EACH
def test_findings_have_a_place_in_the_bytes(one: Snapshot) -> None:
    lines = one.content.count(b"\n") + 1
    for finding in pipeline.parse(one).findings:
        if finding.locator.startswith("line="):
            assert 1 <= int(finding.locator.split(";")[0].removeprefix("line=")) <= lines


def test_a_snapshot_of_an_unknown_source_is_damage() -> None:
    with pytest.raises(ArchiveDamaged, match="no parser for snapshots of nobody"):
        pipeline.parse(Snapshot("nobody", "x", b"", datetime(2025, 1, 1, tzinfo=UTC)))
    with pytest.raises(UnreadableInput, match=r"no file unheard_of\.csv"):
        pipeline.parse(Snapshot("embedded", "unheard_of.csv", b"", datetime(2025, 1, 1, tzinfo=UTC)))


def test_a_fault_inside_a_parser_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KeyError of a parser is a bug of ours, and must not pass for a missing parser."""

    def broken(_: Snapshot) -> Rows:
        return {}["a bug"]

    monkeypatch.setitem(embedded.FILES, "closes.csv", broken)
    with pytest.raises(KeyError, match="a bug"):
        pipeline.parse(SAMPLES[embedded.NAME]["closes.csv"]())


def test_the_bytes_stay_whatever_the_parser_says(tmp_path: Path) -> None:
    for number, raw in enumerate((b"", b"\xff\xfe\0", b"session\n" + b"x" * 300_000, b"\0" * 50)):
        one = Snapshot("embedded", "closes.csv", raw, datetime(2025, 1, 1 + number, tzinfo=UTC))
        ingest(tmp_path, [(one, pipeline.parse(one))])
        assert snapshots.content(tmp_path, one.sha256) == raw
