"""The report as PDF through Typst: A4, fonts embedded, numbers linked to the appendix, tagged for readers."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import Any

from minerdesk.present import fonts, layout
from minerdesk.present.document import (
    Block,
    Bullets,
    Chart,
    Column,
    Document,
    KeyFigures,
    Name,
    Number,
    Paragraph,
    Provenance,
    Run,
    Runs,
    Table,
    runs_of,
)
from minerdesk.present.palette import COLOURS

SHORT = 12
#: A column of words with more letters than this takes the free width of its table.
_WIDE = 24
#: Arabic vowel signs are left out, as newspapers do: a letter that carries one is written to the file as a
#: picture with the sign in it, and the words around it come out broken when the text is extracted.
_VOWELS = dict.fromkeys([*range(0x064B, 0x0653), 0x0670])
#: A key figure with more letters than this is set smaller.
_LONG = 10
#: About how many letters of a table fit across the page.
_PAGE = 100

Json = dict[str, Any]


def pdf(document: Document) -> bytes:
    """The document as PDF; the same bytes for the same document (its date is ``document.date_iso``).

    The template is data-driven: the document travels as JSON, so no text of it is ever read as markup.
    Raises :class:`KeyError` where ``document.words`` lacks a label of :data:`minerdesk.present.layout.WORDS`.
    """
    import typst

    layout.check_words(document)
    data = json.dumps(_document(document), ensure_ascii=False).translate(_VOWELS)
    made: bytes = typst.compile(
        _template(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"document": data},
        # A fixed instant: without it the hour of the run would be written into the file.
        timestamp=0,
    )
    return made


@lru_cache(maxsize=1)
def _template() -> bytes:
    return layout.asset("templates/report.typ").encode("utf-8")


@lru_cache(maxsize=1)
def _fonts() -> Any:
    """Our own fonts only: a font of the machine would make the file differ from one machine to the next."""
    import typst

    paths = [str(folder) for folder in fonts.folders()]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=paths)


def _document(document: Document) -> Json:
    # Printed numbers only: the steps between them and the bytes would fill more pages than the report
    printed = {run.figure.ref for run in runs_of(document) if isinstance(run, Number)}
    entries = _unique(tuple(entry for entry in document.provenance if entry.ref in printed))
    links = _Links(frozenset(entry.anchor for entry in entries))
    day = date.fromisoformat(document.date_iso)
    return {
        "language": document.language,
        "direction": document.direction,
        "title": document.title,
        "subtitle": links.runs(document.subtitle),
        "date": [day.year, day.month, day.day],
        "fonts": fonts.families(document.language),
        "colours": {token: light for token, (light, _) in COLOURS.items()},
        "words": document.words | {"appendix_note": _appendix_note(document)},
        "sections": [
            {"title": section.title, "blocks": [links.block(block) for block in section.blocks]}
            for section in document.sections
        ],
        "snapshots": [[sha[:SHORT], origin] for sha, origin in _snapshots(document.provenance).items()],
        "provenance": [links.entry(entry) for entry in entries],
    }


def _appendix_note(document: Document) -> str:
    comma = "" if document.language == "zh" else " "
    return document.words["appendix_note"] + comma + document.words["appendix_rest"]


def _unique(entries: tuple[Provenance, ...]) -> tuple[Provenance, ...]:
    """The first entry of each anchor: a label may stand only once in a PDF."""
    return tuple({entry.anchor: entry for entry in reversed(entries)}.values())[::-1]


def _snapshots(entries: tuple[Provenance, ...]) -> dict[str, str]:
    """Each snapshot read from and where it came from; told once, because most entries share a few."""
    return {entry.snapshot: entry.origin for entry in entries if entry.snapshot}


class _Links:
    """Turns runs and blocks into what the template takes; ``anchors`` are those that can be linked to."""

    def __init__(self, anchors: frozenset[str]) -> None:
        self._anchors = anchors

    def _isolated(self, text: str) -> Json:
        direction = layout.direction_of(text)
        parts = [[piece.text, piece.direction] for piece in layout.pieces(text)]
        return {"dir": direction, "pieces": parts}

    def run(self, run: Run) -> Json:
        match run:
            case Name(text=text, href=href):
                return {"kind": "name", "href": href, **self._isolated(text)}
            case Number(text=text, anchor=anchor, tone=tone):
                to = anchor if anchor in self._anchors else ""
                return {"kind": "number", "to": to, "tone": tone, **self._isolated(text)}
            case _:
                return {"kind": "text", "text": run.text, "strong": run.strong}

    def runs(self, runs: Runs) -> list[Json]:
        return [self.run(run) for run in runs]

    def block(self, block: Block) -> Json:
        match block:
            case Paragraph(runs=runs, kind=kind):
                return {"kind": "paragraph", "tone": kind, "runs": self.runs(runs)}
            case KeyFigures(items=items):
                tiles = [
                    {
                        "label": item.label,
                        "number": self.run(item.number),
                        "long": len(item.number.text) > _LONG,
                        "detail": self.runs(item.detail),
                    }
                    for item in items
                ]
                return {"kind": "keyfigures", "items": tiles}
            case Table(title=title, columns=columns, rows=rows, caption=caption):
                letters = [_letters(column, rows, at) for at, column in enumerate(columns)]
                wide = [c.align == "start" and n > _WIDE for c, n in zip(columns, letters, strict=True)]
                return {
                    "kind": "table",
                    "title": title,
                    # Columns share the width by their length where all fit, else the wide ones take what is left.
                    "roomy": sum(letters) < _PAGE,
                    "columns": [
                        {"title": c.title, "align": c.align, "wide": w, "letters": n}
                        for c, w, n in zip(columns, wide, letters, strict=True)
                    ],
                    "rows": [[self.runs(cell) for cell in row] for row in rows],
                    "caption": self.runs(caption),
                }
            case Chart(title=title, svg=svg, alt=alt, caption=caption):
                return {
                    "kind": "chart",
                    "title": title,
                    "svg": svg,
                    "tall": _is_tall(svg),
                    "alt": alt,
                    "caption": self.runs(caption),
                }
            case Bullets(items=lines):
                return {"kind": "bullets", "items": [self.runs(line) for line in lines]}

    def entry(self, entry: Provenance) -> Json:
        """An entry of the appendix. Its inputs are named, not linked: thousands of links would double both
        the file and the time (the HTML links them)."""
        groups = layout.grouped(entry.inputs, self._anchors, entry.ref)
        return {
            "anchor": entry.anchor,
            "ref": entry.ref,
            "value": _Links(frozenset()).runs(entry.value),
            "method": entry.method,
            "note": entry.method_note,
            "inputs": [[group.stem, [ref.text for ref in group.refs]] for group in groups],
            "snapshot": entry.snapshot[:SHORT],
            "place": entry.place,
            # Where a snapshot came from is told once, above the entries.
            "origin": "" if entry.snapshot else entry.origin,
        }


def _is_tall(svg: str) -> bool:
    """Whether a drawing is nearly as high as wide (by its ``viewBox``)."""
    _, _, width, height = svg.split('viewBox="', 1)[1].split('"', 1)[0].split()
    return float(height) > 0.8 * float(width)


def _letters(column: Column, rows: tuple[tuple[Runs, ...], ...], at: int) -> int:
    """Letters of the longest cell of a column, or of the longest word of its title."""
    cells = (sum(len(run.text) for run in row[at]) for row in rows)
    return max((*cells, *(len(word) for word in column.title.split())), default=1) + 2
