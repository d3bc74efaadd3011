"""The drawings of the network: hashrate in its band beside difficulty, and the clock of the next retarget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minerdesk.present.charts import Marks, _margin, _spread, _time_axis, _value_axis
from minerdesk.present.drawing import SMALL, WIDTH, Floats, Format, Scale, Sheet, ticks


def hashrate_band(
    hashrate: Floats,
    low: Floats,
    high: Floats,
    implied: Floats,
    *,
    hashrate_label: str,
    implied_label: str,
    number: Format,
    marks: Marks,
    language: str,
) -> str:
    """Estimated hashrate with its interval, and as steps the hashrate that difficulty was set for.

    Shapes (days,), one unit throughout; NaN where a window is not on record. Each line carries its name and
    last value at its end.
    """
    sheet = Sheet(262, language)
    values = np.concatenate([low, high, implied])
    at = ticks(float(np.nanmin(values)), float(np.nanmax(values)), 5)
    known = np.flatnonzero(np.isfinite(hashrate))
    ends = [
        (f"{hashrate_label} {number(float(hashrate[known[-1]]))}", float(hashrate[known[-1]]), "accent"),
        (f"{implied_label} {number(float(implied[-1]))}", float(implied[-1]), "bitcoin"),
    ]
    x0, x1 = _margin(sheet, at, number), WIDTH - max(sheet.width(text) for text, *_ in ends) - 10
    across, up = Scale(0, len(hashrate) - 1, x0, x1), Scale(at[0], at[-1], 234, 14)
    _value_axis(sheet, up, at, number, x0, x1)
    _time_axis(sheet, across, marks, 234)
    xs = [across(float(k)) for k in known]
    sheet.area(xs, [up(float(low[k])) for k in known], [up(float(high[k])) for k in known], "accent", 0.16)
    days, steps = np.arange(len(implied)), [up(float(v)) for v in implied]
    sheet.line([across(float(k)) for k in days], steps, "bitcoin", 1.6, drawstyle="steps-mid")
    sheet.line(xs, [up(float(hashrate[k])) for k in known], "accent", 2.0)
    sheet.dot(xs[-1], up(float(hashrate[known[-1]])), "accent")
    sheet.dot(x1, steps[-1], "bitcoin")
    for (text, _, tone), y in zip(ends, _spread([up(value) for _, value, _ in ends], 234), strict=True):
        sheet.text(x1 + 10, y, text, colour=tone)
    return sheet.svg()


@dataclass(frozen=True)
class Clock:
    """How far an epoch is (``done`` of ``blocks``), and the forecast change with both ends of its band."""

    done: int
    blocks: int
    change: float
    low: float
    high: float


def retarget_clock(
    clock: Clock, *, done_label: str, change_label: str, number: Format, blocks: Format, language: str
) -> str:
    """A bar that fills as the epoch's blocks come; under it the forecast change as a point in its band."""
    sheet = Sheet(150, language)
    across = Scale(0, clock.blocks, 0.0, WIDTH)
    side, x = ("right", WIDTH) if sheet.rtl else ("left", 0.0)
    sheet.text(x, 12, done_label, colour="muted", size=SMALL, across=side)
    sheet.bar(0.0, 24, WIDTH, 40, "accent", 0.16)
    sheet.bar(0.0, 24, across(clock.done), 40, "accent")
    sheet.text(0.0, 52, blocks(0), colour="muted", size=SMALL)
    sheet.text(WIDTH, 52, blocks(clock.blocks), colour="muted", size=SMALL, across="right")
    said = blocks(clock.done)
    half = sheet.width(said, SMALL) / 2
    place = min(max(across(clock.done), 2 * half + 24), WIDTH - half - sheet.width(blocks(clock.blocks)) - 12)
    sheet.text(place, 52, said, size=SMALL, across="center")

    sheet.text(x, 82, change_label, colour="muted", size=SMALL, across=side)
    at: Sequence[float] = ticks(min(clock.low, 0.0), max(clock.high, 0.0), 5)
    half = max(sheet.width(number(tick), SMALL) for tick in at) / 2
    along = Scale(at[0], at[-1], half, WIDTH - half)
    for tick in at:
        sheet.line([along(tick)] * 2, [96, 122], "ink" if tick == 0 else "rule")
        sheet.text(along(tick), 134, number(tick), colour="muted", size=SMALL, across="center")
    sheet.bar(along(clock.low), 103, along(clock.high), 115, "accent", 0.30)
    sheet.dot(along(clock.change), 109, "accent", 9.0)
    return sheet.svg()
