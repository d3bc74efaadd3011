"""Delimited text as people send it: what can be read is read, everything else is told of with its place."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerdesk.plaintext import MAX_LINE_CHARACTERS, text_of
from minerdesk.records import Snapshot
from minerdesk.sources.delimited import Sheet, read

TABLE = 'ticker,close,note\nABTC,2.23,"fell, hard"\nAPLD,31.22,Ελλάδα 矿 منقب\nCORZ,17.11,\n'
CELLS = [
    {"ticker": "ABTC", "close": "2.23", "note": "fell, hard"},
    {"ticker": "APLD", "close": "31.22", "note": "Ελλάδα 矿 منقب"},
    {"ticker": "CORZ", "close": "17.11", "note": ""},
]
COLUMNS = ("ticker", "close", "note")


def sheet(content: bytes | str, required: tuple[str, ...] = COLUMNS) -> Sheet:
    raw = content.encode() if isinstance(content, str) else content
    return read(Snapshot("test", "table.csv", raw, datetime(2025, 12, 5, tzinfo=UTC)), required)


def cells(found: Sheet) -> list[dict[str, str]]:
    return [line.cells for line in found.lines]


def kinds(found: Sheet) -> list[tuple[str, str]]:
    return [(finding.kind, finding.locator) for finding in found.findings]


# --- bytes --------------------------------------------------------------------------------------------
ENCODINGS = {
    "plain": TABLE.encode(),
    "byte-order mark": codecs.BOM_UTF8 + TABLE.encode(),
    "UTF-16 little": codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
    "UTF-16 big": codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
    "UTF-16 little, no mark": TABLE.encode("utf-16-le"),
    "UTF-16 big, no mark": TABLE.encode("utf-16-be"),
    "CRLF": TABLE.replace("\n", "\r\n").encode(),
    "CR": TABLE.replace("\n", "\r").encode(),
    "CRLF, UTF-16": TABLE.replace("\n", "\r\n").encode("utf-16"),
}


@pytest.mark.parametrize("raw", ENCODINGS.values(), ids=ENCODINGS)
def test_every_encoding_gives_the_same(raw: bytes) -> None:
    found = sheet(raw)
    assert cells(found) == CELLS
    assert [line.number for line in found.lines] == [2, 3, 4]
    assert found.findings == ()


def test_blank_lines_and_spaces_count_for_nothing() -> None:
    found = sheet("ticker , close,note\n\n ABTC ,2.23 ,x\n,,\n  \nAPLD,31.22,y\n\n\n")
    assert [(line.number, line.cells["ticker"]) for line in found.lines] == [(3, "ABTC"), (6, "APLD")]
    assert found.lines[0].cells == {"ticker": "ABTC", "close": "2.23", "note": "x"}
    assert found.findings == ()


@pytest.mark.parametrize("content", [b"", b"\n\n \r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_empty_file(content: bytes) -> None:
    found = sheet(content)
    assert found.lines == ()
    assert kinds(found) == [("empty_file", "")]


def test_a_line_that_is_no_text_spoils_only_itself() -> None:
    found = sheet(TABLE.encode().replace(b"APLD", b"AP\xe9D"))
    assert cells(found) == [CELLS[0], CELLS[2]]
    assert kinds(found) == [("unreadable_bytes", "line=3")]


def test_a_replacement_character_that_was_sent_is_text() -> None:
    found = sheet(TABLE.replace("Ελλάδα", "\ufffd"))
    assert len(found.lines) == 3
    assert found.findings == ()


def test_utf16_cut_in_the_middle_of_a_character() -> None:
    found = sheet((codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"))[:-3])
    assert cells(found) == CELLS[:2]
    assert kinds(found) == [("unreadable_bytes", "line=4")]


@pytest.mark.parametrize(
    "raw", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04" + bytes(range(256)), b"\xff" * 99]
)
def test_another_kind_of_file(raw: bytes) -> None:
    found = sheet(raw)
    assert found.lines == ()
    assert {finding.severity for finding in found.findings} == {"rejected"}


def test_ten_megabytes_in_one_line() -> None:
    found = sheet(TABLE + "X" * 10_000_000 + ",1,\nRIOT,14.94,last\n")
    assert [line.cells["ticker"] for line in found.lines] == ["ABTC", "APLD", "CORZ", "RIOT"]
    assert kinds(found) == [("oversized_line", "line=5")]
    assert "10,000,003" in found.findings[0].detail


def test_the_longest_line_that_is_read() -> None:
    note = "x" * (MAX_LINE_CHARACTERS - len("ABTC,1,"))
    found = sheet(f"ticker,close,note\nABTC,1,{note}\nAPLD,1,{note}y\n")
    assert [line.cells["note"] for line in found.lines] == [note]
    assert kinds(found) == [("oversized_line", "line=3")]


def test_ten_megabytes_without_any_line_end() -> None:
    found = sheet(b"a" * 10_000_000)
    assert {kind for kind, _ in kinds(found)} == {"oversized_line", "wrong_columns"}


# --- ends ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cut", "rows", "expected"),
    [
        ("CORZ,17.11,", 3, [("no_final_newline", "line=4")]),
        ("CORZ,17.1", 2, [("truncated_file", "line=4")]),
        ("CORZ", 2, [("truncated_file", "line=4")]),
        ("", 2, []),
    ],
)
def test_truncated_file(cut: str, rows: int, expected: list[tuple[str, str]]) -> None:
    found = sheet(TABLE[: TABLE.index("CORZ")] + cut)
    assert cells(found)[:2] == CELLS[:2]
    assert len(found.lines) == rows
    assert kinds(found) == expected


def test_a_file_cut_inside_quotes() -> None:
    found = sheet('ticker,close,note\nABTC,2.23,x\nAPLD,31.22,"cut o')
    assert cells(found)[0]["ticker"] == "ABTC"
    assert kinds(found) == [("no_final_newline", "line=3")]


# --- columns ------------------------------------------------------------------------------------------
def test_missing_column() -> None:
    found = sheet("ticker,note\nABTC,x\n")
    assert found.lines == ()
    [finding] = found.findings
    assert (finding.kind, finding.severity, finding.locator) == ("wrong_columns", "rejected", "line=1")
    assert finding.detail == "missing: close"


def test_renamed_column_is_guessed() -> None:
    [finding] = sheet("ticker,close_usd,note\nABTC,1,x\n").findings
    assert finding.detail == "missing: close (renamed to close_usd?)"


def test_extra_column_is_noted_and_does_no_harm() -> None:
    found = sheet("ticker,volume,close,note\nABTC,5,1,x\n")
    assert [(f.kind, f.severity, f.detail) for f in found.findings] == [
        ("extra_columns", "note", "ignored: volume")
    ]
    assert found.lines[0].cells["close"] == "1"


def test_columns_in_another_order() -> None:
    assert cells(sheet("note,close,ticker\nx,1,ABTC\n")) == [{"note": "x", "close": "1", "ticker": "ABTC"}]


def test_a_column_named_twice() -> None:
    [finding] = sheet("ticker,close,close,note\nABTC,1,2,x\n").findings
    assert (finding.kind, finding.detail) == ("wrong_columns", "columns named twice: close")


def test_a_file_without_header() -> None:
    [finding] = sheet("ABTC,2.23,x\nAPLD,31.22,y\n").findings
    assert finding.kind == "wrong_columns"


# --- lines --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bad", ["ABTC,1", "ABTC,1,x,y", "just words", 'a"b,"c', '"a,b,c', ";;;", "\0"])
def test_a_ragged_line_spoils_only_itself(bad: str) -> None:
    found = sheet(TABLE + bad + "\nRIOT,14.94,end\n")
    assert cells(found) == [*CELLS, {"ticker": "RIOT", "close": "14.94", "note": "end"}]
    assert kinds(found) == [("ragged_line", "line=5")]


def test_a_quoted_cell_over_two_lines() -> None:
    found = sheet('ticker,close,note\nABTC,1,"one\ntwo"\nAPLD,2,"a ""quoted"" word"\n')
    assert [(line.number, line.cells["note"]) for line in found.lines] == [
        (2, "one\ntwo"),
        (4, 'a "quoted" word'),
    ]
    assert found.findings == ()


def test_an_unclosed_quote_does_not_swallow_the_file() -> None:
    rows = [f"T{number},{number},plain" for number in range(200)]
    rows[50] = 'T50,50,"never closed'
    found = sheet("ticker,close,note\n" + "\n".join(rows) + "\n")
    assert len(found.lines) == 200
    assert found.lines[50].cells["note"] == "never closed"
    assert found.lines[51].cells == {"ticker": "T51", "close": "51", "note": "plain"}


# --- laws ---------------------------------------------------------------------------------------------
word = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=12
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(word, word, word), max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_written_is_read(rows: list[tuple[str, str, str]], encoding: str) -> None:
    """Python's own writer, any words, three encodings."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    found = sheet(out.getvalue().encode(encoding))
    expected = [tuple(cell.strip() for cell in row) for row in rows]
    assert [tuple(line.cells.values()) for line in found.lines] == [row for row in expected if any(row)]
    assert found.findings == ()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=400))
def test_any_bytes_give_lines_and_findings(raw: bytes) -> None:
    found = sheet(raw)
    assert all(set(line.cells) == set(found.columns) for line in found.lines)
    assert found.lines or found.findings


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.integers(0, 3), st.sampled_from(["utf-8", "utf-16-le"]))
def test_bytes_between_good_lines_lose_none_of_them(junk: bytes, place: int, encoding: str) -> None:
    junk = junk.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b"")
    if encoding == "utf-16-le":
        junk = junk[: len(junk) // 2 * 2]
    lines = [line.encode(encoding) for line in TABLE.splitlines()]
    lines.insert(place + 1, junk)
    found = sheet("\n".encode(encoding).join([*lines, b""]))
    if found.columns == COLUMNS:
        kept = [line for line in cells(found) if line in CELLS]
        assert kept == CELLS


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_text_has_as_many_lines_as_line_ends(raw: bytes) -> None:
    text = text_of(raw)
    assert all("\n" not in line and "\r" not in line for line in text.lines)
    assert all(1 <= number <= len(text.lines) for number in text.damaged)
