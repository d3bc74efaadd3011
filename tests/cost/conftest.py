"""The lines of the answers, as the models take them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from minerdesk.models.cost_ladder import CostLines

NAMES = {
    "site_usd": "mining_cost_usd",
    "revenue_mining_usd": "mining_revenue_usd",
    "revenue_total_usd": "total_revenue_usd",
}


def lines_of(quarter: dict[str, Any], **change: Any) -> CostLines:
    """A quarter of ``answers/cost_ladder.json`` as lines."""
    stated = {NAMES.get(name, name): value for name, value in quarter["lines"].items()}
    start, end = (date.fromisoformat(quarter[name]) for name in ("period_start", "period_end"))
    return CostLines(quarter["ticker"], start, end, **(stated | change))


@pytest.fixture(scope="session")
def quarters(answer: Callable[[str], Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The thirteen quarters worked out by hand, by ticker and quarter."""
    return {(q["ticker"], q["quarter"]): q for q in answer("cost_ladder")["quarters"]}


@pytest.fixture(scope="session")
def lines(quarters: dict[tuple[str, str], dict[str, Any]]) -> Callable[..., CostLines]:
    def read(ticker: str, quarter: str, **change: Any) -> CostLines:
        return lines_of(quarters[ticker, quarter], **change)

    return read
