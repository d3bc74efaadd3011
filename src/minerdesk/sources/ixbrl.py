"""Inline XBRL filings: bytes in, fact rows out.

Why not a library. Two well-kept ones were tried on eight filings of RIOT, CLSK and BTBT (all 9,634 numeric
tags). ixbrlparse finds every tag, but reads a nil fact as 0, a number nobody stated (199 of 1,264 in one
filing), applies scales in binary floating point (33,299,999.999999996) and takes some sixty times the bare
parse. Arelle finds every tag too, but wants the filer's schema and the standard taxonomies from the network,
and without its EDGAR plug-in reads no number written in words. What is needed here is small: contexts,
units, scale, sign and the transformation rules on top of lxml. Both stay as oracles in the tests and the
benchmark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.sources.ixbrl_facts import Row, check, period_kind
from minerdesk.sources.ixbrl_numbers import number, scaled

_IX = ("{http://www.xbrl.org/2013/inlineXBRL}", "{http://www.xbrl.org/2008/inlineXBRL}")
_X = "{http://www.xbrl.org/2003/instance}"
_XD = "{http://xbrl.org/2006/xbrldi}"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_ACCESSION = re.compile(r"(?<!\d)(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
_STANDARD = re.compile(r"//(fasb\.org|xbrl\.sec\.gov|www\.xbrl\.org|xbrl\.ifrs\.org)/")
_INCLUDED = ".//text()[not(ancestor::*[local-name()='exclude'])]"


@dataclass(frozen=True)
class Context:
    """Who, when and of what part a fact speaks. ``dimensions``: sorted ``axis=member``, joined by ``;``."""

    entity: str
    start: date | None
    end: date
    dimensions: str


@dataclass(frozen=True)
class Problem:
    """Why a tag is no row: kind and detail of the finding."""

    kind: str
    detail: str


def parse(snapshot: Snapshot) -> Rows:
    """Every numeric fact of a filing (``xbrl_facts``) and its cover (``xbrl_filings``).

    A fact whose context or unit is missing, or whose text does not fit its rule, is no row but a finding of
    severity ``rejected``. Markup that does not parse gives no rows at all: a cut number would be a wrong one.
    """
    from lxml import etree

    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(snapshot.content, parser)
        declared: Any = root.getroottree().docinfo.internalDTD
        if declared is not None and any(True for _ in declared.iterentities()):
            raise ValueError("declares entities of its own, which no filing needs")
    except (etree.XMLSyntaxError, ValueError) as fault:
        finding = Finding("malformed_markup", "rejected", snapshot.name, str(fault))
        return Rows({"xbrl_facts": [], "xbrl_filings": []}, (finding,))

    text = etree.XPath("string()")
    contexts, problems = _contexts(root)
    units = {element.get("id", ""): _unit(element) for element in root.iter(_X + "unit")}
    cover = _cover(root, contexts, text) | {"accession": _accession(snapshot), "known_at": snapshot.known_at}
    subject = cover["ticker"] or cover["cik"] or snapshot.name
    if not cover["accession"]:
        problems.append((Problem("no_accession", "neither name nor origin of the bytes gives one"), "dei"))

    exclusions = next(root.iter(*_tags("exclude")), None) is not None
    reader = _Reader(contexts, units, text, exclusions, {})
    same = {"ticker": cover["ticker"], "accession": cover["accession"], "form": cover["form"]}
    rows: list[Row] = []
    for element, locator in _numeric(root):
        fact = reader.fact(element)
        if isinstance(fact, Problem):
            problems.append((fact, locator))
        else:
            rows.append({**same, **fact, "known_at": snapshot.known_at, "locator": locator})
    cover["numeric_tags"] = sum(1 for _ in root.iter(*_tags("nonFraction", "fraction")))
    if not cover["numeric_tags"]:
        problems.append((Problem("no_tagged_facts", "no number is tagged: not inline XBRL?"), ""))
    rows, doubts = check(rows, subject)
    findings = [
        Finding(p.kind, "note" if p.kind == "no_accession" else "rejected", subject, p.detail, locator=place)
        for p, place in problems
    ]
    return Rows({"xbrl_facts": rows, "xbrl_filings": [cover]}, (*findings, *doubts))


@dataclass(frozen=True)
class _Reader:
    """Reads one tag with what the header of its filing defines.

    ``text`` gives an element's text without comments, ``extensions`` tells of a prefix whether it is the filer's.
    """

    contexts: dict[str, Context]
    units: dict[str, str]
    text: Callable[[Any], Any]
    has_exclusions: bool
    extensions: dict[str, bool]

    def fact(self, element: Any) -> Row | Problem:
        name, where = element.get("name", ""), element.get("contextRef", "")
        context, unit = self.contexts.get(where), self.units.get(element.get("unitRef", ""))
        if context is None:
            return Problem("missing_context", f"{name} refers to context {where!r}")
        if unit is None:
            return Problem("missing_unit", f"{name} refers to unit {element.get('unitRef')!r}")
        try:
            value, decimals = self.value(element), _decimals(element)
        except (ValueError, ArithmeticError) as fault:
            return Problem("unreadable_number", f"{name}: {str(fault)[:60]!r} does not fit its rule")
        except KeyError as fault:
            return Problem("unknown_transformation", f"{name}: rule {fault}")
        return {
            "cik": context.entity,
            "concept": name,
            "extension": self.is_extension(element, name.split(":")[0]),
            "context": where,
            "dimensions": context.dimensions,
            "period_start": context.start,
            "period_end": context.end,
            "period_kind": period_kind(context.start, context.end),
            "unit": unit,
            "decimals": decimals,
            "value": value,
        }

    def value(self, element: Any) -> float | None:
        """Value with scale and sign; ``None`` for nil. Raises :class:`ValueError`, :class:`KeyError`."""
        if element.get(_NIL) in ("true", "1"):
            return None
        if element.tag.endswith("}fraction"):
            over, under = (self.unscaled(part) for part in element.iter(*_tags("numerator", "denominator")))
            return float(over / under)
        return scaled(self.unscaled(element), int(element.get("scale") or 0), element.get("sign") == "-")

    def unscaled(self, element: Any) -> Decimal:
        rule = (element.get("format") or "").rpartition(":")[2]
        if not self.has_exclusions:
            return number(str(self.text(element)), rule)
        return number("".join(str(text) for text in element.xpath(_INCLUDED)), rule)

    def is_extension(self, element: Any, prefix: str) -> bool:
        if prefix not in self.extensions:
            uri = element.nsmap.get(prefix)
            self.extensions[prefix] = uri is not None and not _STANDARD.search(uri)
        return self.extensions[prefix]


def _tags(*kinds: str) -> list[str]:
    return [ix + kind for ix in _IX for kind in kinds]


def _numeric(root: Any) -> Iterator[tuple[Any, str]]:
    """Numeric tags in document order with their locators: the fact's id, else its number among the tags."""
    taken: set[str | None] = {None}
    for index, element in enumerate(root.iter(*_tags("nonFraction", "fraction")), start=1):
        identity = element.get("id")
        yield element, f"fact[{index}]" if identity in taken else f"fact={identity}"
        taken.add(identity)


