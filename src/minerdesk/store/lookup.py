"""From a ref to rows, and from rows to the bytes they were read from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from minerdesk.consensus import HEADER_BYTES
from minerdesk.errors import UnknownReference
from minerdesk.plaintext import record, text_of
from minerdesk.store import frames, snapshots
from minerdesk.store.archive import Archive
from minerdesk.store.engine import Engine
from minerdesk.store.schema import records
from minerdesk.store.tables import TABLES


@dataclass(frozen=True)
class Source:
    """A row's place: digest of the bytes, where they came from, the place in them and what stands there."""

    snapshot: str
    origin: str
    name: str
    locator: str
    excerpt: str


def rows_of(engine: Engine, ref: str, as_of: datetime | None) -> list[dict[str, Any]]:
    """Rows that ``ref`` names, by key and ``known_at``.

    Between slashes a part may be ``*`` (any) or ``a..b`` (from a to b, either end may be open);
    missing parts at the end match anything. ``as_of=None`` reads all revisions.

    Raises :class:`UnknownReference` for an unknown table.
    """
    import ibis

    table, *parts = ref.split("/")
    if table not in TABLES:
        raise UnknownReference(f"{ref!r} names no table; known: {', '.join(TABLES)}")
    spec = TABLES[table]
    rows = engine.table(table) if as_of is None else frames.known(engine, table, as_of)
    if not is_pattern(ref) and len(parts) >= len(spec.key):
        rows = rows.filter(rows.ref == ref)
    else:
        for column, part in zip(spec.key, parts, strict=False):
            text = rows[column].cast("string")
            if ".." in part:
                # heights are in order as numbers, not as text
                whole = bool(rows[column].type().is_integer())
                ordered = rows[column] if whole else text
                low, high = (_end(edge, whole) for edge in part.split("..", 1))
                rows = rows if low is None else rows.filter(ordered >= ibis.literal(low))
                rows = rows if high is None else rows.filter(ordered <= ibis.literal(high))
            elif part != "*":
                rows = rows.filter(text == ibis.literal(part))
    return records(engine.run(rows.order_by([*spec.key, "known_at", "snapshot_no"])))


def _end(text: str, whole: bool) -> int | str | None:
    """One end of a span; ``None`` where it is open. Raises :class:`UnknownReference` for no number."""
    try:
        return (int(text) if whole else text) if text else None
    except ValueError:
        raise UnknownReference(f"{text!r} is no whole number") from None


def exact_rows(engine: Engine, refs: Iterable[str], as_of: datetime) -> dict[str, dict[str, Any]]:
    """The rows that ``refs`` name exactly, as known at ``as_of``: one read a table."""
    by_table: dict[str, list[str]] = {}
    for ref in refs:
        if not is_pattern(ref) and (table := ref.split("/", 1)[0]) in TABLES:
            by_table.setdefault(table, []).append(ref)
    found: dict[str, dict[str, Any]] = {}
    for table, wanted in by_table.items():
        read = next((q for q in engine.kept if q[:3] == ("rows", table, as_of)), None)
        if read:  # a view has read the whole table already
            names = set(wanted)
            found |= {row["ref"]: row for row in engine.kept[read] if row["ref"] in names}
            continue
        rows = frames.known(engine, table, as_of)
        found |= {row["ref"]: row for row in records(engine.run(rows.filter(rows.ref.isin(wanted))))}
    return found


def cards_by_number(archive: Archive) -> dict[int, snapshots.Card]:
    """The cards of all snapshots by their number: the same bytes may have come under two names."""
    return {card.number: card for card in snapshots.cards(archive.path)}


def is_pattern(ref: str) -> bool:
    """Whether a ref names many rows."""
    return "*" in ref or ".." in ref


def tables_behind(engine: Engine, refs: Iterable[str], cards: dict[int, snapshots.Card]) -> dict[str, str]:
    """For refs of many rows: table -> the origins of all bytes that table was read from."""
    origins: dict[str, str] = {}
    for table in sorted({ref.split("/", 1)[0] for ref in refs} & set(TABLES)):
        rows = engine.table(table)
        found = engine.run(rows.select("snapshot_no").distinct()).to_pydict()["snapshot_no"]
        origins[table] = "; ".join(sorted({cards[number].origin for number in found if number in cards}))
    return origins


