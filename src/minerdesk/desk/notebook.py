"""Views in a notebook: figures and tables as quiet HTML, refs as hover titles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from minerdesk.records import Figure

if TYPE_CHECKING:
    from minerdesk.desk.views import Cell, Row, View

#: So many rows of a table are shown; the rest is counted.
ROWS = 12
_STYLE = (
    "<style>.minerdesk table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".minerdesk td,.minerdesk th{padding:.15em .7em;text-align:right;border-bottom:1px solid #8884}"
    ".minerdesk td:first-child,.minerdesk th:first-child{text-align:left}"
    ".minerdesk details{margin:.5em 0}</style>"
)


def notebook_html(view: View) -> str:
    """The figures in a table, each further table folded away, findings counted."""
    figures = "".join(
        f"<tr><td>{escape(name)}</td>{_cell(figure)}<td>{escape(figure.unit)}</td></tr>"
        for name, figure in view.figures.items()
    )
    facts = ", ".join(f"{escape(k)} {escape(v)}" for k, v in view.facts.items())
    tables = "".join(_table(name, rows) for name, rows in view.tables.items() if rows)
    found = f"<p>{len(view.findings)} findings about the data</p>" if view.findings else ""
    return (
        f"{_STYLE}<div class='minerdesk'><h4>{escape(view.name)}, as of {escape(view.as_of)}</h4><p>{facts}</p>"
        f"<table>{figures}</table>{tables}{found}</div>"
    )


def _table(name: str, rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in rows[0])
    body = "".join(f"<tr>{''.join(_cell(v) for v in row.values())}</tr>" for row in rows[:ROWS])
    rest = f"<p>and {len(rows) - ROWS} more rows</p>" if len(rows) > ROWS else ""
    return (
        f"<details><summary>{escape(name)} ({len(rows)} rows)</summary>"
        f"<table><tr>{head}</tr>{body}</table>{rest}</details>"
    )


def _cell(value: Cell) -> str:
    if not isinstance(value, Figure):
        shown = "–" if value is None else value.isoformat() if isinstance(value, date) else str(value)
        return f"<td>{escape(shown)}</td>"
    return f"<td title='{escape(value.ref)}'>{escape(told(value))}</td>"


def told(figure: Figure) -> str:
    """A figure as a notebook tells it: per cent for a fraction, whole dollars from a thousand up.

    >>> told(Figure(-0.0469, "fraction", "week/x", "2025-12-05"))
    '-4.69%'
    """
    value = figure.value
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if figure.unit == "fraction":
        return f"{value:+.2%}"
    return f"{value:,.0f}" if abs(value) >= 1_000 or value == int(value) else f"{value:,.4g}"
