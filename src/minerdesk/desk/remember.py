"""Answers kept beside the archive: the same question to the same commit by the same code is read, not redone.

The key is the commit, the code of the package (names, sizes and times of its files) and the question, so an
answer cannot outlive what it was made from. Answers of other commits or other code are taken away when a new
one is kept. A kept answer that cannot be read is made again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from minerdesk.desk.views import Cell, View
from minerdesk.records import Figure, Finding
from minerdesk.store.archive import Archive
from minerdesk.store.commits import write_file

T = TypeVar("T")


def remembered(
    archive: Archive,
    question: tuple[str, ...],
    make: Callable[[], T],
    as_kept: Callable[[T], Any],
    as_was: Callable[[Any], T],
) -> T:
    """The kept answer to ``question``, or the one ``make`` gives, which is then kept.

    ``as_kept`` turns an answer into what JSON can hold, ``as_was`` turns it back. An archive that cannot be
    written to is no obstacle: the answer is made and not kept.
    """
    place = _place(archive, question)
    try:
        return as_was(json.loads(place.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        answer = make()
    with suppress(OSError):
        if not place.parent.is_dir():
            shutil.rmtree(place.parent.parent, ignore_errors=True)
        text = json.dumps(as_kept(answer), ensure_ascii=False, separators=(",", ":"))
        write_file(place, text.encode())
    return answer


def remembered_view(archive: Archive, question: tuple[str, ...], make: Callable[[], View]) -> View:
    """:func:`remembered` for a view."""
    return remembered(archive, question, make, _plain, _view)


def _place(archive: Archive, question: tuple[str, ...]) -> Path:
    commit = f"{archive.commit.number}-{archive.commit.generation}-{archive.commit.layout}-{_code()}"
    folder = hashlib.sha256(commit.encode()).hexdigest()[:16]
    name = hashlib.sha256("\0".join(question).encode()).hexdigest()[:24]
    return archive.path / "answers" / folder / f"{question[0]}-{name}.json"


@lru_cache(maxsize=1)
def _code() -> str:
    """Digest of the package as it is on disk, by name, size and time of each file."""
    root = Path(__file__).parents[1]
    seen = [
        (str(path.relative_to(root)), (at := path.stat()).st_size, at.st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.suffix in {".py", ".csv"}
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _plain(view: View) -> dict[str, Any]:
    """A view as JSON keeps it: figures once, under ``nodes`` or in place, days marked as such."""
    nodes = dict(view.nodes)

    def cell(value: Cell) -> Any:
        if isinstance(value, Figure):
            return {"n": value.ref} if nodes.get(value.ref) == value else {"f": astuple(value)}
        return {"d": value.isoformat()} if isinstance(value, date) else value

    return {
        "name": view.name,
        "ref": view.ref,
        "as_of": view.as_of,
        "nodes": [astuple(node) for node in nodes.values()],
        "figures": {name: cell(figure) for name, figure in view.figures.items()},
        "tables": {
            name: [{key: cell(value) for key, value in row.items()} for row in rows]
            for name, rows in view.tables.items()
        },
        "findings": [
            {**vars(finding), "day": finding.day.isoformat() if finding.day else None}
            for finding in view.findings
        ],
        "facts": dict(view.facts),
    }


def _view(kept: dict[str, Any]) -> View:
    nodes = {node[2]: _figure(node) for node in kept["nodes"]}

    def cell(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "n" in value:
            return nodes[value["n"]]
        return _figure(value["f"]) if "f" in value else date.fromisoformat(value["d"])

    return View(
        name=kept["name"],
        ref=kept["ref"],
        as_of=kept["as_of"],
        figures={name: cell(figure) for name, figure in kept["figures"].items()},
        tables={
            name: tuple({key: cell(value) for key, value in row.items()} for row in rows)
            for name, rows in kept["tables"].items()
        },
        findings=tuple(
            Finding(**{**finding, "day": date.fromisoformat(finding["day"]) if finding["day"] else None})
            for finding in kept["findings"]
        ),
        facts=kept["facts"],
        nodes=nodes,
    )


def _figure(kept: list[Any]) -> Figure:
    value, unit, ref, as_of, method, inputs, note = kept
    return Figure(value, unit, ref, as_of, method, tuple(inputs), note)
