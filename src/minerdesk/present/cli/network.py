"""Commands of the network: the view of a day, and header chains from files or a node."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import typer

from minerdesk.present.cli.commands import ArchiveOption, AsOfOption, Form, FormatOption, _desk, app

if TYPE_CHECKING:
    from minerdesk.pipeline import TakenHeaders


@app.command()
def network(
    at: Annotated[
        str | None, typer.Option("--at", metavar="DAY", help="UTC day (default: the newest with a price)")
    ] = None,
    window: Annotated[
        int, typer.Option("--window", metavar="BLOCKS", help="window of the hashrate; answered in whole days")
    ] = 1_008,
    power_price: Annotated[
        float | None,
        typer.Option("--power-price", metavar="USD", help="stated price of a kWh for the machines"),
    ] = None,
    backtest: Annotated[
        bool, typer.Option("--backtest", help="add how well past forecasts of hashrate held (some seconds)")
    ] = False,
    form: FormatOption = Form.table,
    as_of: AsOfOption = None,
    archive: ArchiveOption = None,
) -> None:
    """The network on a day: difficulty, hashprice, hashrate with its interval, retarget, machines."""
    from minerdesk.present.cli.show import show

    desk = _desk(archive)
    view = desk.network(at, window, as_of, power_price_usd_per_kwh=power_price, backtest=backtest)
    show(view, form.value)


@app.command()
def headers(
    files: Annotated[
        list[Path] | None, typer.Argument(help="files of raw 80-byte headers, one after another")
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(
            "--height", metavar="N", help="height of the first header (default: by the file's name)"
        ),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="URL", help="ask a Bitcoin node: http://user:password@host:8332"),
    ] = None,
    cookie: Annotated[
        Path | None, typer.Option("--cookie", metavar="FILE", help="the node's cookie, instead of a password")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="at most so many headers of the node")
    ] = 2_016,
    check: Annotated[bool, typer.Option("--check", help="only check, keep nothing")] = False,
    workers: Annotated[int, typer.Option("--workers", help="processes that hash")] = 1,
    form: FormatOption = Form.table,
    archive: ArchiveOption = None,
) -> None:
    """Check headers (work, linkage, bits, median time) and keep those that hold. Exit 1 at a bad one."""
    from minerdesk.config import settings
    from minerdesk.errors import InputError
    from minerdesk.pipeline import take_from_node, take_headers

    path = archive or settings().archive
    if bool(files) == bool(node):
        raise InputError("give files of headers, or --node")
    if node:
        taken = [take_from_node(path, _node(node, cookie), datetime.now(UTC), height, limit)]
    else:
        taken = [take_headers(path, f, height, keep=not check, workers=workers) for f in files or ()]
    _show([_row(one) for one in taken], form)
    if any(one.verified.fault for one in taken):
        raise typer.Exit(1)


def _node(url: str, cookie: Path | None) -> Any:
    """How to ask the node at an address that may hold user and password."""
    from minerdesk.sources.node import HttpTransport, Node

    place = urlsplit(url)
    bare = urlunsplit((place.scheme, place.netloc.rpartition("@")[2], place.path, "", ""))
    user, password = unquote(place.username or ""), unquote(place.password or "")
    return Node(HttpTransport(bare), user, password, cookie)


def _row(taken: TakenHeaders) -> dict[str, str | int | None]:
    """A run of headers as one row; ``fault`` is empty where all of it holds."""
    found = taken.verified
    return {
        "name": taken.name,
        "first_height": taken.first_height,
        "last_height": found.tip.height if found.headers else None,
        "headers": found.headers,
        "retargets": found.retargets,
        "stored": taken.stored,
        "unlinked": found.unlinked,
        "bits_unchecked": found.bits_unchecked,
        "medians_unchecked": found.medians_unchecked,
        "fault_height": found.fault.height if found.fault else None,
        "fault_reason": found.fault.reason if found.fault else "",
        "fault": found.fault.detail if found.fault else "",
    }


def _show(rows: Sequence[dict[str, str | int | None]], form: Form) -> None:
    out = sys.stdout
    if form is Form.json:
        out.write(json.dumps(rows, indent=1) + "\n")
    elif form is Form.csv:
        write = csv.DictWriter(out, list(rows[0]))
        write.writeheader()
        write.writerows(rows)
    else:
        mark = "- " if form is Form.md else ""
        out.writelines(f"{mark}{line}\n" for row in rows for line in _lines(row))


def _lines(row: dict[str, str | int | None]) -> list[str]:
    """What a person wants to know of a run."""
    span = f"heights {row['first_height']} to {row['last_height']}: " if row["headers"] else ""
    kept = f"{row['stored']} kept" if row["stored"] else "none kept"
    told = [f"{row['name']}: {span}{row['headers']} headers hold, {row['retargets']} retargets; {kept}"]
    names = {"unlinked": "previous hash", "bits_unchecked": "bits", "medians_unchecked": "median time"}
    missing = ", ".join(f"{words} of {row[name]}" for name, words in names.items() if row[name])
    if missing:
        told.append(f"{row['name']}: not checked for want of the headers before: {missing}")
    if row["fault"]:
        told.append(f"{row['name']}: BAD at height {row['fault_height']}: {row['fault']}")
    return told
