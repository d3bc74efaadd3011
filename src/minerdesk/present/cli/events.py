"""The command of events: the calendar ahead, one name's past events, the panels, and files to subscribe to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from minerdesk.present.cli.commands import ArchiveOption, AsOfOption, Form, FormatOption, _desk, app


@app.command()
def events(
    ahead: Annotated[int, typer.Option("--ahead", metavar="DAYS", help="days ahead of --as-of")] = 90,
    ticker: Annotated[
        str | None, typer.Option("--ticker", help="one name: its dates ahead, and what past events did")
    ] = None,
    panels: Annotated[
        bool,
        typer.Option(
            "--panels",
            help="instead: all unlocks, convertibles, HPC leases together, and who follows Bitcoin",
        ),
    ] = False,
    ending: Annotated[
        str | None,
        typer.Option("--causes", metavar="DAY", help="instead: the cause rule on the week that ends on DAY"),
    ] = None,
    ics: Annotated[Path | None, typer.Option("--ics", metavar="FILE", help="write an iCalendar file")] = None,
    rss: Annotated[Path | None, typer.Option("--rss", metavar="FILE", help="write an RSS feed")] = None,
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """Known dates ahead and the unlock radar; past events with abnormal returns, panels, causes of a week."""
    from minerdesk.errors import InputError
    from minerdesk.present.cli.show import show

    wanted = [
        name for name, given in (("--panels", panels), ("--causes", ending), ("--ticker", ticker)) if given
    ]
    if len(wanted) > 1:
        raise InputError(f"{' and '.join(wanted)} are different questions: ask one at a time")
    if (ics or rss) and (panels or ending):
        raise InputError("--ics and --rss write the calendar: leave out --panels and --causes")
    desk = _desk(archive)
    if panels:
        show(desk.event_panels(as_of), form.value)
        return
    if ending:
        show(desk.causes(ending, as_of), form.value)
        return
    view = desk.events(ahead, ticker, as_of)
    if ics or rss:
        from minerdesk.present.event_feed import as_icalendar, as_rss

        for path, make in ((ics, as_icalendar), (rss, as_rss)):
            if path:
                _put(path, make(view))
                typer.echo(str(path), err=True)
    show(view, form.value)


def _put(path: Path, content: bytes) -> None:
    from minerdesk.errors import InputError
    from minerdesk.store.commits import write_file

    try:
        write_file(path, content)
    except OSError as fault:
        raise InputError(f"cannot write {path}: {fault.strerror}") from fault
