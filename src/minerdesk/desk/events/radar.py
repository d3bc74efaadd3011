"""The unlock radar: each unlock ahead against float and trade, with the move that may be expected of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.events.ahead import Ahead
from minerdesk.desk.events.market import ESTIMATION_FIRST, EventMarket
from minerdesk.desk.events.told import UNLOCK, EventList, Told
from minerdesk.desk.views import Row
from minerdesk.measures import unlock as measures
from minerdesk.models.event_study import EventStudy
from minerdesk.models.unlock import CarInterval, UnlockPrediction, predict_unlock
from minerdesk.records import Figure

#: Average share volume is that of so many sessions with a volume, at most.
VOLUME_SESSIONS = 20
#: The window an unlock is judged over, and predicted for.
WINDOW = (-1, 1)


def past_unlocks(market: EventMarket, events: EventList) -> list[tuple[Told, EventStudy]]:
    """Unlocks whose three sessions are over and complete, with their studies."""
    names = market.first_session
    told = events.of(names, market.sessions[0], market.sessions[-1])
    placed, _ = events.placed([o for o in told if o.dated.kind == UNLOCK], market.sessions, names)
    found = []
    for one in placed:
        study = market.study(one.event.ticker, one.session)
        if study and not study.window(*WINDOW).missing:
            found.append((events.told[one.event.ref], study))
    return found


def radar(
    book: Book,
    market: EventMarket,
    events: EventList,
    ahead: list[Ahead],
    stakes: list[dict[str, Any]],
) -> tuple[Row, ...]:
    """A row for each unlock in ``ahead``; what no source states stays missing."""
    past = past_unlocks(market, events)
    return tuple(
        _row(book, market, events.told[one.ref], one, stakes, past) for one in ahead if one.kind == UNLOCK
    )


def _row(
    book: Book,
    market: EventMarket,
    told: Told,
    one: Ahead,
    stakes: list[dict[str, Any]],
    past: list[tuple[Told, EventStudy]],
) -> Row:
    ticker, stem = one.ticker, f"unlock/{one.day}/{one.ticker}"
    shares = _shares(book, market, told, stem)
    close, outstanding = _last(book, market, ticker, stem)
    free = book.derive(
        f"{stem}/float_shares",
        measures.float_shares,
        outstanding_shares=outstanding,
        restricted_shares=_locked(book, stem, ticker, stakes),
    )
    volume = _volume(book, market, ticker, stem)
    basis = _basis(book, told, shares, stem)
    row: Row = {
        "day": one.day,
        "ticker": ticker,
        "tranche": one.detail,
        "unlock_shares": shares,
        "float_shares": free,
        "of_float_fraction": book.derive(
            f"{stem}/of_float_fraction",
            measures.unlock_of_float_fraction,
            unlock_shares=shares,
            float_shares=free,
        ),
        "average_volume_shares": volume,
        "volume_sessions": book.derive(
            f"{stem}/volume_sessions",
            measures.unlock_volume_sessions,
            unlock_shares=shares,
            average_volume_shares=volume,
        ),
        "holder_gain_fraction": book.derive(
            f"{stem}/holder_gain_fraction",
            measures.holder_gain_fraction,
            price_usd=close,
            cost_basis_usd=basis,
        ),
        "holder_gain_usd": book.derive(
            f"{stem}/holder_gain_usd",
            measures.holder_gain_usd,
            price_usd=close,
            cost_basis_usd=basis,
            unlock_shares=shares,
        ),
        **_prediction(book, market, ticker, stem, past),
        "source_url": told.source_url,
        "source_tier": told.source_tier,
        "ref": told.dated.ref,
    }
    return row


def _shares(book: Book, market: EventMarket, told: Told, stem: str) -> Figure:
    """Shares of the tranche on today's basis: splits since the source told it are carried."""
    stated, ticker = told.dated.shares, told.dated.ticker
    if stated is None or ticker not in market.panel.tickers:
        return Figure(None, "shares", "", book.as_of, note="no source states the number")
    then = [row for row, day in enumerate(market.sessions) if day <= told.known_at.date()]
    growth = float(
        market.panel.growth(then[-1] if then else 0, len(market.sessions) - 1)[market.panel.column(ticker)]
    )
    return book.model(
        f"{stem}/unlock_shares",
        stated * growth,
        "shares",
        "shares stated, carried over splits",
        (told.dated.ref,),
    )


