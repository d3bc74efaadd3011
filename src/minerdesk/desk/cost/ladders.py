"""Ladders as figures: the lines from rows, the rungs from measures, each traceable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from minerdesk.desk.book import Book
from minerdesk.desk.cost.hashcost import Period
from minerdesk.desk.cost.periods import Piece
from minerdesk.desk.views import Row
from minerdesk.measures import mining
from minerdesk.models.cost_ladder import FLOWS, OPTIONAL, RUNGS, Allocation, Ladder, ladder
from minerdesk.records import Figure

UNIT = "usd_per_btc"


@dataclass(frozen=True)
class Entered:
    """A company's ladder of a quarter in the book: ``rungs`` by name, missing ones without a value."""

    ladder: Ladder
    quarter: str
    piece: Piece
    lines: Mapping[str, Figure]
    rungs: Mapping[str, Figure]

    @property
    def ticker(self) -> str:
        return self.ladder.ticker


def rung_figure(name: str) -> str:
    """``cash`` -> ``cash_cost_usd_per_btc``, the measure and the figure of a rung."""
    return f"{name}_cost_usd_per_btc"


def enter(
    book: Book, piece: Piece, quarter: str, allocate: Allocation, *, as_default: bool = True
) -> Entered:
    """The ladder of ``piece`` in the book, under ``TICKER/QUARTER/``; with another rule than the view's
    own under ``TICKER/QUARTER/allocate=none/``."""
    made = ladder(piece.lines, allocate)
    stem = f"{made.ticker}/{quarter}" + ("" if as_default else f"/allocate={allocate}")
    lines = {
        name: _line(book, f"{made.ticker}/{quarter}/{name}", piece, name, value)
        for name in FLOWS
        if (value := getattr(made.lines, name)) is not None
    }
    share: Figure | float = 1.0
    if allocate != "none" and made.mining_share_fraction is not None:
        share = book.model(
            f"{made.ticker}/{quarter}/{allocate}_share_fraction",
            made.mining_share_fraction,
            "fraction",
            "models.cost_ladder.allocation_shares",
            [f.ref for name, f in lines.items() if name in ("mining_revenue_usd", "total_revenue_usd")],
        )
    given: dict[str, Figure | float] = {
        **dict.fromkeys(OPTIONAL, 0.0),
        **lines,
        "mining_share_fraction": share,
    }
    rungs: dict[str, Figure] = {}
    for rung in made.rungs:
        name = rung_figure(rung.name)
        if rung.usd_per_btc is None:
            rungs[rung.name] = Figure(None, UNIT, "", book.as_of, note=", ".join(rung.missing))
            continue
        formula = getattr(mining, name)
        inputs = formula.__annotations__.keys() - {"return"}
        below = {rung_figure(r): figure for r, figure in rungs.items()}
        rungs[rung.name] = book.derive(f"{stem}/{name}", formula, **{i: (given | below)[i] for i in inputs})
    return Entered(made, quarter, piece, lines, rungs)


def _line(book: Book, name: str, piece: Piece, line: str, value: float) -> Figure:
    """A line as the row it stands in, or as what was made of several."""
    unit = "btc" if line == "mined_btc" else "usd"
    refs = piece.refs.get(line, ())
    if len(refs) == 1 and not piece.how:
        return book.observed(refs[0], value, unit)
    return book.model(name, value, unit, piece.how or "sum of lines, credits put back", refs)


def age(book: Book, entered: Entered, as_of: date) -> Figure:
    """Days from the end of the period to ``as_of``."""
    refs = list(dict.fromkeys(f.ref for f in entered.lines.values()))
    name = f"{entered.ticker}/{entered.quarter}/age_days"
    return book.model(
        name, entered.ladder.age_days(as_of), "days", "days from the end of the period", refs[:1]
    )


def ladder_row(book: Book, entered: Entered, as_of: date) -> Row:
    """A line of the ladder's table: rungs, allocation, period, age, what is not stated."""
    lines = entered.ladder.lines
    row: Row = {"ticker": entered.ticker, "quarter": entered.quarter}
    row |= {rung_figure(name): entered.rungs[name] for name in RUNGS}
    row |= {
        "mined_btc": entered.lines.get("mined_btc"),
        "allocation": entered.ladder.allocation,
        "period_start": lines.period_start,
        "period_end": lines.period_end,
        "age_days": age(book, entered, as_of),
        "how": entered.piece.how or "as stated",
        "interpolated_percent": round(100 * lines.interpolated_fraction),
        "not_stated": ", ".join(entered.ladder.not_stated),
        "missing_lines": ", ".join(entered.ladder.rung("all_in").missing),
    }
    return row


def hashcost(book: Book, entered: Entered, rung: str, network: Period) -> tuple[Figure, Figure]:
    """Realised hashrate in EH/s and the rung per PH-day; missing where the rung or the count is."""
    mined, cost = entered.lines.get("mined_btc"), entered.rungs[rung]
    stem = f"{entered.ticker}/{entered.quarter}"
    nothing = Figure(None, "eh_s", "", book.as_of)
    if mined is None:
        return nothing, Figure(None, "usd_per_ph_day", "", book.as_of)
    hashrate = book.derive(
        f"{stem}/realised_hashrate_eh_s",
        mining.realised_hashrate_eh_s,
        mined_btc=mined,
        network_work_hashes=network.work_hashes,
        rewards_btc=network.rewards_btc,
        period_seconds=float(network.days * 86_400),
    )
    ph_days = book.derive(
        f"{stem}/realised_ph_days",
        mining.realised_ph_days,
        realised_hashrate_eh_s=hashrate,
        period_days=float(network.days),
    )
    return hashrate, book.derive(
        f"{stem}/{rung}_hashcost_usd_per_ph_day",
        mining.hashcost_usd_per_ph_day,
        cost_usd_per_btc=cost,
        mined_btc=mined,
        realised_ph_days=ph_days,
    )
