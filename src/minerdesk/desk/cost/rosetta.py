"""What publishers state of the quarter, beside our rungs, with the bridge and what stays unexplained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minerdesk.desk.book import Book
from minerdesk.desk.cost.ladders import UNIT, Entered
from minerdesk.desk.cost.sector import Sector
from minerdesk.desk.views import Row
from minerdesk.models.rosetta import Reading, Statement, compare
from minerdesk.records import Figure

Figures = Mapping[str, Figure]


@dataclass(frozen=True)
class Subject:
    """Rungs of one subject as figures: under the view's allocation, and with whole-company lines in full."""

    name: str
    ours: Figures
    in_full: Figures


def subjects(own: Sector, full: Sector, ladders: Sequence[tuple[Entered, Entered]]) -> list[Subject]:
    """The sector, its median, and each company, as publishers name them."""
    return [
        Subject("sector", own.weighted, full.weighted),
        Subject("sector median", own.median, full.median),
        *(Subject(mine.ticker, mine.rungs, whole.rungs) for mine, whole in ladders),
    ]


def rosetta_rows(book: Book, told: Sequence[dict[str, Any]], every: Sequence[Subject]) -> tuple[Row, ...]:
    """One row a statement: stated, our rung, ours in full, what is left unexplained.

    Publishers charge whole-company lines in full as far as can be seen, so the bridge runs from our figure
    over the allocation to theirs. Of a subject we know nothing of, the statement stands alone.
    """
    by_name = {subject.name: subject for subject in every}
    rows: list[Row] = []
    for name in dict.fromkeys(["sector", "sector median", *sorted(row["company"] for row in told)]):
        own = [row for row in told if row["company"] == name]
        refs = {(r["publisher"], r["publisher_measure"]): r["ref"] for r in own}
        subject = by_name.get(name, Subject(name, {}, {}))
        said = [
            Statement(
                r["publisher"],
                r["publisher_measure"],
                r["cost_usd_per_btc"],
                r["source"] or "",
                r["note"] or "",
            )
            for r in own
        ]
        read = compare(name, _values(subject.ours), _values(subject.in_full), said)
        rows += [
            _row(book, subject, reading, refs[reading.statement.publisher, reading.statement.measure])
            for reading in read.readings
        ]
    return tuple(rows)


def _values(figures: Figures) -> dict[str, float | None]:
    return {name: None if f.value is None else float(f.value) for name, f in figures.items()}


def _row(book: Book, subject: Subject, reading: Reading, ref: str) -> Row:
    said, rung = reading.statement, reading.rung or ""
    nothing = Figure(None, UNIT, "", book.as_of)
    stated = book.observed(ref, said.usd_per_btc, UNIT)
    ours, full = subject.ours.get(rung, nothing), subject.in_full.get(rung, nothing)
    stem = f"rosetta/{subject.name}/{said.publisher}/{rung}"

    def step(name: str, value: float | None, unit: str, *inputs: Figure) -> Figure:
        method = "models.rosetta.compare"
        return (
            book.model(f"{stem}/{name}", value, unit, method, [f.ref for f in inputs])
            if reading.steps
            else nothing
        )

    steps = {one.label: one.usd_per_btc for one in reading.steps}
    return {
        "subject": subject.name,
        "publisher": said.publisher,
        "measure": said.measure,
        "stated_usd_per_btc": stated,
        "rung": rung,
        "ours_usd_per_btc": ours,
        "allocation_usd_per_btc": step("allocation_usd_per_btc", steps.get("allocation"), UNIT, ours, full),
        "in_full_usd_per_btc": full,
        "unexplained_usd_per_btc": step(
            "unexplained_usd_per_btc", steps.get("unexplained"), UNIT, full, stated
        ),
        "explained_fraction": step(
            "explained_fraction", reading.explained_fraction, "fraction", full, stated
        ),
        "within_rounding": ("yes" if reading.within_rounding else "no") if reading.steps else "",
        "nearest_rung": reading.nearest_rung or "",
        "source": said.source,
        "note": said.note,
    }
