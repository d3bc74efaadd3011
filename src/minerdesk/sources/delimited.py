"""Delimited text as people really send it: byte-order marks, UTF-16, stray line ends, cut-off files.

:func:`read` gives the lines it could read, each with its place, and a finding for everything else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from minerdesk.plaintext import MAX_LINE_CHARACTERS, record, text_of
from minerdesk.records import Finding, Snapshot


@dataclass(frozen=True)
class Line:
    """A row of a file: ``number`` is that of its first physical line, from 1; ``cells`` by column name,
    stripped."""

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

    text = text_of(snapshot.content)
    if not any(line.strip() for line in text.lines):
        found("empty_file", "rejected", f"{len(snapshot.content)} bytes and no header")
        return Sheet((), (), tuple(findings))
    physical = list(text.lines)
    for index, line in enumerate(physical):
        place = f"line={index + 1}"
        if len(line) > MAX_LINE_CHARACTERS:
            found("oversized_line", "rejected", f"a line of {len(line):,} characters", place)
            physical[index] = ""
        elif index + 1 in text.damaged:
            found("unreadable_bytes", "rejected", f"bytes that are no {text.encoding} text", place)
            physical[index] = ""

    header, used = record(physical, 0)
    header = [name.strip() for name in header]
    problem = _header_problem(header, required)
    if problem:
        found("wrong_columns", "rejected", problem, "line=1")
        return Sheet(tuple(header), (), tuple(findings))
    if optional is not None:
        extra = [name for name in header if name not in required and name not in optional]
        if extra:
            found("extra_columns", "note", "ignored: " + ", ".join(extra), "line=1")

    lines: list[Line] = []
    ends_cleanly = physical[-1] == ""
    for number, last, cells in _records(physical, used, len(header)):
        cut_off = last == len(physical) and not ends_cleanly
        if len(cells) != len(header):
            kind = "truncated_file" if cut_off and len(cells) < len(header) else "ragged_line"
            found(
                kind, "rejected", f"{len(cells)} cells where the header has {len(header)}", f"line={number}"
            )
            continue
        if cut_off:
            found(
                "no_final_newline",
                "suspect",
                "the last line has no line end: the file may be cut off",
                f"line={number}",
            )
        lines.append(Line(number, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    return Sheet(tuple(header), tuple(lines), tuple(findings))


def _records(physical: Sequence[str], start: int, width: int) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of every record that is not blank."""
    index = start
    while index < len(physical):
        cells, used = record(physical, index, width)
        if any(cell.strip() for cell in cells):
            yield index + 1, index + used, cells
        index += used


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
