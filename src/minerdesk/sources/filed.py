"""Filings that a user hands in: a file becomes a snapshot, a snapshot rows.

Two kinds are known and told apart by their bytes: an inline XBRL filing (HTML) and the SEC's company facts
(JSON). Nothing is fetched.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from datetime import datetime
from pathlib import PurePath

from minerdesk.errors import UnreadableInput
from minerdesk.records import Finding, Rows, Snapshot
from minerdesk.sources import companyfacts, ixbrl, ixbrl_items
from minerdesk.sources.ixbrl_facts import Row

IXBRL, COMPANY_FACTS = "ixbrl", "companyfacts"
#: The largest filing in use is some 30 MB; more than this is not a filing.
MOST_BYTES = 300_000_000
_GZIP = b"\x1f\x8b"


def snapshot_of(name: str, content: bytes, known_at: datetime) -> Snapshot:
    """The bytes of a file, unpacked where they are gzip, as a snapshot of the source they belong to.

    ``known_at`` is when the filing was public. Raises :class:`UnreadableInput` for what is neither kind.
    """
    name = PurePath(name).name
    if content.startswith(_GZIP):
        content, name = _unpacked(content, name), name.removesuffix(".gz")
    start = content[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return Snapshot(
            COMPANY_FACTS, name, content, known_at, f"company facts, file {name}", "application/json"
        )
    if start.startswith(b"<"):
        return Snapshot(IXBRL, name, content, known_at, f"inline XBRL filing, file {name}", "text/html")
    raise UnreadableInput(f"{name} is neither an inline XBRL filing (HTML) nor company facts (JSON)")


def _unpacked(content: bytes, name: str) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        raw = reader.decompress(content, MOST_BYTES)
    except zlib.error as fault:
        raise UnreadableInput(f"{name} is damaged: {fault}") from fault
    if reader.unconsumed_tail:
        raise UnreadableInput(f"{name} unpacks to more than {MOST_BYTES:,} bytes: no filing")
    if not reader.eof:
        raise UnreadableInput(f"{name} is cut off: the packed data does not end")
    return raw


def parse_ixbrl(snapshot: Snapshot) -> Rows:
    """:func:`minerdesk.sources.ixbrl.parse`, and the items of the cost ladder read from its facts."""
    return _with_items(ixbrl.parse(snapshot), snapshot.name)


def parse_company_facts(snapshot: Snapshot) -> Rows:
    """:func:`minerdesk.sources.companyfacts.parse`, and the items of the ladder, filing by filing."""
    return _with_items(companyfacts.parse(snapshot), snapshot.name)


def _with_items(rows: Rows, name: str) -> Rows:
    """``rows``, each with the filing it belongs to, and table ``filed_items``."""
    tables = {
        table: [row | {"filing": row["accession"] or name} for row in told]
        for table, told in rows.tables.items()
    }
    filings: defaultdict[str, list[Row]] = defaultdict(list)
    for fact in tables["xbrl_facts"]:
        filings[fact["filing"]].append(fact)
    items: list[Row] = []
    findings: dict[Finding, None] = {}
    for filing, facts in filings.items():
        read, doubts = ixbrl_items.items(facts)
        findings.update(dict.fromkeys(doubts))
        # one filer a file
        items += [row | {"filing": filing, "cik": facts[0]["cik"]} for row in read]
    return Rows(tables | {"filed_items": items}, (*rows.findings, *findings))
