"""Events of one kind together: average path, tests, clustering and a placebo; and who still follows bitcoin."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import numpy as np

from minerdesk.desk.book import Book
from minerdesk.desk.events.market import ESTIMATION_FIRST, EventMarket, window_figures
from minerdesk.desk.events.regimes import regime_tables
from minerdesk.desk.events.told import CONVERTIBLE, LEASE, UNLOCK, EventList, Told, event_list
from minerdesk.desk.views import Row, View
from minerdesk.models.event_panel import (
    EventPanel,
    PanelWindow,
    Placebo,
    event_panel,
    placebo,
    study_grid,
)
from minerdesk.models.event_study import PATH, EventStudy
from minerdesk.models.event_tests import GroupTest
from minerdesk.records import Figure, Finding
from minerdesk.store.engine import Engine

#: Panels by the kind of their events.
PANELS = {"hpc_leases": LEASE, "convertibles": CONVERTIBLE, "unlocks": UNLOCK}
WINDOWS = ((-1, 1), (-5, 5))
#: All random draws of this view come from this seed, one stream a panel.
SEED = 20251205
DRAWS = 10_000
METHOD = "models.event_panel.event_panel"
#: A placebo of fewer different outcomes rests on a handful of dates, and says nothing.
FEWEST_OUTCOMES = 100


class Put(Protocol):
    """Enters a figure of a panel by label, value and unit."""

    def __call__(
        self, label: str, value: float | int | None, unit: str, method: str = ..., note: str = ...
    ) -> Figure: ...


def event_panels(engine: Engine, market: EventMarket, as_of: datetime, as_of_text: str) -> View:
    """The panels and regimes as known at ``as_of``; placebo and break tests make it a matter of seconds."""
    book = Book(f"event_panels/all@{as_of_text}", as_of_text)
    told = event_list(engine, as_of, market.companies)
    grids = [study_grid(market.aligned, first, last) for first, last in WINDOWS]
    tables: dict[str, list[Row]] = {"panels": [], "paths": [], "events": []}
    findings: list[Finding] = []
    figures: dict[str, Figure] = {}
    for number, (name, kind) in enumerate(PANELS.items()):
        events, studies, odd = _studies(market, told, kind)
        findings += odd
        refs = tuple(one.dated.ref for one in events)
        figures[f"{name}_events"] = book.tally(f"{name}/events_count", len(studies), refs or ("events/*",))
        if not studies:
            continue
        rng = np.random.default_rng([SEED, number])
        drawn = [placebo(grid, studies, rng, draws=DRAWS) for grid in grids]
        panel = event_panel(studies, windows=WINDOWS, placebos=drawn)
        first = min(one.at for one in studies) + ESTIMATION_FIRST
        refs += market.refs(first, max(one.at for one in studies) + PATH[1])
        tables["panels"] += [_window(book, name, panel, one, refs) for one in panel.windows]
        tables["paths"] += _path(book, name, panel, refs)
        tables["events"] += [
            _event(book, market, name, one, study) for one, study in zip(events, studies, strict=True)
        ]
    regimes = regime_tables(book, engine, market, as_of, SEED)
    return View(
        name="event_panels",
        ref=book.prefix,
        as_of=as_of_text,
        figures=figures | regimes.figures,
        tables={name: tuple(rows) for name, rows in tables.items()} | regimes.tables,
        findings=tuple(findings),
        facts={
            "seed": str(SEED),
            "placebo_draws": str(DRAWS),
            "convertibles_note": "the day is the one the source gives, often the closing, days after the launch",
        }
        | regimes.facts,
        nodes=book.nodes,
    )


def _studies(
    market: EventMarket, told: EventList, kind: str
) -> tuple[list[Told], list[EventStudy], tuple[Finding, ...]]:
    """Events of ``kind`` that have at least one abnormal return in the shortest window, with their studies."""
    names = market.first_session
    own = [o for o in told.of(names, market.sessions[0], market.sessions[-1]) if o.dated.kind == kind]
    placed, odd = told.placed(own, market.sessions, names)
    events, studies = [], []
    for one in placed:
        study = market.study(one.event.ticker, one.session)
        if study and np.isfinite(study.window(*WINDOWS[0]).t):
            events.append(told.told[one.event.ref])
            studies.append(study)
    return events, studies, odd


def _window(book: Book, name: str, panel: EventPanel, one: PanelWindow, refs: tuple[str, ...]) -> Row:
    stem = f"{name}/{one.first}..{one.last}"

    def put(label: str, value: float | int | None, unit: str, method: str = METHOD, note: str = "") -> Figure:
        return book.model(f"{stem}/{label}", value, unit, method, refs, note)

    row: Row = {
        "panel": name,
        "window": f"{one.first:+d}..{one.last:+d}",
        "events_count": put("events_count", one.events, "count"),
        "names_count": put("names_count", panel.names, "count"),
        "sessions_count": put("sessions_count", panel.sessions, "count"),
        "overlapping_count": put("overlapping_count", panel.overlapping, "count", note="pairs of events"),
        "young_count": put("young_count", panel.young, "count", note="measured against the sector alone"),
        "mean_car_fraction": put("mean_car_fraction", float(np.expm1(one.mean_car)), "fraction"),
        "median_car_fraction": put("median_car_fraction", float(np.expm1(one.median_car)), "fraction"),
        "positive_count": put("positive_count", one.positive, "count"),
        "mean_correlation_ratio": put("mean_correlation_ratio", one.mean_correlation, "ratio"),
    }
    for label, unit, test in (
        ("bmp", "t", one.bmp),
        ("corrado", "z", one.corrado_rank),
        ("kolari_pynnonen", "t", one.kolari_pynnonen),
    ):
        row |= _test(put, label, unit, test)
    return row | _placebo(put, one.placebo)


def _test(put: Put, label: str, unit: str, test: GroupTest) -> Row:
    method = f"models.event_tests.{test.name}"
    return {
        f"{label}_{unit}": put(f"{label}_{unit}", test.statistic, unit, method),
        f"{label}_p_fraction": put(f"{label}_p_fraction", test.p_value, "fraction", method),
    }


def _placebo(put: Put, drawn: Placebo | None) -> Row:
    method, note = "models.event_panel.placebo", f"{DRAWS} draws, seed {SEED}"
    if drawn and len(np.unique(drawn.means)) < FEWEST_OUTCOMES:
        drawn, note = None, "too few dates to draw from"
    values = {
        "placebo_low_fraction": float(np.expm1(drawn.low)) if drawn else None,
        "placebo_high_fraction": float(np.expm1(drawn.high)) if drawn else None,
        "placebo_observed_fraction": float(np.expm1(drawn.observed)) if drawn else None,
        "placebo_p_fraction": drawn.p_value if drawn else None,
    }
    row: Row = {name: put(name, value, "fraction", method, note) for name, value in values.items()}
    row["placebo_events_count"] = put("placebo_events_count", drawn.events if drawn else 0, "count", method)
    return row


def _path(book: Book, name: str, panel: EventPanel, refs: tuple[str, ...]) -> list[Row]:
    """Average cumulated abnormal return by session, with its 95 % band."""
    rows: list[Row] = []
    for place, day in enumerate(panel.relative):
        stem = f"{name}/path/{day}"
        values = {
            "average_car_fraction": panel.average_car[place],
            "band_low_fraction": panel.band_low[place],
            "band_high_fraction": panel.band_high[place],
        }
        row: Row = {"panel": name, "session": int(day)}
        for label, value in values.items():
            row[label] = book.model(f"{stem}/{label}", float(np.expm1(value)), "fraction", METHOD, refs)
        row["events_count"] = book.model(
            f"{stem}/events_count", int(panel.counts[place]), "count", METHOD, refs
        )
        rows.append(row)
    return rows


def _event(book: Book, market: EventMarket, name: str, one: Told, study: EventStudy) -> Row:
    stem = f"{name}/{one.dated.ticker}/{market.sessions[study.at]}"
    return {
        "panel": name,
        "day": one.day,
        "ticker": one.dated.ticker,
        "detail": one.detail,
        **window_figures(book, market, stem, study, *WINDOWS[0]),
        "young": "yes" if study.young else "",
        "source_tier": one.source_tier,
        "source_url": one.source_url,
        "ref": one.dated.ref,
    }
