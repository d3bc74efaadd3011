"""The calendar as files to subscribe to: iCalendar (RFC 5545) and RSS 2.0, bytes from frozen entries.

Pure: no clock is read. Identifiers depend on an entry's key alone, so that a subscriber's calendar moves an
entry whose date changes instead of showing it twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Literal
from xml.etree import ElementTree

#: What this product is called in the files, and the domain part of identifiers (reserved, RFC 2606).
PRODUCT = "-//minerdesk//calendar//EN"
DOMAIN = "minerdesk.invalid"
#: A line of iCalendar is at most this many octets before its line break (RFC 5545, 3.1).
LINE_OCTETS = 75

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]


@dataclass(frozen=True)
class CalendarEntry:
    """A dated thing ahead: an all-day entry on ``day``.

    ``key`` identifies it for good (``unlock/ABTC/2026-03-03``) and must not change with its wording or date;
    ``known_at`` (with a time zone) is when it became known, ``status`` TENTATIVE for estimates such as
    retargets. ``revision`` counts changes of a published entry.
    """

    key: str
    day: date
    title: str
    known_at: datetime
    description: str = ""
    ticker: str = ""
    kind: str = ""
    url: str = ""
    status: Status = "CONFIRMED"
    revision: int = 0

    @property
    def uid(self) -> str:
        """Globally unique identifier, the same for the same ``key`` on any day and machine."""
        return f"{hashlib.sha256(self.key.encode()).hexdigest()[:32]}@{DOMAIN}"


def icalendar(entries: Iterable[CalendarEntry], *, name: str, stamp: datetime) -> bytes:
    """The calendar as an ``.ics`` file: UTF-8, CRLF, folded lines, one VEVENT an entry, by day and key.

    ``stamp`` (with a time zone) is when the file was made. Raises :class:`ValueError` for a time without
    a zone and for two entries of one key.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}",
    ]
    for entry in _ordered(entries):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{entry.uid}",
            f"DTSTAMP:{_utc(stamp)}",
            f"CREATED:{_utc(entry.known_at)}",
            f"SEQUENCE:{entry.revision}",
            f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{entry.day + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_text(entry.title)}",
            f"STATUS:{entry.status}",
            "TRANSP:TRANSPARENT",
        ]
        if entry.description:
            lines.append(f"DESCRIPTION:{_text(entry.description)}")
        labels = [_text(one) for one in (entry.kind, entry.ticker) if one]
        if labels:
            lines.append(f"CATEGORIES:{','.join(labels)}")
        if entry.url:
            lines.append(f"URL:{_uri(entry.url)}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return b"".join(_fold(line) for line in lines)


def rss(
    entries: Iterable[CalendarEntry],
    *,
    title: str,
    link: str,
    description: str,
    built: datetime,
    language: str = "en",
) -> bytes:
    """The calendar as RSS 2.0, newest knowledge first; ``pubDate`` is when an entry became known.

    Raises :class:`ValueError` for a time without a zone and for two entries of one key.
    """
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    for tag, value in (
        ("title", title),
        ("link", link),
        ("description", description),
        ("language", language),
        ("lastBuildDate", _rfc822(built)),
    ):
        _child(channel, tag, value)
    newest = sorted(_ordered(entries), key=lambda one: one.known_at, reverse=True)
    for entry in newest:
        item = ElementTree.SubElement(channel, "item")
        _child(item, "title", f"{entry.day.isoformat()} {entry.title}")
        if entry.url:
            _child(item, "link", entry.url)
        _child(item, "description", entry.description or entry.title)
        for label in (entry.kind, entry.ticker):
            if label:
                _child(item, "category", label)
        _child(item, "guid", f"{entry.uid}#{entry.revision}", isPermaLink="false")
        _child(item, "pubDate", _rfc822(entry.known_at))
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _ordered(entries: Iterable[CalendarEntry]) -> list[CalendarEntry]:
    ordered = sorted(entries, key=lambda one: (one.day, one.key))
    keys = [one.key for one in ordered]
    twice = {key for key in keys if keys.count(key) > 1} if len(set(keys)) < len(keys) else set()
    if twice:
        raise ValueError(f"entries with one key: {', '.join(sorted(twice))}")
    return ordered


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _rfc822(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return format_datetime(moment.astimezone(UTC))


#: Characters that neither XML 1.0 nor a text value of iCalendar may hold; tab and line feed may stay.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _clean(value: str) -> str:
    return _CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def _text(value: str) -> str:
    """A TEXT value of RFC 5545, 3.3.11: backslash, semicolon, comma and line breaks escaped."""
    escaped = _clean(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\n", "\\n")


def _uri(value: str) -> str:
    """A URI has no escapes of its own; what would end the line is left out."""
    return re.sub(r"\s", "", _clean(value))


def _fold(line: str) -> bytes:
    """A content line as octets, folded at ``LINE_OCTETS`` without splitting a character."""
    parts: list[bytes] = []
    current = b""
    for character in line:
        octets = character.encode()
        if len(current) + len(octets) > LINE_OCTETS:
            parts.append(current)
            current = b" "  # the space of a continuation counts
        current += octets
    parts.append(current)
    return b"\r\n".join(parts) + b"\r\n"


def _child(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = _clean(text)
