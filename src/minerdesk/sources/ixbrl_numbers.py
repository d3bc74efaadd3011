"""The written form of a tagged number to its value: the transformation rules of inline XBRL that filers use.

Names are those of the Transformation Rules Registry, versions 1 to 5 (``num-dot-decimal``, formerly
``numdotdecimal``), and of the SEC's own registry (``numwordsen``); the namespace does not change a rule's
meaning, so only the local name is looked at. Values are exact decimals until scale and sign are applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

_DIGITS = re.compile(r"\d+(\.\d*)?|\.\d+")
_SPACES = str.maketrans("", "", " \t\r\n\xa0\u2009\u200b\u202f")
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: number for number, word in enumerate(_SMALL)} | {
    word: 10 * number for number, word in enumerate(_TENS, start=2)
}
_POWERS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def number(text: str, rule: str) -> Decimal:
    """The unscaled, unsigned value of ``text`` under a rule (local name; empty for none).

    >>> number("1,234.5", "num-dot-decimal")
    Decimal('1234.5')
    >>> number("twenty-one thousand", "numwordsen")
    Decimal('21000')

    Raises :class:`ValueError` where the text does not fit the rule, :class:`KeyError` for an unknown rule.
    """
    return _RULES[rule.lower().replace("-", "").replace("_", "")](text)


def scaled(value: Decimal, scale: int, negative: bool) -> float:
    """``value`` x 10^``scale`` with its sign, rounded once, to the nearest double."""
    return float((-value if negative else value).scaleb(scale))


def _plain(text: str) -> Decimal:
    compact = text.translate(_SPACES)
    if not _DIGITS.fullmatch(compact):
        raise ValueError(text)
    return Decimal(compact)


def _dot(text: str) -> Decimal:
    return _plain(text.replace(",", "").replace("'", "").replace("`", "").replace("’", ""))


def _comma(text: str) -> Decimal:
    return _plain(text.replace(".", "").replace(",", "."))


def _units(text: str) -> Decimal:
    """Whole and hundredth parts with words between: ``5 dollars 12 cents``."""
    parts = re.findall(r"\d[\d,. ]*", text)
    if len(parts) != 2:
        raise ValueError(text)
    return _dot(re.sub(r"[^\d]", "", parts[0])) + _dot(parts[1]) / 100


def _nothing(text: str) -> Decimal:
    """A dash, a word or nothing at all that stands for zero."""
    return Decimal(0)


def _words(text: str) -> Decimal:
    words = re.sub(r"[-,\s\xa0]+", " ", text.lower()).split()
    if words in (["no"], ["none"], ["nil"]):
        return Decimal(0)
    total, group, seen = 0, 0, False
    for word in words:
        if word == "and" and seen:
            continue
        if word in _WORDS:
            group, seen = group + _WORDS[word], True
        elif word == "hundred":
            group, seen = max(group, 1) * 100, True
        elif word in _POWERS:
            total, group, seen = total + max(group, 1) * _POWERS[word], 0, True
        else:
            raise ValueError(text)
    if not seen:
        raise ValueError(text)
    return Decimal(total + group)


_RULES: dict[str, Callable[[str], Decimal]] = {
    "": _plain,
    "numdotdecimal": _dot,
    "numdotdecimalapos": _dot,
    "numdotdecimalin": _dot,
    "numcommadot": _dot,
    "numspacedot": _dot,
    "numcommadecimal": _comma,
    "numcommadecimalapos": lambda text: _comma(text.replace("'", "").replace("’", "")),
    "numdotcomma": _comma,
    "numspacecomma": _comma,
    "numunitdecimal": _units,
    "fixedzero": _nothing,
    "fixedempty": _nothing,
    "zerodash": _nothing,
    "numdash": _nothing,
    "nocontent": _nothing,
    "numwordsen": _words,
}
