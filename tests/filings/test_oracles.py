"""The same filings read by others: ixbrlparse, Arelle, and the tag lists that came with the filings."""

from __future__ import annotations

import json
import logging
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minerdesk.records import Snapshot
from minerdesk.sources.ixbrl import parse

from .conftest import FILINGS

pytestmark = pytest.mark.data
TAG_LISTS = {
    "RIOT_10K_2024": "RIOT_10K_2024",
    "RIOT_10Q_2025Q1": "RIOT_10Q_2025Q1",
    "RIOT_10Q_2025Q2": "RIOT_10Q_2025Q2",
    "RIOT_10Q_2025Q3": "RIOT_10Q_2025Q3",
    "CLSK_10Q_2024-12": "CLSK_10Q_2024Q4",
    "CLSK_10Q_2025-06": "CLSK_10Q_2025Q2",
    "BTBT_10Q_2025Q2": "BTBT_10Q_2025Q2",
    "BTBT_10Q_2025Q3": "BTBT_10Q_2025Q3",
}


def by_locator(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {row["locator"].removeprefix("fact="): row for row in parse(snapshot).tables["xbrl_facts"]}


def test_ixbrlparse_finds_the_same_facts(whole: Callable[[str], Snapshot]) -> None:
    """All 1,232 of RIOT's second quarter: same tags and periods; same values save where it calls nil 0."""
    library = pytest.importorskip(
        "ixbrlparse", reason="ixbrlparse is a bench dependency and is not installed"
    )
    snapshot = whole("RIOT_10Q_2025Q2")
    ours = by_locator(snapshot)
    import io

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = library.IXBRL(io.StringIO(snapshot.content.decode())).numeric
    assert len(ours) == len(theirs) == 1_232
    nils = 0
    for other in theirs:
        row = ours[other.soup_tag["id"]]
        assert row["concept"] == f"{other.schema}:{other.name}"
        period = (other.context.startdate, other.context.enddate or other.context.instant)
        assert (row["period_start"], row["period_end"]) == period
        assert len(row["dimensions"].split(";") if row["dimensions"] else []) == len(other.context.segments)
        if row["value"] is None:
            nils += 1
            assert other.value == 0
        else:
            assert other.value == pytest.approx(row["value"], rel=1e-12)
    assert nils == 8


def test_arelle_finds_the_same_facts(whole: Callable[[str], Snapshot], tmp_path: Path) -> None:
    """All 1,232 again, by a validating processor, which needs its EDGAR plug-in for numbers in words."""
    pytest.importorskip("arelle", reason="Arelle is a bench dependency and is not installed")
    from arelle import Cntlr

    snapshot = whole("RIOT_10Q_2025Q2")
    page = tmp_path / "filing.html"
    page.write_bytes(snapshot.content)
    control = Cntlr.Cntlr(logFileName="logToBuffer")
    control.webCache.workOffline = True
    try:
        model = control.modelManager.load(str(page))
        theirs = {f.id: f for f in model.facts if f.localName == "nonFraction"}
        ours = by_locator(snapshot)
        assert set(ours) == set(theirs)
        assert len(theirs) == 1_232
        words = 0
        for place, other in theirs.items():
            row = ours[place]
            assert row["concept"] == str(other.qname)
            assert (row["value"] is None) == other.isNil
            if other.isNil:
                continue
            if "Error" in other.value:
                words += 1
                continue
            assert row["value"] == float(other.value)
            assert row["decimals"] == (None if other.decimals == "INF" else int(other.decimals))
        assert words == 27
    finally:
        control.close()
        logging.getLogger("arelle").handlers.clear()


@pytest.mark.parametrize("stem", FILINGS)
def test_the_tag_lists_beside_the_filings(
    stem: str, whole: Callable[[str], Snapshot], shared_data: Path
) -> None:
    """Every fact of the list is among ours. The list leaves out nil and what it could not read."""
    path = shared_data / "filings" / "companyfacts" / f"ixbrl_{TAG_LISTS[stem]}.json"
    listed = json.loads(path.read_text(encoding="utf-8"))["facts"]

    def key(tag: str, start: str | None, end: str, dims: str, value: float) -> tuple[Any, ...]:
        return tag, start, end, dims, f"{value:.9g}"

    ours = Counter(
        key(
            row["concept"],
            row["period_start"] and row["period_start"].isoformat(),
            row["period_end"].isoformat(),
            row["dimensions"],
            row["value"],
        )
        for row in parse(whole(stem)).tables["xbrl_facts"]
        if row["value"] is not None
    )
    theirs = Counter(
        key(f["tag"], f["start"], f["end"], ";".join(sorted("=".join(d) for d in f["dims"])), f["val"])
        for f in listed
    )
    assert not theirs - ours
    assert len(listed) > 800
