"""The cause rule: a move has a named cause only with a dated event near it and a significant abnormal return.

Otherwise "no dated event found". The rule names no mechanism: it says that something dated happened and that
the name moved by more than the market and its sector explain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from minerdesk.errors import InputError
from minerdesk.models.event_dates import PlacedEvent
from minerdesk.models.event_study import EventStudy, WindowReturn

#: Sessions between an event and the move at most, and the least |t| of the move.
NEAR_SESSIONS = 3
LEAST_T = 1.96

Verdict = Literal["named", "no_dated_event", "not_significant", "no_test"]


@dataclass(frozen=True)
class Move:
    """A move to be explained: its abnormal return over a stated window, and ``anchor``, the row of its
    session with the largest |AR / standard error|, from which the distance of an event is counted."""

    ticker: str
    anchor: int
    abnormal: WindowReturn


@dataclass(frozen=True)
class Cause:
    """The verdict on a move. ``event`` is the nearest one where there is any, ``also`` the other near ones.

    ``distance`` is sessions from the move's anchor to the event, negative for an event before it.
    ``no_test``: the abnormal return has no t (a listing too young, no session traded).
    """

    verdict: Verdict
    move: Move
    event: PlacedEvent | None
    distance: int | None
    also: tuple[PlacedEvent, ...]

    @property
    def named(self) -> bool:
        """Whether the event may be printed as the cause."""
        return self.verdict == "named"


def move_of(study: EventStudy, ticker: str, first: int, last: int) -> Move:
    """The move of ``study`` over its sessions ``first`` .. ``last``, fixed before looking at the returns.

    Testing the whole stated window, not its wildest day, keeps the size of the test. Raises
    :class:`InputError` if the window leaves the study's path.
    """
    abnormal = study.window(first, last)
    inside = (study.relative >= first) & (study.relative <= last)
    if not inside.any():
        raise InputError("the window has no session")
    strength = np.abs(study.abnormal[inside])
    errors = study.standard_errors[inside]
    strength = np.where(np.isfinite(errors) & (errors > 0), strength / errors, strength)
    best = 0 if not np.isfinite(strength).any() else int(np.nanargmax(strength))
    return Move(ticker, study.at + int(study.relative[inside][best]), abnormal)


def find_cause(move: Move, events: Iterable[PlacedEvent]) -> Cause:
    """Judge ``move`` against ``events``; those of other tickers are not looked at.

    Of several near events the nearest is named, at equal distance the one not after the move; a cause is
    ``named`` only if one lies within ``NEAR_SESSIONS`` and |t| of the move is above ``LEAST_T``.
    """
    own = [one for one in events if one.event.ticker == move.ticker]
    near = sorted(
        (one for one in own if abs(one.session - move.anchor) <= NEAR_SESSIONS),
        key=lambda one: (abs(one.session - move.anchor), one.session, one.event.kind, one.event.ref),
    )
    t = move.abnormal.t
    verdict: Verdict
    if not near:
        verdict = "no_dated_event"
    elif not np.isfinite(t):
        verdict = "no_test"
    elif abs(t) > LEAST_T:
        verdict = "named"
    else:
        verdict = "not_significant"
    first = near[0] if near else None
    distance = first.session - move.anchor if first else None
    return Cause(verdict, move, first, distance, tuple(near[1:]))