def source_of(archive: Archive, row: dict[str, Any], cards: dict[int, snapshots.Card]) -> Source:
    """Where a row was read: the excerpt is cut from the bytes themselves."""
    sha = row["snapshot"]
    card = cards[row["snapshot_no"]]
    return Source(sha, card.origin, card.name, row["locator"], excerpt(archive, sha, row["locator"]))


def excerpt(archive: Archive, sha: str, locator: str, width: int = 160) -> str:
    """What stands at ``locator`` in a snapshot: ``line=27;column=ABTC`` of a table, ``fact=f-31`` or
    ``fact[7]`` of a filing, ``byte=80`` of a run of headers, ``/facts/dei/…`` (a JSON pointer) of a document;
    of several places, all.

    Raises :class:`UnknownReference` where the bytes have no such place.
    """
    if locator.startswith(("fact=", "fact[")):
        return " + ".join(_fact(archive.path, sha, place) for place in locator.split())[:width]
    if locator.startswith("/"):
        return " + ".join(_pointed(archive.path, sha, place) for place in locator.split())[:width]
    places = dict(part.split("=", 1) for part in locator.split(";") if "=" in part)
    if "byte" in places:
        start = int(places["byte"])
        return snapshots.content(archive.path, sha)[start : start + HEADER_BYTES].hex()[:width]
    if "line" not in places:
        return f"{len(snapshots.content(archive.path, sha)):,} bytes"
    lines = _lines(archive.path, sha)
    number = int(places["line"])
    if not 1 <= number <= len(lines):
        raise UnknownReference(f"snapshot {sha[:12]} has no line {number}")
    line = lines[number - 1]
    if column := places.get("column"):
        names = [name.strip() for name in record(lines, 0)[0]]
        cells, _ = record(lines, number - 1, len(names))
        if column in names and names.index(column) < len(cells):
            return f"{column} = {cells[names.index(column)].strip()}"[:width]
    return line[:width]


@lru_cache(maxsize=32)
def _lines(archive: Path, sha: str) -> tuple[str, ...]:
    return text_of(snapshots.content(archive, sha)).lines


#: The opening of a tagged number in an inline XBRL filing, and where the text after it ends.
_TAG = re.compile(rb"<(?:\w+:)?(?:nonFraction|fraction)\b([^>]*)>")
_TAG_END = re.compile(rb"</(?:\w+:)?(?:nonFraction|fraction)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")
_MARKUP = re.compile(rb"<[^>]*>")
#: Markup between the opening of a tag and its number takes no more than this.
_TEXT_BYTES = 2_000


@lru_cache(maxsize=8)
def _tagged(archive: Path, sha: str) -> tuple[dict[str, str], ...]:
    """The attributes of every tagged number of a filing, in order; its text under ``""``."""
    content = snapshots.content(archive, sha)
    tags = []
    for found in _TAG.finditer(content):
        attributes = dict(_ATTRIBUTE.findall(found[1].decode("utf-8", "replace")))
        after = b"" if found[1].endswith(b"/") else content[found.end() : found.end() + _TEXT_BYTES]
        text = _MARKUP.sub(b"", _TAG_END.split(after, maxsplit=1)[0]).decode("utf-8", "replace")
        tags.append(attributes | {"": " ".join(text.split())})
    return tuple(tags)


def _fact(archive: Path, sha: str, locator: str) -> str:
    """A tagged number as the filing has it: concept, printed text, scale and sign, context."""
    tags = _tagged(archive, sha)
    if locator.startswith("fact="):
        found = next((tag for tag in tags if tag.get("id") == locator[5:]), None)
    else:
        number = int(locator[5:-1])
        found = tags[number - 1] if 1 <= number <= len(tags) else None
    if found is None:
        raise UnknownReference(f"snapshot {sha[:12]} has no {locator}")
    marks = "".join(
        f" {name}={found[name]}" for name in ("sign", "scale", "unitRef", "contextRef") if name in found
    )
    return f"{found.get('name', '')} = {found['']}{marks}"


@lru_cache(maxsize=4)
def _document(archive: Path, sha: str) -> object:
    return json.loads(snapshots.content(archive, sha))


def _pointed(archive: Path, sha: str, pointer: str) -> str:
    """What a JSON pointer leads to [RFC 6901]."""
    there = _document(archive, sha)
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(there, dict) and name in there:
            there = there[name]
        elif isinstance(there, list) and name.isdigit() and int(name) < len(there):
            there = there[int(name)]
        else:
            raise UnknownReference(f"snapshot {sha[:12]} has nothing at {pointer}")
    return json.dumps(there, ensure_ascii=False)
