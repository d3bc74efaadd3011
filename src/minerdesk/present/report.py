"""The report: views of a week to documents, documents to files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from minerdesk.desk import Desk
from minerdesk.desk.views import View, as_json
from minerdesk.errors import InputError
from minerdesk.present.appendix import Origins, origins, provenance
from minerdesk.present.document import Document, Number, Section, runs_of
from minerdesk.present.format import Printer
from minerdesk.present.narrative import SECTIONS, Edition
from minerdesk.present.processors import each
from minerdesk.present.words import LANGUAGES, Words
from minerdesk.store.commits import write_file

FORMATS = ("html", "pdf", "md", "json")
_ = str
#: Fixed labels of the layouts, by the keys they ask for.
LABELS = {
    "all_rows": _("Show all rows"),
    "appendix": _("Where each number comes from"),
    "appendix_note": _(
        "Each entry names how a number was made and from what, down to the place in the data."
    ),
    "appendix_rest": _("The steps in between stand in the HTML and Markdown editions."),
    "contents": _("Contents"),
    "inputs": _("from"),
    "method": _("method"),
    "origin": _("source"),
    "page": _("page"),
    "place": _("place"),
    "snapshot": _("sha256"),
}


@dataclass(frozen=True)
class Views:
    """Everything a report of one week is written from."""

    week: View
    others: dict[str, View]
    origins: Origins


#: Further views a report is written from: name -> question. A view that has nothing to say about the day
#: raises :class:`InputError` and is left out, with the sections that need it.
OTHERS: dict[str, Callable[[Desk, date, str | None], View]] = {
    "cost": lambda desk, day, as_of: desk.cost(as_of=as_of or str(day)),
    "causes": lambda desk, day, as_of: desk.causes(day, as_of),
    "events": lambda desk, day, as_of: desk.events(as_of=as_of or day),
    "network": lambda desk, day, as_of: desk.network(day, as_of=as_of or day),
}


def views(desk: Desk, ending: date | str, as_of: str | None = None) -> Views:
    """Ask the desk once; all languages and formats are written from the same answers."""
    week = desk.week(ending, as_of)
    day = date.fromisoformat(week.facts["week_end"])
    others: dict[str, View] = {}
    for name, ask in OTHERS.items():
        with suppress(InputError):
            others[name] = ask(desk, day, as_of)
    return Views(week, others, origins(desk, [week, *others.values()]))


def document(views: Views, language: str) -> Document:
    """The report in one language. Raises :class:`InputError` for an unknown language."""
    words, show = Words(language), Printer(language)
    edition = Edition(words, show, views.week, views.others)
    sections: list[Section] = [made for write in SECTIONS if (made := write(edition)) is not None]
    start, end = words.day(edition.start), words.day(edition.end)
    draft = Document(
        language=language,
        direction=words.direction,
        title=words("Listed Bitcoin miners: the week"),
        subtitle=words.sentence("{start} to {end}", start=start, end=end),
        sections=tuple(sections),
        provenance=(),
        words={key: words(text) for key, text in LABELS.items()},
        date_iso=str(edition.end),
    )
    nodes = dict(views.week.nodes)
    for view in views.others.values():
        nodes |= view.nodes
    printed = [run.figure for run in runs_of(draft) if isinstance(run, Number)]
    entries = provenance(nodes, printed, show, views.origins)
    return Document(**{**draft.__dict__, "provenance": entries})


def write(
    views: Views,
    folder: Path,
    languages: Sequence[str],
    formats: Sequence[str],
    progress: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write every language in every format; returns the files. JSON has no language and is written once.

    Raises :class:`InputError` for an unknown language or format.
    """
    for wanted, known in ((languages, LANGUAGES), (formats, FORMATS)):
        unknown = [word for word in wanted if word not in known]
        if unknown or not wanted:
            raise InputError(f"unknown: {', '.join(unknown) or 'nothing asked'}; known: {', '.join(known)}")
    stem = f"minerdesk-{views.week.facts['week_end']}"
    written: list[Path] = []
    if "json" in formats:
        whole = as_json(views.week) | {"views": {name: as_json(view) for name, view in views.others.items()}}
        content = json.dumps(whole, ensure_ascii=False, indent=1)
        written.append(_put(folder / f"{stem}.json", content.encode()))
    laid_out = [form for form in formats if form != "json"]

    def lay_out(language: str) -> list[Path]:
        made = document(views, language)
        return [_put(folder / f"{stem}.{language}.{form}", _layout(made, form)) for form in laid_out]

    for paths in each(lay_out, languages if laid_out else ()):
        progress(", ".join(path.name for path in paths))
        written += paths
    return written


def _layout(made: Document, form: str) -> bytes:
    if form == "html":
        from minerdesk.present.layout_html import html

        return html(made)
    if form == "pdf":
        from minerdesk.present.layout_pdf import pdf

        return pdf(made)
    from minerdesk.present.layout_markdown import markdown

    return markdown(made)


def _put(path: Path, content: bytes) -> Path:
    write_file(path, content)
    return path
