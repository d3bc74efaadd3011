"""What the tests of events share: the answers, and real prices read as they lie."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SAMPLE = SHARED / "sample"
EQUITIES = SHARED / "data" / "equities"

#: Miners with a long exchange-traded history, and the first day it is theirs (SOURCES.md: shells, OTC
#: stretches and earlier companies under the same ticker are left out).
MINERS = {
    "APLD": "2022-04-13",
    "CORZ": "2024-01-24",
    "MARA": "2018-01-02",
    "RIOT": "2018-01-02",
    "CLSK": "2020-01-24",
    "IREN": "2021-11-17",
    "CIFR": "2021-08-27",
    "WULF": "2021-12-14",
    "HUT": "2018-03-08",
    "BITF": "2019-08-16",
    "BTDR": "2023-04-14",
    "HIVE": "2018-01-02",
    "BTBT": "2020-06-01",
    "CAN": "2019-11-21",
    "CANG": "2024-11-07",
    "BTCM": "2021-04-19",
    "GREE": "2021-09-15",
    "SLNH": "2021-11-01",
    "DGXX": "2022-01-03",
    "ANY": "2018-01-02",
    "SAIH": "2023-01-03",
    "EBON": "2020-06-26",
    "FUFU": "2024-03-01",
    "SOS": "2020-06-01",
    "GLXY": "2025-05-16",
    "WYFI": "2025-08-07",
    "ABTC": "2025-09-03",
    "SDIG": "2021-10-20",
}


@dataclass(frozen=True)
class World:
    """Adjusted closes ``(sessions, names)`` and factors ``(sessions, names, 2)``: BTC, sector without it."""

    sessions: tuple[date, ...]
    names: tuple[str, ...]
    prices: NDArray[np.float64]
    factors: NDArray[np.float64]

    def column(self, name: str) -> int:
        return self.names.index(name)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def without_each(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Equal-weighted log return of all other names, ``(sessions, names)``; NaN where fewer than three."""
    known = np.isfinite(returns)
    simple = np.where(known, np.expm1(np.where(known, returns, 0.0)), 0.0)
    others = simple.sum(axis=1, keepdims=True) - simple
    count = known.sum(axis=1, keepdims=True) - known
    return np.where(count >= 3, np.log1p(others / np.maximum(count, 1)), np.nan)


def with_factors(
    sessions: tuple[date, ...], names: tuple[str, ...], prices: NDArray[np.float64], btc: NDArray[np.float64]
) -> World:
    daily = np.full_like(prices, np.nan)
    daily[1:] = np.log(prices[1:] / prices[:-1])
    bitcoin = np.full(len(sessions), np.nan)
    bitcoin[1:] = np.log(btc[1:] / btc[:-1])
    both = np.stack([np.repeat(bitcoin[:, None], len(names), axis=1), without_each(daily)], axis=2)
    return World(sessions, names, prices, both)


@cache
def load_equities(start: str = "2021-01-04", end: str = "2026-07-31") -> World:
    """Long split-adjusted closes of the miners with BTC and the equal-weighted sector without the name."""
    days = [r["date"] for r in read(EQUITIES / "SPY.csv") if start <= r["date"] <= end]
    row = {day: i for i, day in enumerate(days)}
    grid = np.full((len(days), len(MINERS)), np.nan)
    for j, (name, first) in enumerate(MINERS.items()):
        for r in read(EQUITIES / f"{name}.csv"):
            price = r["close"] or r["adj_close"]
            if r["date"] in row and r["date"] >= first and price:
                grid[row[r["date"]], j] = float(price)
    closes = {r["date"]: float(r["close"]) for r in read(EQUITIES / "BTC-USD.csv") if r["close"]}
    btc = np.array([closes.get(day, np.nan) for day in days])
    return with_factors(tuple(date.fromisoformat(d) for d in days), tuple(MINERS), grid, btc)


@cache
def load_sample() -> World:
    """Closes of the desk's own sample, splits of its span applied, same factors."""
    rows = read(SAMPLE / "closes.csv")
    names = [r["ticker"] for r in read(SAMPLE / "companies.csv") if r["ticker"] in rows[0]]
    grid = np.array([[float(r[n]) if r[n] else np.nan for n in names] for r in rows])
    days = [r["session"] for r in rows]
    for split in read(SAMPLE / "splits.csv"):
        if split["ticker"] in names:
            earlier = np.array([day < split["effective_date"] for day in days])
            factor = float(split["old_shares"]) / float(split["new_shares"])
            if not earlier.all():
                grid[earlier, names.index(split["ticker"])] *= factor
    closes = {r["day"]: float(r["close"]) for r in read(SAMPLE / "btc_usd.csv")}
    btc = np.array([closes[day] for day in days])
    return with_factors(tuple(date.fromisoformat(d) for d in days), tuple(names), grid, btc)


def _need(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"NOT TESTED: the data folder {folder.name!r} is absent beside the checkout")


@pytest.fixture(scope="session")
def answers() -> Callable[[str], dict[str, Any]]:
    """Expected values by file name, from answers/."""

    def found(name: str) -> dict[str, Any]:
        values: dict[str, Any] = json.loads((ROOT / "answers" / f"{name}.json").read_text("utf-8"))["values"]
        return values

    return found


@pytest.fixture(scope="session")
def equities() -> World:
    _need(EQUITIES)
    return load_equities()


@pytest.fixture(scope="session")
def sample() -> World:
    _need(SAMPLE)
    return load_sample()


@pytest.fixture(scope="session")
def table() -> Callable[[str], list[dict[str, str]]]:
    """Rows of a table of the sample."""
    _need(SAMPLE)
    return lambda name: read(SAMPLE / f"{name}.csv")


@pytest.fixture(scope="session")
def equity() -> Callable[[str], list[dict[str, str]]]:
    """Rows of one ticker of the large data."""
    _need(EQUITIES)
    return lambda ticker: read(EQUITIES / f"{ticker}.csv")
