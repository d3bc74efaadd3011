"""Written numbers: rules of the registry, exact scaling, words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.sources.ixbrl_numbers import number, scaled


@pytest.mark.parametrize(
    ("text", "rule", "value"),
    [
        ("152,988", "num-dot-decimal", "152988"),
        ("\xa01,234.50 ", "numdotdecimal", "1234.50"),
        ("12'345.6", "num-dot-decimal-apos", "12345.6"),
        ("1.234,5", "num-comma-decimal", "1234.5"),
        ("1 234,5", "numspacecomma", "1234.5"),
        ("5 dollars 12 cents", "num-unit-decimal", "5.12"),
        ("12", "", "12"),
        ("—", "fixed-zero", "0"),
        ("-", "zerodash", "0"),
        ("", "nocontent", "0"),
        ("no", "num-words-en", "0"),
        ("None", "numwordsen", "0"),
        ("fourteen", "numwordsen", "14"),
        ("Twenty-one", "numwordsen", "21"),
        ("one hundred and five", "numwordsen", "105"),
        ("three hundred forty-two thousand, six hundred", "numwordsen", "342600"),
        ("two million", "numwordsen", "2000000"),
    ],
)
def test_rules(text: str, rule: str, value: str) -> None:
    assert number(text, rule) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("(5)", "num-dot-decimal"),
        ("-5", "num-dot-decimal"),
        ("1.234.5", "num-dot-decimal"),
        ("", "num-dot-decimal"),
        ("n/a", "num-dot-decimal"),
        ("1,5", ""),
        ("１２", "num-comma-decimal-x"),
        ("many", "numwordsen"),
        ("and", "numwordsen"),
        ("5 dollars", "num-unit-decimal"),
    ],
)
def test_text_that_does_not_fit_is_refused(text: str, rule: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        number(text, rule)


def test_scale_rounds_once() -> None:
    """33.3 x 10^6 in binary floating point is 33,299,999.999999996."""
    assert scaled(Decimal("33.3"), 6, False) == 33_300_000.0
    assert scaled(Decimal("9.7"), -2, True) == -0.097


@given(st.integers(0, 10**12), st.integers(-4, 9))
def test_grouped_digits_come_back(whole: int, scale: int) -> None:
    assert scaled(number(f"{whole:,}", "num-dot-decimal"), scale, True) == -float(f"{whole}e{scale}")
