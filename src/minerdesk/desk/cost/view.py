"""The cost of a bitcoin: ladders, the sector's figure, the curve, publishers beside it, the nowcast."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from minerdesk.desk.book import Book
from minerdesk.desk.cost.balance import Day, balance_rows
from minerdesk.desk.cost.hashcost import Chain, chain
from minerdesk.desk.cost.ladders import UNIT, Entered, enter, ladder_row
from minerdesk.desk.cost.margins import margin_rows
from minerdesk.desk.cost.nowcast import Filed, filed, nowcasts, score_rows
from minerdesk.desk.cost.periods import Piece, in_quarters, quarter_of
from minerdesk.desk.cost.rosetta import rosetta_rows, subjects
from minerdesk.desk.cost.rows import comparison, statements
from minerdesk.desk.cost.sector import LEAST_NAMES, curve_rows, left_out_rows, sector, sector_figures
from minerdesk.desk.market.names import members
from minerdesk.desk.views import View
from minerdesk.errors import InputError, UnknownReference
from minerdesk.models.cost_ladder import ALLOCATIONS, Allocation, ladder, rung_name
from minerdesk.models.cost_periods import calendar_quarter
from minerdesk.records import Figure, Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import market_panel

if TYPE_CHECKING:
    from minerdesk.desk import Desk

DEFAULT_RUNG = "d"
DEFAULT_ALLOCATION: Allocation = "revenue"
#: A price of bitcoin serves for the view's day while no older than this.
PRICE_HOLDS = timedelta(days=3)
#: Whose pair of figures the report dates.
QUOTED = "CoinShares"


def cost(
    engine: Engine,
    quarter: str | None,
    rung: str,
    allocate: str,
    as_of: datetime,
    as_of_text: str,
    day: date,
) -> View:
    """The cost of a calendar quarter (default: the last with a sector figure of ``rung``), as known.

    Raises :class:`minerdesk.errors.InputError` for a rung, rule or quarter that is none, and where nothing
    was known of the quarter.
    """
    name, rule = rung_name(rung), _rule(allocate)
    stated = statements(engine, as_of)
    quarters = in_quarters(stated)
    asked = _asked(quarters, quarter, name, as_of_text)
    book = Book(f"cost/{asked}{_parameters(name, rule)}@{as_of_text}", as_of_text)

    entered = [enter(book, piece, asked, rule) for piece in quarters[asked].values()]
    in_full = [
        enter(book, piece, asked, "none", as_default=rule == "none") for piece in quarters[asked].values()
    ]
    own = sector(book, entered)
    full = own if rule == "none" else sector(book, in_full, "allocate=none/")
    price = bitcoin_price(book, engine, as_of, day)
    figures = sector_figures(book, own, entered, name, price)
    figures["age_days"] = book.model(
        "age_days",
        (day - calendar_quarter(asked)[1]).days,
        "days",
        "days from the end of the quarter",
        [f.ref for one in entered for f in one.lines.values()][:1],
    )
    network = chain(engine, as_of)
    known = {r: _filed(book, network, quarters, rule, r) for r in dict.fromkeys(("cash", "all_in", name))}
    for r in ("cash", "all_in"):
        figures |= nowcasts(book, network, known[r], r, quarter_of(day))
    at = day_of(book, network, day, price)
    figures["hashprice_usd_per_ph_day"] = at.hashprices[True]
    published = frames.rows(engine, "published_costs", as_of)
    figures |= _quoted(book, published, day)
    universe = [c["ticker"] for c in members(frames.rows(engine, "companies", as_of), day)]
    tables = {
        "ladder": tuple(ladder_row(book, one, day) for one in entered),
        "curve": curve_rows(book, entered, name, price),
        "left_out": left_out_rows(own, entered, name, universe),
        "rosetta": rosetta_rows(
            book,
            [row for row in published if row["calendar_quarter"] == asked],
            subjects(own, full, list(zip(entered, in_full, strict=True))),
        ),
        "margins": margin_rows(book, stated, known[name], name, at, network),
        "scorecard": score_rows(book, known[name], name),
        "balance": balance_rows(
            book, market_panel(engine, as_of), stated, frames.rows(engine, "splits", as_of), at, known["cash"]
        ),
        "filed_and_released": comparison(book, stated),
    }
    told = (f for one in entered for f in (*one.piece.findings, *one.ladder.findings))
    findings = [*told, *_stored(engine, as_of)]
    return View(
        name="cost",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures,
        tables=tables,
        findings=tuple(dict.fromkeys(findings)),
        facts={
            "quarter": asked,
            "rung": name,
            "allocation": rule,
            "covered": " ".join(own.costs[name].tickers),
            "price_day": price.ref.rsplit("/", 1)[-1] if price.ref else "",
            "quoted_quarter": _quoted_quarter(published) or "",
        },
        nodes=book.nodes,
    )


def asked_again(desk: Desk, subject: str, as_of: str | None) -> View:
    """The view whose refs start with ``cost/<subject>``. Raises :class:`UnknownReference` for another."""
    quarter, *told = subject.split(";")
    asked = dict(one.partition("=")[::2] for one in told)
    if not asked.keys() <= {"rung", "allocate"}:
        raise UnknownReference(f"{subject!r} is no question about costs")
    return desk.cost(quarter, **asked, as_of=as_of)


def _rule(text: str) -> Allocation:
    for rule in ALLOCATIONS:
        if rule == text.lower():
            return rule
    raise InputError(f"no allocation {text!r}; there are {', '.join(ALLOCATIONS)}")


def _parameters(rung: str, rule: str) -> str:
    """What tells a question from the default one, in its refs."""
    told = [f"rung={rung}"] if rung != rung_name(DEFAULT_RUNG) else []
    told += [f"allocate={rule}"] if rule != DEFAULT_ALLOCATION else []
    return "".join(f";{one}" for one in told)


def _asked(quarters: dict[str, dict[str, Piece]], quarter: str | None, rung: str, as_of_text: str) -> str:
    if quarter is not None:
        first, _ = calendar_quarter(quarter)
        asked = quarter_of(first)
        if asked not in quarters:
            known = f"; known are {min(quarters)} to {max(quarters)}" if quarters else ""
            raise InputError(f"no filing of {asked} was known on {as_of_text}{known}")
        return asked
    for name in sorted(quarters, reverse=True):
        made = [ladder(piece.lines) for piece in quarters[name].values()]
        if sum(one.rung(rung).usd_per_btc is not None for one in made) >= LEAST_NAMES:
            return name
    raise InputError(f"no quarter with the cost of {LEAST_NAMES} names or more was known on {as_of_text}")


def bitcoin_price(book: Book, engine: Engine, as_of: datetime, day: date) -> Figure:
    """The last close of the UTC day known, where it is fresh."""
    closes = [r for r in frames.rows(engine, "bitcoin_closes", as_of) if r["clock"] == "utc_day"]
    last = max(closes, key=lambda r: r["day"], default=None)
    if last is None or day - last["day"] > PRICE_HOLDS:
        return Figure(None, UNIT, "", book.as_of, note="no close of bitcoin on record for the day")
    return book.observed(last["ref"], last["close_usd"], UNIT)


def day_of(book: Book, network: Chain, day: date, price: Figure) -> Day:
    """The day a view is struck on: price and hashprice, with fees and of the subsidy alone."""
    return Day(day, price, {fees: network.today_usd(book, price, with_fees=fees) for fees in (True, False)})


def _filed(
    book: Book, network: Chain, quarters: dict[str, dict[str, Piece]], rule: Allocation, rung: str
) -> list[Filed]:
    """Every company and quarter whose ``rung`` is known, per PH-day."""
    every: list[Entered] = []
    for quarter, pieces in sorted(quarters.items()):
        for piece in pieces.values():
            if ladder(piece.lines, rule).rung(rung).usd_per_btc is not None:
                every.append(enter(book, piece, quarter, rule))
    return filed(book, network, every, rung)


def _quoted_quarter(published: list[dict[str, Any]]) -> str | None:
    """The last quarter of which the publisher's all-in figure of the sector was known."""
    own = (r for r in published if r["publisher"] == QUOTED and r["company"] == "sector")
    return max(
        (r["calendar_quarter"] for r in own if r["publisher_measure"].startswith("all-in")), default=None
    )


