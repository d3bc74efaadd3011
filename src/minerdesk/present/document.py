"""The report as data: what HTML, PDF and Markdown lay out and none of them words.

A document is sections of blocks; a block is made of runs. The only run that may carry a digit of data is
:class:`Number` (made from a :class:`~minerdesk.records.Figure`) or :class:`Name` (a ticker, a date, an
identifier): a test walks the rendered report and fails on a digit anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from minerdesk.records import Figure


@dataclass(frozen=True)
class Text:
    """Prose in the document's language."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Name:
    """A ticker, date, period or identifier: isolated left to right in a right-to-left text."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Number:
    """A formatted figure. ``text`` is what is printed, already in the language's number format (with sign,
    magnitude word and unit); ``tone`` is -1, 0 or 1 where the number says down or up and 0 elsewhere: it may
    add a colour, never replace the sign. ``anchor`` names the entry of the appendix the number links to."""

    figure: Figure
    text: str
    tone: int = 0

    @property
    def anchor(self) -> str:
        return anchor_of(self.figure.ref)


Run = Text | Name | Number
Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    """``kind``: ``lead`` (one a document), ``body``, ``note`` (small print)."""

    runs: Runs
    kind: str = "body"


@dataclass(frozen=True)
class KeyFigure:
    """A tile: a label, one number, a line that puts it in context."""

    label: str
    number: Number
    detail: Runs = ()


@dataclass(frozen=True)
class KeyFigures:
    items: tuple[KeyFigure, ...]


@dataclass(frozen=True)
class Column:
    """``align``: ``start`` for words, ``end`` for numbers. ``narrow`` columns survive on a phone; the others
    may be hidden there or scroll."""

    title: str
    align: str = "start"


@dataclass(frozen=True)
class Table:
    """``rows``: one tuple of runs a cell. ``fold`` = may be folded away on a phone (long tables)."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Runs, ...], ...]
    caption: Runs = ()
    fold: bool = False


@dataclass(frozen=True)
class Chart:
    """``svg``: a self-contained drawing with text as paths and the colours of
    :mod:`minerdesk.present.palette`; ``alt``: what it shows, in words."""

    id: str
    title: str
    svg: str
    alt: str
    caption: Runs = ()


@dataclass(frozen=True)
class Bullets:
    items: tuple[Runs, ...]


Block = Paragraph | KeyFigures | Table | Chart | Bullets


@dataclass(frozen=True)
class Section:
    """``id`` is the same in every language; ``title`` is in the document's."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Provenance:
    """An entry of the appendix: one ref, how it was made, from what, or the bytes it was read from.

    ``label``: what it is, in words; ``value`` its runs; ``method`` empty for an observed row, whose
    ``place`` is then the locator in a snapshot (``snapshot``: sha256) that came from ``origin``.
    ``inputs`` are refs; those that have an entry of their own are linked.
    """

    ref: str
    value: Runs
    method: str = ""
    method_note: str = ""
    inputs: tuple[str, ...] = ()
    snapshot: str = ""
    place: str = ""
    origin: str = ""

    @property
    def anchor(self) -> str:
        return anchor_of(self.ref)


@dataclass(frozen=True)
class Document:
    """``language``: ``en``, ``ar`` or ``zh``; ``direction``: ``ltr`` or ``rtl``; ``words``: the few fixed
    labels a layout needs (contents, method, inputs, source, page ...), by key; ``provenance``: the appendix,
    in the order of first use."""

    language: str
    direction: str
    title: str
    subtitle: Runs
    sections: tuple[Section, ...]
    provenance: tuple[Provenance, ...]
    words: dict[str, str]
    date_iso: str


def anchor_of(ref: str) -> str:
    """The HTML id (and PDF label) of a ref: letters, digits and hyphens only.

    >>> anchor_of("week/2025-12-05/return_fraction/ABTC")
    'week-2025-12-05-return-fraction-abtc'
    """
    return "".join(c if c.isalnum() else "-" for c in ref).lower()


def runs_of(document: Document) -> Iterator[Run]:
    """Every run of the document's sections, in reading order."""
    yield from document.subtitle
    for section in document.sections:
        for block in section.blocks:
            match block:
                case Paragraph(runs=runs):
                    yield from runs
                case KeyFigures(items=items):
                    for item in items:
                        yield item.number
                        yield from item.detail
                case Table(rows=rows, caption=caption):
                    for row in rows:
                        for cell in row:
                            yield from cell
                    yield from caption
                case Chart(caption=caption):
                    yield from caption
                case Bullets(items=lines):
                    for line in lines:
                        yield from line