def _basis(book: Book, told: Told, shares: Figure, stem: str) -> Figure:
    """What a share of the tranche was bought for: only where a source states the sum paid and the shares."""
    paid = told.dated.size_usd
    if paid is None or shares.value is None:
        return Figure(None, "usd", "", book.as_of, note="no source states the cost basis")
    return book.model(
        f"{stem}/cost_basis_usd",
        paid / float(shares),
        "usd",
        "sum paid over shares",
        (told.dated.ref, shares.ref),
    )


def _last(book: Book, market: EventMarket, ticker: str, stem: str) -> tuple[Figure, Figure]:
    """The last close and the share count in force on its session."""
    panel = market.panel
    place = panel.column(ticker) if ticker in panel.tickers else None
    if place is None or not np.isfinite(panel.close_usd[:, place]).any():
        return Figure(None, "usd", "", book.as_of), Figure(None, "shares", "", book.as_of)
    row = int(np.flatnonzero(np.isfinite(panel.close_usd[:, place]))[-1])
    close = book.observed(f"closes/{ticker}/{panel.sessions[row]}", float(panel.close_usd[row, place]), "usd")
    ref = panel.count_refs[row][place]
    if not ref:
        return close, Figure(None, "shares", "", book.as_of)
    count = float(panel.outstanding_shares[row, place])
    name = f"{stem}/outstanding_shares"
    return close, book.model(name, count, "shares", "share count carried over splits", (ref,))


def _locked(book: Book, stem: str, ticker: str, stakes: list[dict[str, Any]]) -> Figure:
    """Shares that do not trade: the stakes of listed holders are all that is on record, so that the float is
    an upper bound."""
    held = [s for s in stakes if s["held"] == ticker and s["is_default"] and s["shares"]]
    return book.model(
        f"{stem}/restricted_shares",
        float(sum(s["shares"] for s in held)),
        "shares",
        "stakes of listed holders; others are not on record",
        tuple(s["ref"] for s in held) or (f"cross_holdings/*/{ticker}",),
    )


def _volume(book: Book, market: EventMarket, ticker: str, stem: str) -> Figure:
    """Average share volume of the last sessions that have one."""
    panel, name = market.panel, f"{stem}/average_volume_shares"
    if ticker not in panel.tickers:
        return Figure(None, "shares", "", book.as_of)
    volume = panel.share_volume[:, panel.column(ticker)]
    known = np.flatnonzero(np.isfinite(volume))[-VOLUME_SESSIONS:]
    if len(known) == 0:
        return Figure(None, "shares", "", book.as_of, note="no share volume on record")
    span: tuple[date, date] = (panel.sessions[known[0]], panel.sessions[known[-1]])
    return book.model(
        name,
        float(volume[known].mean()),
        "shares",
        "mean",
        (f"volumes/{ticker}/{span[0]}..{span[1]}",),
        f"{len(known)} sessions",
    )


def _prediction(
    book: Book,
    market: EventMarket,
    ticker: str,
    stem: str,
    past: list[tuple[Told, EventStudy]],
) -> dict[str, Figure]:
    """Predicted CAR of three sessions from the literature alone, and updated by the desk's own unlocks."""
    last = len(market.sessions) - 1
    # the forecast error of a window of this length, from the newest one that can be studied
    study = market.study(ticker, last - WINDOW[1])
    error = study.window(*WINDOW).standard_error if study else float("nan")
    windows = [s.window(*WINDOW) for _, s in past]
    predicted: UnlockPrediction | None = None
    if np.isfinite(error):
        predicted = predict_unlock(error, [w.car for w in windows], [w.standard_error for w in windows])
    own = market.refs(last + ESTIMATION_FIRST, last)
    refs = tuple(dict.fromkeys([*own, *(told.dated.ref for told, _ in past)]))
    figures: dict[str, Figure] = {}
    for label, interval, inputs in (
        ("prior", predicted.prior if predicted else None, own),
        ("updated", predicted.updated if predicted else None, refs),
    ):
        note = (
            f"central interval of 90 %, {len(past)} unlocks of the desk"
            if label == "updated"
            else "literature"
        )
        for part in ("mean", "low", "high"):
            name = f"car_{label}_{part}_fraction"
            value = _part(interval, part)
            figures[name] = book.model(
                f"{stem}/{name}", value, "fraction", "models.unlock.predict_unlock", inputs, note
            )
    return figures


def _part(interval: CarInterval | None, part: str) -> float | None:
    return float(np.expm1(getattr(interval, part))) if interval else None
