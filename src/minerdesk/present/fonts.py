"""The fonts of the report: where they lie, and subsets of them small enough to travel inside a page.

IBM Plex Sans and IBM Plex Sans Arabic come from their own packages, Noto Sans SC out of ``zhplot`` (found
without importing it, which would set up matplotlib). All three are under the SIL Open Font License.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

#: Letters that every subset carries, so that a page reads on when a word is added to it.
ASCII = "".join(map(chr, range(32, 127)))
#: OpenType features that Arabic needs to be joined and set; Latin and Chinese read well without any.
_JOINING = ["ccmp", "init", "medi", "fina", "rlig", "calt", "mark", "mkmk"]
_UNUSED = ("DSIG", "MVAR", "STAT", "meta", "gasp", "prep", "fpgm", "cvt ", "vhea", "vmtx", "VORG", "BASE")
_LAYOUT = ("GSUB", "GPOS", "GDEF")


@dataclass(frozen=True)
class Font:
    """A font file of an installed package: ``weight`` is a CSS value, a range for a variable font."""

    family: str
    package: str
    folder: str
    name: str
    weight: str
    joining: bool = False

    @property
    def path(self) -> Path:
        return _home(self.package) / self.folder / self.name


LATIN = Font("IBM Plex Sans", "fontpkg_ibm_plex_sans", "files", "IBMPlexSans[wdth,wght].ttf", "100 700")
ARABIC = Font(
    "IBM Plex Sans Arabic",
    "fontpkg_ibm_plex_sans_arabic",
    "files",
    "IBMPlexSansArabic-Regular.ttf",
    "400",
    True,
)
ARABIC_STRONG = Font(ARABIC.family, ARABIC.package, "files", "IBMPlexSansArabic-SemiBold.ttf", "600", True)
CHINESE = Font("Noto Sans SC", "zhplot", "fonts", "NotoSansSC-Regular.ttf", "400")

#: language -> fonts of a page in it, in the order in which they are asked for a letter.
FACES: dict[str, tuple[Font, ...]] = {
    "en": (LATIN,),
    "ar": (ARABIC, ARABIC_STRONG),
    "zh": (LATIN, CHINESE),
}


def faces(language: str) -> tuple[Font, ...]:
    """The fonts of a language (``en`` for one without fonts of its own)."""
    return FACES.get(language, FACES["en"])


def families(language: str) -> list[str]:
    """Family names in order of preference, ending in all others, for PDF and drawings."""
    preferred = [font.family for font in faces(language)]
    return list(dict.fromkeys([*preferred, LATIN.family, ARABIC.family, CHINESE.family]))


def folders() -> list[Path]:
    """The folders that hold the fonts, for Typst."""
    return [font.path.parent for font in (LATIN, ARABIC, CHINESE)]


def face_css(language: str, text: str) -> str:
    """``@font-face`` rules that carry the letters of ``text`` as base64 WOFF under the families' names.

    A later font of a language carries only what the earlier ones lack.
    """
    fonts = faces(language)
    wanted = frozenset(text) | frozenset(ASCII)
    rules: list[str] = []
    for font, following in zip(fonts, (*fonts[1:], None), strict=True):
        packed = base64.b64encode(subset(font, wanted)).decode()
        rules.append(
            f'@font-face{{font-family:"{font.family}";font-weight:{font.weight};font-display:block;'
            f'src:url(data:font/woff;base64,{packed}) format("woff")}}'
        )
        if following is not None and following.family != font.family:
            wanted -= _letters(font)
    return "\n".join(rules)


@lru_cache(maxsize=16)
def subset(font: Font, letters: frozenset[str]) -> bytes:
    """WOFF of ``font`` with only ``letters``; the same bytes for the same letters.

    Dropping the layout tables of Latin and Chinese before they are parsed is what keeps this under 0.1 s
    (0.5 s with them); what is lost is kerning.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    whole = TTFont(font.path, lazy=True, recalcTimestamp=False)
    whole.setGlyphOrder([".notdef", *(f"g{i}" for i in range(1, whole["maxp"].numGlyphs))])
    for table in _UNUSED if font.joining else _UNUSED + _LAYOUT:
        if table in whole:
            del whole[table]
    options = Options()
    options.name_IDs = []
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = False
    options.layout_features = _JOINING if font.joining else []
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[ord(letter) for letter in letters])
    subsetter.subset(whole)
    whole.flavor = "woff"
    packed = io.BytesIO()
    whole.save(packed, reorderTables=None)
    return packed.getvalue()


@lru_cache(maxsize=8)
def _letters(font: Font) -> frozenset[str]:
    from fontTools.ttLib import TTFont

    return frozenset(map(chr, TTFont(font.path, lazy=True).getBestCmap()))


@lru_cache(maxsize=8)
def _home(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the fonts of {package} are not installed")
    return Path(spec.origin).parent
