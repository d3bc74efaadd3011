"""What companies state: figures of releases and of filings taken in, side by side.

Both are kept. Where they are of the same item and period, the filing stands unless the release is dated to
the day and came after it; the difference is shown either way.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from minerdesk.desk.book import Book
from minerdesk.desk.views import Row
from minerdesk.store import frames
from minerdesk.store.engine import Engine

Stated = dict[str, Any]
#: Rows of the table that are about no company.
NO_COMPANY = "ALL"


@dataclass(frozen=True)
class Statements:
    """``used``: rows the ladder may read; ``pairs``: (filed, released) rows of one item and period."""

    used: tuple[Stated, ...]
    pairs: tuple[tuple[Stated, Stated], ...]

    def of(self, ticker: str) -> Statements:
        """The statements of one company."""
        return Statements(
            tuple(row for row in self.used if row["ticker"] == ticker),
            tuple(pair for pair in self.pairs if pair[1]["ticker"] == ticker),
        )

    def latest(self, ticker: str, item: str, on_or_before: date) -> Stated | None:
        """The last statement of a stock (cash, coins held) up to a day: by its period, then by when it was
        known. Of two at once the first stands; of coins the larger, which has the pledged ones in it."""
        own = [
            row
            for row in self.used
            if row["ticker"] == ticker and row["item"] == item and row["period_end"] <= on_or_before
        ]

        def place(row: Stated) -> tuple[Any, ...]:
            first = row["value"] if item == "btc_held" else -row["occurrence"]
            return row["period_end"], row["known_at"], first

        return max(own, key=place, default=None)


def statements(engine: Engine, as_of: datetime) -> Statements:
    """All statements of companies known at ``as_of``."""
    tickers = {c["cik"]: c["ticker"] for c in frames.rows(engine, "companies", as_of) if c["cik"]}
    filed = [
        row | {"ticker": tickers.get(row["cik"], row["ticker"]), "occurrence": 1, "source_date": "filing"}
        for row in frames.rows(engine, "filed_items", as_of)
    ]
    released = [row for row in frames.rows(engine, "filing_facts", as_of) if row["ticker"] != NO_COMPANY]
    by_fact: defaultdict[tuple[Any, ...], list[Stated]] = defaultdict(list)
    for row in filed:
        by_fact[_fact(row)].append(row)
    used, pairs = list(filed), []
    for row in released:
        same = by_fact.get(_fact(row), [])
        if same:
            last = max(same, key=lambda r: (r["known_at"], r["filing"]))
            pairs.append((last, row))
        if not same or (_dated(row) and row["known_at"] > last["known_at"]):
            used.append(row)
    return Statements(tuple(used), tuple(pairs))


def _fact(row: Stated) -> tuple[Any, ...]:
    """What a row is about. A stock is of its day alone: filings give no start for it, releases one."""
    start = row["period_start"] if row["unit"] == "USD" and row["item"] not in STOCKS else None
    return row["ticker"], row["item"], start, row["period_end"]


#: Items that are of a day, not of a period.
STOCKS = frozenset({
    "cash_and_equivalents", "debt_total", "shares_outstanding", "btc_held", "preferred", "minority_interest",
    "convertible_principal", "conversion_price", "hashrate_energized", "fleet_efficiency",
})  # fmt: skip


def _dated(row: Stated) -> bool:
    """Whether the release names the day of its source."""
    return len(row["source_date"] or "") == len("2025-12-05")


def comparison(book: Book, stated: Statements) -> tuple[Row, ...]:
    """Filed beside released, item by item, with the difference."""
    rows: list[Row] = []
    for filed, released in sorted(stated.pairs, key=lambda p: (p[1]["ref"], p[0]["ref"])):
        unit = released["unit"].lower().replace("/", "_per_")
        ours = book.observed(filed["ref"], filed["value"], unit)
        theirs = book.observed(released["ref"], released["value"], unit)
        rows.append(
            {
                "ticker": released["ticker"],
                "period_end": released["period_end"],
                "item": released["item"],
                "filed": ours,
                "released": theirs,
                "difference": book.model(
                    f"difference/{released['ref']}",
                    filed["value"] - released["value"],
                    unit,
                    "filed less released",
                    (ours.ref, theirs.ref),
                ),
                "filing": filed["filing"],
                "concept": filed["concept"],
            }
        )
    return tuple(rows)
