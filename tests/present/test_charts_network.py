"""The network's drawings: repeatable, self-contained, and saying what the numbers say."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from lxml import etree

from minerdesk.present import charts_network
from minerdesk.present.charts_network import Clock
from minerdesk.present.drawing import WIDTH, ticks
from minerdesk.present.palette import COLOURS

WORDS = {"en": "Hashrate", "ar": "معدل الهاش", "zh": "算力"}
CLOCK = Clock(done=504, blocks=2016, change=-0.04, low=-0.08, high=0.02)


def band(language: str) -> str:
    rate = np.array([np.nan, 1000.0, 1040.0, 1010.0])
    implied = np.array([1000.0, 1000.0, 1050.0, 1050.0])
    return charts_network.hashrate_band(
        rate,
        rate - 60,
        rate + 60,
        implied,
        hashrate_label=WORDS[language],
        implied_label="D",
        number=lambda v: f"{v:,.0f}",
        marks=[(0, "1"), (3, "4")],
        language=language,
    )


def clock(language: str, one: Clock = CLOCK) -> str:
    return charts_network.retarget_clock(
        one,
        done_label=WORDS[language],
        change_label="D",
        number=lambda v: f"{v:+.0%}",
        blocks=lambda v: f"{v:,.0f}",
        language=language,
    )


@pytest.mark.parametrize("draw", [band, clock])
@pytest.mark.parametrize("language", WORDS)
def test_drawings_are_repeatable_and_in_the_colours_of_the_house(
    draw: Callable[[str], str], language: str
) -> None:
    svg = draw(language)
    assert svg == draw(language)
    assert etree.fromstring(svg).tag.endswith("svg")
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", svg))
    assert "#0b4f6c" in used
    assert used <= {light for light, _ in COLOURS.values()}
    assert not re.search(r"nan|<text|http(?!://www\.w3\.org)", svg)


def rectangles(svg: str, colour: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right, bottom of the filled rectangles in a colour, in order of drawing."""
    found = []
    for path, style in re.findall(r'<path d="(M [^"]+ z)[^"]*"[^>]*?style="([^"]*)"', svg):
        points = [float(n) for n in re.findall(r"-?\d+\.?\d*", path)]
        if f"fill: {colour}" in style and len(points) in {8, 10}:
            found.append((min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])))
    return found


def test_the_clock_fills_with_the_epoch() -> None:
    accent = COLOURS["accent"][0]
    whole, done, _ = rectangles(clock("en"), accent)[:3]
    assert (done[2] - done[0]) / (whole[2] - whole[0]) == pytest.approx(504 / 2016, abs=1e-3)


def test_the_band_lies_between_the_ticks_it_should() -> None:
    """From -5 % to +3 % on an axis whose ticks run from -6 % to +4 %: eight tenths of it, from one tenth on."""
    assert ticks(-0.05, 0.03, 5)[:: len(ticks(-0.05, 0.03, 5)) - 1] == pytest.approx([-0.06, 0.04])
    svg = clock("en", Clock(504, 2016, -0.01, -0.05, 0.03))
    left, _, right, _ = rectangles(svg, COLOURS["accent"][0])[2]
    width = (right - left) / 0.8
    start = left - 0.1 * width
    assert start == pytest.approx(WIDTH - (start + width), abs=0.1)  # the axis stands in the middle


@pytest.mark.parametrize("done", [146, 1000, 2015])
def test_the_clock_at_both_ends_of_an_epoch(done: int) -> None:
    assert clock("en", Clock(done, 2016, 0.0, 0.0, 0.0)).startswith("<svg")
