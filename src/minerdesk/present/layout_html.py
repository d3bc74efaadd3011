"""The report as one self-contained HTML file: style, drawings and fonts travel inside it."""

from __future__ import annotations

import re
from functools import lru_cache

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from minerdesk.present import fonts, layout
from minerdesk.present.document import Chart, Document
from minerdesk.present.palette import COLOURS

_TONES = {-1: " down", 0: "", 1: " up"}
#: A short sha256 is enough to find a snapshot; the whole one is in the title of the element.
SHORT = 12
#: A key figure with more letters than this is set smaller.
_LONG = 9


def html(document: Document) -> bytes:
    """The document as UTF-8 HTML; the same bytes for the same document.

    Raises :class:`KeyError` where ``document.words`` lacks a label of :data:`minerdesk.present.layout.WORDS`.
    """
    layout.check_words(document)
    body = _template().render(
        document=document, words=document.words, anchors=layout.anchors_of(document), short=SHORT
    )
    style = "\n".join(
        [fonts.face_css(document.language, _visible(body)), _variables(document.language), _style()]
    )
    return body.replace("/*style*/", style, 1).encode("utf-8")


def _drawing(chart: Chart) -> Markup:
    """The SVG with the colours of the house as variables, so that it follows dark mode."""
    svg = chart.svg
    for token, (light, _) in COLOURS.items():
        svg = svg.replace(light, f"var(--{token})")
    # The drawing is our own, made by minerdesk.present.charts from escaped text set as paths.
    return Markup(svg)


def _variables(language: str) -> str:
    light = ";".join(f"--{token}:{pair[0]}" for token, pair in COLOURS.items())
    dark = ";".join(f"--{token}:{pair[1]}" for token, pair in COLOURS.items())
    stack = ",".join(f'"{family}"' for family in fonts.families(language))
    return (
        f":root{{color-scheme:light dark;--text:{stack},system-ui,sans-serif;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    )


def _visible(page: str) -> str:
    """The letters a reader can see: without the drawings, whose text is paths."""
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


@lru_cache(maxsize=1)
def _style() -> str:
    return layout.asset("static/report.css")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(lambda name: layout.asset(f"templates/{name}")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        kind=lambda block: type(block).__name__,
        tone=lambda number: _TONES[number.tone],
        pieces=layout.pieces,
        direction=layout.direction_of,
        long=lambda number: len(number.text) > _LONG,
        drawing=_drawing,
        grouped=layout.grouped,
    )
    return environment.get_template("report.html.j2")
