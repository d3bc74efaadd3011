"""What a desk answers with: frozen views made of figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from minerdesk.records import Figure, Finding

Cell = Figure | str | int | date | None
Row = dict[str, Cell]


@dataclass(frozen=True)
class View:
    """``ref`` starts the refs of its derived figures; ``figures`` by name; ``tables`` of rows whose cells are
    figures, words or days; ``facts``: words and days about the view that are no figures; ``nodes``: every
    figure behind the view by ref, for traces."""

    name: str
    ref: str
    as_of: str
    figures: Mapping[str, Figure]
    tables: Mapping[str, tuple[Row, ...]]
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    nodes: Mapping[str, Figure] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]

    def _repr_html_(self) -> str:
        from minerdesk.desk.notebook import notebook_html

        return notebook_html(self)


def figure(row: Row, column: str) -> Figure:
    """The figure in a cell. Raises :class:`TypeError` where the cell is none."""
    cell = row[column]
    if not isinstance(cell, Figure):
        raise TypeError(f"{column} holds {cell!r}, not a figure")
    return cell


def as_json(view: View) -> dict[str, Any]:
    """The one JSON shape of every view: view, as_of, figures, tables, findings (and facts)."""
    return {
        "view": view.name,
        "as_of": view.as_of,
        "facts": dict(view.facts),
        "figures": {
            name: {"value": f.value, "unit": f.unit, "ref": f.ref, "as_of": f.as_of}
            for name, f in view.figures.items()
        },
        "tables": {
            name: [{key: plain(value) for key, value in row.items()} for row in rows]
            for name, rows in view.tables.items()
        },
        "findings": [
            {
                "kind": f.kind,
                "severity": f.severity,
                "subject": f.subject,
                "detail": f.detail,
                "day": f.day.isoformat() if f.day else None,
                "source": f.source,
                "name": f.name,
                "locator": f.locator,
            }
            for f in view.findings
        ],
    }


def plain(value: Cell) -> Any:
    """A cell as JSON takes it."""
    if isinstance(value, Figure):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
