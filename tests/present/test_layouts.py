"""The three layouts of a report: complete, safe, repeatable, and right in both directions."""

from __future__ import annotations

import doctest
import io
import re
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace

import pypdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont
from lxml import html as parser

from minerdesk.present import fonts, layout, layout_markdown
from minerdesk.present.document import Document, Number, Paragraph, Section, Table, Text, runs_of
from minerdesk.present.layout_html import html
from minerdesk.present.layout_markdown import markdown
from minerdesk.present.layout_pdf import pdf
from minerdesk.present.palette import COLOURS

LANGUAGES = ("en", "ar", "zh")
Samples = Callable[[str], Document]
#: Text with everything that means something to HTML, Markdown or Typst.
HOSTILE = 'a<b>&amp; "c" #panic("x") $x$ *d* _e_ [f](g) | `h` @i \\ <script>alert(1)</script>'


@pytest.fixture(scope="module")
def pages(document: Samples) -> dict[str, bytes]:
    return {language: html(document(language)) for language in LANGUAGES}


@pytest.fixture(scope="module")
def prints(document: Samples) -> dict[str, bytes]:
    return {language: pdf(document(language)) for language in LANGUAGES}


def hostile(document: Document) -> Document:
    section = Section("odd", HOSTILE, (Paragraph((Text(HOSTILE), Text(HOSTILE, strong=True))),))
    return replace(document, title=HOSTILE, sections=(section, *document.sections))


