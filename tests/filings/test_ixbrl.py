"""Inline XBRL: what is read, and what becomes a finding instead of a number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from minerdesk.records import Rows, Snapshot
from minerdesk.sources.ixbrl import parse
from minerdesk.sources.ixbrl_facts import COLUMNS, consistent, is_odd, period_kind

from .conftest import FILINGS, KNOWN, PAGE, fact, filing


def rows_of(parsed: Rows) -> list[dict[str, object]]:
    return parsed.tables["xbrl_facts"]


def kinds(parsed: Rows) -> list[str]:
    return [finding.kind for finding in parsed.findings if finding.kind != "no_accession"]


def test_a_fact_with_everything_that_belongs_to_it() -> None:
    parsed = parse(filing(fact("78,175", context="m"), origin="https://sec.example/000116741925000033/x.htm"))
    assert parsed.findings == ()
    (row,) = rows_of(parsed)
    assert tuple(sorted(row)) == tuple(sorted(COLUMNS))
    assert row == {
        "ticker": "MOON",
        "cik": "0000000042",
        "accession": "0001167419-25-000033",
        "form": "10-Q",
        "concept": "us-gaap:Revenues",
        "extension": False,
        "context": "m",
        "dimensions": "srt:ProductOrServiceAxis=moon:MiningMember",
        "period_start": date(2025, 4, 1),
        "period_end": date(2025, 6, 30),
        "period_kind": "quarter",
        "unit": "USD",
        "decimals": -3,
        "value": 78_175_000.0,
        "suspect": False,
        "known_at": KNOWN,
        "locator": "fact=f1",
    }
    (cover,) = parsed.tables["xbrl_filings"]
    assert (cover["ticker"], cover["form"], cover["period_end"]) == ("MOON", "10-Q", date(2025, 6, 30))
    assert (cover["numeric_tags"], cover["is_amendment"]) == (1, False)


@pytest.mark.parametrize(
    ("tag", "value", "unit", "decimals"),
    [
        (
            fact("8,313", more='sign="-" scale="3" decimals="-3" format="ixt:num-dot-decimal"'),
            -8_313_000.0,
            "USD",
            -3,
        ),
        (fact("33.3", more='scale="6" decimals="-5" format="ixt:num-dot-decimal"'), 33_300_000.0, "USD", -5),
        (fact("0.65", unit="eps", more='decimals="2" format="ixt:num-dot-decimal"'), 0.65, "USD/shares", 2),
        (fact("", more='xsi:nil="true"'), None, "USD", None),
        (fact("—", more='decimals="INF" format="ixt:fixed-zero"'), 0.0, "USD", None),
        (fact("fourteen", more='decimals="INF" format="ixt-sec:numwordsen"'), 14.0, "USD", None),
        (fact(fact("2", identity="inner"), identity="outer"), 2_000.0, "USD", -3),
        (fact("1<ix:exclude>, page 3</ix:exclude>2", more='format="ixt:num-dot-decimal"'), 12.0, "USD", None),
        (fact("1<!-- 9 -->2", more='format="ixt:num-dot-decimal"'), 12.0, "USD", None),
    ],
)
def test_values(tag: str, value: float | None, unit: str, decimals: int | None) -> None:
    parsed = parse(filing(tag))
    row = rows_of(parsed)[0]
    assert (row["value"], row["unit"], row["decimals"]) == (value, unit, decimals)


def test_a_fraction() -> None:
    tag = (
        '<ix:fraction id="f1" name="moon:Ratio" contextRef="q" unitRef="sh"><ix:numerator>1</ix:numerator>/'
        "<ix:denominator>8</ix:denominator></ix:fraction>"
    )
    (row,) = rows_of(parse(filing(tag)))
    assert (row["value"], row["extension"]) == (0.125, True)


def test_tags_without_id_or_with_one_id_keep_different_locators() -> None:
    tags = fact("1", identity="same") + fact("1", identity="same") + fact("1").replace('id="f1" ', "")
    places = [row["locator"] for row in rows_of(parse(filing(tags)))]
    assert places == ["fact=same", "fact[2]", "fact[3]"]


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        (fact("5", context="nowhere"), "missing_context"),
        (fact("5", unit="nothing"), "missing_unit"),
        (fact("(5)"), "unreadable_number"),
        (fact("1.2.3"), "unreadable_number"),
        (fact("5", more='scale="lots"'), "unreadable_number"),
        (fact("5", more='decimals="few"'), "unreadable_number"),
        (fact("5", more='format="ixt:num-klingon"'), "unknown_transformation"),
        ('<ix:fraction id="f" name="moon:R" contextRef="q" unitRef="sh"><ix:numerator>1</ix:numerator>'
         "</ix:fraction>", "unreadable_number"),
    ],
)  # fmt: skip
def test_a_tag_that_cannot_be_read_is_a_finding_and_no_row(tag: str, kind: str) -> None:
    parsed = parse(filing(fact("7", identity="sound") + tag))
    assert [row["locator"] for row in rows_of(parsed)] == ["fact=sound"]
    assert [(f.kind, f.severity, f.subject) for f in parsed.findings if f.kind != "no_accession"] == [
        (kind, "rejected", "MOON")
    ]
    assert parsed.tables["xbrl_filings"][0]["numeric_tags"] == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<xbrli:startDate>2025-04-01</xbrli:startDate>", "<xbrli:startDate>2026-04-01</xbrli:startDate>"),
        ("<xbrli:startDate>2025-04-01</xbrli:startDate>", "<xbrli:startDate>last April</xbrli:startDate>"),
        ("<xbrli:startDate>2025-04-01</xbrli:startDate>", ""),
    ],
)
def test_a_context_with_an_impossible_period(old: str, new: str) -> None:
    parsed = parse(filing(fact("5"), page=PAGE.replace(old, new, 1)))
    assert rows_of(parsed) == []
    assert kinds(parsed) == ["unreadable_context", "missing_context"]


@pytest.mark.parametrize("content", [b"", b"no markup", b"<html><body>", b"\x1f\x8b\x08\x00", b"<html/>"])
def test_bytes_that_are_no_filing(content: bytes) -> None:
    parsed = parse(Snapshot("sec", "x.htm", content, KNOWN))
    assert rows_of(parsed) == []
    assert {"malformed_markup", "no_tagged_facts"} & set(kinds(parsed))


def test_a_filing_cut_short_gives_no_rows() -> None:
    """The last number may be half of one."""
    snapshot = filing(fact("1,234,567"))
    cut = snapshot.content[: snapshot.content.index(b"1,234") + 5]
    parsed = parse(Snapshot("sec", "x.htm", cut, KNOWN))
    assert (rows_of(parsed), kinds(parsed)) == ([], ["malformed_markup"])


def test_a_filing_that_declares_entities_is_refused() -> None:
    """Nine lines of them can stand for gigabytes; reading a fact's text would expand them."""
    bomb = '<!DOCTYPE html [<!ENTITY a "99999"><!ENTITY b "&a;&a;&a;">]>'
    parsed = parse(filing(fact("1&b;"), page=PAGE.replace("<html ", bomb + "<html ", 1)))
    assert (rows_of(parsed), kinds(parsed)) == ([], ["malformed_markup"])
    plain = parse(filing(fact("1"), page=PAGE.replace("<html ", "<!DOCTYPE html><html ", 1)))
    assert (len(rows_of(plain)), kinds(plain)) == (1, [])


