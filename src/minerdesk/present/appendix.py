"""Where each number comes from: the appendix of a report, from the figures it prints down to the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minerdesk.desk import Desk
from minerdesk.desk.calendar import as_instant
from minerdesk.present.document import Name, Number, Provenance, Runs
from minerdesk.present.format import MISSING, Printer
from minerdesk.records import Figure
from minerdesk.store import snapshots
from minerdesk.store.lookup import Source, exact_rows, is_pattern, source_of, tables_behind


def provenance(
    desk: Desk, nodes: Mapping[str, Figure], printed: Iterable[Figure], show: Printer, as_of: str
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
    cards = {card.sha256: card for card in snapshots.cards(desk.archive.path)}
    found = {
        ref: source_of(desk.archive, row, cards)
        for ref, row in exact_rows(desk.engine, order, as_instant(as_of)).items()
    }
    spans = tables_behind(desk.engine, (ref for ref in order if is_pattern(ref)), cards)
    return tuple(_entry(ref, nodes.get(ref), found.get(ref), spans, show) for ref in order)


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
        case "usd":
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
            return show.plain(figure, digits=4) if figure.value is not None else Number(figure, MISSING)
