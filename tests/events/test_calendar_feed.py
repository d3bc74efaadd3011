"""The calendar files, read back by readers of their own."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerdesk.present.calendar_feed import CalendarEntry, icalendar, rss

STAMP = datetime(2025, 12, 5, 21, 0, tzinfo=UTC)
KNOWN = datetime(2025, 9, 3, 16, 0, tzinfo=timezone(timedelta(hours=-4)))
UNLOCK = CalendarEntry(
    key="unlock/ABTC/2026-03-03",
    day=date(2026, 3, 3),
    title="ABTC: unlock, 180 days; legacy holders",
    known_at=KNOWN,
    description="Share of float: unknown\nPrior -1.1 % \\ updated -1.3 %",
    ticker="ABTC",
    kind="unlock",
    url="https://www.sec.gov/Archives/edgar/data/1755953/x?a=1&b=2;c",
)
HALVING = CalendarEntry(
    "halving/1050000", date(2028, 4, 17), "Halving", STAMP, status="TENTATIVE", revision=3
)
Property = tuple[str, dict[str, str], str]


def parse(content: bytes) -> list[Property]:
    """A reader of RFC 5545, written from its text: unfold, split name, parameters and value."""
    assert content.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    for line in content.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is split by folding
    found = []
    for line in content.decode().replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]:
        head, _, value = line.partition(":")
        name, *parameters = head.split(";")
        found.append((name, dict(p.split("=", 1) for p in parameters), value))
    return found


def text(value: str) -> str:
    return re.sub(r"\\([\\;,nN])", lambda m: "\n" if m[1] in "nN" else m[1], value)


def events(content: bytes) -> list[dict[str, tuple[dict[str, str], str]]]:
    found: list[dict[str, tuple[dict[str, str], str]]] = []
    for name, parameters, value in parse(content):
        if (name, value) == ("BEGIN", "VEVENT"):
            found.append({})
        elif found and name not in ("BEGIN", "END"):
            assert name not in found[-1]  # each property once
            found[-1][name] = (parameters, value)
    return found


def test_a_calendar_is_whole() -> None:
    content = icalendar([HALVING, UNLOCK], name="Miners, ahead", stamp=STAMP)
    lines = parse(content)
    assert lines[0][::2] == ("BEGIN", "VCALENDAR")
    assert lines[-1][::2] == ("END", "VCALENDAR")
    heads = {name: value for name, _, value in lines}
    assert heads["VERSION"] == "2.0"
    assert heads["PRODID"]
    assert text(heads["X-WR-CALNAME"]) == "Miners, ahead"
    unlock, halving = events(content)  # by day, not by order given
    assert text(unlock["SUMMARY"][1]) == UNLOCK.title
    assert text(unlock["DESCRIPTION"][1]) == UNLOCK.description
    assert unlock["DTSTART"] == ({"VALUE": "DATE"}, "20260303")
    assert unlock["DTEND"] == ({"VALUE": "DATE"}, "20260304")  # exclusive end
    assert unlock["DTSTAMP"][1] == "20251205T210000Z"
    assert unlock["CREATED"][1] == "20250903T200000Z"
    assert unlock["URL"][1] == UNLOCK.url
    assert unlock["CATEGORIES"][1] == "unlock,ABTC"
    assert unlock["STATUS"][1] == "CONFIRMED"
    assert (halving["STATUS"][1], halving["SEQUENCE"][1]) == ("TENTATIVE", "3")
    assert not {"DESCRIPTION", "URL", "CATEGORIES"} & set(halving)


def test_identifiers_hang_on_the_key_alone() -> None:
    moved = CalendarEntry(UNLOCK.key, date(2026, 3, 10), "moved", STAMP, revision=1)
    assert moved.uid == UNLOCK.uid
    assert HALVING.uid != UNLOCK.uid
    assert re.fullmatch(r"[0-9a-f]{32}@minerdesk\.invalid", UNLOCK.uid)
    # sha256 of the key by coreutils: printf unlock/ABTC/2026-03-03 | sha256sum
    assert UNLOCK.uid.startswith("3a63ddebb916c960")


def test_the_same_entries_give_the_same_bytes_in_any_order() -> None:
    assert icalendar([UNLOCK, HALVING], name="x", stamp=STAMP) == icalendar(
        [HALVING, UNLOCK], name="x", stamp=STAMP
    )


@given(title=st.text(min_size=1), description=st.text(), kind=st.text(max_size=20))
def test_any_text_comes_back(title: str, description: str, kind: str) -> None:
    entry = CalendarEntry("k", date(2026, 1, 1), title, STAMP, description=description, kind=kind)
    (found,) = events(icalendar([entry], name=title, stamp=STAMP))

    def kept(value: str) -> str:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        return "".join(
            c for c in value if c in "\t\n" or not (ord(c) < 32 or ord(c) in (0x7F, 0xFFFE, 0xFFFF))
        )

    assert text(found["SUMMARY"][1]) == kept(title)
    if description:
        assert text(found["DESCRIPTION"][1]) == kept(description)
    item = ElementTree.fromstring(
        rss([entry], title=title, link="https://example.org", description="d", built=STAMP)
    ).find("channel/item")
    assert item is not None
    assert item.findtext("title") == kept(f"2026-01-01 {title}")


@pytest.mark.parametrize(
    "words", ["فتح أسهم ABTC بقيمة 215 مليون دولار في الثالث من مارس", "解禁：美国比特币公司限售股解禁" * 9]
)
def test_long_lines_of_other_scripts_are_folded_between_characters(words: str) -> None:
    entry = CalendarEntry("k", date(2026, 1, 1), words, STAMP)
    content = icalendar([entry], name=words, stamp=STAMP)
    assert b"\r\n " in content
    assert text(events(content)[0]["SUMMARY"][1]) == words


def test_a_url_cannot_break_out_of_its_line() -> None:
    entry = CalendarEntry("k", date(2026, 1, 1), "t", STAMP, url="https://a.example/\r\nSTATUS:CANCELLED x")
    (found,) = events(icalendar([entry], name="x", stamp=STAMP))
    assert found["STATUS"][1] == "CONFIRMED"
    assert found["URL"][1] == "https://a.example/STATUS:CANCELLEDx"


def test_an_empty_calendar_is_still_one() -> None:
    assert events(icalendar([], name="x", stamp=STAMP)) == []
    channel = ElementTree.fromstring(rss([], title="t", link="l", description="d", built=STAMP))
    assert channel.findall("channel/item") == []


def test_the_feed() -> None:
    content = rss(
        [UNLOCK, HALVING],
        title="Miners & co <ahead>",
        link="https://example.org/?a&b",
        description="d",
        built=STAMP,
    )
    assert content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    root = ElementTree.fromstring(content)
    assert (root.tag, root.attrib) == ("rss", {"version": "2.0"})
    channel = root.find("channel")
    assert channel is not None
    assert channel.findtext("title") == "Miners & co <ahead>"
    assert channel.findtext("link") == "https://example.org/?a&b"
    assert parsedate_to_datetime(channel.findtext("lastBuildDate") or "") == STAMP
    first, second = channel.findall("item")
    # what became known last comes first
    assert first.findtext("title") == "2028-04-17 Halving"
    assert second.findtext("title") == f"2026-03-03 {UNLOCK.title}"
    assert parsedate_to_datetime(second.findtext("pubDate") or "") == KNOWN
    assert second.findtext("link") == UNLOCK.url
    assert [c.text for c in second.findall("category")] == ["unlock", "ABTC"]
    guid = second.find("guid")
    assert guid is not None
    assert guid.attrib == {"isPermaLink": "false"}
    assert guid.text == f"{UNLOCK.uid}#0"
    assert first.find("link") is None
    assert first.findtext("description") == "Halving"


def test_bad_input_is_refused() -> None:
    naive = datetime(2025, 12, 5)
    with pytest.raises(ValueError, match="one key"):
        icalendar([UNLOCK, UNLOCK], name="x", stamp=STAMP)
    with pytest.raises(ValueError, match="one key"):
        rss([UNLOCK, UNLOCK], title="t", link="l", description="d", built=STAMP)
    with pytest.raises(ValueError, match="zone"):
        icalendar([UNLOCK], name="x", stamp=naive)
    with pytest.raises(ValueError, match="zone"):
        rss([], title="t", link="l", description="d", built=naive)
