"""SEC company facts (one JSON document a filer): bytes in, fact rows out.

The document holds what the SEC read from a filer's structured filings: per concept and unit a list of
``{start?, end, val, accn, fy, fp, form, filed, frame?}``. It has no dimensions, no contexts and no decimals:
segment lines (a miner's own cost of revenue) are not in it, they come from the filing itself
(:mod:`minerdesk.sources.ixbrl`). Each filing that repeats a number is a vintage of its own: a restatement
is a later row with a later ``known_at``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from minerdesk.records import Finding, Rows, Snapshot, end_of_day
from minerdesk.sources.ixbrl_facts import Row, check, period_kind

#: Taxonomies of standard setters; any other key of ``facts`` is a filer's own.
STANDARD = frozenset({"us-gaap", "dei", "srt", "ifrs-full", "invest", "ecd", "ffd", "cyd"})


def parse(snapshot: Snapshot, ticker: str = "") -> Rows:
    """Rows of table ``xbrl_facts``; ``known_at`` is the end of the day the filing was made.

    An entry without end, value, accession or filing day, or with a number that is none, is no row but a
    finding. Bytes that are not this document give no rows and one finding.
    """
    findings: list[Finding] = []

    def found(kind: str, severity: str, detail: str, locator: str = "") -> None:
        findings.append(Finding(kind, severity, ticker or snapshot.name, detail, locator=locator))

    try:
        document = json.loads(snapshot.content)
        cik, entries = f"{int(document['cik']):010d}", list(_entries(document["facts"]))
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        found("not_company_facts", "rejected", f"{type(fault).__name__}: {fault}"[:120])
        return Rows({"xbrl_facts": []}, tuple(findings))

    rows: list[Row] = []
    for taxonomy, name, unit, pointer, entry in entries:
        try:
            start, end, filed = _days(entry)
            value = _number(entry["val"])
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            found("unreadable_fact", "rejected", f"{type(fault).__name__}: {fault}"[:120], pointer)
            continue
        rows.append(
            {
                "ticker": ticker,
                "cik": cik,
                "accession": entry.get("accn", ""),
                "form": entry.get("form", ""),
                "concept": f"{taxonomy}:{name}",
                "extension": taxonomy not in STANDARD,
                "context": entry.get("frame", ""),
                "dimensions": "",
                "period_start": start,
                "period_end": end,
                "period_kind": period_kind(start, end),
                "unit": unit.replace("USD-per-shares", "USD/shares"),
                "decimals": None,
                "value": value,
                "known_at": end_of_day(filed),
                "locator": pointer,
            }
        )
    rows, doubts = check(rows, ticker or snapshot.name)
    return Rows({"xbrl_facts": rows}, (*findings, *doubts))


def _entries(facts: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, Any]]:
    """Taxonomy, concept, unit, JSON pointer and entry of every fact."""
    for taxonomy, concepts in facts.items():
        for name, concept in concepts.items():
            for unit, entries in concept.get("units", {}).items():
                place = f"/facts/{taxonomy}/{name}/units/{unit.replace('~', '~0').replace('/', '~1')}"
                for index, entry in enumerate(entries):
                    yield taxonomy, name, unit, f"{place}/{index}", entry


def _days(entry: Mapping[str, Any]) -> tuple[date | None, date, date]:
    """Start (``None`` at an instant), end and filing day. Raises :class:`ValueError`, :class:`KeyError`."""
    start = date.fromisoformat(entry["start"]) if entry.get("start") else None
    end, filed = date.fromisoformat(entry["end"]), date.fromisoformat(entry["filed"])
    if start is not None and start > end:
        raise ValueError(f"a period from {start} to {end}")
    return start, end, filed


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)
