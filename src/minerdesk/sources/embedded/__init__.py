"""The embedded desk: the figures that ship with the package, as an ordinary source.

Prices come from republished public data and are for demonstration; every table names its sources.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import resources

from minerdesk.errors import UnreadableInput
from minerdesk.records import Rows, Snapshot
from minerdesk.sources.embedded import filings, listings, market, network, pivot

NAME = "embedded"
#: The day the figures were compiled.
COMPILED = datetime(2026, 11, 22, tzinfo=UTC)

#: file -> parser
FILES: dict[str, Callable[[Snapshot], Rows]] = {
    "companies.csv": listings.companies,
    "closes.csv": market.closes,
    "volumes.csv": market.volumes,
    "btc_usd.csv": market.bitcoin_daily,
    "btc_usd_weekly.csv": market.bitcoin_weekly,
    "splits.csv": market.splits,
    "shares.csv": listings.share_counts,
    "shares_conflicts.csv": listings.share_count_conflicts,
    "cross_holdings.csv": listings.cross_holdings,
    "events.csv": listings.events,
    "bitcoin_epochs.csv": network.difficulty_epochs,
    "bitcoin_daily.csv": network.bitcoin_days,
    "asic_models.csv": network.asic_models,
    "filing_facts.csv": filings.filing_facts,
    "production_monthly.csv": filings.production,
    "published_costs.csv": filings.published_costs,
    "deals.csv": pivot.deals,
}


def snapshots() -> Iterator[Snapshot]:
    """The files of the embedded desk, whole."""
    folder = resources.files("minerdesk") / "embedded"
    for name in FILES:
        yield Snapshot(
            source=NAME,
            name=name,
            content=(folder / name).read_bytes(),
            known_at=COMPILED,
            origin=f"minerdesk/embedded/{name}; sources in docs/SOURCES.md",
        )


def parse(snapshot: Snapshot) -> Rows:
    """Rows and findings of one file. Raises :class:`UnreadableInput` for a file this source does not have."""
    if snapshot.name not in FILES:
        raise UnreadableInput(f"the embedded desk has no file {snapshot.name}; known: {', '.join(FILES)}")
    return FILES[snapshot.name](snapshot)
