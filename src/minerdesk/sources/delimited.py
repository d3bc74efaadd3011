"""Delimited text as people really send it: byte-order marks, UTF-16, stray line ends, cut-off files.

:func:`read` gives the lines it could read, each with its place, and a finding for everything else.
"""

from __future__ import annotations

import codecs
import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from minerdesk.records import Finding, Snapshot

#: A longer line is no table row; it is set aside, the rest of the file is read.
MAX_LINE_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Line:
    """A row of a file: ``number`` counts physical lines from 1, ``cells`` by column name, stripped."""

    number: int
    cells: dict[str, str]

    def at(self, column: str) -> str:
        """The place of a cell, as a locator."""
        return f"line={self.number};column={column}"


@dataclass(frozen=True)
class Sheet:
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    findings: tuple[Finding, ...]


def read(snapshot: Snapshot, required: Sequence[str], optional: Sequence[str] | None = ()) -> Sheet:
    """Read a comma-separated file with a header.

    ``required`` columns must be there, or the whole file is set aside with a finding that names the likely
    renamed column. Columns in neither list are noted and ignored; ``optional=None`` takes any.
    """
    findings: list[Finding] = []

    def found(kind: str, severity: str, detail: str, locator: str = "") -> None:
        findings.append(Finding(kind, severity, snapshot.name, detail, locator=locator))

    text = _decode(snapshot.content)
    if text is None:
        found("unreadable_bytes", "rejected", "neither UTF-8 nor UTF-16 text")
        return Sheet((), (), tuple(findings))
    if not text.strip():
        found("empty_file", "rejected", f"{len(snapshot.content)} bytes and no header")
        return Sheet((), (), tuple(findings))

    physical = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for index, line in enumerate(physical):
        if len(line) > MAX_LINE_CHARACTERS:
            found("oversized_line", "rejected", f"a line of {len(line):,} characters", f"line={index + 1}")
            physical[index] = ""
    ends_cleanly = physical[-1] == ""

    reader = csv.reader((line + "\n" for line in physical), strict=False)
    header = [name.strip() for name in next(reader, [])]
    problem = _header_problem(header, required)
    if problem:
        found("wrong_columns", "rejected", problem, "line=1")
        return Sheet(tuple(header), (), tuple(findings))
    if optional is not None:
        extra = [name for name in header if name not in required and name not in optional]
        if extra:
            found("extra_columns", "note", "ignored: " + ", ".join(extra), "line=1")

    lines: list[Line] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        number = reader.line_num
        if len(cells) != len(header):
            last = number >= len(physical) and not ends_cleanly
            kind = "truncated_file" if last and len(cells) < len(header) else "ragged_line"
            found(
                kind, "rejected", f"{len(cells)} cells where the header has {len(header)}", f"line={number}"
            )
            continue
        lines.append(Line(number, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    if not ends_cleanly and lines and lines[-1].number >= len(physical):
        found(
            "no_final_newline",
            "note",
            "the last line has no line end: the file may be cut off",
            f"line={len(physical)}",
        )
    return Sheet(tuple(header), tuple(lines), tuple(findings))


def _decode(content: bytes) -> str | None:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif content[:200].count(0) > len(content[:200]) // 4:
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _header_problem(header: Sequence[str], required: Sequence[str]) -> str:
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        return "columns named twice: " + ", ".join(doubled)
    missing = [name for name in required if name not in header]
    if not missing:
        return ""
    spare = [name for name in header if name not in required]
    hints = []
    for name in missing:
        close = difflib.get_close_matches(name, spare, n=1, cutoff=0.6)
        hints.append(f"{name} (renamed to {close[0]}?)" if close else name)
    return "missing: " + ", ".join(hints)
