"""The sector over time: index, sessions, earlier weeks, exposure to bitcoin and to the AI basket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minerdesk.desk.book import Book
from minerdesk.desk.calendar import Week, weeks_before
from minerdesk.desk.views import Row
from minerdesk.measures import market
from minerdesk.models.regression import Regression, ols
from minerdesk.models.sector_index import IndexPath, Variant, sector_index
from minerdesk.records import Figure
from minerdesk.store.panel import MarketPanel

Floats = NDArray[np.float64]

BETA_SESSIONS = 60
HAC_LAGS = 5
AI_BASKET = ("NVDA", "CRWV")
VARIANTS: tuple[Variant, ...] = ("cap", "capped", "equal")
HISTORY_WEEKS = 10


@dataclass(frozen=True)
class Sector:
    """The universe over all sessions: membership ``(sessions, tickers)``, index paths, bitcoin closes (NaN
    where there is none) on the days of the sessions."""

    panel: MarketPanel
    member: NDArray[np.bool_]
    paths: dict[Variant, IndexPath]
    bitcoin_usd: Floats

    def refs(self, start: date, end: date) -> tuple[str, ...]:
        """What anything computed from closes, counts and splits over a span rests on."""
        return (f"closes/*/{start}..{end}", f"share_counts/*/..{end}/*", f"splits/*/{start}..{end}")


def sector(panel: MarketPanel, companies: list[dict[str, Any]], bitcoin: dict[date, float]) -> Sector:
    """Membership by date and the three indices from the first session on."""
    spans = {c["ticker"]: (c["in_universe_from"], c["in_universe_to"]) for c in companies}
    member = np.zeros(panel.close_usd.shape, dtype=bool)
    for place, ticker in enumerate(panel.tickers):
        if ticker in spans:
            first, last = spans[ticker]
            member[:, place] = [first <= s and (last is None or s <= last) for s in panel.sessions]
    closes = panel.carried_close_usd()
    rebalance = _rebalances(panel.sessions)
    paths = {
        v: sector_index(closes, panel.outstanding_shares, panel.split_ratio, member, rebalance, v)
        for v in VARIANTS
    }
    return Sector(panel, member, paths, np.array([bitcoin.get(s, np.nan) for s in panel.sessions]))


def _rebalances(sessions: tuple[date, ...]) -> NDArray[np.bool_]:
    """True on the last session of March, June, September and December. The archive's last session counts
    only from the 30th on: before that, another of its month may still come."""
    flags = np.zeros(len(sessions), dtype=bool)
    for row, session in enumerate(sessions):
        if session.month % 3:
            continue
        following = sessions[row + 1] if row + 1 < len(sessions) else None
        flags[row] = following.month != session.month if following else session.day >= 30
    return flags


def exposure(book: Book, whole: Sector, week: Week) -> dict[str, Figure]:
    """Beta to bitcoin over 60 sessions, divergence of the week, two-factor exposure.

    Both regressions run over the sessions that end with the week, so the week's residuals are in sample;
    ``divergence_out_of_sample_z`` repeats the test with the 60 sessions before the week.
    """
    panel = whole.panel
    end, start = panel.row(week.end), panel.row(week.start)
    sector_log = np.diff(np.log(whole.paths["cap"].level))
    bitcoin_log = np.diff(np.log(whole.bitcoin_usd))
    basket = _basket_log(panel)
    names = {
        "beta_to_btc": "beta",
        "beta_to_btc_se": "beta",
        "divergence_z": "z",
        "divergence_out_of_sample_z": "z",
        "two_factor_beta_to_btc": "beta",
        "two_factor_beta_to_ai": "beta",
        "two_factor_beta_to_ai_se": "beta",
    }
    values: dict[str, float | None] = dict.fromkeys(names)
    inside = slice(max(end - BETA_SESSIONS, 0), end)
    before = slice(max(start - BETA_SESSIONS, 0), start)
    fit = _fit(sector_log[inside], bitcoin_log[inside][:, None])
    if fit:
        values["beta_to_btc"], values["beta_to_btc_se"] = fit.slopes[0], fit.slope_errors[0]
        values["divergence_z"] = _z(fit.residuals[-(end - start) :], fit.residual_sd)
    fit = _fit(sector_log[before], bitcoin_log[before][:, None])
    if fit:
        expected = fit.predict(bitcoin_log[start:end][:, None])
        values["divergence_out_of_sample_z"] = _z(sector_log[start:end] - expected, fit.residual_sd)
    fit = _fit(sector_log[inside], np.column_stack([bitcoin_log[inside], basket[inside]]))
    if fit:
        values["two_factor_beta_to_btc"], values["two_factor_beta_to_ai"] = fit.slopes
        values["two_factor_beta_to_ai_se"] = fit.slope_errors[1]
    first = panel.sessions[max(end - BETA_SESSIONS, 0)]
    refs = (*whole.refs(first, week.end), f"bitcoin_closes/utc_day/{first}..{week.end}")
    note = f"{BETA_SESSIONS} sessions, Newey-West errors with {HAC_LAGS} lags"
    return {
        name: book.model(name, values[name], unit, "models.regression.ols", refs, note)
        for name, unit in names.items()
    }


def _fit(y: Floats, x: Floats) -> Regression | None:
    """The regression, or none where sessions are too few or have gaps: no beta from less than the window."""
    if len(y) < BETA_SESSIONS or not np.isfinite(y).all() or not np.isfinite(x).all():
        return None
    return ols(y, x, hac_lags=HAC_LAGS)


def _z(residuals: Floats, sd: float) -> float:
    return float(residuals.sum() / (sd * np.sqrt(len(residuals))))


def _basket_log(panel: MarketPanel) -> Floats:
    """Daily log return of the equal-weighted AI basket, shape ``(sessions - 1,)``."""
    places = [panel.tickers.index(t) for t in AI_BASKET if t in panel.tickers]
    if len(places) < len(AI_BASKET):
        return np.full(len(panel.sessions) - 1, np.nan)
    closes = panel.close_usd[:, places]
    change = market.price_return_fraction(closes[:-1], closes[1:], panel.split_ratio[1:, places])
    basket: Floats = np.log1p(change.mean(axis=1))
    return basket


def index_rows(book: Book, whole: Sector, week: Week) -> tuple[Row, ...]:
    """Level at both ends and return, by variant."""
    panel = whole.panel
    rows: list[Row] = []
    for variant, path in whole.paths.items():
        ends = [
            book.model(
                f"index/{variant}/{day}",
                path.level[panel.row(day)],
                "index",
                "models.sector_index",
                whole.refs(panel.sessions[0], day),
            )
            for day in (week.start, week.end)
        ]
        change = book.derive(
            f"index/{variant}/return_fraction",
            market.change_fraction,
            before_ratio=ends[0],
            after_ratio=ends[1],
        )
        rows.append(
            {"variant": variant, "level_start": ends[0], "level_end": ends[1], "return_fraction": change}
        )
    return tuple(rows)


def session_rows(book: Book, whole: Sector, week: Week) -> tuple[Row, ...]:
    """The last 61 sessions: index and bitcoin on one clock, rebased by whoever draws them."""
    panel = whole.panel
    end = panel.row(week.end)
    rows: list[Row] = []
    for row in range(max(end - BETA_SESSIONS, 0), end + 1):
        day = panel.sessions[row]
        bitcoin = None if np.isnan(whole.bitcoin_usd[row]) else float(whole.bitcoin_usd[row])
        level = book.model(
            f"index/cap/{day}",
            whole.paths["cap"].level[row],
            "index",
            "models.sector_index",
            whole.refs(panel.sessions[0], day),
        )
        rows.append(
            {
                "session": day,
                "sector_index": level,
                "btc_close_usd": book.observed(f"bitcoin_closes/utc_day/{day}", bitcoin, "usd"),
            }
        )
    return tuple(rows)


def history_rows(book: Book, whole: Sector, week: Week) -> tuple[Row, ...]:
    """The last ten weeks: return, breadth, turnover and for how many names it is known."""
    panel = whole.panel
    rows: list[Row] = []
    for past in weeks_before(week, panel.sessions, HISTORY_WEEKS):
        start, end = panel.row(past.start), panel.row(past.end)
        own = whole.member[end]
        with np.errstate(invalid="ignore"):
            change = market.price_return_fraction(
                panel.close_usd[start], panel.close_usd[end], panel.growth(start, end)
            )
            cap = market.market_cap_usd(panel.outstanding_shares[start], panel.close_usd[start])
            known = own & np.isfinite(change) & np.isfinite(cap)
            effect = market.price_effect_usd(panel.outstanding_shares[start], panel.close_usd[start], change)
            returned = market.sector_return_fraction(effect[known].sum(), cap[known].sum())
            days = slice(start + 1, end + 1)
            spent = market.turnover_usd(panel.close_usd[days], panel.share_volume[days]).sum(axis=0)
        traded = own & np.isfinite(spent)
        span = f"{past.start}..{past.end}"
        closes = (f"closes/*/{span}",)
        flows = (*closes, f"volumes/*/{span}")
        at = f"history/{past.end}"
        bitcoin = whole.bitcoin_usd[[start, end]]
        rows.append(
            {
                "week_ending": past.end,
                "sessions": len(past.sessions),
                "sector_return_fraction": book.model(
                    f"{at}/sector_return_fraction",
                    returned,
                    "fraction",
                    "measures.market.sector_return_fraction",
                    whole.refs(past.start, past.end),
                ),
                "btc_return_fraction": book.model(
                    f"{at}/btc_return_fraction",
                    float(market.bitcoin_return_fraction(*bitcoin)),
                    "fraction",
                    "measures.market.bitcoin_return_fraction",
                    tuple(f"bitcoin_closes/utc_day/{day}" for day in (past.start, past.end)),
                ),
                "advancers": book.model(
                    f"{at}/advancers", int(market.rises_count(change[known]).sum()), "count", "sum", closes
                ),
                "decliners": book.model(
                    f"{at}/decliners", int(market.falls_count(change[known]).sum()), "count", "sum", closes
                ),
                "turnover_usd": book.model(
                    f"{at}/turnover_usd",
                    float(spent[traded].sum()) if traded.any() else None,
                    "usd",
                    "sum",
                    flows,
                ),
                "turnover_names": book.model(
                    f"{at}/turnover_names", int(traded.sum()), "count", "count", flows
                ),
            }
        )
    return tuple(rows)
