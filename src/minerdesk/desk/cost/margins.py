"""Break-even of each company with a filed hashcost: price, hashprice, power price, machine."""

from __future__ import annotations

from collections.abc import Sequence

from minerdesk.desk.book import Book
from minerdesk.desk.cost.balance import Day
from minerdesk.desk.cost.hashcost import Chain
from minerdesk.desk.cost.ladders import UNIT, age
from minerdesk.desk.cost.nowcast import Filed
from minerdesk.desk.cost.rows import Statements
from minerdesk.desk.views import Row
from minerdesk.measures import mining
from minerdesk.models.cost_periods import calendar_quarter
from minerdesk.records import Figure


def margin_rows(
    book: Book, stated: Statements, every: Sequence[Filed], rung: str, at: Day, chain: Chain
) -> tuple[Row, ...]:
    """The last filed quarter of each company, at the day's price and hashprice.

    Where fees of the filed quarter are not on record, hashcost and hashprice both leave fees out. The
    break-even price of a coin today is the nowcast, the break-even hashprice the hashcost; power price and
    machine are those whose energy alone eats the hashprice.
    """
    last = {one.entered.ticker: one for one in every}
    return tuple(_row(book, stated, one, rung, at, chain) for _, one in sorted(last.items()))


def _row(book: Book, stated: Statements, one: Filed, rung: str, at: Day, chain: Chain) -> Row:
    ticker, stem = one.entered.ticker, f"{one.entered.ticker}/{one.quarter}"
    end = calendar_quarter(one.quarter)[1]

    def told(item: str, unit: str) -> Figure:
        row = stated.latest(ticker, item, end)
        fresh = row is not None and (end - row["period_end"]).days < 100
        return (
            book.observed(row["ref"], row["value"], unit)
            if row and fresh
            else Figure(None, unit, "", book.as_of)
        )

    earned = at.hashprices[one.with_fees]
    machine, power = told("fleet_efficiency", "j_per_th"), told("power_price", "usd_per_kwh")
    average = told("hashrate_average_operating", "eh_s")
    stated_hashrate = average if average.value is not None else told("hashrate_energized", "eh_s")
    today = (
        book.derive(
            f"{ticker}/nowcast_{rung}_cost_usd_per_btc",
            mining.nowcast_cost_usd_per_btc,
            hashcost_usd_per_ph_day=one.hashcost,
            hashprice_btc_per_ph_day=chain.today(book, with_fees=one.with_fees),
        )
        if chain.reaches
        else Figure(None, UNIT, "", book.as_of)
    )
    return {
        "ticker": ticker,
        "quarter": one.quarter,
        "age_days": age(book, one.entered, at.day),
        "filed_usd_per_btc": one.entered.rungs[rung],
        "break_even_price_usd_per_btc": today,
        "margin_usd_per_btc": book.derive(
            f"{stem}/today_{rung}_margin_usd_per_btc",
            mining.mining_margin_usd_per_btc,
            price_usd_per_btc=at.price,
            cost_usd_per_btc=today,
        ),
        "margin_fraction": book.derive(
            f"{stem}/today_{rung}_margin_fraction",
            mining.mining_margin_fraction,
            price_usd_per_btc=at.price,
            cost_usd_per_btc=today,
        ),
        "hashcost_usd_per_ph_day": one.hashcost,
        "hashprice_usd_per_ph_day": earned,
        "basis": "with fees" if one.with_fees else "subsidy alone",
        "margin_usd_per_ph_day": book.derive(
            f"{stem}/{rung}_margin_usd_per_ph_day",
            mining.mining_margin_usd_per_ph_day,
            hashprice_usd_per_ph_day=earned,
            hashcost_usd_per_ph_day=one.hashcost,
        ),
        "break_even_power_price_usd_per_kwh": book.derive(
            f"{stem}/break_even_power_price_usd_per_kwh",
            mining.break_even_power_price_usd_per_kwh,
            hashprice_usd_per_ph_day=earned,
            efficiency_j_per_th=machine,
        ),
        "power_price_usd_per_kwh": power,
        "break_even_efficiency_j_per_th": book.derive(
            f"{stem}/break_even_efficiency_j_per_th",
            mining.break_even_efficiency_j_per_th,
            hashprice_usd_per_ph_day=earned,
            power_price_usd_per_kwh=power,
        ),
        "efficiency_j_per_th": machine,
        "realised_hashrate_eh_s": one.hashrate,
        "stated_hashrate_eh_s": stated_hashrate,
        "stated_hashrate_is": "average" if average.value is not None else "energized, period end",
        "realisation_rate_fraction": book.derive(
            f"{stem}/realisation_rate_fraction",
            mining.realisation_rate_fraction,
            realised_hashrate_eh_s=one.hashrate,
            operating_hashrate_eh_s=stated_hashrate,
        ),
    }
