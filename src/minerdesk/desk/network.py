"""The network on a day: difficulty, hashprice, hashrate with its interval, what comes next (definitions 3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from minerdesk.consensus import subsidy_btc_per_block
from minerdesk.desk.book import Book
from minerdesk.desk.network_days import Chain, Window, days_of_window, read_chain, window_of
from minerdesk.desk.network_fleet import DEFAULT_POWER_USD_PER_KWH, fleet
from minerdesk.desk.network_outlook import backtest_rows, halving, response, retarget
from minerdesk.desk.views import Row, View
from minerdesk.errors import UnknownReference
from minerdesk.measures import network as measures
from minerdesk.models.hashrate import HashrateEstimate, probability_above
from minerdesk.records import Figure, Finding
from minerdesk.store.engine import Engine

if TYPE_CHECKING:
    from minerdesk.desk import Desk

DEFAULT_WINDOW = 1_008
#: Windows shown side by side, in blocks.
WINDOWS = (144, 1_008, 2_016)
#: 1 ZH/s.
LEVEL_EH_S = 1_000.0
EPOCHS_SHOWN = 20
DAYS_SHOWN = 90


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

    difficulty = _difficulty(book, chain, "difficulty", chain.day)
    figures: dict[str, Figure] = {"difficulty": difficulty}
    figures |= _earnings(book, chain, chain.day, difficulty)
    figures |= _hashrate(book, chain, window, days)
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
        "windows": _windows(book, chain, window),
        "epochs": _epochs(book, chain),
        "days": _days(book, chain, days),
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


def _difficulty(book: Book, chain: Chain, name: str, day: date) -> Figure:
    """The difficulty in force at the end of a day."""
    epoch = chain.epoch_at(chain.days[day]["last_height"])
    return book.model(name, epoch.difficulty, "difficulty", "consensus.difficulty_of_bits", (epoch.ref,))


def _earnings(book: Book, chain: Chain, day: date, difficulty: Figure, at: str = "") -> dict[str, Figure]:
    """What a hash earned on a day: hashprice by the day's mean fee, at the close of the UTC day."""
    row, source = chain.days[day], (f"bitcoin_days/{day}",)

    def told(name: str, value: float, unit: str) -> Figure:
        return book.model(f"{name}{at}", value, unit, f"column {name} of the day", source)

    blocks = told("blocks", row["blocks"], "blocks")
    subsidies, fees = told("subsidy_btc", row["subsidy_btc"], "btc"), told("fees_btc", row["fees_btc"], "btc")
    close = chain.closes.get(day)
    price = book.observed(f"bitcoin_closes/utc_day/{day}" if close else "", close, "usd_per_btc")
    subsidy = book.model(
        f"subsidy_btc_per_block{at}",
        subsidy_btc_per_block(row["last_height"]),
        "btc_per_block",
        "consensus.subsidy_btc_per_block",
        source,
    )
    fee = book.derive(
        f"mean_fee_btc_per_block{at}", measures.mean_fee_btc_per_block, fees_btc=fees, window_blocks=blocks
    )
    rewards = {
        "subsidy_btc_per_block": subsidy,
        "mean_fee_btc_per_block": fee,
        "network_difficulty": difficulty,
    }
    figures = {
        "price_usd_per_btc": price,
        "blocks": blocks,
        "subsidy_btc_per_block": subsidy,
        "mean_fee_btc_per_block": fee,
        "hashprice_usd_per_ph_day": book.derive(
            f"hashprice_usd_per_ph_day{at}",
            measures.hashprice_usd_per_ph_day,
            **rewards,
            price_usd_per_btc=price,
        ),
        "hashprice_btc_per_ph_day": book.derive(
            f"hashprice_btc_per_ph_day{at}", measures.hashprice_btc_per_ph_day, **rewards
        ),
    }
    if at:
        return figures
    figures["revenue_usd_per_eh_day"] = book.derive(
        "revenue_usd_per_eh_day",
        measures.revenue_usd_per_eh_day,
        hashprice_usd_per_ph_day=figures["hashprice_usd_per_ph_day"],
    )
    figures["miner_revenue_usd"] = book.derive(
        "miner_revenue_usd",
        measures.miner_revenue_usd,
        subsidy_btc=subsidies,
        fees_btc=fees,
        price_usd_per_btc=price,
    )
    figures["fee_share_fraction"] = book.derive(
        "fee_share_fraction", measures.fee_share_fraction, subsidy_btc=subsidies, fees_btc=fees
    )
    figures["difficulty_hashrate_eh_s"] = book.derive(
        "difficulty_hashrate_eh_s", measures.difficulty_hashrate_eh_s, network_difficulty=difficulty
    )
    return figures


