"""Balance: enterprise value, converts by two methods, coins, runway, dilution; what is missing shows as missing.

Preferred stock and minorities that nobody states count as none, because a company without them says nothing;
the row names them under ``not_stated``. Debt, cash and coins that nobody states are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from minerdesk import units
from minerdesk.desk.book import Book
from minerdesk.desk.cost.nowcast import Filed
from minerdesk.desk.cost.rows import Statements
from minerdesk.desk.views import Row
from minerdesk.measures import balance as measures
from minerdesk.measures import market
from minerdesk.records import Figure
from minerdesk.store.panel import MarketPanel

YEAR = timedelta(days=365)
#: item -> unit of its figure
ITEMS = {
    "debt_total": "usd",
    "cash_and_equivalents": "usd",
    "preferred": "usd",
    "minority_interest": "usd",
    "btc_held": "btc",
    "hashrate_energized": "eh_s",
    "convertible_principal": "usd",
    "conversion_price": "usd",
}
#: Not stated means none.
OPTIONAL = ("preferred", "minority_interest")
COLUMNS = (
    "market_cap_usd", "debt_usd", "cash_usd", "enterprise_value_usd", "ev_if_converted_usd", "ev_treasury_method_usd",
    "held_btc", "treasury_value_usd", "hodl_adjusted_ev_usd", "ev_usd_per_eh_s", "hodl_adjusted_ev_usd_per_eh_s",
    "mnav_ratio", "burn_usd_per_month", "runway_months", "runway_with_btc_months", "dilution_year_fraction",
)  # fmt: skip


@dataclass(frozen=True)
class Day:
    """What balances are struck with: the day, the price of bitcoin, the hashprice with fees and without."""

    day: date
    price: Figure
    hashprices: Mapping[bool, Figure]


def balance_rows(
    book: Book,
    panel: MarketPanel,
    stated: Statements,
    splits: list[dict[str, Any]],
    at: Day,
    filed: list[Filed],
) -> tuple[Row, ...]:
    """A row for every company with a market cap and at least one statement of debt, cash or coins."""
    last = {one.entered.ticker: one for one in filed}
    rows = []
    for ticker in panel.tickers:
        found = {item: stated.latest(ticker, item, at.day) for item in ITEMS}
        if any(found[item] for item in ("debt_total", "cash_and_equivalents", "btc_held")):
            rows.append(balance_row(book, panel, stated, splits, at, ticker, last.get(ticker)))
    return tuple(
        row for row in rows if isinstance(c := row["market_cap_usd"], Figure) and c.value is not None
    )


def balance_row(
    book: Book,
    panel: MarketPanel,
    stated: Statements,
    splits: list[dict[str, Any]],
    at: Day,
    ticker: str,
    filed: Filed | None,
) -> Row:
    """The balance of one company at the last session known."""
    found = {item: stated.latest(ticker, item, at.day) for item in ITEMS}
    told = {
        item: book.observed(row["ref"], row["value"], ITEMS[item])
        if row
        else Figure(None, ITEMS[item], "", book.as_of)
        for item, row in found.items()
    }
    stem = f"balance/{ticker}"
    shares, close = _listed(book, panel, ticker)
    cap = book.derive(
        f"{stem}/market_cap_usd", market.market_cap_usd, outstanding_shares=shares, close_usd=close
    )
    debt, cash = told["debt_total"], told["cash_and_equivalents"]
    others: dict[str, Figure | float] = {
        "preferred_usd": told["preferred"] if found["preferred"] else 0.0,
        "minority_usd": told["minority_interest"] if found["minority_interest"] else 0.0,
        "cash_usd": cash,
    }

    def worth(name: str, equity: Figure, owed: Figure) -> Figure:
        return book.derive(
            f"{stem}/{name}", measures.enterprise_value_usd, equity_value_usd=equity, debt_usd=owed, **others
        )

    ev = worth("enterprise_value_usd", cap, debt)
    coins = {"held_btc": told["btc_held"], "price_usd_per_btc": at.price}
    hodl = book.derive(
        f"{stem}/hodl_adjusted_ev_usd", measures.hodl_adjusted_ev_usd, enterprise_value_usd=ev, **coins
    )
    treasury = book.derive(f"{stem}/treasury_value_usd", measures.treasury_value_usd, **coins)
    hashrate = told["hashrate_energized"]
    row: Row = {"ticker": ticker, "market_cap_usd": cap, "debt_usd": debt, "cash_usd": cash}
    row["enterprise_value_usd"] = ev
    row |= _converted(book, stem, told, shares, close, worth)
    row |= {
        "held_btc": told["btc_held"],
        "treasury_value_usd": treasury,
        "hodl_adjusted_ev_usd": hodl,
        "ev_usd_per_eh_s": book.derive(
            f"{stem}/ev_usd_per_eh_s",
            measures.ev_usd_per_eh_s,
            enterprise_value_usd=ev,
            operating_hashrate_eh_s=hashrate,
        ),
        "hodl_adjusted_ev_usd_per_eh_s": book.derive(
            f"{stem}/hodl_adjusted_ev_usd_per_eh_s",
            measures.ev_usd_per_eh_s,
            enterprise_value_usd=hodl,
            operating_hashrate_eh_s=hashrate,
        ),
        # a treasury of nothing has no multiple
        "mnav_ratio": book.derive(f"{stem}/mnav_ratio", measures.mnav_ratio, market_cap_usd=cap, **coins)
        if told["btc_held"].value
        else Figure(None, "ratio", "", book.as_of),
    }
    row |= _runway(book, stem, at, cash, treasury, filed)
    row["dilution_year_fraction"] = _dilution(book, stem, stated, splits, at.day, ticker, shares)
    used = [r["period_end"] for r in found.values() if r]
    row["oldest_statement"] = min(used, default=None)
    row["not_stated"] = ", ".join(item for item in ITEMS if not found[item])
    return row


def _listed(book: Book, panel: MarketPanel, ticker: str) -> tuple[Figure, Figure]:
    """Shares of all classes and the close, both at the last session that has a close of the name."""
    nothing = Figure(None, "shares", "", book.as_of), Figure(None, "usd", "", book.as_of)
    if ticker not in panel.tickers:
        return nothing
    place = panel.column(ticker)
    there = np.flatnonzero(np.isfinite(panel.close_usd[:, place]))
    if not len(there):
        return nothing
    last = int(there[-1])
    ref = panel.count_refs[last][place]
    shares = book.model(
        f"balance/{ticker}/outstanding_shares",
        float(panel.outstanding_shares[last, place]),
        "shares",
        "share count carried over splits",
        (ref,) if ref else (),
    )
    close = book.observed(
        f"closes/{ticker}/{panel.sessions[last]}", float(panel.close_usd[last, place]), "usd"
    )
    return shares, close


def _converted(
    book: Book, stem: str, told: dict[str, Figure], shares: Figure, close: Figure, worth: Any
) -> dict[str, Figure]:
    """Enterprise value with the convert as shares (if-converted), and with its excess alone (treasury)."""
    principal, price, debt = (told[i] for i in ("convertible_principal", "conversion_price", "debt_total"))
    names = ("ev_if_converted_usd", "ev_treasury_method_usd")
    if None in (principal.value, price.value, debt.value, shares.value, close.value):
        return {
            name: Figure(None, "usd", "", book.as_of, note="no convert's terms on record") for name in names
        }
    inside = book.derive(
        f"{stem}/exercised_fraction", measures.exercised_fraction, close_usd=close, exercise_price_usd=price
    )
    converted = book.derive(
        f"{stem}/if_converted_shares",
        measures.if_converted_shares,
        principal_usd=principal,
        conversion_price_usd=price,
        exercised_fraction=inside,
    )
    kept = book.derive(
        f"{stem}/if_converted_debt_usd",
        measures.if_converted_debt_usd,
        principal_usd=principal,
        exercised_fraction=inside,
    )
    underlying = book.model(
        f"{stem}/underlying_shares",
        float(principal) / float(price),
        "shares",
        "principal over conversion price",
        (principal.ref, price.ref),
    )
    excess = book.derive(
        f"{stem}/treasury_method_shares",
        measures.treasury_method_shares,
        underlying_shares=underlying,
        exercise_price_usd=price,
        close_usd=close,
        exercised_fraction=inside,
    )
    owed = book.model(
        f"{stem}/debt_if_converted_usd",
        float(debt) - float(principal) + float(kept),
        "usd",
        "debt with the convert's principal taken out where it is shares",
        (debt.ref, principal.ref, kept.ref),
    )
    figures = {}
    for name, extra, due in zip(names, (converted, excess), (owed, debt), strict=True):
        every = book.derive(
            f"{stem}/{name}_diluted_shares",
            measures.diluted_shares,
            outstanding_shares=shares,
            option_shares=0.0,
            convert_shares=extra,
        )
        equity = book.derive(
            f"{stem}/{name}_equity_usd", market.market_cap_usd, outstanding_shares=every, close_usd=close
        )
        figures[name] = worth(name, equity, due)
    return figures


def _runway(
    book: Book, stem: str, at: Day, cash: Figure, treasury: Figure, filed: Filed | None
) -> dict[str, Figure]:
    """Months that cash, and cash with the coins, last at the day's hashprice."""
    names = ("runway_months", "runway_with_btc_months")
    if filed is None:
        why = "no filed hashcost"
        burn = Figure(None, "usd_per_month", "", book.as_of, note=why)
    else:
        running = book.model(
            f"{stem}/realised_hashrate_ph_s",
            float(filed.hashrate) * units.PH_PER_EH,
            "ph_s",
            "EH/s as PH/s",
            (filed.hashrate.ref,),
        )
        burn = book.derive(
            f"{stem}/burn_usd_per_month",
            measures.cash_burn_usd_per_month,
            realised_hashrate_ph_s=running,
            hashcost_usd_per_ph_day=filed.hashcost,
            hashprice_usd_per_ph_day=at.hashprices[filed.with_fees],
        )
        why = "mining earns at this hashprice" if burn.value is not None else "no hashprice of the day"
    row = {"burn_usd_per_month": burn}
    if burn.value is None or float(burn) <= 0:
        return row | {name: Figure(None, "months", "", book.as_of, note=why) for name in names}
    both = book.total(f"{stem}/cash_and_btc_usd", "usd", (cash, treasury))
    for name, liquid in zip(names, (cash, both), strict=True):
        row[name] = book.derive(
            f"{stem}/{name}", measures.runway_months, liquid_usd=liquid, burn_usd_per_month=burn
        )
    return row


def _dilution(
    book: Book,
    stem: str,
    stated: Statements,
    splits: list[dict[str, Any]],
    day: date,
    ticker: str,
    shares: Figure,
) -> Figure:
    """Growth of the count over a year or a little more: from the last count stated a year before."""
    before = stated.latest(ticker, "shares_outstanding", day - YEAR)
    if before is None:
        return Figure(None, "fraction", "", book.as_of, note="no count of a year before on record")
    between = [
        s for s in splits if s["ticker"] == ticker and before["period_end"] < s["effective_date"] <= day
    ]
    ratio: Figure | float = 1.0
    if between:
        value = float(np.prod([s["new_shares"] / s["old_shares"] for s in between]))
        ratio = book.model(f"{stem}/split_ratio", value, "ratio", "product", [s["ref"] for s in between])
    return book.derive(
        f"{stem}/dilution_year_fraction",
        measures.dilution_fraction,
        shares_before_shares=book.observed(before["ref"], before["value"], "shares"),
        shares_now_shares=shares,
        split_ratio=ratio,
    )
