"""The network on a day: difficulty, hashprice, hashrate with its interval, what comes next (definitions 3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from minerdesk.desk.book import Book
from minerdesk.desk.network.days import Chain, days_of_window, read_chain
from minerdesk.desk.network.fleet import DEFAULT_POWER_USD_PER_KWH, fleet
from minerdesk.desk.network.outlook import backtest_rows, halving, response, retarget
from minerdesk.desk.network.rows import (
    day_rows,
    difficulty_figure,
    earnings,
    epoch_rows,
    hashrate,
    window_rows,
)
from minerdesk.desk.views import Row, View
from minerdesk.errors import UnknownReference
from minerdesk.records import Figure, Finding
from minerdesk.store.engine import Engine

if TYPE_CHECKING:
    from minerdesk.desk import Desk

DEFAULT_WINDOW = 1_008


def network(
    engine: Engine,
    day: date,
    as_of: datetime,
    as_of_text: str,
    *,
    window: int = DEFAULT_WINDOW,
    power_price: float = DEFAULT_POWER_USD_PER_KWH,
    with_backtest: bool = False,
) -> View:
    """The network at the end of the UTC ``day``, from what was known at ``as_of``.

    ``window`` in blocks is answered by the whole days nearest to it. Raises
    :class:`minerdesk.errors.InputError` for a day without blocks on record, a window that is none, a power
    price that is not above zero.
    """
    days = days_of_window(window)
    chain = read_chain(engine, day, as_of)
    asked = str(day)
    asked += f";window={window}" if window != DEFAULT_WINDOW else ""
    asked += f";power={power_price!r}" if power_price != DEFAULT_POWER_USD_PER_KWH else ""
    asked += ";backtest=yes" if with_backtest else ""
    suffix = "" if as_of_text == str(day) else f"@{as_of_text}"
    book = Book(f"network/{asked}{suffix}", as_of_text)

    difficulty = difficulty_figure(book, chain, "difficulty", chain.day)
    figures: dict[str, Figure] = {"difficulty": difficulty}
    figures |= earnings(book, chain, chain.day, difficulty)
    figures |= hashrate(book, chain, window, days)
    figures |= retarget(book, chain) | halving(book, chain)
    fleet_figures, fleet_tables = fleet(book, chain, figures["hashprice_usd_per_ph_day"], power_price)
    history, answer = response(book, chain)
    figures |= fleet_figures | answer
    figures["pool_herfindahl_fraction"] = Figure(None, "fraction", "", as_of_text)
    found = [
        Finding("no_pools", "note", "BTC", "no block on record names its pool", day=chain.day),
    ]
    if figures["price_usd_per_btc"].value is None:
        found.append(
            Finding("no_bitcoin_close", "note", "BTC", f"no close of the UTC day {chain.day}", day=chain.day)
        )
    tables: dict[str, tuple[Row, ...]] = {
        "windows": window_rows(book, chain, window),
        "epochs": epoch_rows(book, chain),
        "days": day_rows(book, chain, days),
        **fleet_tables,
        "pools": (),
    }
    if with_backtest:
        tables["backtest"] = backtest_rows(book, history)
    return View(
        name="network",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures,
        tables=tables,
        findings=tuple(found),
        facts=_facts(chain, figures, window, days),
        nodes=book.nodes,
    )


def _facts(chain: Chain, figures: dict[str, Figure], window: int, days: int) -> dict[str, str]:
    """Days and words that are no figures; forecast days by their figures."""
    end = chain.day + timedelta(days=1)
    facts = {
        "day": str(chain.day),
        "window": f"{window} blocks, answered by the nearest whole UTC days: {days}",
        "window_first_day": str(chain.day - timedelta(days=days - 1)),
        "clock": "btc_utc_day",
        "confidence": "95 %",
        "epoch_start": str(chain.epoch_at(chain.height).start.date()),
    }
    for name in ("next_retarget", "halving"):
        for edge in ("", "_low", "_high"):
            left = figures[f"{name}{edge}_days"].value
            if left is not None:
                facts[f"{name}{edge}_day"] = str(end + timedelta(days=float(left) - 1e-9))
    return facts


def asked_again(desk: Desk, subject: str, as_of: str | None) -> View:
    """The view that a ref's subject (``2025-12-05;window=144``) was asked for.

    Raises :class:`UnknownReference` for options that are none.
    """
    day, *options = subject.split(";")
    told = dict(option.partition("=")[::2] for option in options)
    if unknown := told.keys() - {"window", "power", "backtest"}:
        raise UnknownReference(f"the network has no option {', '.join(sorted(unknown))}")
    try:
        window, power = int(told.get("window", DEFAULT_WINDOW)), float(told.get("power", 0) or 0)
    except ValueError:
        raise UnknownReference(f"{subject!r} is no question to the network") from None
    return desk.network(
        day, window, as_of, power_price_usd_per_kwh=power or None, backtest="backtest" in told
    )
