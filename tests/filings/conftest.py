"""A small inline XBRL filing to spoil in one place at a time, and the whole filings beside the checkout."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from minerdesk.records import Snapshot

KNOWN = datetime(2025, 8, 1, tzinfo=UTC)
#: All whole filings, with the numeric tags counted in each by grep.
FILINGS = {
    "RIOT_10K_2024": 1406,
    "RIOT_10Q_2025Q1": 869,
    "RIOT_10Q_2025Q2": 1232,
    "RIOT_10Q_2025Q3": 1233,
    "CLSK_10Q_2024-12": 853,
    "CLSK_10Q_2025-06": 1186,
    "BTBT_10Q_2025Q2": 1264,
    "BTBT_10Q_2025Q3": 1591,
}

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:ix="http://www.xbrl.org/2013/inlineXBRL"
 xmlns:ixt="http://www.xbrl.org/inlineXBRL/transformation/2022-02-16"
 xmlns:xbrli="http://www.xbrl.org/2003/instance" xmlns:xbrldi="http://xbrl.org/2006/xbrldi"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:dei="http://xbrl.sec.gov/dei/2025"
 xmlns:us-gaap="http://fasb.org/us-gaap/2025" xmlns:srt="http://fasb.org/srt/2025"
 xmlns:moon="http://moonminers.example/20250630">
<body><div style="display:none"><ix:header><ix:hidden>
 <ix:nonNumeric contextRef="q" name="dei:EntityCentralIndexKey">0000000042</ix:nonNumeric>
 <ix:nonNumeric contextRef="q" name="dei:DocumentType">10-Q</ix:nonNumeric>
 <ix:nonNumeric contextRef="q" name="dei:AmendmentFlag" format="ixt:fixed-false">&#9744;</ix:nonNumeric>
</ix:hidden><ix:resources>
 <xbrli:context id="q"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">0000000042</xbrli:identifier>
  </xbrli:entity><xbrli:period><xbrli:startDate>2025-04-01</xbrli:startDate><xbrli:endDate>2025-06-30</xbrli:endDate>
  </xbrli:period></xbrli:context>
 <xbrli:context id="m"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">0000000042</xbrli:identifier>
  <xbrli:segment>
   <xbrldi:explicitMember dimension="srt:ProductOrServiceAxis">moon:MiningMember</xbrldi:explicitMember>
  </xbrli:segment></xbrli:entity><xbrli:period><xbrli:startDate>2025-04-01</xbrli:startDate>
  <xbrli:endDate>2025-06-30</xbrli:endDate></xbrli:period></xbrli:context>
 <xbrli:context id="i"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">0000000042</xbrli:identifier>
  </xbrli:entity><xbrli:period><xbrli:instant>2025-06-30</xbrli:instant></xbrli:period></xbrli:context>
 <xbrli:unit id="usd"><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unit>
 <xbrli:unit id="cad"><xbrli:measure>iso4217:CAD</xbrli:measure></xbrli:unit>
 <xbrli:unit id="sh"><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unit>
 <xbrli:unit id="eps"><xbrli:divide><xbrli:unitNumerator><xbrli:measure>iso4217:USD</xbrli:measure>
  </xbrli:unitNumerator><xbrli:unitDenominator><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unitDenominator>
  </xbrli:divide></xbrli:unit>
</ix:resources></ix:header></div>
<p>Registered as <ix:nonNumeric contextRef="q" name="dei:TradingSymbol">MOONW</ix:nonNumeric> and
 <ix:nonNumeric contextRef="q" name="dei:TradingSymbol">MOON</ix:nonNumeric>.</p>
BODY
</body></html>
"""


def fact(
    text: str,
    name: str = "us-gaap:Revenues",
    context: str = "q",
    unit: str = "usd",
    more: str = 'scale="3" decimals="-3" format="ixt:num-dot-decimal"',
    identity: str = "f1",
) -> str:
    """A tagged number."""
    return (
        f'<ix:nonFraction id="{identity}" name="{name}" contextRef="{context}" unitRef="{unit}" {more}>'
        f"{text}</ix:nonFraction>"
    )


def filing(body: str, name: str = "moon.htm", origin: str = "", page: str = PAGE) -> Snapshot:
    """The small filing around ``body``."""
    content = page.replace("BODY", body).encode()
    return Snapshot("sec", name, content, KNOWN, origin, "text/html")


@pytest.fixture(scope="session")
def whole(shared_data: Path) -> Callable[[str], Snapshot]:
    """A whole filing by the stem of its file name."""

    def read(stem: str) -> Snapshot:
        packed = shared_data / "filings" / "ixbrl" / f"{stem}.html.gz"
        return Snapshot("sec", f"{stem}.html", gzip.decompress(packed.read_bytes()), KNOWN, "", "text/html")

    return read