def test_midnight_at_the_end_is_the_day_before() -> None:
    page = PAGE.replace("<xbrli:instant>2025-06-30<", "<xbrli:instant>2025-07-01T00:00:00<")
    (row,) = rows_of(parse(filing(fact("5", context="i"), page=page)))
    assert (row["period_start"], row["period_end"]) == (None, date(2025, 6, 30))


# --- two values, odd periods, other money, counts -----------------------------------------------------
def test_two_values_for_one_fact_are_both_kept_and_neither_trusted() -> None:
    parsed = parse(
        filing(fact("100", identity="a") + fact("101", identity="b") + fact("7", "us-gaap:X", identity="c"))
    )
    assert kinds(parsed) == ["conflicting_values"]
    assert [row["suspect"] for row in rows_of(parsed)] == [True, True, False]


def test_one_value_rounded_in_a_sentence_is_no_conflict() -> None:
    sentence = 'scale="6" decimals="-5" format="ixt:num-dot-decimal"'
    parsed = parse(filing(fact("8,313", identity="a") + fact("8.3", more=sentence, identity="b")))
    assert kinds(parsed) == []
    parsed = parse(filing(fact("8,313", identity="a") + fact("8.4", more=sentence, identity="b")))
    assert kinds(parsed) == ["conflicting_values"]