def _quoted(book: Book, published: list[dict[str, Any]], day: date) -> dict[str, Figure]:
    """The pair of figures the press quotes, and its age: cash and all-in of the last quarter published."""
    quarter = _quoted_quarter(published)
    figures = {}
    for name in ("cash", "all_in"):
        row = next(
            (
                r
                for r in published
                if (r["calendar_quarter"], r["publisher"], r["company"]) == (quarter, QUOTED, "sector")
                and r["publisher_measure"].startswith(name.replace("_", "-"))
            ),
            None,
        )
        figures[f"published_{name}_cost_usd_per_btc"] = (
            book.observed(row["ref"], row["cost_usd_per_btc"], UNIT)
            if row
            else Figure(None, UNIT, "", book.as_of)
        )
    age = (day - calendar_quarter(quarter)[1]).days if quarter else None
    refs = [f.ref for f in figures.values() if f.ref]
    figures["published_age_days"] = book.model(
        "published_age_days", age, "days", "days from the end of the quarter", refs
    )
    return figures


def _stored(engine: Engine, as_of: datetime) -> list[Finding]:
    """Findings about the filings that were read."""
    fields = ("kind", "severity", "subject", "detail", "source", "name", "locator", "day", "snapshot")
    read = {"filing_facts.csv", "published_costs.csv"}
    return [
        Finding(**{k: row[k] for k in fields})
        for row in frames.findings(engine, as_of)
        if row["name"] in read or (row["source"] in ("ixbrl", "companyfacts"))
    ]