def _decimals(element: Any) -> int | None:
    """Decimal places the filer vouches for, negative for thousands; ``None`` where exact or not said."""
    stated = element.get("decimals")
    return None if stated in (None, "INF") else int(stated)


def _contexts(root: Any) -> tuple[dict[str, Context], list[tuple[Problem, str]]]:
    contexts: dict[str, Context] = {}
    problems: list[tuple[Problem, str]] = []
    for element in root.iter(_X + "context"):
        identity = element.get("id", "")
        try:
            contexts[identity] = _context(element)
        except ValueError as fault:
            problems.append((Problem("unreadable_context", str(fault)), f"context={identity}"))
    return contexts, problems


def _context(element: Any) -> Context:
    identifier = element.findtext(f"{_X}entity/{_X}identifier") or ""
    period = element.find(_X + "period")
    instant = None if period is None else period.findtext(_X + "instant")
    if instant is not None:
        start, end = None, _day(instant, end=True)
    else:
        first = None if period is None else period.findtext(_X + "startDate")
        last = None if period is None else period.findtext(_X + "endDate")
        if first is None or last is None:
            raise ValueError("a period with neither an instant nor both ends")
        start, end = _day(first, end=False), _day(last, end=True)
        if start > end:
            raise ValueError(f"a period from {start} to {end}")
    pairs = [
        f"{member.get('dimension')}={''.join(member.itertext()).strip()}"
        for member in element.iter(_XD + "explicitMember", _XD + "typedMember")
    ]
    return Context(identifier.strip(), start, end, ";".join(sorted(pairs)))


def _day(text: str, *, end: bool) -> date:
    """A day; midnight at the end of a period belongs to the day before [XBRL 2.1, 4.7.2]."""
    text = text.strip()
    day = date.fromisoformat(text[:10])
    return day - timedelta(days=1) if end and text[10:].startswith("T00:00:00") else day


def _unit(element: Any) -> str:
    """``USD``, ``shares``, ``USD/shares``; a filer's own measure keeps its prefix (``clsk:Bitcoin``)."""

    def names(parent: Any) -> str:
        measures = [(m.text or "").strip() for m in parent.iter(_X + "measure")]
        return "*".join(m.split(":")[-1] if m.startswith(("iso4217:", "xbrli:")) else m for m in measures)

    divide = element.find(_X + "divide")
    if divide is None:
        return names(element)
    return "/".join(names(part) for part in divide)


def _cover(root: Any, contexts: dict[str, Context], text: Callable[[Any], Any]) -> Row:
    """The cover page: ticker, CIK, form and period, from the ``dei`` facts."""
    texts: dict[str, list[str]] = {}
    period_end = None
    for element in root.iter(*_tags("nonNumeric")):
        name = element.get("name", "")
        if name.startswith("dei:"):
            texts.setdefault(name[4:], []).append(" ".join(str(text(element)).split()))
            if name == "dei:DocumentType" and element.get("contextRef") in contexts:
                period_end = contexts[element.get("contextRef")].end
    first = {name: values[0] for name, values in texts.items()}
    # a filer with listed warrants names two symbols; the share's is the shorter
    symbols = sorted(texts.get("TradingSymbol", []), key=len)
    return {
        "ticker": symbols[0] if symbols else "",
        "cik": first.get("EntityCentralIndexKey", ""),
        "entity_name": first.get("EntityRegistrantName", ""),
        "form": first.get("DocumentType", ""),
        "period_end": period_end,
        "fiscal_year": first.get("DocumentFiscalYearFocus", ""),
        "fiscal_period": first.get("DocumentFiscalPeriodFocus", ""),
        "is_amendment": first.get("AmendmentFlag", "").lower() == "true",
        "locator": "dei",
    }


def _accession(snapshot: Snapshot) -> str:
    """``0001167419-25-000033`` from the file's name or address, where one of them has it."""
    match = _ACCESSION.search(snapshot.name) or _ACCESSION.search(snapshot.origin)
    return "-".join(match.groups()) if match else ""
