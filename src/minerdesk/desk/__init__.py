"""The desk: questions in, frozen views of figures out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from minerdesk.desk.calendar import as_day, as_instant
from minerdesk.desk.views import View

if TYPE_CHECKING:
    from minerdesk.desk.tracing import Trace
    from minerdesk.store.archive import Archive
    from minerdesk.store.engine import Engine

When = date | datetime | str | None


@dataclass(frozen=True)
class Desk:
    """All questions to one archive at one commit. Each takes ``as_of``: only what was known then is used
    (default: the end of the day asked about)."""

    archive: Archive

    @cached_property
    def engine(self) -> Engine:
        from minerdesk.store.engine import duckdb_engine

        return duckdb_engine(self.archive)

    def week(self, ending: date | str, as_of: When = None) -> View:
        """The sector's week that ends with the session ``ending``. Raises :class:`NoSession`."""
        day = as_day(ending)
        moment = as_of or day

        def make() -> View:
            from minerdesk.desk.week import week

            return week(self.engine, day, as_instant(moment), _text(moment))

        return self._remembered(("week", str(day), _text(moment)), make)

    def company(self, ticker: str, as_of: When = None) -> View:
        """One company: prices, counts, events, filings known. Raises :class:`UnknownTicker`."""
        from minerdesk.desk.company import company

        day = as_of or self.last_session()
        return company(self.engine, ticker.upper(), as_instant(day), _text(day))

    def trace(self, ref: str, as_of: When = None) -> Trace:
        """Where a figure comes from, down to the bytes. Raises :class:`UnknownReference`."""
        from minerdesk.desk.tracing import trace

        return trace(self, ref, as_of)

    def _remembered(self, question: tuple[str, ...], make: Callable[[], View]) -> View:
        from minerdesk.desk.remember import remembered_view

        return remembered_view(self.archive, question, make)

    def last_session(self) -> date:
        """The last session in the archive."""
        table = self.engine.table("closes")
        last: date = self.engine.run(table.aggregate(day=table.session.max())).to_pydict()["day"][0]
        return last


def _text(moment: date | datetime | str) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()
