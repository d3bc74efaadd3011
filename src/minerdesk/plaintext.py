"""Bytes to lines and records: the one reading of delimited text that parsers and traces share.

A place in a file (``line=27;column=ABTC``) means the same to whoever wrote it down and to whoever follows
it back, whatever the encoding, the line ends or the odd quote.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Sequence
from dataclasses import dataclass

#: A longer line is no table row (and longer than the csv module's own limit of a field).
MAX_LINE_CHARACTERS = 100_000
#: A quoted cell may run over so many lines; a quote that is never closed spoils its own line only.
MAX_RECORD_LINES = 20


@dataclass(frozen=True)
class Text:
    """``lines`` without their ends, the last one empty where the text ends in a line end; ``damaged``:
    numbers (from 1) of lines with bytes that are no text in ``encoding``."""

    lines: tuple[str, ...]
    damaged: frozenset[int]
    encoding: str


def text_of(content: bytes) -> Text:
    """``content`` as UTF-8 or UTF-16, with or without byte-order mark; line ends of any system.

    Bytes that are no text become U+FFFD, and their lines are told in ``damaged``.
    """
    encoding = _encoding(content)
    try:
        text, damaged = content.decode(encoding), False
    except UnicodeDecodeError:
        text, damaged = content.decode(encoding, errors="replace"), True
    lines = tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    bad = (number for number, line in enumerate(lines, 1) if damaged and "\ufffd" in line)
    return Text(lines, frozenset(bad), encoding)


def _encoding(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = content[:200]
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    return "utf-8-sig"


def record(lines: Sequence[str], index: int, width: int = 0) -> tuple[list[str], int]:
    """The cells of the record that starts at ``lines[index]``, and how many lines it takes.

    A quoted cell that runs over a line end is put together only where that gives ``width`` cells (of the
    header; 0 for any number).
    """
    line = lines[index]
    if line.count('"') % 2:
        piece = line
        for used in range(2, MAX_RECORD_LINES + 1):
            if index + used > len(lines):
                break
            piece += "\n" + lines[index + used - 1]
            if len(piece) > MAX_LINE_CHARACTERS:
                break
            if piece.count('"') % 2 == 0:
                cells = next(csv.reader([part + "\n" for part in piece.split("\n")]))
                if len(cells) == width or not width:
                    return cells, used
                break
    return next(csv.reader([line]), []), 1
