"""The report of the reference week, whole: every language, every format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import lxml.html
import pypdf
import pypdfium2
import pytest

from minerdesk.desk import Desk
from minerdesk.desk.tracing import traces
from minerdesk.errors import InputError
from minerdesk.present import report
from minerdesk.present.document import Number, Paragraph, Text, runs_of
from minerdesk.present.words import LANGUAGES

WEEK = "2025-12-05"
DIGIT = re.compile(r"\d")


@pytest.fixture(scope="module")
def asked(desk: Desk) -> report.Views:
    return report.views(desk, WEEK)


@pytest.fixture(scope="module")
def written(asked: report.Views, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    report.write(asked, folder, list(LANGUAGES), list(report.FORMATS))
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_bare_number_in_the_html(written: Path, language: str) -> None:
    """A digit stands only in a figure (class n), a name (class name) or a drawing."""
    page = lxml.html.fromstring((written / f"minerdesk-{WEEK}.{language}.html").read_bytes())
    taken_out = page.xpath(
        "//head | //style | //svg | //*[contains(concat(' ', @class, ' '), ' n ')]"
        " | //*[contains(concat(' ', @class, ' '), ' name ')]"
    )
    assert len(taken_out) > 500
    for element in taken_out:
        element.drop_tree()
    left = page.text_content()
    assert not DIGIT.findall(left.replace("sha256", "")), [
        left[max(m.start() - 60, 0) : m.end() + 20] for m in DIGIT.finditer(left)
    ][:5]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_the_document_hold_no_digit(asked: report.Views, language: str) -> None:
    made = report.document(asked, language)
    bare = [r.text for r in runs_of(made) if isinstance(r, Text) and DIGIT.search(r.text)]
    assert not bare


def test_the_languages_say_the_same_numbers(asked: report.Views) -> None:
    def figures(language: str) -> set[str]:
        made = report.document(asked, language)
        return {r.figure.ref for r in runs_of(made) if isinstance(r, Number)}

    english = figures("en")
    assert len(english) > 250
    # a plural form may say a small count in words, so a count may be absent; nothing may be added
    for language in ("ar", "zh"):
        assert figures(language) <= english
        assert len(english - figures(language)) <= 2


def test_every_printed_figure_traces_to_bytes(asked: report.Views, desk: Desk) -> None:
    made = report.document(asked, "en")
    refs = {r.figure.ref for r in runs_of(made) if isinstance(r, Number) and r.figure.value is not None}
    nodes = {ref: node for view in (asked.week, *asked.others.values()) for ref, node in view.nodes.items()}
    found = traces(desk, replace(asked.week, nodes=nodes), refs)
    for ref in refs:
        leaves = list(found[ref].leaves())
        grounded = [leaf for leaf in leaves if leaf.sources]
        # an assumption has no bytes behind it: it says that it is stated
        assert grounded or found[ref].method == "stated", f"{ref} leads to no bytes"
        for leaf in leaves:
            # a span of splits or counts may hold no row; a single row may not be missing
            assert leaf.sources or leaf.note, leaf.ref
    source = next(found["week/2025-12-05/return_fraction/ABTC"].leaves()).sources[0]
    assert source.excerpt == "ABTC = 4.24"
    assert source.locator == "line=127;column=ABTC"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_links_to_an_entry(written: Path, language: str) -> None:
    page = lxml.html.fromstring((written / f"minerdesk-{WEEK}.{language}.html").read_bytes())
    anchors = set(page.xpath("//*/@id"))
    links = page.xpath("//main//a[contains(concat(' ', @class, ' '), ' n ')]/@href")
    assert len(links) > 250
    assert not [link for link in links if link.removeprefix("#") not in anchors]
    unlinked = page.xpath("//section[@id!='appendix']//bdi[contains(concat(' ', @class, ' '), ' n ')]/text()")
    assert set(unlinked) <= {"–"}, "a number without an entry"
    # one file: nothing is fetched
    raw = lxml.html.tostring(page, encoding="unicode")
    assert not re.search(r'(src|href)="(?!#|https?://|data:)', raw)
    assert "<script" not in raw


def test_the_reference_week_is_told_right(written: Path) -> None:
    text = (written / f"minerdesk-{WEEK}.en.md").read_text(encoding="utf-8")
    for said in ("-47.4%", "US$4.24", "US$2.23", "-1.94 pp", "+15.2%", "+1.3%", "US$90,919", "US$89,388"):
        assert said.lstrip("+-") in text, said
    assert "against the trend" not in text
    assert "in the same direction on one clock" in text


@pytest.mark.parametrize(("language", "words"), [("ar", "عكس اتجاه"), ("zh", "逆比特币趋势")])
def test_no_language_says_against_the_trend(written: Path, language: str, words: str) -> None:
    for form in ("md", "html"):
        assert words not in (written / f"minerdesk-{WEEK}.{language}.{form}").read_text(encoding="utf-8")


def test_against_the_trend_is_said_where_it_is_so(desk: Desk) -> None:
    """The week to 2025-12-12: the sector fell, Bitcoin rose."""
    made = report.document(report.views(desk, "2025-12-12"), "en")
    assert "against the trend" in "".join(r.text for r in runs_of(made))


def test_bytes_are_identical_on_a_second_run(asked: report.Views, written: Path, tmp_path: Path) -> None:
    report.write(asked, tmp_path, list(LANGUAGES), list(report.FORMATS))
    for path in sorted(written.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_json_has_the_one_shape(written: Path) -> None:
    view = json.loads((written / f"minerdesk-{WEEK}.json").read_text(encoding="utf-8"))
    assert set(view) >= {"view", "as_of", "figures", "tables", "findings"}
    assert view["figures"]["sector_return_fraction"].keys() == {"value", "unit", "ref", "as_of"}
    columns = "ticker close_start_usd close_end_usd return_fraction contribution_fraction market_cap_end_usd"
    assert set(columns.split()) <= view["tables"]["names"][0].keys()
    assert len(view["tables"]["names"]) == 34


@pytest.mark.parametrize("ending", ["2025-06-13", "2025-09-05", "2025-10-24", "2025-11-21", "2025-12-31"])
def test_every_kind_of_week_can_be_written(desk: Desk, ending: str) -> None:
    """First weeks without a beta or volumes, a listing within the week, a split, a short week."""
    for language in LANGUAGES:
        made = report.document(report.views(desk, ending), language)
        assert made.sections[0].id == "headline"


def test_unknown_words_are_refused(asked: report.Views, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="known: en, ar, zh"):
        report.write(asked, tmp_path, ["fr"], ["html"])
    with pytest.raises(InputError, match="known: html, pdf, md, json"):
        report.write(asked, tmp_path, ["en"], ["docx"])
    with pytest.raises(InputError, match="nothing asked"):
        report.write(asked, tmp_path, [], ["html"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_of_the_week(written: Path, asked: report.Views, language: str) -> None:
    """Fonts embedded, nothing over the margins, the lead sentence extractable in its order."""
    path = written / f"minerdesk-{WEEK}.{language}.pdf"
    reader = pypdf.PdfReader(path)
    for page in reader.pages:
        for font in page["/Resources"].get_object()["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    for sheet in pypdfium2.PdfDocument(path):
        text = sheet.get_textpage()
        for at in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(at)
            # 20 mm are 56.7 points; a letter's side bearing may stand a point out
            assert 55.5 <= left <= right <= 595.3 - 55.5
            assert 28 <= bottom <= top <= 842 - 28
    told = re.sub(r"\s", "", reader.pages[0].extract_text())
    lead = report.document(asked, language).sections[0].blocks[0]
    assert isinstance(lead, Paragraph)
    words = [w for run in lead.runs for w in run.text.translate(dict.fromkeys(range(0x64B, 0x653))).split()]
    at = 0
    for word in words:
        found = told.find(word, at)
        assert found >= 0, f"{word!r} is missing after {told[max(0, at - 30) : at]!r}"
        at = found + len(word)
