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
    from minerdesk.desk.events.market import EventMarket
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
            from minerdesk.desk.market.week import week

            return week(self.engine, day, as_instant(moment), _text(moment))

        return self._remembered(("week", str(day), _text(moment)), make)

    def company(self, ticker: str, as_of: When = None) -> View:
        """One company: prices, counts, events, filings known. Raises :class:`UnknownTicker`."""
        from minerdesk.desk.company import company

        day = as_of or self.last_session()
        return company(self.engine, ticker.upper(), as_instant(day), _text(day))

    def network(
        self,
        at: date | str | None = None,
        window: int = 1_008,
        as_of: When = None,
        *,
        power_price_usd_per_kwh: float | None = None,
        backtest: bool = False,
    ) -> View:
        """The network at the end of the UTC day ``at`` (default: the last one with blocks and price on
        record): difficulty, hashprice, hashrate of the whole days nearest to ``window`` blocks, retarget,
        halving, machines at a stated power price. ``backtest`` adds the table of how well forecasts held,
        which takes seconds. Raises :class:`InputError` for a day without blocks on record."""
        from minerdesk.desk.network.days import last_day
        from minerdesk.desk.network.fleet import DEFAULT_POWER_USD_PER_KWH

        day = as_day(at) if at else last_day(self.engine, as_instant(as_of) if as_of else None)
        power = DEFAULT_POWER_USD_PER_KWH if power_price_usd_per_kwh is None else power_price_usd_per_kwh
        moment = as_of or day
        text = _text(moment)

        def make() -> View:
            from minerdesk.desk.network.view import network

            instant = as_instant(moment)
            return network(
                self.engine, day, instant, text, window=window, power_price=power, with_backtest=backtest
            )

        return self._remembered(("network", str(day), str(window), repr(power), str(backtest), text), make)

    def events(self, ahead_days: int = 90, ticker: str | None = None, as_of: When = None) -> View:
        """Known dates in the ``ahead_days`` after ``as_of`` (default: the last session), the unlock radar, and
        with ``ticker`` what past events of the name did. Raises :class:`UnknownTicker`, :class:`InputError`."""
        moment = as_of or self.last_session()
        instant, text = as_instant(moment), _text(moment)
        name = ticker.upper() if ticker else None

        def make() -> View:
            from minerdesk.desk.events.view import events

            return events(self.engine, self._event_market(instant), ahead_days, name, instant, text)

        return self._remembered(("events", str(ahead_days), name or "", text), make)

    def causes(self, ending: date | str, as_of: When = None) -> View:
        """What the cause rule says of every name's week that ends with ``ending``: abnormal return, interval,
        t, and the dated event with its source where one is named. Raises :class:`NoSession`."""
        day = as_day(ending)
        moment = as_of or day
        instant, text = as_instant(moment), _text(moment)

        def make() -> View:
            from minerdesk.desk.events.causes import causes

            return causes(self.engine, self._event_market(instant), day, instant, text)

        return self._remembered(("causes", str(day), text), make)

    def event_panels(self, as_of: When = None) -> View:
        """All unlocks, convertibles and HPC leases as panels with tests and a placebo, and per name whether it
        still follows Bitcoin; takes seconds. Raises :class:`NoSession`."""
        moment = as_of or self.last_session()
        instant, text = as_instant(moment), _text(moment)

        def make() -> View:
            from minerdesk.desk.events.panels import event_panels

            return event_panels(self.engine, self._event_market(instant), instant, text)

        return self._remembered(("event_panels", text), make)

    def cost(
        self, quarter: str | None = None, rung: str = "d", allocate: str = "revenue", as_of: When = None
    ) -> View:
        """What a bitcoin costs: ladders, the sector's figure, publishers beside it, the nowcast.

        ``quarter`` is a calendar quarter (``2025Q2``; default: the last with a sector figure), ``rung`` a to
        f or its name, ``allocate`` revenue, mw or none. As of the last session by default. Raises
        :class:`InputError` for a question that is none and where nothing was known of the quarter.
        """
        moment = as_of or self.last_session()

        def make() -> View:
            from minerdesk.desk.cost.view import cost

            return cost(
                self.engine, quarter, rung, allocate, as_instant(moment), _text(moment), as_day(moment)
            )

        return self._remembered(("cost", str(quarter), rung, allocate, _text(moment)), make)

    def trace(self, ref: str, as_of: When = None) -> Trace:
        """Where a figure comes from, down to the bytes. Raises :class:`UnknownReference`."""
        from minerdesk.desk.tracing import trace

        return trace(self, ref, as_of)

    @cached_property
    def _event_markets(self) -> dict[datetime, EventMarket]:
        return {}

    def _event_market(self, as_of: datetime) -> EventMarket:
        """The market as event studies need it; the views of one report share it."""
        from minerdesk.desk.events.market import event_market

        if as_of not in self._event_markets:
            self._event_markets[as_of] = event_market(self.engine, as_of)
        return self._event_markets[as_of]

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
