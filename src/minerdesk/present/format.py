"""The only number formatter: a figure and its unit to what is printed, by language.

Digits are western in all three languages, as the Arabic business press prints them; magnitudes are billion,
مليار and 亿; the sign stands before the number and is kept there by the layouts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from minerdesk.present.document import Number
from minerdesk.records import Figure

MISSING = "–"
_DIGITS = "latn"
_MONEY = {"en": "US${}", "ar": "{} دولار", "zh": "{}美元"}
_POINTS = {"en": "{} pp", "ar": "{} نقطة", "zh": "{}个百分点"}
_MAGNITUDES = {
    "en": ((1e12, "tn"), (1e9, "bn"), (1e6, "m")),
    "ar": ((1e12, " تريليون"), (1e9, " مليار"), (1e6, " مليون")),
    "zh": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
}
_DAYS = {"en": "{} d", "ar": "{} يوم", "zh": "{}天"}


@dataclass(frozen=True)
class Printer:
    """Prints figures in one language. Every method gives a :class:`Number`; a missing value is a dash."""

    language: str

    def percent(self, figure: Figure, *, digits: int = 1, signed: bool = True) -> Number:
        """A fraction as per cent: ``-4.7%``."""
        return self._number(figure, lambda v: self.percent_text(v, digits, signed), tone=signed)

    def size(self, figure: Figure, *, digits: int = 1) -> Number:
        """A fraction's size as per cent, for a sentence whose verb says the direction: ``4.7%``."""
        return self._number(figure, lambda v: self.percent_text(abs(v), digits, signed=False))

    def points(self, figure: Figure, *, digits: int = 2) -> Number:
        """A fraction as percentage points: ``-1.94 pp``."""
        return self._number(
            figure,
            lambda v: _POINTS[self.language].format(self.decimal(v * 100, digits, signed=True)),
            tone=True,
        )

    def points_size(self, figure: Figure, *, digits: int = 1) -> Number:
        """The size of a fraction in points, for a sentence that words the unit itself: ``1.9``."""
        return self._number(figure, lambda v: self.decimal(abs(v) * 100, digits))

    def money(self, figure: Figure, *, digits: int = 1, signed: bool = False) -> Number:
        """US dollars in the language's magnitudes: ``US$96.2bn``, ``962.3亿美元``."""
        return self._number(figure, lambda v: self.money_text(v, digits, signed), tone=signed)

    def money_size(self, figure: Figure, *, digits: int = 2) -> Number:
        return self._number(figure, lambda v: self.money_text(abs(v), digits, False))

    def price(self, figure: Figure) -> Number:
        """A price of one share or coin: ``US$4.24``, ``US$0.273``, ``US$89,388``."""
        return self._number(
            figure, lambda v: "-" * (v < 0) + _MONEY[self.language].format(self.price_text(abs(v)))
        )

    def bare_price(self, figure: Figure) -> Number:
        """A price without its currency, for a column whose head names it."""
        return self._number(figure, self.price_text)

    def big(self, figure: Figure, *, digits: int = 1) -> Number:
        """A large count (shares) in the language's magnitudes."""
        return self._number(figure, lambda v: self.compact(v, digits))

    def count(self, figure: Figure) -> Number:
        return self._number(figure, lambda v: self.decimal(v, 0))

    def plain(self, figure: Figure, *, digits: int = 2, signed: bool = False) -> Number:
        """A number without unit: a beta, a z-score, an index level."""
        return self._number(figure, lambda v: self.decimal(v, digits, signed=signed))

    def scientific(self, figure: Figure, *, digits: int = 4) -> Number:
        """A number beyond all magnitudes, as ``1.2345e+28``."""
        return self._number(figure, lambda v: f"{v:.{digits}e}")

    def days(self, figure: Figure) -> Number:
        return self._number(figure, lambda v: _DAYS[self.language].format(self.decimal(v, 0)))

    # --- texts of bare values, for the axes and labels of charts ------------------------------------
    def percent_text(self, value: float, digits: int = 1, signed: bool = True) -> str:
        from babel.numbers import format_percent

        zeros = "0." + "0" * digits if digits else "0"
        value = round(value, digits + 2) + 0.0
        pattern = f"+#,##{zeros}%;-#,##{zeros}%" if signed and value else f"#,##{zeros}%"
        text: str = format_percent(value, format=pattern, locale=self.language, numbering_system=_DIGITS)
        return text

    def money_text(self, value: float, digits: int = 1, signed: bool = False) -> str:
        sign = "-" if value < 0 else "+" if signed and value > 0 else ""
        amount = self.compact(abs(value), digits)
        if self.language == "en":
            return sign + _MONEY["en"].format(amount)
        return _MONEY[self.language].format(sign + amount)

    def compact(self, value: float, digits: int = 1) -> str:
        """In the largest magnitude it fills: ``96.2bn``, ``96.2 مليار``, ``962.3亿``."""
        for size, word in _MAGNITUDES[self.language]:
            if round(abs(value) / size, digits) >= 1:
                return self.decimal(value / size, digits) + word
        return self.decimal(value, 0)

    def price_text(self, value: float) -> str:
        """Two decimals, none from a thousand up, three significant ones below one."""
        size = abs(value)
        if size >= 1_000:
            return self.decimal(value, 0)
        return self.decimal(value, 2 if size >= 1 or not size else max(2, 2 - math.floor(math.log10(size))))

    def decimal(self, value: float, digits: int, *, signed: bool = False) -> str:
        from babel.numbers import format_decimal

        zeros = "0." + "0" * digits if digits else "0"
        pattern = f"+#,##{zeros};-#,##{zeros}" if signed and round(value, digits) else f"#,##{zeros}"
        text: str = format_decimal(
            round(value, digits) + 0.0, format=pattern, locale=self.language, numbering_system=_DIGITS
        )
        return text

    def _number(self, figure: Figure, text: Callable[[float], str], tone: bool = False) -> Number:
        if figure.value is None:
            return Number(figure, MISSING)
        value = float(figure.value)
        told = text(value)
        lean = (value > 0) - (value < 0) if tone and any(c in "123456789" for c in told) else 0
        return Number(figure, told, lean)
