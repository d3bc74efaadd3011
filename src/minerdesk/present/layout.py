"""What the three layouts share: the words they need, direction, and how an appendix lists inputs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from minerdesk.present.document import Document, anchor_of

#: Keys of ``Document.words`` that the layouts print; a missing one is an error, not an empty space.
WORDS: tuple[str, ...] = (
    "all_rows",  # label of the switch that unfolds a long table on a phone: "Show all rows"
    "appendix",  # heading of the appendix: "Where each number comes from"
    "appendix_note",  # one line under it: "Each entry names ..."
    "appendix_rest",  # in the PDF, which prints only the entries of printed numbers: where the steps between stand
    "contents",  # name of the list of sections
    "inputs",  # before the refs a figure was computed from
    "method",  # before the measure or model
    "origin",  # before where the bytes come from
    "page",  # before the page number
    "place",  # before the locator in a snapshot
    "snapshot",  # before the short sha256 of the raw bytes
)

#: Marks that set direction. The layouts set it themselves, so marks inside numbers and names are taken out.
_MARKS = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_NUMERIC = re.compile(
    r"[-+\u2212\u00b1]?[$]?\d(?:[\d.,\u066b\u066c/:\u00a0\u202f]*\d)?(?:[\u00a0\u202f]?[%\u066a])?"
)


@dataclass(frozen=True)
class Piece:
    """A part of a number or name that runs in one direction: ``ltr``, or ``""`` for that of its whole."""

    text: str
    direction: str = ""


def direction_of(text: str) -> str:
    """``rtl`` for a number or name that holds a right-to-left letter, else ``ltr``.

    >>> direction_of("-61.2%"), direction_of("96.2 مليار")
    ('ltr', 'rtl')
    """
    letters = _RIGHT_TO_LEFT.search(text)
    while letters:
        if not letters.group().isdecimal() and letters.group() not in "٪٫٬،":
            return "rtl"
        letters = _RIGHT_TO_LEFT.search(text, letters.end())
    return "ltr"


def pieces(text: str) -> tuple[Piece, ...]:
    """Split a number or name so that each signed number in it can be isolated left to right.

    In right-to-left text a leading sign would move behind its number: ``-61.2%`` would read ``61.2%-``.

    >>> [p.text for p in pieces("-4.2 مليار")]
    ['-4.2', ' مليار']
    """
    clean = text.translate(_MARKS)
    if direction_of(clean) == "ltr":
        return (Piece(clean),)
    found: list[Piece] = []
    end = 0
    for match in _NUMERIC.finditer(clean):
        if match.start() > end:
            found.append(Piece(clean[end : match.start()]))
        found.append(Piece(match.group(), "ltr"))
        end = match.end()
    if end < len(clean):
        found.append(Piece(clean[end:]))
    return tuple(found)


@dataclass(frozen=True)
class Ref:
    """An input as it is listed: its short name, its key, and the anchor of its entry ("" without one)."""

    text: str
    ref: str
    anchor: str


@dataclass(frozen=True)
class RefGroup:
    """Inputs that share everything up to their last part, listed once: ``close_usd/ABTC`` ``MARA`` ..."""

    stem: str
    refs: tuple[Ref, ...]


def grouped(inputs: Iterable[str], anchors: frozenset[str], own: str) -> tuple[RefGroup, ...]:
    """Inputs in their order, gathered by stem; ``anchors`` are those that have an entry.

    The part a stem shares with ``own``, the key of the entry they stand in, is shortened to an ellipsis.

    >>> [group.stem for group in grouped(["week/1/close/A", "week/1/close/B"], frozenset(), "week/1/return/A")]
    ['…/close/']
    """
    shared = "".join(part + "/" for part in own.split("/")[:2])
    groups: dict[str, list[Ref]] = {}
    for ref in inputs:
        stem, slash, last = ref.rpartition("/")
        stem += slash
        if stem.startswith(shared):
            stem = "…/" + stem[len(shared) :]
        anchor = anchor_of(ref)
        groups.setdefault(stem, []).append(Ref(last, ref, anchor if anchor in anchors else ""))
    return tuple(RefGroup(stem, tuple(refs)) for stem, refs in groups.items())


def anchors_of(document: Document) -> frozenset[str]:
    """The anchors that can be linked to: one for each entry of the appendix."""
    return frozenset(entry.anchor for entry in document.provenance)


def check_words(document: Document) -> None:
    """Raise :class:`KeyError` naming the fixed labels that the document does not bring."""
    missing = [word for word in WORDS if word not in document.words]
    if missing:
        raise KeyError(f"the document brings no words for {', '.join(missing)}")


def asset(path: str) -> str:
    """Text of a template or style sheet of this package, e.g. ``templates/report.typ``."""
    return (files("minerdesk.present") / path).read_text(encoding="utf-8")
