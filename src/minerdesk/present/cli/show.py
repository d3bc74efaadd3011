"""Views in the terminal: tables for people, JSON, CSV and Markdown for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from minerdesk.desk.tracing import Trace
from minerdesk.desk.views import Cell, Row, View, as_json, plain
from minerdesk.present.appendix import printed
from minerdesk.present.format import MISSING, Printer
from minerdesk.records import Figure, Finding

#: Tables that a terminal shows in full; longer ones say how many rows the other formats have.
ROWS_IN_TERMINAL = 40
#: A trace in the terminal shows so many branches of one figure, and counts the others.
BRANCHES_IN_TERMINAL = 4
#: A table too wide for the terminal is turned on its side if it has few rows, else it loses these columns.
ROWS_ON_THEIR_SIDE = 6
BOUNDS = (
    "_low_fraction", "_high_fraction", "_p_fraction", "detail", "also_near", "model",
    "allocation", "period_start", "how", "interpolated_percent", "not_stated", "missing_lines",
    "allocation_usd_per_btc", "explained_fraction", "nearest_rung", "measure", "note",
    "ev_if_converted_usd", "ev_treasury_method_usd", "treasury_value_usd", "hodl_adjusted_ev_usd_per_eh_s",
    "burn_usd_per_month", "runway_with_btc_months", "debt_usd", "cash_usd", "oldest_statement",
)  # fmt: skip
HIDDEN = {"source_url", "source", "ref", "key", "revision", "known_at"}


def show(view: View, form: str) -> None:
    """Print ``view`` as ``table``, ``json``, ``csv`` or ``md``."""
    out = sys.stdout
    if form == "json":
        out.write(json.dumps(as_json(view), ensure_ascii=False, indent=1) + "\n")
    elif form == "csv":
        _csv(view, csv.writer(out))
    elif form == "md":
        out.write(_markdown(view))
    else:
        _terminal(view)


def _csv(view: View, write: Any) -> None:
    """Long form, one figure a line: every format keeps the refs."""
    write.writerow(["view", "table", "row", "name", "value", "unit", "ref", "as_of"])
    for name, figure in view.figures.items():
        write.writerow([view.name, "figures", "", name, plain(figure), figure.unit, figure.ref, figure.as_of])
    for table, rows in view.tables.items():
        for number, row in enumerate(rows):
            for column, cell in row.items():
                unit, ref = (cell.unit, cell.ref) if isinstance(cell, Figure) else ("", "")
                write.writerow([view.name, table, number, column, plain(cell), unit, ref, view.as_of])


def _markdown(view: View) -> str:
    show_figure = Printer("en")
    lines = [f"# {view.name}, as of {view.as_of}", ""]
    lines += [f"- {key}: {value}" for key, value in view.facts.items()]
    lines += ["", "| figure | value | unit | ref |", "|---|---:|---|---|"]
    lines += [
        f"| {name} | {printed(f, show_figure).text} | {f.unit} | `{f.ref}` |"
        for name, f in view.figures.items()
    ]
    for table, rows in view.tables.items():
        if rows:
            columns = list(rows[0])
            lines += ["", f"## {table}", "", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
            lines += [
                "| " + " | ".join(_text(row[c]).replace("|", "/") for c in columns) + " |" for row in rows
            ]
    if view.findings:
        lines += ["", "## findings", ""]
        lines += [f"- {f.severity}: {f.subject}: {f.kind}: {f.detail}" for f in view.findings]
    return "\n".join(lines) + "\n"


def _text(cell: Cell) -> str:
    if isinstance(cell, Figure):
        return printed(cell, Printer("en")).text
    return MISSING if cell is None else str(cell)


def _terminal(view: View) -> None:
    from rich.console import Console

    console = Console()
    console.print(f"[bold]{view.name}[/bold]  as of {view.as_of}")
    for key, value in view.facts.items():
        console.print(f"  {key}: {value}", markup=False, highlight=False)
    for line in _figure_lines(view, console.width):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for name, rows in view.tables.items():
        if rows:
            _table(console, name, rows)
    console.print()
    for finding in view.findings:
        style = {"rejected": "red", "suspect": "yellow"}.get(finding.severity, "dim")
        console.print(
            f"{finding.severity}: {finding.subject}: {finding.kind}: {finding.detail}",
            style=style,
            markup=False,
            highlight=False,
        )


def _figure_lines(view: View, width: int) -> Iterator[str]:
    """Name, value, note of each figure; a note gives way where the terminal is narrow, a value never."""
    told = {name: _text(figure) for name, figure in view.figures.items()}
    names = max(map(len, told), default=0)
    values = max(map(len, told.values()), default=0)
    for name, figure in view.figures.items():
        room = width - names - values - 4
        note = figure.note if len(figure.note) <= room else figure.note[: max(room - 1, 0)] + "…" * (room > 8)
        yield f"{name:{names}}  {told[name]:>{values}}  {note if room > 8 else ''}".rstrip()


def _table(console: Any, name: str, rows: Sequence[Row]) -> None:
    """A table as wide as the terminal takes: a few wide rows are turned on their side, many lose bounds."""
    from rich.measure import Measurement

    columns = [c for c in rows[0] if c not in HIDDEN]
    shown = rows[:ROWS_IN_TERMINAL]
    table = _grid(name, columns, shown)
    if Measurement.get(console, console.options.update_width(10_000), table).maximum > console.width:
        if len(rows) <= ROWS_ON_THEIR_SIDE:
            table = _on_its_side(name, columns, shown)
        else:
            table = _grid(name, [c for c in columns if not c.endswith(BOUNDS)], shown)
    console.print()
    console.print(table)
    if len(rows) > ROWS_IN_TERMINAL:
        console.print(f"... {len(rows) - ROWS_IN_TERMINAL} more rows: --format json, csv or md", style="dim")


def _grid(name: str, columns: Sequence[str], rows: Sequence[Row]) -> Any:
    from rich.table import Table

    table = Table(title=name, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        numeric = any(isinstance(row[column], Figure | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_text(row[c]) for c in columns))
    return table


def _on_its_side(name: str, columns: Sequence[str], rows: Sequence[Row]) -> Any:
    """A line a column, a column a row."""
    from rich.table import Table

    table = Table(
        title=name, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=False
    )
    table.add_column(no_wrap=True)
    for _ in rows:
        table.add_column(overflow="fold", max_width=60)
    for column in columns:
        table.add_row(column, *(_text(row[column]) for row in rows))
    return table


def show_trace(trace: Trace, form: str, depth: int) -> None:
    """Print a trace as a tree, or whole as JSON, CSV or Markdown."""
    if form == "json":
        sys.stdout.write(json.dumps(_trace_json(trace), ensure_ascii=False, indent=1) + "\n")
        return
    if form == "csv":
        write = csv.writer(sys.stdout)
        write.writerow(["level", "ref", "value", "unit", "method", "rows", "snapshot", "locator", "excerpt"])
        for level, node in _walk(trace):
            for source in node.sources or (None,):
                place = (source.snapshot, source.locator, source.excerpt) if source else ("", "", "")
                write.writerow([level, node.ref, node.value, node.unit, node.method, node.rows, *place])
        return
    if form == "md":
        sys.stdout.write("\n".join(_lines(trace, 0, sys.maxsize, sys.maxsize, "- ")) + "\n")
        return
    sys.stdout.write("\n".join(_lines(trace, 0, depth, BRANCHES_IN_TERMINAL, "")) + "\n")
    deepest = max(level for level, _ in _walk(trace))
    if deepest > depth:
        sys.stdout.write(f"... down to level {deepest}: --depth {deepest}; whole: --format json, csv, md\n")


def _lines(node: Trace, level: int, depth: int, branches: int, mark: str) -> Iterator[str]:
    """The trace as indented lines, down to ``depth``, with at most ``branches`` branches of one figure."""
    yield "  " * level + mark + _trace_line(node)
    for source in node.sources:
        place = f"{source.name} {source.locator} [{source.snapshot[:12]}]: {source.excerpt}"
        yield "  " * (level + 1) + mark + place
    if level == depth:
        return
    for branch in node.inputs[:branches]:
        yield from _lines(branch, level + 1, depth, branches, mark)
    if len(node.inputs) > branches:
        yield "  " * (level + 1) + f"... and {len(node.inputs) - branches} more inputs"


def _walk(trace: Trace, level: int = 0) -> Iterator[tuple[int, Trace]]:
    yield level, trace
    for branch in trace.inputs:
        yield from _walk(branch, level + 1)


def _trace_line(node: Trace) -> str:
    value = (
        ""
        if node.value is None
        else f" = {node.value:,.10g}"
        if isinstance(node.value, float)
        else f" = {node.value}"
    )
    how = f"  <- {node.method}" if node.method else f"  ({node.rows:,} rows)" if node.rows > 1 else ""
    note = f"  {node.note}" if node.note else ""
    return f"{node.ref}{value} {node.unit}{how}{note}".rstrip()


def _trace_json(node: Trace) -> dict[str, Any]:
    return {
        "ref": node.ref,
        "value": node.value,
        "unit": node.unit,
        "method": node.method,
        "note": node.note,
        "rows": node.rows,
        "inputs": [_trace_json(branch) for branch in node.inputs],
        "sources": [vars(source) for source in node.sources],
    }


def show_findings(findings: Sequence[Finding], form: str) -> None:
    """Print findings about the archive."""
    rows = [{k: plain(v) for k, v in vars(f).items()} for f in findings]
    if form == "json":
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    elif form == "csv":
        write = csv.DictWriter(sys.stdout, [*Finding.__dataclass_fields__])
        write.writeheader()
        write.writerows(rows)
    else:
        mark = "- " if form == "md" else ""
        for f in findings:
            sys.stdout.write(f"{mark}{f.severity}: {f.subject}: {f.kind}: {f.detail}\n")
        if not findings:
            sys.stdout.write("the archive is sound\n")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A line on the terminal that says what is being done; silent where no one watches."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("...") as status:
        yield status.update
