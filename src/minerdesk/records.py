"""The records that travel between rooms. All frozen; none knows where it is stored or shown."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any


@dataclass(frozen=True)
class Snapshot:
    """Raw bytes as they came, kept once under their sha256.

    ``source`` is the name of the source, ``name`` what was asked of it (a file name, an endpoint),
    ``origin`` where the bytes come from in words or as an address, ``known_at`` when they could be known
    (UTC).
    """

    source: str
    name: str
    content: bytes = field(repr=False)
    known_at: datetime
    origin: str = ""
    media_type: str = "text/csv"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Finding:
    """Something odd in the data, stored and shown; nothing is dropped without one.

    ``kind`` is a short code with a sentence in each language (``minerdesk.present.words``), ``subject`` the
    ticker or table it is about, ``detail`` a plain English line with the values seen, ``locator`` the
    place in the snapshot. ``severity``: ``note`` (kept, worth knowing), ``suspect`` (kept, flagged),
    ``rejected`` (not in the tables; the bytes stay).
    """

    kind: str
    severity: str
    subject: str
    detail: str
    source: str = ""
    name: str = ""
    snapshot: str = ""
    locator: str = ""
    day: date | None = None


@dataclass(frozen=True)
class Rows:
    """What parsing a snapshot gives: rows per table (plain dicts of column -> value), and findings."""

    tables: Mapping[str, list[dict[str, Any]]]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A number with its unit, where it comes from and what was known: the only number a page takes.

    ``value`` is ``None`` for a figure that is missing; it is shown as missing. ``ref`` is its readable key
    (``week/2025-12-05/sector_return_fraction``); ``method`` names the measure or model for a derived
    figure and is empty for an observed one; ``inputs`` are the refs it was computed from.
    """

    value: float | int | str | None
    unit: str
    ref: str
    as_of: str
    method: str = ""
    inputs: tuple[str, ...] = ()
    note: str = ""

    def __float__(self) -> float:
        return float("nan") if self.value is None else float(self.value)


def end_of_day(day: date) -> datetime:
    """The instant a UTC day ends: a fact known "on" a day counts as known from here on."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=UTC)
