"""The nowcast: filed hashcost carried to the day's difficulty, its interval, and how wrong it was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.cost.hashcost import Chain
from minerdesk.desk.cost.ladders import UNIT, Entered, hashcost
from minerdesk.desk.cost.periods import quarters_between
from minerdesk.desk.views import Row
from minerdesk.measures import mining
from minerdesk.models.cost_curve import weighted_mean
from minerdesk.models.nowcast import LEAST_ERRORS, Scorecard, scorecard, with_interval
from minerdesk.records import Figure

LEVEL = 0.9


@dataclass(frozen=True)
class Filed:
    """A rung of one company and quarter per PH-day, and what a PH-day then mined in bitcoin."""

    entered: Entered
    hashrate: Figure
    hashcost: Figure
    mined_btc_per_ph_day: float
    with_fees: bool

    @property
    def quarter(self) -> str:
        return self.entered.quarter


def filed(book: Book, chain: Chain, entered: Sequence[Entered], rung: str) -> list[Filed]:
    """Every quarter whose rung is known and whose blocks are on record, oldest first."""
    found = []
    for one in sorted(entered, key=lambda e: (e.quarter, e.ticker)):
        if one.rungs[rung].value is None or (network := chain.over(book, one.quarter)) is None:
            continue
        hashrate, cost = hashcost(book, one, rung, network)
        a_ph_day = float(cost_over_coin(one.rungs[rung], cost))
        found.append(Filed(one, hashrate, cost, a_ph_day, network.with_fees))
    return found


def cost_over_coin(cost: Figure, hashcost_figure: Figure) -> float:
    """BTC a PH-day mined: hashcost over cost of a coin."""
    return float(hashcost_figure) / float(cost)


def nowcasts(book: Book, chain: Chain, every: Sequence[Filed], rung: str, today: str) -> dict[str, Figure]:
    """``nowcast_<rung>_cost_usd_per_btc`` with its bounds, and the figures it rests on.

    Each company's last filed quarter, weighted by its realised hashrate, which is what it would mine today.
    Where there is none the note of the figure says why.
    """
    name = f"nowcast_{rung}_cost_usd_per_btc"
    last = {one.entered.ticker: one for one in every}
    if not last or not chain.reaches:
        why = "no filed hashcost" if not last else "the difficulty of the day is not on record"
        return {name: Figure(None, UNIT, "", book.as_of, note=why)} | _bounds(name, book, why)
    parts: list[Figure] = []
    for ticker, one in last.items():
        parts.append(
            book.derive(
                f"{ticker}/{name}",
                mining.nowcast_cost_usd_per_btc,
                hashcost_usd_per_ph_day=one.hashcost,
                hashprice_btc_per_ph_day=chain.today(book, with_fees=one.with_fees),
            )
        )
    weights = np.array([float(one.hashrate) for one in last.values()])
    point = weighted_mean(np.array([float(part) for part in parts]), weights)
    horizon = max(1, *(quarters_between(one.quarter, today) for one in last.values()), 1)
    card = pooled(every, horizon)
    band = with_interval(point, card, LEVEL)
    ages = ", ".join(f"{t} {one.quarter}" for t, one in last.items())
    refs = [f.ref for part, one in zip(parts, last.values(), strict=True) for f in (part, one.hashrate)]
    figures = {
        name: book.model(name, point, UNIT, "mean by realised hashrate", refs, f"last filed: {ages}"),
        f"nowcast_{rung}_names": book.tally(f"nowcast_{rung}_names", len(parts), [p.ref for p in parts]),
        f"nowcast_{rung}_errors_used": book.tally(
            f"nowcast_{rung}_errors_used", band.errors_used, [one.hashcost.ref for one in every]
        ),
    }
    if band.low_usd_per_btc is None:
        why = f"past errors over {horizon} quarters: {band.errors_used}; an interval takes {LEAST_ERRORS}"
        return figures | _bounds(name, book, why)
    for side, value in (("low", band.low_usd_per_btc), ("high", band.high_usd_per_btc)):
        label = f"{name.removesuffix('_usd_per_btc')}_{side}_usd_per_btc"
        figures[label] = book.model(
            label, value, UNIT, "models.nowcast.with_interval, 90 %", [figures[name].ref, *refs]
        )
    return figures


def _bounds(name: str, book: Book, why: str) -> dict[str, Figure]:
    stem = name.removesuffix("_usd_per_btc")
    return {
        f"{stem}_{side}_usd_per_btc": Figure(None, UNIT, "", book.as_of, note=why) for side in ("low", "high")
    }


def cards(every: Sequence[Filed], horizon: int) -> dict[str, Scorecard]:
    """Each company's past nowcasts at a horizon; quarters not filed are gaps."""
    made = {}
    for ticker in dict.fromkeys(one.entered.ticker for one in every):
        own = {one.quarter: one for one in every if one.entered.ticker == ticker}
        names = _consecutive(min(own), max(own))
        cost = [float(own[q].hashcost) if q in own else np.nan for q in names]
        mined = [own[q].mined_btc_per_ph_day if q in own else np.nan for q in names]
        made[ticker] = scorecard(names, cost, mined, horizon)
    return made


def pooled(every: Sequence[Filed], horizon: int) -> Scorecard:
    """The errors of all companies at one horizon as one card: a single company files too few quarters."""
    own = list(cards(every, horizon).values())

    def joined(name: str) -> np.ndarray:
        return np.concatenate([getattr(card, name) for card in own]) if own else np.empty(0)

    return Scorecard(
        tuple(period for card in own for period in card.periods),
        horizon,
        joined("nowcast_usd_per_btc"),
        joined("filed_usd_per_btc"),
        joined("log_errors"),
    )


def score_rows(
    book: Book, every: Sequence[Filed], rung: str, horizons: Sequence[int] = (1, 2)
) -> tuple[Row, ...]:
    """The scorecard: what each quarter would have been nowcast, what came, the error."""
    own = {(one.entered.ticker, one.quarter): one for one in every}
    rows: list[Row] = []
    for horizon in horizons:
        for ticker, card in cards(every, horizon).items():
            for place, quarter in enumerate(card.periods):
                here = own[ticker, quarter]
                before = next(q for t, q in own if t == ticker and quarters_between(q, quarter) == horizon)
                stem = f"{ticker}/{quarter}/{rung}_nowcast_{horizon}"
                inputs = (own[ticker, before].hashcost.ref, here.hashcost.ref, here.entered.rungs[rung].ref)
                method = f"models.nowcast.scorecard, {horizon} quarters ahead"
                told = float(card.nowcast_usd_per_btc[place])
                rows.append(
                    {
                        "ticker": ticker,
                        "quarter": quarter,
                        "horizon_quarters": horizon,
                        "from_quarter": before,
                        "nowcast_usd_per_btc": book.model(f"{stem}_usd_per_btc", told, UNIT, method, inputs),
                        "filed_usd_per_btc": here.entered.rungs[rung],
                        "error_fraction": book.model(
                            f"{stem}_error_fraction",
                            float(card.errors_fraction[place]),
                            "fraction",
                            method,
                            inputs,
                        ),
                    }
                )
    return tuple(rows)


def _consecutive(first: str, last: str) -> list[str]:
    start = int(first[:4]) * 4 + int(first[5]) - 1
    return [f"{(start + k) // 4}Q{(start + k) % 4 + 1}" for k in range(quarters_between(first, last) + 1)]
