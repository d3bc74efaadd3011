"""The report as Markdown: every number a reference link to its entry in the appendix."""

from __future__ import annotations

import re
from collections.abc import Iterable

from minerdesk.present import layout
from minerdesk.present.document import (
    Block,
    Bullets,
    Chart,
    Document,
    KeyFigures,
    Name,
    Number,
    Paragraph,
    Provenance,
    Run,
    Runs,
    Table,
)

#: Characters that would start markup; a backslash before any of them is plain text in CommonMark.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~]|&(?=#?\w+;))")
#: Begin an isolate left to right or right to left, and end it (plain text has no ``<bdi>``).
_ISOLATE = {"ltr": "\u2066", "rtl": "\u2067"}
_POP = "\u2069"
SHORT = 12


def markdown(document: Document) -> bytes:
    """The document as UTF-8 Markdown (GitHub's tables); drawings are given as what they show, in words.

    Raises :class:`KeyError` where ``document.words`` lacks a label of :data:`minerdesk.present.layout.WORDS`.
    """
    layout.check_words(document)
    anchors = layout.anchors_of(document)
    writer = _Writer(document.direction == "rtl", anchors)
    parts = [f"# {escape(document.title)}", writer.runs(document.subtitle)]
    for section in document.sections:
        parts.append(f'<a id="{section.id}"></a>\n\n## {escape(section.title)}')
        parts.extend(writer.block(block) for block in section.blocks)
    parts.append(f'<a id="appendix"></a>\n\n## {escape(document.words["appendix"])}')
    parts.append(escape(document.words["appendix_note"]))
    parts.append("\n".join(writer.entry(entry, document.words) for entry in document.provenance))
    if document.direction == "rtl":
        parts = ['<div dir="rtl">', *parts, "</div>"]
    links = dict.fromkeys(entry.anchor for entry in document.provenance)
    parts.append("\n".join(f"[{anchor}]: #{anchor}" for anchor in links))
    return ("\n\n".join(part for part in parts if part) + "\n").encode("utf-8")


def escape(text: str) -> str:
    """Plain text as Markdown: characters that would start markup get a backslash, line breaks a space.

    >>> escape("a_b | *c*")
    'a\\\\_b \\\\| \\\\*c\\\\*'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.splitlines()))


class _Writer:
    """Runs and blocks of one document as Markdown."""

    def __init__(self, isolate: bool, anchors: frozenset[str]) -> None:
        self._isolate = isolate
        self._anchors = anchors

    def _plain(self, text: str) -> str:
        """A number or name, isolated in a right-to-left document so that its sign stays before it."""
        if not self._isolate:
            return escape(text)
        direction = layout.direction_of(text)
        inner = "".join(
            _ISOLATE["ltr"] + escape(piece.text) + _POP
            if piece.direction and direction == "rtl"
            else escape(piece.text)
            for piece in layout.pieces(text)
        )
        return _ISOLATE[direction] + inner + _POP

    def run(self, run: Run) -> str:
        match run:
            case Name(text=text, href=href):
                return f"[{self._plain(text)}](<{href}>)" if href else self._plain(text)
            case Number(text=text, anchor=anchor):
                linked = anchor in self._anchors
                return f"[{self._plain(text)}][{anchor}]" if linked else self._plain(text)
            case _:
                return _strong(run.text) if run.strong and run.text.strip() else _spaced(run.text)

    def runs(self, runs: Runs) -> str:
        return "".join(self.run(run) for run in runs)

    def block(self, block: Block) -> str:
        match block:
            case Paragraph(runs=runs):
                return self.runs(runs)
            case KeyFigures(items=items):
                return "\n".join(
                    f"- {escape(item.label)}: **{self.run(item.number)}**"
                    + (f" — {self.runs(item.detail)}" if item.detail else "")
                    for item in items
                )
            case Table():
                return self._table(block)
            case Chart(title=title, alt=alt, caption=caption):
                quoted = f"> **{escape(title)}** {escape(alt)}"
                return quoted + (f"\n>\n> {self.runs(caption)}" if caption else "")
            case Bullets(items=lines):
                return "\n".join(f"- {self.runs(line)}" for line in lines)

    def _table(self, table: Table) -> str:
        lines = [
            f"**{escape(table.title)}**",
            "",
            _row(escape(column.title) for column in table.columns),
            _row("---:" if column.align == "end" else ":---" for column in table.columns),
            *(_row(self.runs(cell) for cell in row) for row in table.rows),
        ]
        if table.caption:
            lines += ["", self.runs(table.caption)]
        return "\n".join(lines)

    def entry(self, entry: Provenance, words: dict[str, str]) -> str:
        """One line of the appendix: the key, its value, how it was made, from what."""
        facts: list[tuple[str, str]] = []
        if entry.method:
            note = f" {escape(entry.method_note)}" if entry.method_note else ""
            facts.append(("method", f"`{entry.method}`{note}"))
        if entry.inputs:
            groups = layout.grouped(entry.inputs, self._anchors, entry.ref)
            facts.append(("inputs", "; ".join(self._group(group) for group in groups)))
        if entry.place:
            facts.append(("place", f"`{entry.place}`"))
        if entry.snapshot:
            facts.append(("snapshot", f"`{entry.snapshot[:SHORT]}`"))
        if entry.origin:
            facts.append(("origin", self._plain(entry.origin)))
        told = "; ".join(f"{escape(words[word])}: {fact}" for word, fact in facts)
        return f'- <a id="{entry.anchor}"></a>`{entry.ref}` = {self.runs(entry.value)}. {told}'

    def _group(self, group: layout.RefGroup) -> str:
        refs = " ".join(
            f"[{self._plain(ref.text)}][{ref.anchor}]" if ref.anchor else self._plain(ref.text)
            for ref in group.refs
        )
        return f"`{group.stem}` {refs}" if group.stem else refs


def _spaced(text: str) -> str:
    """Escaped prose that keeps the space at its ends (``escape`` folds line breaks)."""
    lead = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return lead + escape(text.strip()) + tail


def _strong(text: str) -> str:
    """Bold prose; the marks must touch the words, so the space at the ends stays outside."""
    words = _spaced(text)
    return words.replace(words.strip(), f"**{words.strip()}**", 1)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
