"""A whole inline XBRL filing to rows: ours, lxml's bare parse of it, ixbrlparse and Arelle, in one run.

    python -m benchmarks ixbrl

The filing is RIOT's 10-Q of the second quarter of 2025 (3.1 MB, 1,232 numeric tags) from the large data
beside the checkout. Each reads the same bytes (Arelle, which wants a path, a file of them) into facts with
period, unit and value. Best of the rounds. Arelle is offline, so it loads no taxonomy: the filer's schema is
not among the data. The aim is 5 times the bare parse.
"""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lxml import etree

from minerdesk.records import Snapshot
from minerdesk.sources.ixbrl import parse

FILING = (
    Path(__file__).resolve().parents[2] / "shared" / "data" / "filings" / "ixbrl" / "RIOT_10Q_2025Q2.html.gz"
)
AIM = 5.0


def best(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Least seconds of ``rounds``, and what the last round gave."""
    seconds, result = float("inf"), None
    for _ in range(rounds):
        began = time.perf_counter()
        result = work()
        seconds = min(seconds, time.perf_counter() - began)
    return seconds, result


def by_ixbrlparse(content: bytes) -> dict[str, float | None]:
    from ixbrlparse import IXBRL

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {fact.soup_tag["id"]: fact.value for fact in IXBRL(io.StringIO(content.decode())).numeric}


def by_arelle(page: Path) -> dict[str, str | None]:
    from arelle import Cntlr

    control = Cntlr.Cntlr(logFileName="logToBuffer")
    control.webCache.workOffline = True
    try:
        facts = control.modelManager.load(str(page)).facts
        return {f.id: None if f.isNil else f.value for f in facts if f.localName == "nonFraction"}
    finally:
        control.close()


def main() -> None:
    say = sys.stdout.write
    if not FILING.is_file():
        say(f"skipped: {FILING} is absent (large data)\n")
        return
    content = gzip.decompress(FILING.read_bytes())
    snapshot = Snapshot("sec", FILING.name, content, datetime(2025, 7, 31, tzinfo=UTC), "", "text/html")
    bare, _ = best(lambda: etree.fromstring(content, etree.XMLParser(huge_tree=True)), 9)
    ours, rows = best(lambda: parse(snapshot).tables["xbrl_facts"], 9)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "filing.html"
        page.write_bytes(content)
        slow, ixbrlparse = best(lambda: by_ixbrlparse(content), 2)
        heavy, arelle = best(lambda: by_arelle(page), 2)

    known = {row["locator"].removeprefix("fact="): row["value"] for row in rows}
    for name, seconds, facts in (
        ("lxml, bare parse", bare, None),
        ("minerdesk", ours, known),
        ("ixbrlparse", slow, ixbrlparse),
        ("Arelle, offline", heavy, arelle),
    ):
        found = "" if facts is None else f"  {len(facts):,} facts"
        say(f"{name:18} {seconds * 1_000:8.0f} ms  {seconds / bare:6.1f} x bare{found}\n")
    same = sum(1 for i, v in ixbrlparse.items() if i in known and known[i] is not None and agree(known[i], v))
    nils = sum(1 for i in ixbrlparse if i in known and known[i] is None)
    say(f"values as ixbrlparse has them: {same:,}; nil, which it calls 0: {nils}\n")
    plain = {i: v for i, v in arelle.items() if v is not None and "Error" not in v}
    same = sum(1 for i, v in plain.items() if i in known and agree(known[i], float(v)))
    say(f"values as Arelle has them: {same:,} of the {len(plain):,} it could read\n")
    say(f"ratio to ixbrlparse {slow / ours:.1f} faster, to Arelle {heavy / ours:.1f} faster\n")
    say(f"ratio to the bare parse {ours / bare:.2f} (aim: at most {AIM:g})\n")


def agree(ours: float, theirs: float) -> bool:
    """Equal but for the binary error of a multiplication."""
    return abs(ours - theirs) <= 1e-12 * max(abs(ours), abs(theirs))


if __name__ == "__main__":
    main()
