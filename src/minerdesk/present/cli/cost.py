"""``minerdesk cost`` and ``minerdesk ingest``: what a bitcoin costs, and the filings it is read from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from minerdesk.errors import InputError, UnreadableInput
from minerdesk.present.cli.commands import ArchiveOption, AsOfOption, Form, FormatOption, _desk, app


@app.command()
def cost(
    quarter: Annotated[
        str | None,
        typer.Option(
            "--quarter", metavar="2025Q2", help="calendar quarter (default: the last with a sector figure)"
        ),
    ] = None,
    rung: Annotated[
        str, typer.Option("--rung", metavar="a..f", help="rung of the ladder, by letter or name")
    ] = "d",
    allocation: Annotated[
        str,
        typer.Option(
            "--allocation", metavar="RULE", help="whole-company lines by revenue, mw or none (in full)"
        ),
    ] = "revenue",
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """What a bitcoin costs: ladders, the sector's figure, the curve, publishers beside it, the nowcast."""
    from minerdesk.present.cli.show import show

    show(_desk(archive).cost(quarter, rung, allocation, as_of), form.value)


@app.command()
def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="inline XBRL filings (HTML) or SEC company facts (JSON), .gz or not"
        ),
    ],
    filed: Annotated[
        str | None,
        typer.Option("--filed", metavar="DAY", help="day the filing was public (default: now)"),
    ] = None,
    archive: ArchiveOption = None,
) -> None:
    """Take filings in: raw bytes, every tagged number, the lines of the cost ladder, and what was odd."""
    from minerdesk.config import settings
    from minerdesk.desk.calendar import as_day
    from minerdesk.pipeline import take_in
    from minerdesk.records import end_of_day

    now = datetime.now(UTC).replace(microsecond=0)
    known_at = min(end_of_day(as_day(filed, "day of filing")), now) if filed else now
    if filed and as_day(filed) > now.date():
        raise InputError(f"a filing of {filed} lies ahead")
    try:
        read = [(path.name, path.read_bytes()) for path in files]
    except OSError as fault:
        raise UnreadableInput(f"{fault.filename}: {fault.strerror}") from fault
    _, taken = take_in(archive or settings().archive, read, known_at)
    for snapshot, rows, new in taken:
        if not new:
            typer.echo(f"{snapshot.name}: already in the archive")
            continue
        counts = ", ".join(f"{len(told):,} {table}" for table, told in rows.tables.items())
        typer.echo(f"{snapshot.name}: known from {known_at:%Y-%m-%d %H:%M} UTC; {counts}")
        for finding in rows.findings:
            typer.echo(f"  {finding.severity}: {finding.subject}: {finding.kind}: {finding.detail}")