@pytest.mark.parametrize("module", [layout, layout_markdown])
def test_examples_of_the_docstrings_hold(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted
    assert not result.failed


@pytest.mark.parametrize("write", [html, pdf, markdown])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_second_run_gives_the_same_bytes(
    write: Callable[[Document], bytes], language: str, document: Samples
) -> None:
    assert write(document(language)) == write(document(language))


@pytest.mark.parametrize("write", [html, pdf, markdown])
def test_a_missing_label_is_named(write: Callable[[Document], bytes], document: Samples) -> None:
    words = {key: word for key, word in document("en").words.items() if key not in {"origin", "page"}}
    with pytest.raises(KeyError, match="origin, page"):
        write(replace(document("en"), words=words))


# --- HTML ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_fetches_nothing(language: str, pages: dict[str, bytes]) -> None:
    tree = parser.fromstring(pages[language])
    assert not tree.xpath("//script | //link | //img | //iframe | //*[@src] | //*[@onclick]")
    assert {href for href in tree.xpath("//@href") if not href.startswith("#")} == {
        "https://example.org/filing"
    }
    fetched = re.findall(r"url\((?!data:|#)[^)]*\)|@import", pages[language].decode())
    assert not fetched


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_leads_to_its_entry(language: str, pages: dict[str, bytes], document: Samples) -> None:
    tree = parser.fromstring(pages[language])
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    inside = [
        href.removeprefix("#")
        for href in tree.xpath("//*[not(self::*[name()='use'])]/@href")
        if href[0] == "#"
    ]
    assert set(inside) <= set(ids)
    linked = {
        link.get("href").removeprefix("#") for link in tree.xpath("//main//a[starts-with(@class, 'n')]")
    }
    assert {run.anchor for run in runs_of(document(language)) if isinstance(run, Number)} <= linked
    for entry in document(language).provenance:
        (article,) = tree.xpath("//article[@id=$id]", id=entry.anchor)
        told = article.text_content()
        assert entry.ref in told
        assert entry.method in told
        assert entry.snapshot[:12] in told
        assert entry.place in told
        assert all(ref.rpartition("/")[2] in told for ref in entry.inputs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_digit_stands_outside_numbers_and_names(language: str, pages: dict[str, bytes]) -> None:
    tree = parser.fromstring(pages[language])
    for element in tree.xpath(
        "//style | //svg | //*[contains(concat(' ', @class, ' '), ' n ')] | //*[@class='name']"
    ):
        element.drop_tree()
    for element in tree.xpath("//*[starts-with(@class, 'n ') or starts-with(@class, 'name')]"):
        element.drop_tree()
    assert not re.findall(r"\d", tree.text_content())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_carries_every_letter_it_shows(language: str, pages: dict[str, bytes]) -> None:
    page = pages[language].decode()
    carried: set[int] = set()
    for packed in re.findall(r"data:font/woff;base64,([^)]+)\)", page):
        carried |= set(TTFont(io.BytesIO(b64decode(packed))).getBestCmap())
    tree = parser.fromstring(pages[language])
    for element in tree.xpath("//style | //svg"):
        element.drop_tree()
    shown = {letter for letter in tree.text_content() if not letter.isspace()}
    assert {letter for letter in shown if ord(letter) not in carried} == set()
    assert len(pages[language]) < 600_000


def test_drawings_take_the_colours_of_the_page(pages: dict[str, bytes]) -> None:
    drawings = "".join(re.findall(r"<svg.*?</svg>", pages["en"].decode(), flags=re.DOTALL))
    assert "var(--accent)" in drawings
    assert "var(--down)" in drawings
    assert not [light for light, _ in COLOURS.values() if light in drawings]


def test_arabic_runs_right_to_left_with_signs_before_their_numbers(pages: dict[str, bytes]) -> None:
    tree = parser.fromstring(pages["ar"])
    assert (tree.get("dir"), tree.get("lang")) == ("rtl", "ar")
    (per_cent,) = {
        e.get("dir") for e in tree.xpath("//a[contains(@class, 'n')]") if e.text_content() == "−4.7%"
    }
    assert per_cent == "ltr"
    mixed = next(e for e in tree.xpath("//a[@class='n']") if e.text_content() == "-0.3 مليار دولار")
    assert mixed.get("dir") == "rtl"
    assert [(part.text, part.get("dir")) for part in mixed] == [("-0.3", "ltr")]


def test_text_is_text_in_html(document: Samples) -> None:
    tree = parser.fromstring(html(hostile(document("en"))))
    assert not tree.xpath("//script")
    assert tree.xpath("//section[@id='odd']/h2")[0].text_content() == HOSTILE
    assert tree.xpath("//section[@id='odd']//p")[0].text_content() == HOSTILE * 2


def test_a_phone_never_scrolls_sideways(pages: dict[str, bytes]) -> None:
    """In the browser itself, at 360 points: the page is no wider than the screen, and dark when asked."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: the phone is not tried")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this machine: the phone is not tried")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
        for language in LANGUAGES:
            page.set_content(pages[language].decode())
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert ground == f"rgb{tuple(bytes.fromhex(COLOURS['paper'][1][1:]))}"
        browser.close()


# --- PDF -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_fonts_are_embedded_and_the_pages_are_a4(language: str, prints: dict[str, bytes]) -> None:
    reader = pypdf.PdfReader(io.BytesIO(prints[language]))
    for page in reader.pages:
        assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
        for font in page["/Resources"].get_object()["/Font"].values():
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)
    assert len(prints[language]) < 1_000_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_over_the_margins(language: str, prints: dict[str, bytes]) -> None:
    pdf_ = pypdfium2.PdfDocument(prints[language])
    for page in pdf_:
        text = page.get_textpage()
        for at in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(at)
            # 20 mm are 56.7 points; half a point for the side bearing of a letter
            assert 56 <= left <= right <= 595.3 - 56
            assert 28 <= bottom <= top <= 842 - 28


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_links_and_long_tables_repeat_their_head(
    language: str, prints: dict[str, bytes], document: Samples
) -> None:
    reader = pypdf.PdfReader(io.BytesIO(prints[language]))
    links = sum(len(page.get("/Annots", [])) for page in reader.pages)
    numbers = sum(isinstance(run, Number) for run in runs_of(document(language)))
    assert links >= numbers
    table = next(b for s in document(language).sections for b in s.blocks if isinstance(b, Table))
    head = table.columns[0].title + table.columns[1].title
    told = [page.extract_text().replace(" ", "").replace("\n", "") for page in reader.pages]
    assert sum(head.replace(" ", "") in page for page in told) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_can_be_extracted_in_reading_order(
    language: str, prints: dict[str, bytes], document: Samples
) -> None:
    """The words of the lead paragraph and its numbers follow each other in the file as in the sentence."""
    reader = pypdf.PdfReader(io.BytesIO(prints[language]))
    told = re.sub(r"\s", "", reader.pages[0].extract_text())
    lead = document(language).sections[0].blocks[0]
    assert isinstance(lead, Paragraph)
    vowels = dict.fromkeys(range(0x64B, 0x653))
    words = [word for run in lead.runs for word in run.text.translate(vowels).split()]
    assert len(words) > 8
    at = 0
    for word in words:
        found = told.find(word, at)
        assert found >= 0, f"{word!r} is missing after {told[max(0, at - 30) : at]!r}"
        at = found + len(word)


def test_a_number_can_be_found_in_the_arabic_file(prints: dict[str, bytes], document: Samples) -> None:
    told = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(prints["ar"])).pages)
    assert not set(told) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    numbers = [run for run in runs_of(document("ar")) if isinstance(run, Number)]
    assert all(layout.pieces(run.text)[0].text in told for run in numbers)


def test_text_is_text_in_pdf(document: Samples) -> None:
    told = pypdf.PdfReader(io.BytesIO(pdf(hostile(document("en"))))).pages[0].extract_text()
    assert re.sub(r"\s", "", HOSTILE) in re.sub(r"\s", "", told)


# --- Markdown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reference_of_the_markdown_is_defined(language: str, document: Samples) -> None:
    text = markdown(document(language)).decode()
    used = set(re.findall(r"\]\[([a-z0-9-]+)\]", text))
    defined = dict(re.findall(r"^\[([^\]]+)\]: #(.+)$", text, flags=re.MULTILINE))
    assert {run.anchor for run in runs_of(document(language)) if isinstance(run, Number)} <= used
    assert used <= set(defined)
    assert all(f'<a id="{target}"></a>' in text for target in defined.values())
    widths = {line.count(" | ") for line in text.splitlines() if line.startswith("| ") and "ABTC" in line}
    assert widths == {6}
    assert document(language).sections[1].blocks[1].alt in text  # type: ignore[union-attr]


def test_signs_keep_their_side_in_arabic_markdown(document: Samples) -> None:
    text = markdown(document("ar")).decode()
    assert "[\u2066−4.7%\u2069][" in text
    assert "[\u2067\u2066-0.3\u2069 مليار دولار\u2069][" in text


def test_text_is_text_in_markdown(document: Samples) -> None:
    text = markdown(hostile(document("en"))).decode()
    assert not re.search(r"(?<![\\(])<(?!a id|/a>)", text)
    assert r"a\<b\>\&amp; " in text
    assert r"\[f\](g) \| \`h\`" in text


# --- fonts ---------------------------------------------------------------------------------------------


def test_fonts_are_found_without_importing_their_packages() -> None:
    code = (
        "import sys; from minerdesk.present import fonts;"
        "assert all(p.is_dir() for p in fonts.folders());"
        "assert all(f.path.is_file() for faces in fonts.FACES.values() for f in faces);"
        "assert not {'zhplot', 'matplotlib', 'fontTools', 'typst'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_subset_joins_arabic_letters() -> None:
    """The subset keeps the shapes of letters inside words, and the ligature lam-alef."""
    packed = TTFont(io.BytesIO(fonts.subset(fonts.ARABIC, frozenset("لا سهم"))))
    assert {"init", "medi", "fina", "rlig"} <= {
        r.FeatureTag for r in packed["GSUB"].table.FeatureList.FeatureRecord
    }
    assert len(packed.getGlyphOrder()) > len(packed.getBestCmap()) + 3
