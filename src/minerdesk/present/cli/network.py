"""Commands of the network: the view of a day, and header chains from files or a node."""

from __future__ import annotations

from typing import Annotated

import typer

from minerdesk.present.cli.commands import ArchiveOption, AsOfOption, Form, FormatOption, _desk, app


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
