"""What comes next: the retarget, the halving, how hashrate answers to hashprice, and how well that held."""

from __future__ import annotations

import numpy as np

from minerdesk import units
from minerdesk.consensus import BLOCKS_PER_EPOCH
from minerdesk.desk.book import Book
from minerdesk.desk.network.days import Chain
from minerdesk.desk.views import Row
from minerdesk.errors import InputError
from minerdesk.models.hashrate_history import MonthlyHistory, monthly_history, release_year
from minerdesk.models.hashrate_response import LEAST_MONTHS, fit_response
from minerdesk.models.retarget import HALVING_EPOCHS, estimate_halving, forecast_retarget
from minerdesk.records import Figure, end_of_day

#: Past retargets that tell how far hashrate wanders: two years.
PAST_RETARGETS = 52
#: The backtest's first origin: two years after the first weekly close on record. Its seed is part of it.
FIRST_ORIGIN = "2019-08"
BACKTEST_SEED = 20_251_205
BACKTEST_PATHS = 400


def retarget(book: Book, chain: Chain) -> dict[str, Figure]:
    """Forecast of the next change of difficulty with its band, and the days until it; missing before 146
    blocks of the epoch. The time so far runs to the end of the day."""
    epoch = chain.epochs[-1]
    done = chain.height - epoch.first_height
    seconds = (end_of_day(chain.day) - epoch.start).total_seconds()
    levels = np.array([e.difficulty for e in chain.epochs[-PAST_RETARGETS - 1 :]])
    found = forecast_retarget(done, seconds, levels[1:] / levels[:-1] - 1.0)
    refs = (f"bitcoin_days/{chain.day}", epoch.ref)
    past = f"difficulty_epochs/{chain.epochs[-len(levels)].first_height}..{epoch.first_height}"
    note = (
        f"{found.confidence:.0%} interval; hashrate wanders by {found.drift:.1%} within an epoch"
        if found
        else "too few blocks of the epoch yet"
    )
    per_day = units.SECONDS_PER_DAY
    values: dict[str, tuple[float | None, str]] = {
        "next_retarget_fraction": (found.change_fraction if found else None, "fraction"),
        "next_retarget_low_fraction": (found.low_fraction if found else None, "fraction"),
        "next_retarget_high_fraction": (found.high_fraction if found else None, "fraction"),
        "next_retarget_days": (found.seconds_left / per_day if found else None, "days"),
        "next_retarget_low_days": (found.seconds_left_low / per_day if found else None, "days"),
        "next_retarget_high_days": (found.seconds_left_high / per_day if found else None, "days"),
    }
    figures = {
        name: book.model(name, value, unit, "models.retarget.forecast_retarget", (*refs, past), note)
        for name, (value, unit) in values.items()
    }
    for name, blocks in (("epoch_done_blocks", done), ("epoch_left_blocks", BLOCKS_PER_EPOCH - done)):
        figures[name] = book.model(name, blocks, "blocks", "difference of heights", refs)
    return figures


def halving(book: Book, chain: Chain) -> dict[str, Figure]:
    """The next halving of the subsidy, at the pace of the last two years' epochs."""
    shown = chain.epochs[-HALVING_EPOCHS - 1 :]
    starts = np.array([e.start.timestamp() for e in shown])
    found = estimate_halving(chain.height, np.diff(starts))
    refs = (
        f"bitcoin_days/{chain.day}",
        f"difficulty_epochs/{shown[0].first_height}..{shown[-1].first_height}",
    )
    note = f"{found.confidence:.0%} interval, at block {found.height}"
    values: dict[str, tuple[float, str]] = {
        "halving_left_blocks": (found.blocks_left, "blocks"),
        "halving_subsidy_btc_per_block": (found.subsidy_btc_per_block, "btc_per_block"),
        "halving_days": (found.seconds_left / units.SECONDS_PER_DAY, "days"),
        "halving_low_days": (found.seconds_left_low / units.SECONDS_PER_DAY, "days"),
        "halving_high_days": (found.seconds_left_high / units.SECONDS_PER_DAY, "days"),
    }
    return {
        name: book.model(name, value, unit, "models.retarget.estimate_halving", refs, note)
        for name, (value, unit) in values.items()
    }


