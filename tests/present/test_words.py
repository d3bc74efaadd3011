"""Words: every text in every language, every plural form, every hole filled."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from minerdesk.present.document import Number, Text
from minerdesk.present.format import Printer
from minerdesk.present.words import LANGUAGES, Words, plain_text
from minerdesk.records import Figure

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "src" / "minerdesk" / "present" / "locales"
HOLE = re.compile(r"\{\w+\}")
FORMS = {"ar": 6, "zh": 1}


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_text_is_translated(language: str) -> None:
    catalogue = {}
    for path in sorted((LOCALES / language).glob("*.po")):
        with path.open("rb") as file:
            for m in read_po(file, locale=language):
                key = m.id[0] if isinstance(m.id, tuple) else m.id
                assert not key or key not in catalogue, f"{key!r} stands in two topics"
                catalogue[key] = m
    wanted = _tool().collect()
    assert len(wanted) > 100
    missing = [text for text in wanted if not catalogue.get(text[0]) or not catalogue[text[0]].string]
    assert not missing
    for text in wanted:
        message = catalogue[text[0]]
        if len(text) == 2:
            assert len(message.string) == FORMS[language]
            assert all(message.string)
        else:
            assert sorted(HOLE.findall(message.string)) == sorted(HOLE.findall(text[0])), text[0]
    unused = set(catalogue) - {t[0] for t in wanted} - {""}
    assert not unused


def _count(value: int) -> Number:
    return Number(Figure(value, "count", "week/x/n", "2025-12-05"), str(value))


@pytest.mark.parametrize(
    ("count", "form"),
    [(0, "أي سهم"), (1, "سهم واحد"), (2, "سهمان"), (3, "أسهم"), (11, "سهمًا"), (100, "سهم")],
)
def test_arabic_has_six_plural_forms(count: int, form: str) -> None:
    runs = Words("ar").counted(
        "{n} of {names} names rose", "{n} of {names} names rose", _count(count), names="x"
    )
    assert form in plain_text(runs)


def test_a_hole_without_a_run_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words("en").sentence("was {start}")


def test_runs_keep_their_kind() -> None:
    runs = Words("en").sentence("was {start}", start=_count(4))
    assert [type(r) for r in runs] == [Text, Number]


@pytest.mark.parametrize(
    ("language", "money", "percent", "small"),
    [
        ("en", "-US$4.51bn", "-4.7%", "US$0.273"),
        ("ar", "-4.51 مليار دولار", "-4.7%", "0.273 دولار"),
        ("zh", "-45.13亿美元", "-4.7%", "0.273美元"),
    ],
)
def test_magnitudes_are_rendered_not_translated(language: str, money: str, percent: str, small: str) -> None:
    def figure(value: float) -> Figure:
        return Figure(value, "usd", "week/x", "2025-12-05")

    show = Printer(language)
    assert show.money(figure(-4512963665.074), digits=2, signed=True).text == money
    assert show.percent(figure(-0.046896698)).text == percent
    assert show.price(figure(0.273)).text == small
    assert show.percent(figure(-0.0000001)).text == "0.0%"
    assert show.percent(Figure(None, "fraction", "", "2025-12-05")).text == "–"


def test_tone_never_comes_without_a_sign() -> None:
    show = Printer("en")
    for value in (-0.5, -0.0000001, 0.0, 0.2):
        number = show.percent(Figure(value, "fraction", "week/x", "2025-12-05"))
        assert (number.tone != 0) == (number.text[0] in "+-")
