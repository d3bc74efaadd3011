"""The contract of every source: ``parse`` is a pure function of a snapshot, and its rows say where they stand.

A new source adds sample snapshots to :data:`SAMPLES`, nothing else.
"""

from __future__ import annotations

import builtins
import csv
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from minerdesk import pipeline
from minerdesk.errors import ArchiveDamaged, UnreadableInput
from minerdesk.records import Rows, Snapshot
from minerdesk.sources import embedded
from minerdesk.store import snapshots
from minerdesk.store.archive import Archive, ingest
from minerdesk.store.commits import EMPTY
from minerdesk.store.lookup import excerpt
from minerdesk.store.schema import arrow_schema
from minerdesk.store.tables import TABLES

#: source -> snapshots of it, real bytes
SAMPLES: dict[str, Callable[[], Iterator[Snapshot]]] = {embedded.NAME: embedded.snapshots}
CASES = {f"{name}/{one.name}": one for name, samples in SAMPLES.items() for one in samples()}
EACH = pytest.mark.parametrize("one", CASES.values(), ids=CASES)


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
    rows = pipeline.parse(one)
    for table in rows.tables.values():
        for row in table:
            assert datetime(2009, 1, 1, tzinfo=UTC) <= row["known_at"] <= one.known_at


@EACH
def test_the_place_leads_to_the_text(one: Snapshot) -> None:
    """By a reading of its own: the line of the locator, cut by Python's csv, holds a value of the row."""
    lines = one.content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    header = [name.strip() for name in next(csv.reader(lines[:1]))]
    for table in pipeline.parse(one).tables.values():
        for row in table:
            place = dict(part.split("=", 1) for part in row["locator"].split(";"))
            cells = next(csv.reader([lines[int(place["line"]) - 1]]))
            text = cells[header.index(place["column"])].strip()
            assert text in {written(value, text) for value in row.values()}, (row, text)


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


@EACH
def test_findings_have_a_place_in_the_bytes(one: Snapshot) -> None:
    lines = one.content.decode("utf-8-sig").split("\n")
    for finding in pipeline.parse(one).findings:
        place = dict(part.split("=", 1) for part in finding.locator.split(";"))
        assert 1 <= int(place.get("line", 1)) <= len(lines)


@EACH
def test_the_archive_finds_the_same_place(one: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a trace prints of a row is what stands in the bytes."""
    path = tmp_path_factory.mktemp("trace")
    snapshots.keep(path, snapshots.card(one, 1), one.content)
    archive = Archive(path, EMPTY)
    lines = one.content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    header = [name.strip() for name in next(csv.reader(lines[:1]))]
    for table in pipeline.parse(one).tables.values():
        for row in table[:: max(1, len(table) // 25)]:
            place = dict(part.split("=", 1) for part in row["locator"].split(";"))
            cells = next(csv.reader([lines[int(place["line"]) - 1]]))
            text = cells[header.index(place["column"])].strip()
            shown = excerpt(archive, one.sha256, row["locator"])
            assert shown == f"{place['column']} = {text}"[:160]


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
        pipeline.parse(CASES["embedded/closes.csv"])


def test_the_bytes_stay_whatever_the_parser_says(tmp_path: Path) -> None:
    for number, raw in enumerate((b"", b"\xff\xfe\0", b"session\n" + b"x" * 300_000, b"\0" * 50)):
        one = Snapshot("embedded", "closes.csv", raw, datetime(2025, 1, 1 + number, tzinfo=UTC))
        ingest(tmp_path, [(one, pipeline.parse(one))])
        assert snapshots.content(tmp_path, one.sha256) == raw
