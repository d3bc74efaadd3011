"""Traces: from a figure, through what it was made of, to the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from minerdesk.desk.calendar import as_instant
from minerdesk.errors import UnknownReference
from minerdesk.store.lookup import Source, cards_by_number, exact_rows, is_pattern, rows_of, source_of
from minerdesk.store.tables import TABLES

if TYPE_CHECKING:
    from minerdesk.desk import Desk
    from minerdesk.desk.views import View

#: A ref of many rows shows so many of them; the rest is counted.
ROWS_SHOWN = 3


@dataclass(frozen=True)
class Trace:
    """A figure's origin: derived (``method``, ``inputs``) or observed (``sources``, ``rows`` of them)."""

    ref: str
    value: float | int | str | None
    unit: str
    method: str = ""
    note: str = ""
    inputs: tuple[Trace, ...] = ()
    sources: tuple[Source, ...] = ()
    rows: int = 0

    def leaves(self) -> Iterator[Trace]:
        """The observed ends of the trace."""
        if not self.inputs:
            yield self
        for branch in self.inputs:
            yield from branch.leaves()


def trace(desk: Desk, ref: str, as_of: date | datetime | str | None = None) -> Trace:
    """Follow ``ref`` to the bytes.

    Raises :class:`UnknownReference` for a ref that names neither a figure of a view nor rows of a table.
    """
    head = ref.split("/", 1)[0]
    if head in TABLES:
        return leaf(desk, ref, as_of)
    view = view_of(desk, ref)
    if ref not in view.nodes:
        raise UnknownReference(f"{ref!r} is no figure of {view.name} as of {view.as_of}")
    return traces(desk, view, [ref])[ref]


def traces(desk: Desk, view: View, refs: Iterable[str]) -> dict[str, Trace]:
    """The traces of many refs of one view, and of everything on their way; rows are read in one go."""
    wanted = list(refs)
    reached: dict[str, None] = {}
    queue = list(wanted)
    while queue:
        ref = queue.pop()
        if ref not in reached:
            reached[ref] = None
            node = view.nodes.get(ref)
            queue.extend(node.inputs if node else ())
    cards = cards_by_number(desk.archive)
    rows = exact_rows(desk.engine, reached, as_instant(view.as_of))
    done = {
        ref: Trace(ref, None, "", sources=(source_of(desk.archive, row, cards),), rows=1)
        for ref, row in rows.items()
    }
    for ref in wanted:
        _follow(desk, view, ref, done)
    return done


def view_of(desk: Desk, ref: str) -> View:
    """The view that a derived ref (``week/2025-12-05@2026-01-15/…``) belongs to."""
    parts = ref.split("/")
    subject, _, as_of = parts[1].partition("@") if len(parts) > 2 else ("", "", "")
    match parts[0]:
        case "week" if subject:
            view = desk.week(subject, as_of or None)
        case "company" if subject:
            view = desk.company(subject, as_of or None)
        case "cost" if subject:
            from minerdesk.desk.cost.view import asked_again as cost_again

            view = cost_again(desk, subject, as_of or None)
        case "network" if subject:
            from minerdesk.desk.network.view import asked_again

            view = asked_again(desk, subject, as_of or None)
        case "calendar" if subject:
            from minerdesk.desk.events.view import asked_again as dates_again

            view = dates_again(desk, subject, as_of or None)
        case "causes" if subject:
            view = desk.causes(subject, as_of or None)
        case "event_panels" if subject:
            view = desk.event_panels(as_of or None)
        case _:
            raise UnknownReference(f"{ref!r} names neither a table nor a view")
    return view


def _follow(desk: Desk, view: View, ref: str, done: dict[str, Trace]) -> Trace:
    """The trace of ``ref``, into ``done``, which keeps branches that are met again."""
    node = view.nodes.get(ref)
    if ref not in done:
        if node is None or not node.method:
            done[ref] = leaf(desk, ref, view.as_of)
        else:
            branches = tuple(_follow(desk, view, name, done) for name in node.inputs)
            done[ref] = Trace(ref, node.value, node.unit, node.method, node.note, branches)
    if node and not node.method and done[ref].value is None:
        done[ref] = replace(done[ref], value=node.value, unit=node.unit)
    return done[ref]


def leaf(desk: Desk, ref: str, as_of: date | datetime | str | None) -> Trace:
    """An observed ref: its rows as known then (all revisions without ``as_of``), with their places.

    Raises :class:`UnknownReference` where it names no row.
    """
    rows = rows_of(desk.engine, ref, as_instant(as_of) if as_of else None)
    if not rows:
        # a span may rightly be empty (no split in it); a single row may not
        if is_pattern(ref):
            return Trace(ref, None, "", note="no such row was known")
        raise UnknownReference(f"{ref!r} leads to no row known then")
    cards = cards_by_number(desk.archive)
    shown = rows if len(rows) <= ROWS_SHOWN else [rows[0], rows[len(rows) // 2], rows[-1]]
    sources = tuple(source_of(desk.archive, row, cards) for row in shown)
    return Trace(ref, None, "", sources=sources, rows=len(rows))
