"""What an event study needs of the market: returns of every name, each with bitcoin and the sector without it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minerdesk.desk.book import Book
from minerdesk.desk.market.sector import AI_BASKET
from minerdesk.errors import InputError, NoSession
from minerdesk.models.event_study import AlignedReturns, EventStudy, WindowReturn, align, study_event
from minerdesk.records import Figure
from minerdesk.store import frames
from minerdesk.store.engine import Engine
from minerdesk.store.panel import MarketPanel, market_panel

Floats = NDArray[np.float64]

#: Half the width of an interval in standard errors: it leaves out zero where the cause rule says beyond chance.
INTERVAL_SE = 1.96
METHOD = "models.event_study.study_event"


@dataclass(frozen=True)
class EventMarket:
    """The market as of one instant. ``aligned`` holds log returns of the panel's tickers with the factors
    (bitcoin, sector without the name); ``member`` ``(sessions, tickers)`` the universe; ``btc`` and ``ai``
    ``(sessions,)`` log returns of bitcoin and the AI basket, NaN in the first row."""

    panel: MarketPanel
    companies: tuple[dict[str, Any], ...]
    member: NDArray[np.bool_]
    aligned: AlignedReturns
    btc: Floats
    ai: Floats

    @property
    def sessions(self) -> tuple[date, ...]:
        return self.panel.sessions

    @property
    def first_session(self) -> dict[str, int]:
        """Row of the first price of every company of the universe that has one."""
        listed = zip(self.panel.tickers, self.aligned.listed, strict=True)
        known = {c["ticker"] for c in self.companies}
        return {ticker: int(row) for ticker, row in listed if ticker in known}

    def study(self, ticker: str, at: int) -> EventStudy | None:
        """The study of ``ticker`` at session row ``at``; ``None`` where it has no price by then."""
        if ticker not in self.first_session:
            return None
        try:
            return study_event(self.aligned, at, name=self.panel.column(ticker))
        except InputError:
            return None

    def refs(self, start: int, end: int) -> tuple[str, ...]:
        """What a study rests on whose first session is row ``start`` and whose last is row ``end``."""
        a, b = self.sessions[max(start, 0)], self.sessions[min(end, len(self.sessions) - 1)]
        return (
            f"closes/*/{a}..{b}",
            f"share_counts/*/..{b}/*",
            f"splits/*/{a}..{b}",
            f"bitcoin_closes/utc_day/{a}..{b}",
        )


def event_market(engine: Engine, as_of: datetime) -> EventMarket:
    """Read the market as known at ``as_of``. Raises :class:`NoSession` where no session was known then."""
    panel = market_panel(engine, as_of)
    if len(panel.sessions) < 2:
        raise NoSession("fewer than two sessions were known then: no return can be studied")
    companies = frames.rows(engine, "companies", as_of)
    closes = {
        row["day"]: row["close_usd"]
        for row in frames.rows(engine, "bitcoin_closes", as_of)
        if row["clock"] == "utc_day"
    }
    member = np.zeros(panel.close_usd.shape, dtype=bool)
    for company in companies:
        if company["ticker"] in panel.tickers:
            first, last = company["in_universe_from"], company["in_universe_to"]
            inside = [first <= s and (last is None or s <= last) for s in panel.sessions]
            member[:, panel.column(company["ticker"])] = inside
    btc = log_change(np.array([closes.get(s, np.nan) for s in panel.sessions]))
    factors = np.stack(
        [np.repeat(btc[:, None], len(panel.tickers), axis=1), without_each(panel, member)], axis=2
    )
    adjusted = panel.close_usd * np.cumprod(panel.split_ratio, axis=0)
    aligned = _without_dilutions(panel, align(adjusted, factors))
    return EventMarket(panel, tuple(companies), member, aligned, btc, _basket(panel))


def _without_dilutions(panel: MarketPanel, aligned: AlignedReturns) -> AlignedReturns:
    """A "return" that holds a dilution is none: the session counts as missing for its name."""
    returns, spans = aligned.returns.copy(), aligned.spans.copy()
    for found in panel.findings:
        if found.kind == "return_holds_dilution" and found.day and found.subject in panel.tickers:
            row = bisect_left(panel.sessions, found.day)
            if row < len(panel.sessions):
                returns[row, panel.column(found.subject)] = np.nan
                spans[row, panel.column(found.subject)] = np.nan
    return replace(aligned, returns=returns, spans=spans)


def without_each(panel: MarketPanel, member: NDArray[np.bool_]) -> Floats:
    """Log return of the cap-weighted sector without each name, ``(sessions, tickers)``.

    Start shares x price change of all other members, over their start cap; a missing close carries the last
    one, as in the index. NaN in the first row and where no other name has a cap.
    """
    closes = panel.carried_close_usd()
    cap = closes[:-1] * panel.outstanding_shares[:-1]
    effect = cap * (closes[1:] * panel.split_ratio[1:] / closes[:-1] - 1.0)
    counted = member[:-1] & np.isfinite(effect)
    cap, effect = np.where(counted, cap, 0.0), np.where(counted, effect, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rest: Floats = np.log1p(
            (effect.sum(axis=1, keepdims=True) - effect) / (cap.sum(axis=1, keepdims=True) - cap)
        )
    rest[~np.isfinite(rest)] = np.nan
    return np.vstack([np.full((1, rest.shape[1]), np.nan), rest])


def log_change(levels: Floats) -> Floats:
    """Log change of each row, ``(n,)``; NaN in the first."""
    change: Floats = np.concatenate([[np.nan], np.diff(np.log(levels))])
    return change


def _basket(panel: MarketPanel) -> Floats:
    """Log return of the equal-weighted AI basket; NaN where one of its names is missing."""
    if any(ticker not in panel.tickers for ticker in AI_BASKET):
        return np.full(len(panel.sessions), np.nan)
    places = [panel.column(ticker) for ticker in AI_BASKET]
    closes = panel.close_usd[:, places] * np.cumprod(panel.split_ratio[:, places], axis=0)
    basket: Floats = np.concatenate([[np.nan], np.log((closes[1:] / closes[:-1]).mean(axis=1))])
    return basket


def window_figures(
    book: Book,
    market: EventMarket,
    stem: str,
    study: EventStudy | None,
    first: int,
    last: int,
    prefix: str = "car",
) -> dict[str, Figure]:
    """CAR of a window as a fraction, its interval, t and p as figures ``<prefix>_...``; ``stem`` names them.

    A window of which sessions are missing (not traded, or not yet come) has no figures but says so.
    """
    found = study.window(first, last) if study else None
    whole = found if found and not found.missing else None
    refs = market.refs(study.at + ESTIMATION_FIRST, study.at + last) if study else ()
    note = _note(study, found)
    return {
        name: book.model(f"{stem}/{name}", value, unit, METHOD, refs, note)
        for name, value, unit in (
            (f"{prefix}_fraction", whole.car_fraction if whole else None, "fraction"),
            (f"{prefix}_low_fraction", _bound(whole, -INTERVAL_SE) if whole else None, "fraction"),
            (f"{prefix}_high_fraction", _bound(whole, INTERVAL_SE) if whole else None, "fraction"),
            (f"{prefix}_t", whole.t if whole else None, "t"),
            (f"{prefix}_p_fraction", whole.p_value if whole else None, "fraction"),
        )
    }


#: The estimation window's first session, one earlier for the close its return starts from.
ESTIMATION_FIRST = -131


def _bound(window: WindowReturn, errors: float) -> float:
    return float(np.expm1(window.car + errors * window.standard_error))


def _note(study: EventStudy | None, window: WindowReturn | None) -> str:
    if study is None or window is None:
        return "no price of the name by then"
    model = "market model" if study.model == "market" else "return less the sector's"
    young = f", {study.history} sessions after the first price on record" if study.young else ""
    gaps = f"; {window.missing} sessions of the window missing" if window.missing else ""
    return f"{model}, {study.observations} sessions{young}{gaps}"
