"""Drawings: repeatable, self-contained, in the colours of the house, and saying what the arrays say."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from minerdesk.present import charts, drawing
from minerdesk.present.charts import Line
from minerdesk.present.drawing import WIDTH, Sheet, fitted, ticks
from minerdesk.present.palette import COLOURS

WORDS = {"en": "Sector", "ar": "القطاع", "zh": "板块"}
NAMES = ["ABTC", "APLD", "CORZ", "MARA", "RIOT", "CLSK"]


def signed(value: float) -> str:
    return f"{value:+.2f}"


def plain(value: float) -> str:
    return f"{value:g}"


#: One call of each drawing, by name; the word is that of the language.
DRAWN: dict[str, Callable[[str], str]] = {
    "sector_against_bitcoin": lambda language: charts.sector_against_bitcoin(
        [Line(WORDS[language], np.array([50.0, 60, 75])), Line("BTC", np.array([np.nan, 100.0, 90]))],
        (1, 2),
        number=plain,
        marks=[(0, "1"), (2, "3")],
        week_label=WORDS[language],
        language=language,
    ),
    "contribution_waterfall": lambda language: charts.contribution_waterfall(
        NAMES,
        np.array([-2.0, 1.0, 0.25, -0.5, 0.125, -0.0625]),
        rest_label="rest",
        total_label=WORDS[language],
        number=signed,
        language=language,
        largest=3,
    ),
    "bridge": lambda language: charts.bridge(
        "start", 96.0, ["a", "b"], np.array([-4.5, 0.5]), WORDS[language], number=signed, language=language
    ),
    "movers": lambda language: charts.movers(
        NAMES,
        np.array([-0.4, 0.15, np.nan, 0.0, -0.05, 0.02]),
        number=signed,
        missing=WORDS[language],
        language=language,
    ),
    "breadth": lambda language: charts.breadth(
        ["w1", "w2", "w3"],
        np.array([20.0, 0, 9]),
        np.array([14.0, 34, 25]),
        advancers_label=WORDS[language],
        decliners_label="down",
        number=plain,
        language=language,
    ),
    "turnover": lambda language: charts.turnover(
        ["w1", "w2", "w3"],
        np.array([3.0, np.nan, 4.0]),
        frozenset({2}),
        number=plain,
        note=WORDS[language],
        language=language,
    ),
    "step_cost_curve": lambda language: charts.step_cost_curve(
        NAMES,
        np.array([90.0, 40, 130, 60, 75, 100]),
        np.array([5.0, 50, 20, 40, 30, 10]),
        89.0,
        price_label=WORDS[language],
        produced_label="BTC",
        number=plain,
        produced_number=plain,
        language=language,
    ),
    "band_line": lambda language: charts.band_line(
        np.array([1.0, 1.5, 2.0]),
        np.array([0.5, 1.0, 1.0]),
        np.array([1.5, 2.0, 3.0]),
        label=WORDS[language],
        number=plain,
        marks=[(0, "1")],
        language=language,
        level=(1.0, "level"),
    ),
}
EVERY = pytest.mark.parametrize(("name", "language"), [(n, la) for n in DRAWN for la in WORDS])


@dataclass
class Spoken:
    """What a drawing said and where: a record of the calls of ``Sheet``."""

    texts: list[tuple[float, float, str, str]] = field(default_factory=list)
    bars: list[tuple[float, float, float, float, str]] = field(default_factory=list)
    extents: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return [text for *_, text, _ in self.texts]

    def at(self, word: str) -> tuple[float, float]:
        (place,) = [(x, y) for x, y, text, _ in self.texts if text == word]
        return place


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Spoken:
    record = Spoken()
    text, bar = Sheet.text, Sheet.bar

    def told(sheet: Sheet, x: float, y: float, words: str, **style: object) -> None:
        across = str(style.get("across", "left"))
        wide = sheet.width(words, style.get("size", drawing.SIZE))  # type: ignore[arg-type]
        left = x - {"left": 0.0, "center": wide / 2, "right": wide}[across]
        record.texts.append((x, y, words, str(style.get("colour", "ink"))))
        record.extents.append((left, left + wide, words))
        assert 0 <= y <= sheet.height
        text(sheet, x, y, words, **style)  # type: ignore[arg-type]

    def drawn(
        sheet: Sheet, x0: float, y0: float, x1: float, y1: float, colour: str, alpha: float = 1.0
    ) -> None:
        record.bars.append((x0, y0, x1, y1, colour))
        bar(sheet, x0, y0, x1, y1, colour, alpha)

    monkeypatch.setattr(Sheet, "text", told)
    monkeypatch.setattr(Sheet, "bar", drawn)
    return record


@EVERY
def test_a_drawing_is_one_closed_svg_in_the_colours_of_the_house(name: str, language: str) -> None:
    svg = DRAWN[name](language)
    root = etree.fromstring(svg.encode())
    assert root.tag.endswith("svg")
    assert root.get("viewBox").split()[2] == f"{WIDTH:g}"
    assert not root.xpath("//*[local-name()='text' or local-name()='image' or local-name()='metadata']")
    assert set(re.findall(r"#[0-9a-fA-F]{6}\b", svg)) <= {light for light, _ in COLOURS.values()}
    ids = set(root.xpath("//@id"))
    references = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    assert references <= ids
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", svg)


@EVERY
def test_words_stay_on_the_sheet(name: str, language: str, spoken: Spoken) -> None:
    DRAWN[name](language)
    assert spoken.extents
    for left, right, words in spoken.extents:
        assert left >= -0.5, words
        assert right <= WIDTH + 0.5, words


def test_drawings_are_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib, numpy as np; from minerdesk.present import charts;"
        "svg = charts.movers(['A', 'ب'], np.array([.1, -.2]), number=str, missing='-', language='ar');"
        "print(hashlib.sha256(svg.encode()).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_two_drawings_on_a_page_share_no_id() -> None:
    ids = [set(re.findall(r'id="([^"]+)"', DRAWN[name]("en"))) for name in ("movers", "breadth")]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]


def test_lines_are_rebased_at_their_first_figure(spoken: Spoken) -> None:
    """50 -> 75 is 150; a line that starts later is rebased at its own start: 100 -> 90 is 90."""
    DRAWN["sector_against_bitcoin"]("en")
    assert "Sector 150" in spoken.words
    assert "BTC 90" in spoken.words
    assert spoken.at("Sector 150")[1] < spoken.at("BTC 90")[1]


def test_a_waterfall_adds_up(spoken: Spoken) -> None:
    """Of -2, 1, 0.25, -0.5, 0.125, -0.0625 the largest three are shown; the rest is 0.3125, the sum -1.1875."""
    DRAWN["contribution_waterfall"]("en")
    rows = sorted((y, words) for x, y, words, _ in spoken.texts if x == 0)
    assert [words for _, words in rows] == ["ABTC", "MARA", "APLD", "rest", "Sector"]
    numbers = sorted((y, words) for x, y, words, _ in spoken.texts if x > 0)
    assert [words for _, words in numbers] == ["-2.00", "-0.50", "+1.00", "+0.31", "-1.19"]
    tones = [colour for *_, colour in spoken.bars]
    assert tones == ["down", "down", "up", "up", "accent"]
    for (_, _, end, _, _), (start, *_) in zip(spoken.bars[:-1], spoken.bars[1:-1], strict=False):
        assert end == pytest.approx(start)
    # a point of the axis is as long in every bar
    unit = [abs(x1 - x0) for x0, _, x1, _, _ in spoken.bars]
    assert unit[0] / 2.0 == pytest.approx(unit[2] / 1.0) == pytest.approx(unit[4] / 1.1875)


def test_a_bridge_ends_at_the_second_total(spoken: Spoken) -> None:
    DRAWN["bridge"]("en")
    numbers = sorted((y, words) for x, y, words, _ in spoken.texts if x > 0)
    assert [words for _, words in numbers] == ["+96.00", "-4.50", "+0.50", "+92.00"]
    first, fall, rise, last = spoken.bars
    assert (first[2], fall[2], rise[2]) == (fall[0], rise[0], pytest.approx(last[2]))


def test_movers_are_sorted_and_a_missing_return_is_told(spoken: Spoken) -> None:
    DRAWN["movers"]("en")
    order = sorted((y, words) for _, y, words, _ in spoken.texts if words in NAMES)
    assert [words for _, words in order] == ["APLD", "CLSK", "MARA", "RIOT", "ABTC", "CORZ"]
    assert spoken.at("Sector")[1] == spoken.at("CORZ")[1]
    assert {"+0.15", "-0.40", "+0.00"} <= set(spoken.words)
    assert len(spoken.bars) == 5


def test_names_of_a_waterfall_stand_on_the_reading_side(spoken: Spoken) -> None:
    DRAWN["contribution_waterfall"]("ar")
    assert spoken.at("ABTC")[0] == WIDTH


def test_breadth_stands_above_and_below_the_line(spoken: Spoken) -> None:
    DRAWN["breadth"]("en")
    ups = [bar for bar in spoken.bars if bar[4] == "up"]
    downs = [bar for bar in spoken.bars if bar[4] == "down"]
    assert all(y1 <= y0 for _, y0, _, y1, _ in ups)
    assert all(y1 >= y0 for _, y0, _, y1, _ in downs)
    assert (ups[0][1] - ups[0][3]) / 20 == pytest.approx((downs[1][3] - downs[1][1]) / 34)


def test_a_week_without_turnover_is_a_gap(spoken: Spoken) -> None:
    DRAWN["turnover"]("en")
    assert len(spoken.bars) == 2
    assert "nan" not in " ".join(spoken.words)


def test_steps_over_the_price_change_colour(spoken: Spoken) -> None:
    """Sorted by cost: 40, 60, 75 under 89; 90, 100, 130 over it; as wide as 50, 40, 30, 5, 10, 20."""
    DRAWN["step_cost_curve"]("en")
    assert [bar[4] for bar in spoken.bars] == ["accent"] * 3 + ["down"] * 3
    wide = np.array([x1 - x0 + 1 for x0, _, x1, _, _ in spoken.bars])
    assert wide / wide.sum() == pytest.approx(np.array([50, 40, 30, 5, 10, 20]) / 155)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 120), st.floats(0, 120)), min_size=1, max_size=40)
)
def test_a_fitted_scale_keeps_every_label_on_the_sheet(reaches: list[tuple[float, float, float]]) -> None:
    scale = fitted(reaches, 0.0, 520.0)
    for value, left, right in reaches:
        assert scale(value) - left >= -1e-3
        assert scale(value) + right <= 520.0 + 1e-3


@given(st.lists(st.floats(0, 250), min_size=1, max_size=4))
def test_labels_at_line_ends_keep_their_distance_and_order(wanted: list[float]) -> None:
    placed = charts._spread(wanted, 250.0, 15.0)
    ordered = [placed[k] for k in np.argsort(wanted, kind="stable")]
    assert np.all(np.diff(ordered) >= 15.0 - 1e-9)
    assert min(placed) >= 0
    assert max(placed) <= 250
    if min(np.diff(sorted(wanted)), default=15.0) >= 15.0:
        assert placed == pytest.approx(wanted)


def test_labels_that_collide_move_apart_by_halves() -> None:
    """Two labels wanted at 100 stand at 92.5 and 107.5; three at 0, 0, 0 are pushed into the sheet."""
    assert charts._spread([100.0, 100.0, 200.0], 250.0, 15.0) == [92.5, 107.5, 200.0]
    assert charts._spread([0.0, 0.0, 0.0], 250.0, 15.0) == [0.0, 15.0, 30.0]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_enclose_the_data(low: float, width: float) -> None:
    at = ticks(low, low + width)
    near = 1e-6 * max(abs(low), width, 1e-6)
    assert at[0] <= low + near
    assert at[-1] >= low + width - near
    assert len(at) <= 9


def test_signed_numbers_in_arabic_labels_are_isolated() -> None:
    assert drawing._isolated("-4.5 مليار") == "\u2066-4.5\u2069 مليار"
    assert drawing._isolated("-4.5%") == "-4.5%"
