"""The commands, one function each: read the question, ask the desk, print the answer."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from minerdesk.desk import Desk

app = typer.Typer(
    help="The open desk for listed Bitcoin miners: the sector's week, every number traceable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Form(StrEnum):
    """How an answer is printed."""

    table = "table"
    json = "json"
    csv = "csv"
    md = "md"


FormatOption = Annotated[Form, typer.Option("--format", "-f", help="table, json, csv or md")]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DAY", help="use only what was known at the end of this day"),
]
ArchiveOption = Annotated[
    Path | None,
    typer.Option("--archive", metavar="DIR", help="archive folder (default: settings)", show_default=False),
]


def _desk(archive: Path | None) -> Desk:
    import minerdesk

    return minerdesk.open(archive)


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="print the version", is_eager=True)] = False,
) -> None:
    if version:
        import minerdesk

        typer.echo(f"minerdesk {minerdesk.__version__}")
        raise typer.Exit


@app.command()
def week(
    ending: Annotated[
        str | None,
        typer.Option("--ending", metavar="DAY", help="last session of the week (default: the newest)"),
    ] = None,
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """The sector's week: return, cap, breadth, turnover, exposure, and every name."""
    from minerdesk.present.cli.show import show

    desk = _desk(archive)
    show(desk.week(ending or desk.last_session(), as_of), form.value)


@app.command()
def company(
    ticker: Annotated[str, typer.Argument(help="ticker, today's or the one of the time")],
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """One company: prices, share counts and who disagrees, splits, events, deals, filed figures."""
    from minerdesk.present.cli.show import show

    show(_desk(archive).company(ticker, as_of), form.value)


@app.command()
def report(
    ending: Annotated[
        str | None,
        typer.Option("--ending", metavar="DAY", help="last session of the week (default: the newest)"),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", metavar="en,ar,zh", help="languages")] = "en",
    form: Annotated[
        str, typer.Option("--format", "-f", metavar="html,pdf,md,json", help="formats")
    ] = "html,pdf,md,json",
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="folder to write to")] = Path(
        "report"
    ),
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """Write the weekly report in languages and formats of your choice."""
    from minerdesk.present import report as making
    from minerdesk.present.cli.show import progress

    with progress() as step:
        step("archive")
        desk = _desk(archive)
        step("week")
        views = making.views(desk, ending or desk.last_session(), as_of)
        files = making.write(views, out, _words(lang), _words(form), step)
    for path in files:
        typer.echo(str(path))


@app.command()
def trace(
    ref: Annotated[str, typer.Argument(help="a ref, as `week --format json` or a report shows it")],
    depth: Annotated[int, typer.Option("--depth", help="levels shown")] = 3,
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """Where a number comes from: method, inputs, and in the end the bytes."""
    from minerdesk.present.cli.show import show_trace

    show_trace(_desk(archive).trace(ref, as_of), form.value, depth)


@app.command()
def rebuild(archive: ArchiveOption = None) -> None:
    """Parse all raw bytes again, offline, into fresh tables; says which tables changed."""
    from minerdesk.config import settings
    from minerdesk.pipeline import rebuild as rebuilt
    from minerdesk.present.cli.show import progress

    path = archive or settings().archive
    with progress() as step:
        step(f"rebuilding {path}")
        made = rebuilt(path)
    for name, table in made.commit.tables.items():
        typer.echo(f"{name:24} {table.rows:>8,} rows")


@app.command()
def doctor(
    tidy: Annotated[bool, typer.Option("--tidy", help="take away what dead writers left")] = False,
    form: FormatOption = Form.table,
    archive: ArchiveOption = None,
) -> None:
    """Examine the archive: digests, tables, keys, a rebuild in memory. Exit 1 where something is wrong."""
    from minerdesk.config import settings
    from minerdesk.pipeline import examine
    from minerdesk.present.cli.show import show_findings
    from minerdesk.store.doctor import tidy as take_away

    path = archive or settings().archive
    if tidy:
        take_away(path)
    found = examine(path)
    show_findings(found, form.value)
    if any(f.severity == "suspect" for f in found):
        raise typer.Exit(1)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


if __name__ == "__main__":
    sys.exit(app())
