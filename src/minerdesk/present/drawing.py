"""A sheet to draw on: points on a fixed width, the fonts of a language, and a small, repeatable SVG.

Drawings are made with matplotlib's figure and no axes: positions are points from the top left, so that
type keeps one size in every drawing. Text becomes paths (matplotlib shapes Arabic itself), colours are
tokens of :mod:`minerdesk.present.palette`, and nothing in the file depends on the time or the machine.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minerdesk.present import fonts, layout
from minerdesk.present.palette import light

Floats = NDArray[np.float64]
Format = Callable[[float], str]

#: Every drawing is made this wide, in points: about a phone's width and a half, two thirds of a page.
WIDTH = 520.0
#: Size of type, in points of the drawing.
SIZE = 13.0
SMALL = 12.0
#: Half the height of a figure, in sizes of type (the same in all three fonts).
_HALF_FIGURE = 0.35


@dataclass(frozen=True)
class Scale:
    """A straight line from data to points: ``low`` falls on ``start``, ``high`` on ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def fitted(reaches: Sequence[tuple[float, float, float]], start: float, end: float) -> Scale:
    """The widest scale on which everything stays between ``start`` and ``end``.

    ``reaches``: value, and the points that its label takes to the left and to the right of it.
    """
    at, left, right = (np.array(column) for column in zip(*reaches, strict=True))

    def zeros(unit: float) -> tuple[float, float]:
        """Least and greatest place of the zero when one unit of data takes ``unit`` points."""
        return float(np.max(start + left - at * unit)), float(np.min(end - right - at * unit))

    low, high = 0.0, (end - start) / (float(np.ptp(at)) or 1.0)
    for _ in range(40):
        middle = (low + high) / 2
        least, greatest = zeros(middle)
        low, high = (middle, high) if least <= greatest else (low, middle)
    zero = zeros(low)[0]
    return Scale(0.0, 1.0, zero, zero + low)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round positions for a scale, the first at or below ``low`` and the last at or above ``high``."""
    from matplotlib.ticker import MaxNLocator

    if low == high:
        low, high = low - 1.0, high + 1.0
    return [float(t) for t in MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


class Sheet:
    """One drawing in the making: ``height`` points tall, words in ``language``."""

    def __init__(self, height: float, language: str) -> None:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        self.height = height
        self.language = language
        self.rtl = language == "ar"
        self._drawn = 0
        self._figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, frameon=False)
        FigureCanvasSVG(self._figure)

    def _add(self, artist: Any) -> None:
        from matplotlib.transforms import Affine2D

        artist.set_transform(Affine2D().scale(1, -1).translate(0, self.height))
        artist.set_clip_on(False)
        artist.set_zorder(self._next())
        self._figure.add_artist(artist)

    def _next(self) -> int:
        """What is drawn later lies on top."""
        self._drawn += 1
        return self._drawn

    def width(self, text: str, size: float = SIZE) -> float:
        """How wide ``text`` is set, in points."""
        from matplotlib.textpath import text_to_path

        return float(
            text_to_path.get_text_width_height_descent(_isolated(text), face(self.language, size), False)[0]
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        colour: str = "ink",
        size: float = SIZE,
        across: str = "left",
    ) -> None:
        """Words whose figures are centred on ``y``; ``across`` is ``left``, ``center`` or ``right``."""
        self._figure.text(
            x / WIDTH,
            1 - (y + _HALF_FIGURE * size) / self.height,
            _isolated(text),
            color=light(colour),
            fontproperties=face(self.language, size),
            ha=across,
            va="baseline",
            parse_math=False,
            zorder=self._next(),
        )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 0.8, **style: Any
    ) -> None:
        from matplotlib.lines import Line2D

        style.setdefault("solid_capstyle", "butt")
        self._add(Line2D(xs, ys, color=light(colour), linewidth=width, **style))

    def rule(self, x0: float, x1: float, y: float, colour: str = "rule", width: float = 0.8) -> None:
        """A horizontal hairline."""
        self.line([x0, x1], [y, y], colour, width)

    def bar(self, x0: float, y0: float, x1: float, y1: float, colour: str, alpha: float = 1.0) -> None:
        """A filled rectangle between two corners; a pale one hides the hairlines behind it all the same."""
        from matplotlib.patches import Rectangle

        corner, wide, high = (min(x0, x1), min(y0, y1)), abs(x1 - x0), abs(y1 - y0)
        if alpha < 1:
            self._add(Rectangle(corner, wide, high, facecolor=light("paper"), lw=0))
        self._add(Rectangle(corner, wide, high, facecolor=light(colour), alpha=alpha, lw=0))

    def area(
        self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], colour: str, alpha: float
    ) -> None:
        """A band between two lines."""
        from matplotlib.patches import Polygon

        corners = [*zip(xs, low, strict=True), *reversed([*zip(xs, high, strict=True)])]
        self._add(Polygon(corners, facecolor=light(colour), alpha=alpha, lw=0))

    def dot(self, x: float, y: float, colour: str, size: float = 5.0) -> None:
        self.line([x], [y], colour, 0, marker="o", markersize=size, markeredgewidth=0)

    def svg(self) -> str:
        """The drawing as one ``<svg>`` element without prolog, sized by its ``viewBox`` alone."""
        from matplotlib import rc_context

        made = io.StringIO()
        with rc_context({"svg.fonttype": "path", "svg.hashsalt": "minerdesk", "path.simplify": False}):
            self._figure.savefig(
                made, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
            )
        return _slim(made.getvalue())


def _isolated(text: str) -> str:
    """The text with each signed number in it kept left to right, where its letters run right to left."""
    return "".join(f"\u2066{p.text}\u2069" if p.direction else p.text for p in layout.pieces(text))


@lru_cache(maxsize=64)
def face(language: str, size: float) -> Any:
    """matplotlib's font of a language at a size; a second font stands in for letters the first lacks."""
    from matplotlib.font_manager import FontProperties, fontManager

    chosen = fonts.faces(language)
    known = {entry.fname for entry in fontManager.ttflist}
    for font in chosen:
        if str(font.path) not in known:
            fontManager.addfont(font.path)
    return FontProperties(family=list(dict.fromkeys(font.family for font in chosen)), size=size)


def _slim(svg: str) -> str:
    """What a page needs of matplotlib's SVG: no prolog, metadata, comments or group names; ids of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    svg = re.sub(r"\s*\n\s*", " ", svg).replace("> <", "><").replace(' "', '"')
    own = "d" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{own}-", svg).strip()
