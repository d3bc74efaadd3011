"""Words: gettext catalogues, and sentences made of a template and runs.

Catalogues are kept as ``locales/<language>/<topic>.po`` and read as they are: no compiled copy can go stale.
English is the source text. ``_`` marks a text and translates it; :meth:`Words.sentence` puts numbers and
names where the template has their ``{names}``.
"""

from __future__ import annotations

import gettext
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from minerdesk.errors import InputError
from minerdesk.present.document import Name, Number, Run, Runs, Text

LANGUAGES = {"en": "ltr", "ar": "rtl", "zh": "ltr"}
_HOLE = re.compile(r"\{(\w+)\}")


@lru_cache(maxsize=8)
def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in LANGUAGES:
        raise InputError(f"no language {language!r}; known: {', '.join(LANGUAGES)}")
    if language == "en":
        return gettext.NullTranslations()
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    merged = Catalog(locale=language)
    folder = resources.files("minerdesk") / "present" / "locales" / language
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    merged.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    language: str

    @property
    def direction(self) -> str:
        return LANGUAGES[self.language]

    @property
    def space(self) -> Runs:
        """What stands between two sentences."""
        return () if self.language == "zh" else (Text(" "),)

    def __call__(self, text: str) -> str:
        """The text in this language."""
        return _catalogue(self.language).gettext(text)

    def plural(self, one: str, many: str, count: int) -> str:
        """The text in the form that ``count`` takes (Arabic has six)."""
        return _catalogue(self.language).ngettext(one, many, count)

    def sentence(self, template: str, **runs: Run | Runs | str) -> Runs:
        """A translated ``template`` with ``{holes}`` filled by runs.

        Raises :class:`KeyError` for a hole without a run: a sentence is never printed with a gap.
        """
        return fill(self(template), **runs)

    def counted(self, one: str, many: str, count: Number, **runs: Run | Runs | str) -> Runs:
        """Like :meth:`sentence`, in the plural form of the figure ``count``, which fills ``{n}``."""
        value = count.figure.value
        text = self.plural(one, many, int(float(value)) if value is not None else 0)
        return fill(text, n=count, **runs)

    def listed(self, items: list[Run]) -> Runs:
        """Runs as a list in prose, with the comma of the language."""
        comma = {"ar": "، ", "zh": "、"}.get(self.language, ", ")
        out: list[Run] = []
        for place, item in enumerate(items):
            out += [Text(comma), item] if place else [item]
        return tuple(out)

    def day(self, day: object, style: str = "long") -> Name:
        """A calendar day in the language's own form, western digits."""
        from babel.dates import format_date

        patterns = {
            ("en", "long"): "d MMMM y",
            ("en", "short"): "d MMM",
            ("ar", "long"): "d MMMM y",
            ("ar", "short"): "d MMM",
            ("zh", "long"): "y年M月d日",
            ("zh", "short"): "M月d日",
        }
        text = format_date(day, patterns[self.language, style], locale=self.language)
        return Name(text.translate(_WESTERN))


_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


def fill(text: str, **runs: Run | Runs | str) -> Runs:
    """Text and runs from a template: ``"fell {change}"`` gives ``(Text("fell "), Number(...))``."""
    out: list[Run] = []
    end = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > end:
            out.append(Text(text[end : hole.start()]))
        value = runs[hole.group(1)]
        if isinstance(value, str):
            out.append(Text(value))
        elif isinstance(value, tuple):
            out.extend(value)
        else:
            out.append(value)
        end = hole.end()
    if end < len(text):
        out.append(Text(text[end:]))
    return tuple(out)


def plain_text(runs: Runs) -> str:
    """The runs as one string."""
    return "".join(run.text for run in runs)


def name(text: object, href: str = "") -> Name:
    return Name(str(text), href)
