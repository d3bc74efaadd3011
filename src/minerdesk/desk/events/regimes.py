"""Is it still a bitcoin stock? Betas to bitcoin and to the AI basket by name and for a frozen cohort."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from minerdesk.desk.book import Book
from minerdesk.desk.events.market import EventMarket
from minerdesk.desk.events.told import LEASE
from minerdesk.desk.views import Row
from minerdesk.errors import InputError
from minerdesk.models.regime import (
    WINDOW,
    Answer,
    BreakTest,
    break_test,
    frozen_cohort,
    is_it_still_bitcoin,
    rolling_betas,
)
from minerdesk.records import Figure
from minerdesk.store import frames
from minerdesk.store.engine import Engine

Floats = NDArray[np.float64]

#: Deals that make a name one that has turned to AI.
PIVOT_DEALS = (LEASE, "gpu_cloud_contract")
COHORT = "cohort"
METHOD = "models.regime.is_it_still_bitcoin"


@dataclass(frozen=True)
class Regimes:
    figures: dict[str, Figure]
    tables: dict[str, tuple[Row, ...]]
    facts: dict[str, str]


def regime_tables(book: Book, engine: Engine, market: EventMarket, as_of: datetime, seed: int) -> Regimes:
    """Regimes of the last sixty sessions and break tests over all, by name and for the cohort frozen on the
    first session: names of the universe then without an AI or HPC contract known by that day."""
    returns = np.where(market.aligned.spans == 1.0, market.aligned.returns, np.nan)
    frozen = market.sessions[0]
    pivoted = {
        row["ticker"]
        for row in frames.rows(engine, "deals", as_of)
        if row["deal_type"] in PIVOT_DEALS and _told_by(row["announced_text"], frozen)
    }
    members = np.array(
        [market.member[0, place] and t not in pivoted for place, t in enumerate(market.panel.tickers)]
    )
    cohort, _ = frozen_cohort(returns, members)
    last = market.member[-1]
    series = {COHORT: cohort} | {
        ticker: returns[:, place] for place, ticker in enumerate(market.panel.tickers) if last[place]
    }
    rows = tuple(_row(book, market, name, values, seed) for name, values in series.items())
    named = [t for t, inside in zip(market.panel.tickers, members, strict=True) if inside]
    figures = {
        f"{regime}_names": book.tally(
            f"regime/{regime}_count",
            sum(row["regime"] == regime for row in rows if row["name"] != COHORT),
            market.refs(0, len(market.sessions) - 1),
        )
        for regime in ("bitcoin", "ai", "both", "neither")
    }
    return Regimes(
        figures,
        {"regimes": rows, "rolling": _rolling(book, market, cohort)},
        {"cohort": " ".join(named), "cohort_frozen_on": str(frozen)},
    )


def _told_by(text: str | None, day: date) -> bool:
    """Whether a deal dated ``text`` (a day, a month or a year) may have been announced by ``day``: a name
    that perhaps had turned already is not of the cohort."""
    return bool(text) and str(text) <= str(day)[: len(str(text))]


def _row(book: Book, market: EventMarket, name: str, values: Floats, seed: int) -> Row:
    refs = _refs(market, name)
    answer, test = _answer(market, values), _break(market, values, seed, name)
    stem = f"regime/{name}"

    def put(label: str, value: float | int | None, unit: str, method: str = METHOD, note: str = "") -> Figure:
        return book.model(f"{stem}/{label}", value, unit, method, refs, note)

    note = f"last {WINDOW} sessions, Newey-West errors"
    broken = "models.regime.break_test"
    drawn = f"{test.draws} draws, seed {seed}" if test else ""
    return {
        "name": name,
        "regime": answer.regime if answer else "",
        "beta_to_btc": put("beta_to_btc", answer.beta_to_btc if answer else None, "beta", note=note),
        "beta_to_btc_se": put(
            "beta_to_btc_se", answer.beta_to_btc_error if answer else None, "beta", note=note
        ),
        "beta_to_ai": put("beta_to_ai", answer.beta_to_ai if answer else None, "beta", note=note),
        "beta_to_ai_se": put("beta_to_ai_se", answer.beta_to_ai_error if answer else None, "beta", note=note),
        "explained_btc_fraction": put(
            "explained_btc_fraction", answer.explained[0] if answer else None, "fraction"
        ),
        "explained_ai_fraction": put(
            "explained_ai_fraction", answer.explained[1] if answer else None, "fraction"
        ),
        "break_wald_ratio": put("break_wald_ratio", test.statistic if test else None, "ratio", broken, drawn),
        "break_p_fraction": put(
            "break_p_fraction", test.p_value if test else None, "fraction", broken, drawn
        ),
        "break_session": market.sessions[test.row] if test else None,
        "sessions_count": put("sessions_count", test.observations if test else 0, "count", broken),
    }


def _refs(market: EventMarket, name: str) -> tuple[str, ...]:
    every = market.refs(0, len(market.sessions) - 1)
    return (every[0], every[2], every[3])


def _answer(market: EventMarket, values: Floats) -> Answer | None:
    try:
        return is_it_still_bitcoin(values, market.btc, market.ai)
    except InputError:
        return None


def _break(market: EventMarket, values: Floats, seed: int, name: str) -> BreakTest | None:
    """The break test with a stream of its own, so that a new name changes no other's p-value."""
    rng = np.random.default_rng([seed, crc32(name.encode())])
    try:
        return break_test(values, np.column_stack([market.btc, market.ai]), rng)
    except InputError:
        return None


def _rolling(book: Book, market: EventMarket, cohort: Floats) -> tuple[Row, ...]:
    """The cohort's betas over each sixty sessions."""
    try:
        found = rolling_betas(cohort, np.column_stack([market.btc, market.ai]))
    except InputError:
        return ()
    rows: list[Row] = []
    for place, row in enumerate(found.rows):
        day, refs = market.sessions[row], market.refs(int(row) - WINDOW, int(row))
        refs = (refs[0], refs[2], refs[3])
        line: Row = {"session": day}
        for column, factor in enumerate(("btc", "ai")):
            for label, values in (
                (f"beta_to_{factor}", found.betas),
                (f"beta_to_{factor}_se", found.standard_errors),
            ):
                line[label] = book.model(
                    f"rolling/{day}/{label}",
                    float(values[place, column]),
                    "beta",
                    "models.regime.rolling_betas",
                    refs,
                )
        rows.append(line)
    return tuple(rows)
