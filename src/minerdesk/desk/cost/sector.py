"""The sector's cost: every rung weighted and as a median, who is covered, who is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minerdesk.desk.book import Book
from minerdesk.desk.cost.ladders import UNIT, Entered, rung_figure
from minerdesk.desk.views import Row
from minerdesk.measures import mining
from minerdesk.models.cost_curve import SectorCost, cost_curve, sector_cost
from minerdesk.models.cost_ladder import RUNGS
from minerdesk.records import Figure

#: A company whose accounts are inside another's: its coins would count twice.
CONSOLIDATED = {"ABTC": "HUT"}
#: One company is no sector.
LEAST_NAMES = 2


@dataclass(frozen=True)
class Sector:
    """``costs`` by rung; ``weighted`` and ``median`` as figures."""

    costs: Mapping[str, SectorCost]
    weighted: Mapping[str, Figure]
    median: Mapping[str, Figure]


def sector(book: Book, entered: Sequence[Entered], stem: str = "") -> Sector:
    """Every rung over the companies that have every input of it. A figure over fewer than
    :data:`LEAST_NAMES` is missing: it would be a company's under the sector's name."""
    ladders = [one.ladder for one in entered]
    costs: dict[str, SectorCost] = {}
    weighted: dict[str, Figure] = {}
    median: dict[str, Figure] = {}
    for rung in RUNGS:
        cost = sector_cost(ladders, rung, CONSOLIDATED)
        told = f"{len(cost.tickers)} of {len(ladders)} names"
        inside = [one for one in entered if one.ticker in cost.tickers]
        refs = [f.ref for one in inside for f in (one.rungs[rung], one.lines["mined_btc"])]
        enough = len(cost.tickers) >= LEAST_NAMES
        costs[rung] = cost
        for side, into in (("weighted", weighted), ("median", median)):
            prefix = "sector" if side == "weighted" else "median"
            into[rung] = book.model(
                f"{stem}{prefix}_{rung_figure(rung)}",
                getattr(cost, f"{side}_usd_per_btc") if enough else None,
                UNIT,
                f"models.cost_curve.sector_cost, {side}",
                refs if enough else (),
                told,
            )
    return Sector(costs, weighted, median)


def sector_figures(
    book: Book, own: Sector, entered: Sequence[Entered], rung: str, price: Figure
) -> dict[str, Figure]:
    """The figures of the view: all rungs, coverage of ``rung``, margins at the day's price."""
    figures: dict[str, Figure] = {}
    for name in RUNGS:
        figures[f"sector_{rung_figure(name)}"] = own.weighted[name]
    for name in RUNGS:
        figures[f"median_{rung_figure(name)}"] = own.median[name]
    looked_at = list(dict.fromkeys(f.ref for one in entered for f in one.lines.values()))
    for name in RUNGS:
        inside = own.costs[name].tickers
        counted = [one.lines["mined_btc"].ref for one in entered if one.ticker in inside]
        figures[f"{name}_names"] = book.tally(f"{name}_names", len(inside), counted or looked_at)
    cost = own.costs[rung]
    mined = [one.lines["mined_btc"] for one in entered if "mined_btc" in one.lines]
    covered = [one.lines["mined_btc"] for one in entered if one.ticker in cost.tickers]
    figures["covered_btc"] = book.total("covered_btc", "btc", covered)
    figures["known_btc"] = book.total("known_btc", "btc", mined)
    figures["covered_fraction"] = book.derive(
        "covered_fraction",
        mining.mined_share_fraction,
        mined_btc=figures["covered_btc"],
        rewards_btc=figures["known_btc"],
    )
    figures["names"] = book.tally("names", len(entered), looked_at)
    figures["interpolated_fraction"] = book.model(
        "interpolated_fraction",
        cost.interpolated_fraction if covered else None,
        "fraction",
        "models.cost_curve.sector_cost, share of days from periods of other length",
        [f.ref for f in covered],
    )
    figures["btc_price_usd_per_btc"] = price
    for name in dict.fromkeys((rung, "cash", "all_in")):
        for measure in (mining.mining_margin_usd_per_btc, mining.mining_margin_fraction):
            unit = measure.__name__.removeprefix("mining_margin_")
            label = f"sector_{name}_margin_{unit}"
            figures[label] = book.derive(
                label, measure, price_usd_per_btc=price, cost_usd_per_btc=own.weighted[name]
            )
    return figures


def curve_rows(book: Book, entered: Sequence[Entered], rung: str, price: Figure) -> tuple[Row, ...]:
    """The cost curve, from the cheapest: cost, coins, where they lie on the axis, the margin at the price."""
    inside = {one.ticker: one for one in entered}
    kept = sector_cost([one.ladder for one in entered], rung, CONSOLIDATED).tickers
    rows: list[Row] = []
    behind: list[str] = []
    for step in cost_curve([inside[t].ladder for t in kept], rung):
        one = inside[step.ticker]
        mined, cost = one.lines["mined_btc"], one.rungs[rung]
        behind.append(mined.ref)
        margin = f"{one.ticker}/{one.quarter}/{rung}_margin"
        rows.append(
            {
                "ticker": step.ticker,
                "cost_usd_per_btc": cost,
                "mined_btc": mined,
                "cumulative_btc": book.model(
                    f"{one.ticker}/{one.quarter}/{rung}_cumulative_btc",
                    step.to_btc,
                    "btc",
                    "sum",
                    tuple(behind),
                ),
                "margin_usd_per_btc": book.derive(
                    f"{margin}_usd_per_btc",
                    mining.mining_margin_usd_per_btc,
                    price_usd_per_btc=price,
                    cost_usd_per_btc=cost,
                ),
                "margin_fraction": book.derive(
                    f"{margin}_fraction",
                    mining.mining_margin_fraction,
                    price_usd_per_btc=price,
                    cost_usd_per_btc=cost,
                ),
            }
        )
    return tuple(rows)


def left_out_rows(
    own: Sector, entered: Sequence[Entered], rung: str, universe: Sequence[str]
) -> tuple[Row, ...]:
    """Names not in the figure of ``rung``: what they are known to have mined, and what they lack."""
    known = {one.ticker: one for one in entered}
    rows: list[Row] = [
        {
            "ticker": out.ticker,
            "mined_btc": known[out.ticker].lines.get("mined_btc"),
            "missing": ", ".join(out.missing),
        }
        for out in sorted(own.costs[rung].left_out, key=lambda out: out.ticker)
    ]
    nothing = sorted(set(universe) - set(known))
    rows += [{"ticker": t, "mined_btc": None, "missing": "no figure of this quarter"} for t in nothing]
    return tuple(rows)