def _estimates(book: Book, found: Window | None, at: str = "", prefix: str = "") -> dict[str, Figure]:
    """An estimate with both ends of its interval; missing where the window is not on record."""
    refs: tuple[str, ...] = ()
    note = "days of the window are not on record"
    values: tuple[float | None, ...] = (None, None, None)
    if found:
        one: HashrateEstimate = found.estimate
        values, refs = (one.hashrate_eh_s, one.low_eh_s, one.high_eh_s), found.refs
        note = (
            f"{found.days} whole UTC days to {found.last}, {one.blocks} blocks, {one.confidence:.0%} interval"
        )
    names = (f"{prefix}hashrate{end}_eh_s" for end in ("", "_low", "_high"))
    return {
        name: book.model(f"{name}{at}", value, "eh_s", "models.hashrate.hashrate_of_days", refs, note)
        for name, value in zip(names, values, strict=True)
    }


def _probability(book: Book, found: Window | None, at: str = "") -> Figure:
    return book.model(
        f"probability_above_1_zh_s_fraction{at}",
        probability_above(found.estimate, LEVEL_EH_S) if found else None,
        "fraction",
        "models.hashrate.probability_above",
        found.refs if found else (),
        "that 1 ZH/s was passed, of this window alone",
    )


def _hashrate(book: Book, chain: Chain, window: int, days: int) -> dict[str, Figure]:
    found = window_of(chain, chain.day, days)
    figures = _estimates(book, found, prefix="network_")
    refs = found.refs if found else ()
    figures["window_blocks"] = book.model(
        "window_blocks",
        found.estimate.blocks if found else None,
        "blocks",
        "sum",
        refs,
        f"in the {days} whole UTC days nearest to {window} blocks",
    )
    figures["window_days"] = book.model("window_days", days, "days", "whole days nearest to the window", refs)
    figures["probability_above_1_zh_s_fraction"] = _probability(book, found)
    return figures


def _windows(book: Book, chain: Chain, window: int) -> tuple[Row, ...]:
    """The same day seen through several windows."""
    rows: list[Row] = []
    for blocks in sorted({*WINDOWS, window}):
        days, at = days_of_window(blocks), f"/{blocks}"
        found = window_of(chain, chain.day, days)
        refs = found.refs if found else ()
        rows.append(
            {
                "window_blocks": blocks,
                "days": book.model(f"days{at}", days, "days", "whole days nearest to the window", refs),
                "blocks": book.model(f"counted_blocks{at}", found.estimate.blocks, "blocks", "sum", refs)
                if found
                else None,
                **_estimates(book, found, at),
                "probability_above_1_zh_s_fraction": _probability(book, found, at),
            }
        )
    return tuple(rows)


def _epochs(book: Book, chain: Chain) -> tuple[Row, ...]:
    """The last epochs, newest first, each with its change from the one before."""
    shown = chain.epochs[-EPOCHS_SHOWN - 1 :]
    levels = [
        book.model(
            f"difficulty/{e.first_height}",
            e.difficulty,
            "difficulty",
            "consensus.difficulty_of_bits",
            (e.ref,),
        )
        for e in shown
    ]
    rows: list[Row] = [
        {
            "first_height": epoch.first_height,
            "start": epoch.start.date(),
            "bits": epoch.bits,
            "difficulty": new,
            "change_fraction": book.derive(
                f"retarget_fraction/{epoch.first_height}",
                measures.retarget_fraction,
                old_difficulty=old,
                new_difficulty=new,
            ),
        }
        for epoch, old, new in zip(shown[1:], levels[:-1], levels[1:], strict=True)
    ]
    return tuple(rows[::-1])


def _days(book: Book, chain: Chain, days: int) -> tuple[Row, ...]:
    """The last days, oldest first: the day's own hashrate, that of the window that ends with it, hashprice."""
    rows: list[Row] = []
    for day in sorted(chain.days)[-DAYS_SHOWN:]:
        at = f"/{day}"
        difficulty = _difficulty(book, chain, f"difficulty{at}", day)
        rows.append(
            {
                "day": day,
                "difficulty": difficulty,
                **_earnings(book, chain, day, difficulty, at),
                **_estimates(book, window_of(chain, day, 1), at),
                **_estimates(book, window_of(chain, day, days), at, "window_"),
            }
        )
    return tuple(rows)


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
