"""The drawings of the report: pure functions from arrays, words and formatters to SVG.

Every word and every printed number comes from the caller (``number`` turns a value into the language's
format); colours are tokens of the palette; time runs left to right in every language. In a right-to-left
language the names of a waterfall stand on the right. NaN means "no figure".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minerdesk.present.chart_rows import bridge, contribution_waterfall, movers
from minerdesk.present.drawing import SMALL, WIDTH, Floats, Format, Scale, Sheet, ticks

__all__ = [
    "Line",
    "band_line",
    "breadth",
    "bridge",
    "contribution_waterfall",
    "movers",
    "sector_against_bitcoin",
    "step_cost_curve",
    "turnover",
]

#: x position (index of a session or a week) -> word under the axis.
Marks = Sequence[tuple[int, str]]
_LINES = ("accent", "bitcoin", "muted")
_GAP = 15.5  # least distance between two lines of type


@dataclass(frozen=True)
class Line:
    """A named series, shape (sessions,)."""

    label: str
    values: Floats


def _spread(wanted: Sequence[float], bottom: float, gap: float = _GAP) -> list[float]:
    """Positions between 0 and ``bottom``, nearest to ``wanted`` by least squares, ``gap`` apart or more.

    Less the gaps due, the positions must not fall: neighbours out of order share their mean (isotonic
    regression by pooling).
    """
    order = np.argsort(wanted, kind="stable")
    pools: list[list[float]] = []
    for at, index in enumerate(order):
        pools.append([wanted[index] - at * gap])
        while len(pools) > 1 and np.mean(pools[-2]) > np.mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    level = np.concatenate([np.full(len(pool), np.mean(pool)) for pool in pools])
    placed = np.empty(len(wanted))
    placed[order] = np.clip(level, 0.0, bottom - (len(wanted) - 1) * gap) + np.arange(len(wanted)) * gap
    return [float(y) for y in placed]


def _value_axis(
    sheet: Sheet, scale: Scale, at: Sequence[float], number: Format, x0: float, x1: float
) -> None:
    """Hairlines across with their numbers at the left."""
    for tick in at:
        sheet.rule(x0, x1, scale(tick))
        sheet.text(x0 - 8, scale(tick), number(tick), colour="muted", size=SMALL, across="right")


def _margin(sheet: Sheet, at: Sequence[float], number: Format) -> float:
    return max(sheet.width(number(tick), SMALL) for tick in at) + 8


def _time_axis(sheet: Sheet, scale: Scale, marks: Marks, y: float) -> None:
    for at, word in marks:
        sheet.line([scale(at), scale(at)], [y, y + 4], "rule")
        sheet.text(scale(at), y + 15, word, colour="muted", size=SMALL, across="center")


def sector_against_bitcoin(
    lines: Sequence[Line],
    week: tuple[int, int],
    *,
    number: Format,
    marks: Marks,
    week_label: str,
    language: str,
) -> str:
    """Lines rebased to 100 at their first figure, the week's sessions ``week`` (first, last index) shaded.

    Each line carries its name and last level at its end. ``lines`` are in order of weight: the first is drawn
    strongest.
    """
    sheet = Sheet(272, language)
    based = [100.0 * line.values / line.values[np.isfinite(line.values)][0] for line in lines]
    at = ticks(float(np.nanmin(based)), float(np.nanmax(based)), 5)
    ends = [
        f"{line.label} {number(float(b[np.isfinite(b)][-1]))}" for line, b in zip(lines, based, strict=True)
    ]
    x0, x1 = _margin(sheet, at, number), WIDTH - max(sheet.width(end) for end in ends) - 10
    across = Scale(0, max(len(line.values) for line in lines) - 1, x0, x1)
    down = Scale(at[0], at[-1], 244, 22)
    sheet.bar(across(week[0]), 22, across(week[1]), 244, "accent", 0.10)
    middle = (across(week[0]) + across(week[1])) / 2
    sheet.text(middle, 10, week_label, colour="muted", size=SMALL, across="center")
    _value_axis(sheet, down, at, number, x0, x1)
    _time_axis(sheet, across, marks, 244)
    heights = []
    for line, tone in reversed([*zip(based, _LINES, strict=False)]):
        known = np.flatnonzero(np.isfinite(line))
        ys = [down(float(line[k])) for k in known]
        sheet.line([across(float(k)) for k in known], ys, tone, 2.2 if tone == "accent" else 1.6)
        sheet.dot(across(float(known[-1])), ys[-1], tone)
        heights.append(ys[-1])
    for text, y, tone in zip(ends, _spread(heights[::-1], 244), _LINES, strict=False):
        sheet.text(x1 + 10, y, text, colour=tone)
    return sheet.svg()


def breadth(
    weeks: Sequence[str],
    advancers: Floats,
    decliners: Floats,
    *,
    advancers_label: str,
    decliners_label: str,
    number: Format,
    language: str,
) -> str:
    """Names that rose above the line, names that fell below it, a column a week; the last week is full.

    Colour is not the only sign: rising stands above the line and falling below it, each named at the left.
    """
    sheet = Sheet(228, language)
    most = float(max(advancers.max(), decliners.max(), 1.0))
    up, down = Scale(0, most, 102, 18), Scale(0, most, 102, 186)
    x0 = max(sheet.width(advancers_label), sheet.width(decliners_label)) + 16
    sheet.text(0, 60, advancers_label, colour="up")
    sheet.text(0, 144, decliners_label, colour="down")
    across, wide, every = _columns(sheet, x0, weeks)
    last = len(weeks) - 1
    for at, week in enumerate(weeks):
        x, ink = across(at), "ink" if at == last else "muted"
        for scale, count, tone, beyond in ((up, advancers, "up", -8), (down, decliners, "down", 9)):
            end = scale(float(count[at]))
            sheet.bar(x - wide / 2, scale(0), x + wide / 2, end, tone, 1.0 if at == last else 0.5)
            sheet.text(x, end + beyond, number(float(count[at])), colour=ink, size=SMALL, across="center")
        if (last - at) % every == 0:
            sheet.text(x, 216, week, colour=ink, size=SMALL, across="center")
    sheet.rule(x0, WIDTH, up(0), "ink")
    return sheet.svg()


def _columns(sheet: Sheet, x0: float, words: Sequence[str]) -> tuple[Scale, float, int]:
    """Middle of each column, its width, and how many columns apart words under the axis can stand."""
    widest = max(sheet.width(word, SMALL) for word in words)
    # The last word stands centred under its column: the columns end early enough for its other half.
    slot = min((WIDTH - x0) / len(words), (WIDTH - x0 - widest / 2) / (len(words) - 0.5))
    across = Scale(0, 1, x0 + slot / 2, x0 + slot * 1.5)
    return across, min(slot * 0.64, 34.0), max(1, int(np.ceil((widest + 10) / slot)))


def turnover(
    labels: Sequence[str],
    values: Floats,
    accented: frozenset[int],
    *,
    number: Format,
    note: str,
    language: str,
) -> str:
    """A bar a session or a week, shape (labels,); those ``accented`` in full colour and with their number.

    ``note`` says for how many names turnover is known; NaN is a gap.
    """
    sheet = Sheet(236 if note else 216, language)
    at = ticks(0.0, float(np.nanmax(values)), 4)
    x0 = _margin(sheet, at, number)
    up = Scale(0, at[-1], 184, 22)
    _value_axis(sheet, up, at, number, x0, WIDTH)
    across, wide, every = _columns(sheet, x0, labels)
    last = len(labels) - 1
    # Numbers stand on the accented bars only where they do not run into each other.
    said = {k: number(float(values[k])) for k in sorted(accented) if np.isfinite(values[k])}
    half = max((sheet.width(text, SMALL) / 2 for text in said.values()), default=0.0)
    fits = len(said) == 1 or 2 * half < across(1) - across(0)
    for k, label in enumerate(labels):
        x, loud = across(k), k in accented
        if np.isfinite(values[k]):
            top = up(float(values[k]))
            sheet.bar(x - wide / 2, up(0), x + wide / 2, top, "accent", 1.0 if loud else 0.35)
            if loud and fits:
                sheet.text(min(x, WIDTH - half), top - 9, said[k], size=SMALL, across="center")
        if (last - k) % every == 0:
            sheet.text(x, 201, label, colour="ink" if loud else "muted", size=SMALL, across="center")
    sheet.rule(x0, WIDTH, up(0), "ink")
    if note:
        x, side = (WIDTH, "right") if sheet.rtl else (0.0, "left")
        sheet.text(x, 225, note, colour="muted", size=SMALL, across=side)
    return sheet.svg()


def step_cost_curve(
    names: Sequence[str],
    cost: Floats,
    produced: Floats,
    price: float,
    *,
    price_label: str,
    produced_label: str,
    number: Format,
    produced_number: Format,
    language: str,
) -> str:
    """Companies from the cheapest to the dearest, each as wide as what it produced; a line at the price.

    Shapes (names,). Steps under the price are in the colour of the house, steps over it in that of falling;
    a step too narrow for its name is told by its place only.
    """
    sheet = Sheet(286, language)
    order = np.argsort(cost, kind="stable")
    at = ticks(0.0, float(max(cost.max(), price)) * 1.05, 5)
    x0 = _margin(sheet, at, number)
    up = Scale(0, at[-1], 232, 14)
    _value_axis(sheet, up, at, number, x0, WIDTH)
    widths = produced[order]
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    across = Scale(0.0, float(edges[-1]), x0, WIDTH)
    for k, left, right in zip(order, edges[:-1], edges[1:], strict=True):
        over = float(cost[k]) > price
        a, b = across(float(left)), across(float(right))
        sheet.bar(a + 0.5, up(0), b - 0.5, up(float(cost[k])), "down" if over else "accent", 0.8)
        if sheet.width(names[k], SMALL) < b - a - 2:
            sheet.text((a + b) / 2, up(float(cost[k])) - 8, names[k], size=SMALL, across="center")
    sheet.line([x0, WIDTH], [up(price)] * 2, "bitcoin", 1.4, linestyle=(0, (4, 3)))
    sheet.text(x0 + 2, up(price) - 9, f"{price_label} {number(price)}", colour="bitcoin")
    sheet.rule(x0, WIDTH, up(0), "ink")
    for tick in ticks(0.0, float(edges[-1]), 5):
        if tick <= edges[-1]:
            word, x = produced_number(tick), across(tick)
            half = sheet.width(word, SMALL) / 2
            sheet.text(min(x, WIDTH - half), 249, word, colour="muted", size=SMALL, across="center")
    sheet.text((x0 + WIDTH) / 2, 272, produced_label, colour="muted", size=SMALL, across="center")
    return sheet.svg()


def band_line(
    middle: Floats,
    low: Floats,
    high: Floats,
    *,
    label: str,
    number: Format,
    marks: Marks,
    language: str,
    level: tuple[float, str] | None = None,
) -> str:
    """A line with its interval, shapes (points,); ``level`` is a value to compare with, and its name."""
    sheet = Sheet(262, language)
    values = np.concatenate([low, high, middle, [] if level is None else [level[0]]])
    at = ticks(float(np.nanmin(values)), float(np.nanmax(values)), 5)
    known = np.flatnonzero(np.isfinite(middle))
    last = int(known[-1])
    ends = [(f"{label} {number(float(middle[last]))}", float(middle[last]), "accent")]
    if level is not None:
        ends.append((f"{level[1]} {number(level[0])}", level[0], "bitcoin"))
    x0, x1 = _margin(sheet, at, number), WIDTH - max(sheet.width(text) for text, *_ in ends) - 10
    across, up = Scale(0, len(middle) - 1, x0, x1), Scale(at[0], at[-1], 234, 14)
    _value_axis(sheet, up, at, number, x0, x1)
    _time_axis(sheet, across, marks, 234)
    xs = [across(float(k)) for k in known]
    sheet.area(xs, [up(float(low[k])) for k in known], [up(float(high[k])) for k in known], "accent", 0.16)
    if level is not None:
        sheet.line([x0, x1], [up(level[0])] * 2, "bitcoin", 1.2, linestyle=(0, (4, 3)))
    sheet.line(xs, [up(float(middle[k])) for k in known], "accent", 2.0)
    sheet.dot(xs[-1], up(float(middle[last])), "accent")
    for (text, _, tone), y in zip(ends, _spread([up(value) for _, value, _ in ends], 234), strict=True):
        sheet.text(x1 + 10, y, text, colour=tone)
    return sheet.svg()
