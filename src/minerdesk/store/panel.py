"""The market as arrays: sessions down, tickers across, everything as it was known on each session.

Closes and counts stay as traded and as counted; splits are a third array, so that adjusted values are
derived where they are needed and a later split changes no earlier row.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minerdesk.records import Finding
from minerdesk.store import frames
from minerdesk.store.engine import Engine

Floats = NDArray[np.float64]

#: On one day a filing counts before a release, a release before a vendor.
BASIS_ORDER = {"vendor": 0, "release": 1, "filing": 2}
#: A vendor's count this many times off a filing known within so many days before is not used.
VENDOR_OFF_BY = 3.0
FILING_HOLDS = timedelta(days=60)
#: A count that grew or shrank by more, splits taken out, is kept and flagged.
COUNT_JUMP = 3.0
#: A count within this share of a thousandth (or a thousand times) of its neighbour is in other units.
THOUSANDS_TOLERANCE = 0.2
#: A close this many times the last one, splits taken out, is kept and flagged.
JUMP = 5.0
SAME_SPLIT = timedelta(days=10)


@dataclass(frozen=True)
class Count:
    """A share count as recorded: ``shares`` on the basis of its own day."""

    ticker: str
    known_on: date
    basis: str
    shares: float
    ref: str


@dataclass(frozen=True)
class Split:
    """``ratio`` new over old shares, effective before the open of ``day``."""

    ticker: str
    day: date
    ratio: float
    ref: str


@dataclass(frozen=True)
class MarketPanel:
    """Arrays of shape ``(sessions, tickers)``; missing values are NaN.

    ``close_usd`` as traded; ``split_ratio`` new over old shares of splits effective that session (1
    elsewhere); ``share_volume`` as traded; ``outstanding_shares`` the count known at the session's close,
    carried over later splits; ``count_refs`` the row it comes from.
    """

    sessions: tuple[date, ...]
    tickers: tuple[str, ...]
    close_usd: Floats
    share_volume: Floats
    split_ratio: Floats
    outstanding_shares: Floats
    count_refs: tuple[tuple[str, ...], ...]
    split_refs: dict[tuple[date, str], str]
    findings: tuple[Finding, ...]

    def row(self, session: date) -> int:
        return self.sessions.index(session)

    def column(self, ticker: str) -> int:
        return self.tickers.index(ticker)

    def growth(self, start: int, end: int) -> Floats:
        """New over old shares of all splits after session row ``start`` up to ``end``, by ticker."""
        product: Floats = self.split_ratio[start + 1 : end + 1].prod(axis=0)
        return product

    def carried_close_usd(self) -> Floats:
        """Closes with the last known one, splits taken in, for a missing one (NaN before the first)."""
        closes = self.close_usd.copy()
        for row in range(1, len(closes)):
            gap = np.isnan(closes[row])
            closes[row, gap] = closes[row - 1, gap] / self.split_ratio[row, gap]
        return closes


def market_panel(engine: Engine, as_of: datetime) -> MarketPanel:
    """The panel of all names with closes, from what was known at ``as_of``; read once an engine."""
    if ("panel", as_of) not in engine.kept:
        engine.kept["panel", as_of] = _market_panel(engine, as_of)
    panel: MarketPanel = engine.kept["panel", as_of]
    return panel


def _market_panel(engine: Engine, as_of: datetime) -> MarketPanel:
    closes = frames.columns(engine, "closes", as_of, ["ticker", "session", "close_usd"])
    volumes = frames.columns(engine, "volumes", as_of, ["ticker", "session", "share_volume"])
    sessions = tuple(sorted(set(closes["session"])))
    tickers = tuple(sorted(set(closes["ticker"])))
    findings: list[Finding] = []
    splits = _splits(frames.rows(engine, "splits", as_of), findings)
    split_ratio, split_refs = _split_matrix(splits, sessions, tickers)
    close_usd = _matrix(closes, "close_usd", sessions, tickers)
    counts = [
        Count(row["ticker"], row["known_on"], row["basis"], row["outstanding_shares"], row["ref"])
        for row in frames.rows(engine, "share_counts", as_of)
    ]
    outstanding, refs = _counts(counts, splits, sessions, tickers, findings)
    _flag_jumps(close_usd, split_ratio, sessions, tickers, findings)
    return MarketPanel(
        sessions,
        tickers,
        close_usd,
        _matrix(volumes, "share_volume", sessions, tickers),
        split_ratio,
        outstanding,
        refs,
        split_refs,
        tuple(findings),
    )


def _matrix(
    columns: dict[str, list[Any]], value: str, sessions: tuple[date, ...], tickers: tuple[str, ...]
) -> Floats:
    rows = {session: number for number, session in enumerate(sessions)}
    places = {ticker: number for number, ticker in enumerate(tickers)}
    matrix = np.full((len(sessions), len(tickers)), np.nan)
    for ticker, session, number in zip(columns["ticker"], columns["session"], columns[value], strict=True):
        if session in rows and ticker in places:
            matrix[rows[session], places[ticker]] = number
    return matrix


def _splits(rows: list[dict[str, Any]], findings: list[Finding]) -> list[Split]:
    """Splits by ticker and day; one told twice by two sources within days counts once."""
    taken: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda r: (r["ticker"], r["effective_date"])):
        twin = any(
            t["ticker"] == row["ticker"]
            and row["effective_date"] - t["effective_date"] <= SAME_SPLIT
            and t["new_shares"] * row["old_shares"] == row["new_shares"] * t["old_shares"]
            for t in taken
        )
        day, ticker = row["effective_date"], row["ticker"]
        if twin:
            detail = f"{row['new_shares']:g} for {row['old_shares']:g} is told twice"
            findings.append(Finding("split_twice", "rejected", ticker, detail, day=day))
            continue
        taken.append(row)
        if row["note"] and "dilution" in row["note"]:
            detail = f"{row['kind']}: {row['note']}"
            findings.append(Finding("return_holds_dilution", "suspect", ticker, detail, day=day))
    return [
        Split(r["ticker"], r["effective_date"], r["new_shares"] / r["old_shares"], r["ref"]) for r in taken
    ]


def _split_matrix(
    splits: list[Split], sessions: tuple[date, ...], tickers: tuple[str, ...]
) -> tuple[Floats, dict[tuple[date, str], str]]:
    """Ratio by session. A split on a day without session takes effect on the next one."""
    ratio = np.ones((len(sessions), len(tickers)))
    refs: dict[tuple[date, str], str] = {}
    for split in splits:
        row = bisect_left(sessions, split.day)
        if split.ticker not in tickers or row == len(sessions) or split.day < sessions[0]:
            continue
        ratio[row, tickers.index(split.ticker)] *= split.ratio
        refs[sessions[row], split.ticker] = split.ref
    return ratio, refs


def _counts(
    counts: list[Count],
    splits: list[Split],
    sessions: tuple[date, ...],
    tickers: tuple[str, ...],
    findings: list[Finding],
) -> tuple[Floats, tuple[tuple[str, ...], ...]]:
    """The count in force at each session: the latest known, carried over splits that came after it."""
    outstanding = np.full((len(sessions), len(tickers)), np.nan)
    refs = [[""] * len(tickers) for _ in sessions]
    for place, ticker in enumerate(tickers):
        own = [c for c in counts if c.ticker == ticker]
        own.sort(key=lambda c: (c.known_on, BASIS_ORDER[c.basis]))
        later = [split for split in splits if split.ticker == ticker]
        for count in _believable(own, later, findings):
            for number in range(bisect_left(sessions, count.known_on), len(sessions)):
                outstanding[number, place] = _carried(count, sessions[number], later)
                refs[number][place] = count.ref
    return outstanding, tuple(tuple(line) for line in refs)


def _believable(own: list[Count], splits: list[Split], findings: list[Finding]) -> list[Count]:
    """Counts without those in other units and without vendor counts that contradict a fresh filing."""
    kept: list[Count] = []

    def tell(kind: str, severity: str, count: Count, beside: Count) -> None:
        detail = f"{count.shares:,.0f} shares; on {beside.known_on}, {beside.basis}: {beside.shares:,.0f}"
        findings.append(Finding(kind, severity, count.ticker, detail, day=count.known_on))

    for count in own:
        filing = next((c for c in reversed(kept) if c.basis == "filing"), None)
        if not kept:
            kept.append(count)
            continue
        before = kept[-1]
        quotient = count.shares / _carried(before, count.known_on, splits)
        thousandth = abs(quotient * 1e3 - 1) < THOUSANDS_TOLERANCE
        thousandfold = abs(quotient / 1e3 - 1) < THOUSANDS_TOLERANCE
        if thousandth or (thousandfold and len(kept) > 1):
            tell("count_in_thousands", "rejected", count, before)
            continue
        if thousandfold:
            # of two counts only, the small one is the likelier to be in thousands: not used from here on
            tell("count_in_thousands", "suspect", before, count)
        if filing and count.basis == "vendor" and count.known_on - filing.known_on <= FILING_HOLDS:
            off = count.shares / _carried(filing, count.known_on, splits)
            if not 1 / VENDOR_OFF_BY <= off <= VENDOR_OFF_BY:
                tell("count_contradicts_filing", "rejected", count, filing)
                continue
        if not thousandfold and not 1 / COUNT_JUMP <= quotient <= COUNT_JUMP:
            tell("count_jump", "suspect", count, before)
        kept.append(count)
    return kept


def _carried(count: Count, until: date, splits: list[Split]) -> float:
    """The count on the basis of the session ``until``. A split of the very day on which it became known lies
    before it: such counts are told after the fact."""
    return math.prod((s.ratio for s in splits if count.known_on < s.day <= until), start=count.shares)


def _flag_jumps(
    close_usd: Floats,
    split_ratio: Floats,
    sessions: tuple[date, ...],
    tickers: tuple[str, ...],
    findings: list[Finding],
) -> None:
    with np.errstate(invalid="ignore"):
        change = close_usd[1:] * split_ratio[1:] / close_usd[:-1]
        rows, places = np.nonzero((change > JUMP) | (change < 1 / JUMP))
    for row, place in zip(rows, places, strict=True):
        findings.append(
            Finding(
                "price_jump",
                "suspect",
                tickers[place],
                f"{close_usd[row, place]:g} -> {close_usd[row + 1, place]:g} USD, splits taken out "
                f"{change[row, place] - 1:+.0%}; no split on record explains it",
                day=sessions[row + 1],
            )
        )
