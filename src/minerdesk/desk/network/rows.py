"""The figures and rows of the network view: what a hash earned, how many there were, epochs and days."""

from __future__ import annotations

from datetime import date

from minerdesk.consensus import subsidy_btc_per_block
from minerdesk.desk.book import Book
from minerdesk.desk.network.days import Chain, Window, days_of_window, window_of
from minerdesk.desk.views import Row
from minerdesk.measures import network as measures
from minerdesk.models.hashrate import HashrateEstimate, probability_above
from minerdesk.records import Figure

#: Windows shown side by side, in blocks.
WINDOWS = (144, 1_008, 2_016)
#: 1 ZH/s.
LEVEL_EH_S = 1_000.0
EPOCHS_SHOWN = 20
DAYS_SHOWN = 90


def difficulty_figure(book: Book, chain: Chain, name: str, day: date) -> Figure:
    """The difficulty in force at the end of a day."""
    epoch = chain.epoch_at(chain.days[day]["last_height"])
    return book.model(name, epoch.difficulty, "difficulty", "consensus.difficulty_of_bits", (epoch.ref,))


def earnings(book: Book, chain: Chain, day: date, difficulty: Figure, at: str = "") -> dict[str, Figure]:
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


def hashrate(book: Book, chain: Chain, window: int, days: int) -> dict[str, Figure]:
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


def window_rows(book: Book, chain: Chain, window: int) -> tuple[Row, ...]:
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


def epoch_rows(book: Book, chain: Chain) -> tuple[Row, ...]:
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


def day_rows(book: Book, chain: Chain, days: int) -> tuple[Row, ...]:
    """The last days, oldest first: the day's own hashrate, that of the window that ends with it, hashprice."""
    rows: list[Row] = []
    for day in sorted(chain.days)[-DAYS_SHOWN:]:
        at = f"/{day}"
        difficulty = difficulty_figure(book, chain, f"difficulty{at}", day)
        rows.append(
            {
                "day": day,
                "difficulty": difficulty,
                **earnings(book, chain, day, difficulty, at),
                **_estimates(book, window_of(chain, day, 1), at),
                **_estimates(book, window_of(chain, day, days), at, "window_"),
            }
        )
    return tuple(rows)
