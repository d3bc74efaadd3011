"""Where each number comes from: the appendix of a report, from the figures it prints down to the bytes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass

from minerdesk.desk import Desk
from minerdesk.desk.calendar import as_instant
from minerdesk.desk.remember import remembered
from minerdesk.desk.views import View
from minerdesk.present.document import Name, Number, Provenance, Runs
from minerdesk.present.format import MISSING, Printer
from minerdesk.records import Figure
from minerdesk.store.lookup import Source, cards_by_number, exact_rows, is_pattern, source_of, tables_behind


@dataclass(frozen=True)
class Origins:
    """Where the rows behind some figures stand: the place of each single row by its ref, and for refs of
    many rows the origins of all bytes their table was read from, by table."""

    sources: Mapping[str, Source]
    spans: Mapping[str, str]


def origins(desk: Desk, views: Sequence[View]) -> Origins:
    """The origins of everything behind ``views``, in one read a table; kept like the views themselves."""

    def make() -> Origins:
        sources: dict[str, Source] = {}
        refs: dict[str, None] = {}
        cards = cards_by_number(desk.archive)
        for as_of in dict.fromkeys(view.as_of for view in views):
            nodes = [node for view in views if view.as_of == as_of for node in view.nodes.values()]
            own = dict.fromkeys(ref for node in nodes for ref in (node.ref, *node.inputs))
            rows = exact_rows(desk.engine, own, as_instant(as_of))
            sources |= {ref: source_of(desk.archive, row, cards) for ref, row in rows.items()}
            refs |= own
        return Origins(sources, tables_behind(desk.engine, (r for r in refs if is_pattern(r)), cards))

    return remembered(
        desk.archive,
        ("origins", *(f"{view.ref}@{view.as_of}" for view in views)),
        make,
        lambda found: [{ref: astuple(s) for ref, s in found.sources.items()}, dict(found.spans)],
        lambda kept: Origins({ref: Source(*s) for ref, s in kept[0].items()}, kept[1]),
    )


def provenance(
    nodes: Mapping[str, Figure], printed: Iterable[Figure], show: Printer, found: Origins
) -> tuple[Provenance, ...]:
    """One entry for every printed figure and everything it was made of, in the order of first use."""
    order: dict[str, None] = {}
    queue = [figure.ref for figure in printed if figure.ref]
    while queue:
        later: list[str] = []
        for ref in queue:
            if ref not in order:
                order[ref] = None
                later.extend(nodes[ref].inputs if ref in nodes else ())
        queue = later
    return tuple(_entry(ref, nodes.get(ref), found.sources.get(ref), found.spans, show) for ref in order)


def _entry(
    ref: str, figure: Figure | None, source: Source | None, spans: Mapping[str, str], show: Printer
) -> Provenance:
    value: Runs = (printed(figure, show),) if figure else ()
    if figure and figure.method:
        return Provenance(ref, value, figure.method, figure.note, figure.inputs)
    if source:
        return Provenance(
            ref,
            value or (Name(source.excerpt),),
            snapshot=source.snapshot,
            place=source.locator,
            origin=source.origin,
        )
    return Provenance(ref, value, origin=spans.get(ref.split("/", 1)[0], ""))


def printed(figure: Figure, show: Printer) -> Number:
    """A figure by its unit alone, with the precision of a working paper."""
    match figure.unit:
        case "fraction":
            return show.percent(figure, digits=4)
        case "usd" | "usd_per_btc":
            value = figure.value
            small = value is not None and abs(float(value)) < 1e6
            return show.price(figure) if small else show.money(figure, digits=3)
        case "shares":
            return show.big(figure, digits=3)
        case "count":
            return show.count(figure)
        case "days":
            return show.days(figure)
        case _:
            return _significant(figure, show)


def _significant(figure: Figure, show: Printer) -> Number:
    """Four decimals, more for what is small, and powers of ten for what no one reads in full (hashes)."""
    if figure.value is None:
        return Number(figure, MISSING)
    size = abs(float(figure.value))
    if size >= 1e15:
        return show.scientific(figure)
    whole = float(figure.value).is_integer() and size >= 1
    if whole or size >= 1e6:
        return show.count(figure)
    return show.plain(
        figure, digits=4 if size >= 0.1 or not size else min(12, 4 - math.floor(math.log10(size)))
    )