def response(book: Book, chain: Chain) -> tuple[MonthlyHistory | None, dict[str, Figure]]:
    """How hashrate answers to hashprice, fitted on the months up to the day; missing where they are few."""
    history, refs = _history(chain)
    found = fit_response(history) if history is not None and len(history) >= LEAST_MONTHS else None
    note = f"{found.months} months to {found.last_month}, Newey-West errors" if found else "too few months"
    values: dict[str, tuple[float | None, str]] = {
        "response_speed_ratio": (found.speed if found else None, "ratio"),
        "response_speed_error_ratio": (found.speed_error if found else None, "ratio"),
        "response_still_power_price_usd_per_kwh": (
            found.still_power_usd_per_kwh if found else None,
            "usd_per_kwh",
        ),
        "response_explained_fraction": (found.r_squared if found else None, "fraction"),
    }
    figures = {
        name: book.model(name, value, unit, "models.hashrate_response.fit_response", refs, note)
        for name, (value, unit) in values.items()
    }
    return history, figures


def _history(chain: Chain) -> tuple[MonthlyHistory | None, tuple[str, ...]]:
    machines = [
        (year, row["efficiency_j_per_th"]) for row in chain.machines if (year := release_year(row["release"]))
    ]
    sundays = sorted(chain.weekly)
    if not sundays or not machines:
        return None, ()
    refs = (
        f"difficulty_epochs/..{chain.epochs[-1].first_height}",
        f"bitcoin_closes/utc_week/{sundays[0]}..{sundays[-1]}",
        "asic_models/*",
    )
    try:
        history = monthly_history(
            [e.start for e in chain.epochs],
            [e.first_height for e in chain.epochs],
            [e.difficulty for e in chain.epochs],
            [end_of_day(day) for day in sundays],
            [chain.weekly[day] for day in sundays],
            [year for year, _ in machines],
            [level for _, level in machines],
        )
    except InputError:
        return None, refs
    return history, refs


def backtest_rows(book: Book, history: MonthlyHistory | None) -> tuple[Row, ...]:
    """Rolling-origin coverage of 90 % intervals by horizon, with the price known and with it bootstrapped.

    Raises :class:`InputError` where the history is too short for it.
    """
    from minerdesk.models.hashrate_backtest import backtest

    if history is None:
        raise InputError("no monthly history was known to test on")
    refs = ("difficulty_epochs/*", "bitcoin_closes/utc_week", "asic_models/*")
    rows: list[Row] = []
    for price in ("known", "bootstrapped"):
        found = backtest(
            history,
            FIRST_ORIGIN,
            np.random.default_rng(BACKTEST_SEED),
            paths=BACKTEST_PATHS,
            known_price=price == "known",
        )
        note = f"{found.confidence:.0%} intervals from {FIRST_ORIGIN}, seed {BACKTEST_SEED}, {BACKTEST_PATHS} paths"

        def figure(
            name: str, months: int, value: float, unit: str, note: str = note, at: str = price
        ) -> Figure:
            path = f"{name}/{at}/{months}"
            return book.model(path, value, unit, "models.hashrate_backtest.backtest", refs, note)

        for place, months in enumerate(found.horizons):
            hashrate, hashprice = found.difficulty, found.hashprice_usd_per_ph_day
            rows.append(
                {
                    "price": price,
                    "horizon_months": months,
                    "cases": figure("cases", months, int(hashrate.cases[place]), "count"),
                    "hashrate_coverage_fraction": figure(
                        "hashrate_coverage_fraction",
                        months,
                        float(hashrate.coverage_fraction[place]),
                        "fraction",
                    ),
                    "hashprice_coverage_fraction": figure(
                        "hashprice_coverage_fraction",
                        months,
                        float(hashprice.coverage_fraction[place]),
                        "fraction",
                    ),
                    "hashrate_error_ratio": figure(
                        "hashrate_error_ratio", months, float(hashrate.log_error[place]), "ratio"
                    ),
                    "hashprice_error_ratio": figure(
                        "hashprice_error_ratio", months, float(hashprice.log_error[place]), "ratio"
                    ),
                }
            )
    return tuple(rows)
