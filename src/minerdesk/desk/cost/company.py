"""What one company's bitcoin costs, quarter by quarter, and its balance: the extension of the company view."""

from __future__ import annotations

from datetime import date, datetime

from minerdesk.desk.book import Book
from minerdesk.desk.cost.balance import balance_row
from minerdesk.desk.cost.hashcost import chain
from minerdesk.desk.cost.ladders import enter, ladder_row
from minerdesk.desk.cost.margins import margin_rows
from minerdesk.desk.cost.nowcast import filed
from minerdesk.desk.cost.periods import in_quarters
from minerdesk.desk.cost.rows import comparison, statements
from minerdesk.desk.cost.view import DEFAULT_ALLOCATION, DEFAULT_RUNG, bitcoin_price, day_of
from minerdesk.desk.views import Row
from minerdesk.models.cost_ladder import rung_name
from minerdesk.records import Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel


def company_cost(
    book: Book, engine: Engine, panel: MarketPanel, ticker: str, as_of: datetime, day: date
) -> tuple[dict[str, tuple[Row, ...]], tuple[Finding, ...]]:
    """Tables ``ladder`` (a row a quarter), ``margins``, ``balance``, ``filed_and_released``, and findings."""
    stated = statements(engine, as_of).of(ticker)
    quarters = in_quarters(stated)
    entered = [enter(book, own[ticker], q, DEFAULT_ALLOCATION) for q, own in sorted(quarters.items())]
    network = chain(engine, as_of)
    at = day_of(book, network, day, bitcoin_price(book, engine, as_of, day))
    rung = rung_name(DEFAULT_RUNG)
    known = filed(book, network, entered, rung)
    balance = balance_row(
        book, panel, stated, frames.rows(engine, "splits", as_of), at, ticker, known[-1] if known else None
    )
    tables = {
        "ladder": tuple(ladder_row(book, one, day) for one in entered),
        "margins": margin_rows(book, stated, known, rung, at, network),
        "balance": (balance,),
        "filed_and_released": comparison(book, stated),
    }
    told = (f for one in entered for f in (*one.piece.findings, *one.ladder.findings))
    return tables, tuple(dict.fromkeys(told))
