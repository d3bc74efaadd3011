"""The report's section on the network: a probability with its window, never a bare claim."""

from __future__ import annotations

import re

import pytest

from minerdesk.desk import Desk
from minerdesk.present import report
from minerdesk.present.document import Chart, Document, Number, Paragraph, Section, runs_of
from minerdesk.present.words import LANGUAGES, plain_text


@pytest.fixture(scope="module")
def documents(desk: Desk) -> dict[str, Document]:
    asked = report.views(desk, "2025-12-05")
    return {language: report.document(asked, language) for language in LANGUAGES}


def section(document: Document) -> Section:
    (found,) = [s for s in document.sections if s.id == "network"]
    return found


def prose(document: Document) -> str:
    return " ".join(plain_text(b.runs) for b in section(document).blocks if isinstance(b, Paragraph))


def test_what_the_week_says(documents: dict[str, Document]) -> None:
    said = prose(documents["en"])
    for words in (
        "149.30tn since 27 November 2025, -1.95% against the epoch before",
        "earned US$38.00 a day",
        "1,004 EH/s from the 947 blocks of 29 Nov to 5 December 2025",
        "between 941 and 1,070 EH/s",
        "above one zetahash per second is 55% in this window",
        "778 blocks away, about 11 December 2025",
        "-3.9%, nineteen times in twenty by -7.4% to -0.3%",
        "123,418 blocks away, about 30 March 2028",
        "At US$0.0600 per kWh, machines up to 26.4 J/TH earn their power",
        "11.2% would not",
    ):
        assert words in said, words


@pytest.mark.parametrize(
    ("language", "level", "words"),
    [
        ("en", "zetahash", ("probability", "window", "%")),
        ("ar", "زيتاهاش", ("احتمال", "النافذة", "%")),
        ("zh", "泽塔哈希", ("概率", "窗口", "%")),
    ],
)
def test_the_level_is_told_as_a_probability_with_its_window(
    documents: dict[str, Document], language: str, level: str, words: tuple[str, ...]
) -> None:
    sentences = [
        plain_text(b.runs)
        for b in section(documents[language]).blocks
        if isinstance(b, Paragraph) and level in plain_text(b.runs)
    ]
    assert len(sentences) == 1
    assert all(word in sentences[0] for word in words)


def test_the_languages_say_the_same_of_the_network(documents: dict[str, Document]) -> None:
    figures = {
        language: [
            (r.figure.ref, re.sub(r"[^\d.,%+-]", "", r.text))
            for r in runs_of(made)
            if isinstance(r, Number) and r.figure.ref.startswith("network/") and r.figure.unit != "usd"
        ]
        for language, made in documents.items()
    }
    assert len(figures["en"]) > 50
    for language in ("ar", "zh"):
        assert sorted(figures[language]) == sorted(figures["en"])
    charts = [[b.id for b in section(made).blocks if isinstance(b, Chart)] for made in documents.values()]
    assert charts == [["hashprice", "hashrate", "retarget"]] * 3


@pytest.mark.parametrize("ending", ["2025-06-13", "2025-08-15", "2025-12-12", "2025-12-31"])
def test_other_weeks(desk: Desk, ending: str) -> None:
    """Before the first block on record; a window that is not full; an epoch a day old; the last close."""
    made = report.document(report.views(desk, ending), "en")
    found = [s for s in made.sections if s.id == "network"]
    if ending == "2025-06-13":
        assert found == []
        return
    said = prose(made)
    assert ("Too few days are on record" in said) == (ending == "2025-08-15")
    assert "The next halving of the subsidy is" in said


def test_no_forecast_for_a_young_epoch(desk: Desk) -> None:
    asked = report.views(desk, "2025-12-12")
    young = desk.network("2025-12-11")
    made = report.document(
        report.Views(
            asked.week, asked.others | {"network": young}, report.origins(desk, [asked.week, young])
        ),
        "zh",
    )
    assert "本周期刚刚开始" in prose(made)
