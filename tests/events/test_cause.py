"""The cause rule, on its borders and on the week of the ABTC unlock."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from minerdesk.errors import InputError
from minerdesk.models.cause import Move, find_cause, move_of
from minerdesk.models.event_dates import DatedEvent, PlacedEvent, place_events, session_at
from minerdesk.models.event_study import WindowReturn, align, study_event


def move(t: float, anchor: int = 100) -> Move:
    return Move("ABTC", anchor, WindowReturn(0, 0, -0.1, 0.05, t, 0.01, 50, 0))


def event(session: int, ticker: str = "ABTC", kind: str = "unlock") -> PlacedEvent:
    return PlacedEvent(DatedEvent(ticker, "2025-12-02", kind), session, False)


@pytest.mark.parametrize(
    ("t", "session", "verdict"),
    [
        (-7.6, 100, "named"),
        (1.97, 103, "named"),
        (-1.97, 97, "named"),
        (1.96, 100, "not_significant"),
        (-1.96, 100, "not_significant"),
        (0.0, 100, "not_significant"),
        (-7.6, 104, "no_dated_event"),
        (-7.6, 96, "no_dated_event"),
        (float("nan"), 100, "no_test"),
        (float("nan"), 110, "no_dated_event"),
    ],
)
def test_the_rule(t: float, session: int, verdict: str) -> None:
    cause = find_cause(move(t), [event(session)])
    assert cause.verdict == verdict
    assert cause.named is (verdict == "named")
    near = verdict != "no_dated_event"
    assert (cause.event is not None) is near
    assert cause.distance == (session - 100 if near else None)


def test_events_of_other_names_do_not_count() -> None:
    assert find_cause(move(-5.0), [event(100, "HUT"), event(100, "BTC")]).verdict == "no_dated_event"


def test_the_nearest_is_named_and_before_goes_before_after() -> None:
    told = [event(103), event(98, kind="earnings"), event(102, kind="index_change"), event(100 - 9)]
    cause = find_cause(move(-5.0), told)
    assert cause.event is not None
    assert (cause.event.session, cause.distance) == (98, -2)
    assert [one.session for one in cause.also] == [102, 103]


def test_no_events_at_all() -> None:
    assert find_cause(move(-5.0), []).verdict == "no_dated_event"


def test_the_anchor_is_the_wildest_session_of_the_window() -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(0, 0.03, (200, 2))
    returns = factors @ [0.5, 0.8] + rng.normal(0, 0.01, 200)
    returns[168] += 0.2
    study = study_event(align(np.exp(np.cumsum(returns)), factors), 170)
    found = move_of(study, "X", -4, 0)
    assert found.anchor == 168
    assert found.abnormal == study.window(-4, 0)
    assert move_of(study, "X", -1, 1).anchor in (169, 170, 171)
    with pytest.raises(InputError):
        move_of(study, "X", -4, 11)


def test_a_move_without_any_trade_has_no_test() -> None:
    rng = np.random.default_rng(1)
    prices = np.exp(np.cumsum(rng.normal(0, 0.02, 200)))
    prices[166:] = np.nan
    study = study_event(align(prices, rng.normal(0, 0.03, (200, 2))), 170)
    found = move_of(study, "ABTC", -4, 0)
    assert find_cause(found, [event(found.anchor)]).verdict == "no_test"


@pytest.mark.data
@pytest.mark.parametrize(
    ("ticker", "verdict", "kind"),
    [("ABTC", "named", "lockup_expiry"), ("APLD", "no_dated_event", ""), ("CORZ", "no_dated_event", "")],
)
def test_the_week_to_5_december_2025(sample: Any, table: Any, ticker: str, verdict: str, kind: str) -> None:
    """All dated events and deals of the desk's sample; the abnormal return is that of the whole week."""
    told = [
        DatedEvent(r["ticker"], r["date"], r["event_type"], source=r["source_url"]) for r in table("events")
    ]
    told += [
        DatedEvent(r["ticker"], r["announced_date"], r["deal_type"], source=r["source_url"])
        for r in table("deals")
    ]
    aligned = align(sample.prices, sample.factors)
    first = {name: int(aligned.listed[j]) for j, name in enumerate(sample.names)}
    placed, _ = place_events(told, sample.sessions, first)
    end = session_at(date(2025, 12, 5), sample.sessions)
    study = study_event(aligned, end, name=sample.column(ticker))
    cause = find_cause(move_of(study, ticker, -4, 0), placed)
    assert cause.verdict == verdict
    if kind:
        assert cause.event is not None
        assert cause.event.event.kind == kind
        assert cause.distance == 0
        assert cause.event.event.source.startswith("http")
        assert sample.sessions[cause.move.anchor] == date(2025, 12, 2)
