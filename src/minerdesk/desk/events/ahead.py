"""Known dates ahead: announced ones from the archive, and those that a rule or the chain's pace gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from minerdesk.consensus import BLOCKS_PER_EPOCH, TARGET_SECONDS_PER_EPOCH
from minerdesk.desk.events.told import EventList
from minerdesk.models.retarget import HALVING_EPOCHS, estimate_halving, forecast_retarget
from minerdesk.records import end_of_day
from minerdesk.store import frames
from minerdesk.store.engine import Engine

#: The "ticker" of dates of the network and of the sector as a whole.
NETWORK, SECTOR = "BTC", "sector"
#: Days after a period's end by which a report is due at the latest, by the forms a company files: the quarter's
#: (none for foreign issuers) and the year's. Smaller 10-Q filers have these; larger ones file earlier.
#: [SEC forms 10-Q, 10-K, 20-F; 40-F: the Canadian annual deadline]
DUE_DAYS = {"10-Q": (45, 90), "20-F": (None, 120), "40-F": (None, 90), "10-K": (None, 90)}
QUARTER_MONTHS = 3
FRIDAY = 4
TARGET_EPOCH = timedelta(seconds=TARGET_SECONDS_PER_EPOCH)


@dataclass(frozen=True)
class Ahead:
    """A date ahead. ``certainty``: ``announced`` by a source, ``rule`` (a legal deadline, our own index rule),
    ``forecast`` (the pace of blocks). ``key`` stays when the date moves; ``revision`` counts such moves."""

    day: date
    ticker: str
    kind: str
    certainty: str
    detail: str
    key: str
    known_at: datetime
    source_url: str = ""
    source_tier: str = ""
    ref: str = ""
    revision: int = 0


def dates_ahead(
    engine: Engine,
    events: EventList,
    companies: tuple[dict[str, Any], ...],
    today: date,
    as_of: datetime,
    until: date,
) -> list[Ahead]:
    """All dates after ``today`` up to ``until``, by day, name and kind."""
    tickers = [c["ticker"] for c in companies if c["in_universe_to"] is None or c["in_universe_to"] > today]
    found = [
        *_announced(events, [*tickers, NETWORK, SECTOR], today + timedelta(days=1), until),
        *_filings(engine, companies, today, as_of, until),
        *_rebalances(today, until, as_of),
        *_network(engine, as_of, until),
    ]
    inside = [one for one in found if today < one.day <= until]
    return sorted(inside, key=lambda one: (one.day, one.ticker, one.kind, one.key))


def _announced(events: EventList, tickers: list[str], start: date, until: date) -> Iterator[Ahead]:
    for one in events.of(tickers, start, until, remarks=True):
        yield Ahead(
            one.day or start,
            one.dated.ticker,
            one.dated.kind,
            "announced",
            one.detail,
            f"{one.dated.kind}/{one.dated.ticker}/{one.detail}",
            one.known_at,
            one.source_url,
            one.source_tier,
            one.dated.ref,
        )


def _filings(
    engine: Engine, companies: tuple[dict[str, Any], ...], today: date, as_of: datetime, until: date
) -> Iterator[Ahead]:
    """The last legal day of each report whose period has figures of no source yet."""
    told = {(row["ticker"], row["period_end"]) for row in frames.rows(engine, "filing_facts", as_of)}
    for company in companies:
        form = next((f for f in DUE_DAYS if f in (company["filings_form"] or "")), None)
        month = company["fiscal_year_end_month"]
        if form is None or not month:
            continue
        for end in _quarter_ends(int(month), today, until):
            annual = end.month == int(month)
            days = DUE_DAYS[form][annual]
            if days is None or (company["ticker"], end) in told or end < company["in_universe_from"]:
                continue
            yield Ahead(
                _business_day(end + timedelta(days=days)),
                company["ticker"],
                "filing_due",
                "rule",
                f"{'year' if annual else 'quarter'} to {end}, {_form(form, annual)}: last legal day",
                f"filing_due/{company['ticker']}/{end}",
                min(end_of_day(end), as_of),
                ref=company["ref"],
            )


def _form(form: str, annual: bool) -> str:
    return "10-K" if annual and form == "10-Q" else form


def _quarter_ends(fiscal_month: int, today: date, until: date) -> Iterator[date]:
    """Ends of fiscal quarters from a year back up to ``until``."""
    for year in range(today.year - 1, until.year + 1):
        for month in range(1, 13):
            if (fiscal_month - month) % QUARTER_MONTHS == 0:
                end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
                if today - timedelta(days=365) < end <= until:
                    yield end


def _business_day(day: date) -> date:
    """``day``, or the next business day: a deadline waits for weekends and federal holidays, of which only the
    third Mondays of January and February can fall on one."""
    while day.weekday() > FRIDAY or (day.weekday() == 0 and day.month < 3 and 15 <= day.day <= 21):
        day += timedelta(days=1)
    return day


def _rebalances(today: date, until: date, as_of: datetime) -> Iterator[Ahead]:
    """Our own index: the last session of March, June, September and December (definitions, section 2)."""
    for year in range(today.year, until.year + 1):
        for month in (3, 6, 9, 12):
            day = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            while day.weekday() > FRIDAY or _good_friday(day):
                day -= timedelta(days=1)
            yield Ahead(
                day,
                SECTOR,
                "index_rebalance",
                "rule",
                "our sector index is rebalanced at the close",
                f"index_rebalance/{year}-{month:02}",
                min(end_of_day(date(year - 1, 12, 31)), as_of),
            )


def _good_friday(day: date) -> bool:
    from dateutil.easter import easter  # type: ignore[import-untyped]

    return bool(day == easter(day.year) - timedelta(days=2))


def _network(engine: Engine, as_of: datetime, until: date) -> Iterator[Ahead]:
    """Retargets and the halving, from the pace of the epoch under way, then ten minutes a block."""
    epochs = frames.rows(engine, "difficulty_epochs", as_of)
    if not epochs:
        return
    last = epochs[-1]
    days = frames.rows(engine, "bitcoin_days", as_of)
    seen = days[-1] if days and days[-1]["last_height"] >= last["first_height"] else None
    height = seen["last_height"] if seen else last["first_height"]
    now = end_of_day(seen["day"]) if seen else last["first_block_time"]
    changes = _changes(epochs)
    done, seconds = height - last["first_height"], (now - last["first_block_time"]).total_seconds()
    forecast = (
        forecast_retarget(done, seconds, changes) if 0 < done < BLOCKS_PER_EPOCH and seconds > 0 else None
    )
    left = forecast.seconds_left if forecast else (BLOCKS_PER_EPOCH - done) * _spacing()
    at, boundary = now + timedelta(seconds=left), last["first_height"] + BLOCKS_PER_EPOCH
    while at.date() <= until:
        yield _of_chain(
            "difficulty_adjustment", f"at height {boundary}", f"retarget/{boundary}", at, now, last["ref"]
        )
        at, boundary = at + TARGET_EPOCH, boundary + BLOCKS_PER_EPOCH
    lengths = np.diff([row["first_block_time"].timestamp() for row in epochs])
    if len(lengths) >= HALVING_EPOCHS:
        halving = estimate_halving(height, lengths)
        at = now + timedelta(seconds=halving.seconds_left)
        yield _of_chain(
            "halving", f"at height {halving.height}", f"halving/{halving.height}", at, now, last["ref"]
        )


def _of_chain(kind: str, detail: str, key: str, at: datetime, now: datetime, ref: str) -> Ahead:
    revision = (now.date() - date(2009, 1, 3)).days
    day = at.astimezone(UTC).date()
    return Ahead(day, NETWORK, kind, "forecast", detail, key, now, ref=ref, revision=revision)


def _spacing() -> float:
    return TARGET_SECONDS_PER_EPOCH / BLOCKS_PER_EPOCH


def _changes(epochs: list[dict[str, Any]]) -> np.ndarray:
    """Retargets of the last two years as fractions, from compact targets."""
    from minerdesk.consensus import difficulty_of_bits

    levels = [difficulty_of_bits(int(row["bits"], 16)) for row in epochs[-HALVING_EPOCHS:]]
    return np.array([b / a - 1.0 for a, b in pairwise(levels) if math.isfinite(b)])
