"""Drawings in rows: waterfalls and movers, one bar a name.

The names of a waterfall stand on the reading side; the bars point the same way in every language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minerdesk.present.drawing import SMALL, WIDTH, Floats, Format, Sheet, fitted


def tone_of(value: float) -> str:
    return "up" if value > 0 else "down" if value < 0 else "muted"


@dataclass(frozen=True)
class _Step:
    """A row of a waterfall: where its bar starts and ends, and whether it is a total."""

    name: str
    start: float
    end: float
    total: bool

    @property
    def falls(self) -> bool:
        return self.end < self.start


def _waterfall(steps: Sequence[_Step], number: Format, language: str) -> str:
    """Each bar runs from where the last ended; its number stands beyond its end."""
    height = 21.0
    sheet = Sheet(len(steps) * height + 6, language)
    taken = max(sheet.width(step.name) for step in steps) + 12
    left, right = (0.0, WIDTH - taken) if sheet.rtl else (taken, WIDTH)
    said = [number(step.end if step.total else step.end - step.start) for step in steps]
    reaches = [(step.start, 0.5, 0.5) for step in steps]
    for step, text in zip(steps, said, strict=True):
        room = sheet.width(text) + 7
        reaches.append((step.end, room, 0.0) if step.falls else (step.end, 0.0, room))
    across = fitted(reaches, left, right)
    if min(value for value, *_ in reaches) <= 0 <= max(value for value, *_ in reaches):
        sheet.line([across(0)] * 2, [3, sheet.height - 3], "muted")
    for row, (step, text) in enumerate(zip(steps, said, strict=True)):
        y, end = 3 + (row + 0.5) * height, across(step.end)
        tone = "accent" if step.total else tone_of(step.end - step.start)
        sheet.text(WIDTH if sheet.rtl else 0.0, y, step.name, across="right" if sheet.rtl else "left")
        sheet.bar(across(step.start), y - 6.5, end, y + 6.5, tone)
        if row + 1 < len(steps):
            sheet.line([end, end], [y + 6.5, y + height - 6.5], "muted", 0.6)
        ink = "ink" if tone == "muted" else tone
        if step.falls:
            sheet.text(end - 6, y, text, colour=ink, across="right")
        else:
            sheet.text(end + 6, y, text, colour=ink)
    return sheet.svg()


def contribution_waterfall(
    names: Sequence[str],
    contributions: Floats,
    *,
    rest_label: str,
    total_label: str,
    number: Format,
    language: str,
    largest: int = 10,
) -> str:
    """From the largest contributors over the rest to the total; shapes (names,), same unit throughout.

    The ``largest`` by size are shown from the most negative to the most positive; all others are one bar.
    """
    shown = np.argsort(-np.abs(contributions), kind="stable")[:largest]
    shown = shown[np.argsort(contributions[shown], kind="stable")]
    total = float(contributions.sum())
    steps = [float(contributions[k]) for k in shown]
    labels = [names[k] for k in shown]
    if len(shown) < len(names):
        steps.append(total - sum(steps))
        labels.append(rest_label)
    ends = np.cumsum(steps).tolist()
    starts = [0.0, *ends[:-1]]
    fall = [_Step(*row, False) for row in zip(labels, starts, ends, strict=True)]
    return _waterfall([*fall, _Step(total_label, 0.0, total, True)], number, language)


def bridge(
    start_label: str,
    start: float,
    names: Sequence[str],
    steps: Floats,
    end_label: str,
    *,
    number: Format,
    language: str,
) -> str:
    """From one total to another by signed steps, shape (steps,); the axis starts near the smaller total."""
    ends = [start, *(start + np.cumsum(steps)).tolist()]
    # Totals stand on a cut axis: a bridge is read by its steps, which a zero base would flatten to hairlines.
    foot = min(ends) - 0.6 * ((max(ends) - min(ends)) or abs(start) or 1.0)
    between = [_Step(*row, False) for row in zip(names, ends[:-1], ends[1:], strict=True)]
    totals = _Step(start_label, foot, start, True), _Step(end_label, foot, ends[-1], True)
    return _waterfall([totals[0], *between, totals[1]], number, language)


def movers(names: Sequence[str], returns: Floats, *, number: Format, missing: str, language: str) -> str:
    """One bar a name, from the largest rise to the largest fall, each with its signed number.

    The name stands across the line from its bar. Names without a return come last with the word ``missing``.
    """
    known = np.isfinite(returns)
    order = [*np.flatnonzero(known)[np.argsort(-returns[known], kind="stable")], *np.flatnonzero(~known)]
    step = 15.6
    sheet = Sheet(len(names) * step + 4, language)
    values = [float(returns[k]) if known[k] else 0.0 for k in order]
    said = [number(value) if known[k] else missing for k, value in zip(order, values, strict=True)]
    reaches = []
    for k, value, text in zip(order, values, said, strict=True):
        room, name_room = sheet.width(text, SMALL) + 6, sheet.width(names[k], SMALL) + 8
        reaches += (
            [(value, 0.0, room), (0.0, name_room, 0.0)]
            if value > 0
            else [(value, room, 0.0), (0.0, 0.0, name_room)]
        )
    across = fitted(reaches, 0.0, WIDTH)
    zero = across(0)
    sheet.line([zero, zero], [2, sheet.height - 2], "muted")
    for row, (k, value, text) in enumerate(zip(order, values, said, strict=True)):
        y, end, ink = 2 + (row + 0.5) * step, across(value), "ink" if known[k] else "muted"
        if known[k]:
            sheet.bar(zero, y - 5, end, y + 5, tone_of(value))
        if value > 0:
            sheet.text(zero - 6, y, names[k], size=SMALL, across="right")
            sheet.text(end + 5, y, text, size=SMALL, colour=ink)
        else:
            sheet.text(zero + 6, y, names[k], size=SMALL)
            sheet.text(end - 5, y, text, size=SMALL, colour=ink, across="right")
    return sheet.svg()