@pytest.mark.parametrize(
    ("values", "agree"),
    [
        ([(8_313_000.0, -3), (8_300_000.0, -5)], True),
        ([(8_350_000.0, -3), (8_300_000.0, -5)], True),
        ([(8_351_000.0, -3), (8_300_000.0, -5)], False),
        ([(1.0, None), (1.0, None)], True),
        ([(1.0, None), (2.0, None)], False),
        ([(1.4, 0), (2.0, 0), (2.6, 0)], False),
    ],
)
def test_consistent(values: list[tuple[float, int | None]], agree: bool) -> None:
    assert consistent(values) is agree


@pytest.mark.parametrize(
    ("start", "end", "kind", "odd"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), "year", False),
        (date(2024, 1, 1), date(2024, 12, 31), "year", False),
        (date(2024, 9, 29), date(2025, 9, 27), "year", True),  # 364 days, 52 weeks
        (date(2024, 9, 29), date(2025, 10, 4), "year", True),  # 371 days, 53 weeks
        (date(2025, 4, 1), date(2025, 6, 30), "quarter", False),
        (date(2025, 3, 30), date(2025, 7, 5), "quarter", True),  # 98 days, 14 weeks
        (date(2024, 10, 1), date(2025, 6, 30), "nine_months", False),
        (date(2025, 4, 28), date(2025, 4, 28), "other", False),
        (None, date(2025, 6, 30), "instant", False),
    ],
)
def test_periods(start: date | None, end: date, kind: str, odd: bool) -> None:
    assert (period_kind(start, end), is_odd(start, end)) == (kind, odd)


@pytest.mark.parametrize("end", ["2025-06-28", "2025-07-05"])
def test_a_year_of_364_or_371_days_is_a_finding(end: str) -> None:
    page = PAGE.replace("2025-04-01", "2024-06-30").replace("endDate>2025-06-30", f"endDate>{end}")
    parsed = parse(filing(fact("5"), page=page))
    assert kinds(parsed) == ["odd_period"]
    assert rows_of(parsed)[0]["period_kind"] == "year"


def test_other_money_is_kept_in_its_own_unit_and_noted() -> None:
    parsed = parse(filing(fact("5", unit="cad")))
    assert kinds(parsed) == ["other_currency"]
    assert rows_of(parsed)[0]["unit"] == "CAD"


def test_shares_in_thousands() -> None:
    tags = fact(
        "369,623,180",
        "dei:EntityCommonStockSharesOutstanding",
        "i",
        "sh",
        'format="ixt:num-dot-decimal"',
        "a",
    )
    tags += fact(
        "363,234", "us-gaap:CommonStockSharesOutstanding", "i", "sh", 'format="ixt:num-dot-decimal"', "b"
    )
    tags += fact(
        "1,000", "us-gaap:PreferredStockSharesOutstanding", "i", "sh", 'format="ixt:num-dot-decimal"', "c"
    )
    parsed = parse(filing(tags))
    assert kinds(parsed) == ["shares_in_thousands"]
    assert [row["suspect"] for row in rows_of(parsed)] == [False, True, False]


def test_a_count_of_bitcoin_tagged_as_money() -> None:
    parsed = parse(filing(fact("10,075", "moon:NumberOfBitcoinsHeld", "i")))
    assert kinds(parsed) == ["count_in_money"]
    assert rows_of(parsed)[0]["suspect"]


# --- the whole filings --------------------------------------------------------------------------------
@pytest.mark.data
@pytest.mark.parametrize("stem", FILINGS)
def test_every_tag_of_a_whole_filing_is_a_row(stem: str, whole: Callable[[str], Snapshot]) -> None:
    parsed = parse(whole(stem))
    assert len(rows_of(parsed)) == parsed.tables["xbrl_filings"][0]["numeric_tags"] == FILINGS[stem]
    assert not [f for f in parsed.findings if f.severity == "rejected"]
    assert parsed.tables["xbrl_filings"][0]["ticker"] == stem[:4]


@pytest.mark.data
def test_the_only_doubt_in_eight_filings_is_clsk_counting_bitcoin_in_dollars(
    whole: Callable[[str], Snapshot],
) -> None:
    doubts = {
        (stem, f.kind, f.detail.split(" =")[0])
        for stem in FILINGS
        for f in parse(whole(stem)).findings
        if f.severity == "suspect"
    }
    assert doubts == {
        (stem, "count_in_money", "clsk:NumberOfBitcoinsHeld")
        for stem in ("CLSK_10Q_2024-12", "CLSK_10Q_2025-06")
    }
