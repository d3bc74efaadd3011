"""What the report says of causes and of dates ahead."""

from __future__ import annotations

import pytest

from minerdesk.desk import Desk
from minerdesk.present import report
from minerdesk.present.document import Document, Name, Runs, Section, Table
from minerdesk.present.words import LANGUAGES, plain_text


def made(desk: Desk, ending: str, language: str = "en") -> Document:
    return report.document(report.views(desk, ending), language)


def section(document: Document, name: str) -> Section:
    return next(s for s in document.sections if s.id == name)


def table(document: Document, name: str, id: str) -> Table:
    return next(b for b in section(document, name).blocks if isinstance(b, Table) and b.id == id)


def told(document: Document, name: str) -> str:
    """All prose of a section."""
    runs: list[Runs] = []
    for block in section(document, name).blocks:
        runs += getattr(block, "items", ()) or [getattr(block, "runs", ()), getattr(block, "caption", ())]
    return "\n".join(plain_text(r) for r in runs)


def test_a_mover_carries_cause_car_interval_and_source(desk: Desk) -> None:
    text = told(made(desk, "2025-12-05"), "movers")
    assert (
        "Beyond what Bitcoin and the sector explain it moved -43.7% (-56.8% to -26.7%, t -4.3). Cause by the "
        "rule: end of a lock-up on 2 December 2025 (source grade B)."
    ) in text
    assert "The sector's week was -4.7% with all names and -2.9% without ABTC." in text
    assert text.count("Cause by the rule") == 1
    assert "That is within chance; no dated event found." in text
    links = [
        r.href
        for row in table(made(desk, "2025-12-05"), "movers", "causes").rows
        for cell in row
        for r in cell
        if isinstance(r, Name) and r.href
    ]
    assert links
    assert all(link.startswith("https://") for link in links)


def test_apld_and_corz_have_no_cause_that_week(desk: Desk) -> None:
    rows = {plain_text(r[0]): r for r in table(made(desk, "2025-12-05"), "movers", "causes").rows}
    for ticker in ("APLD", "CORZ", "HUT"):
        assert plain_text(rows[ticker][2]) == "no dated event found"
    assert plain_text(rows["ABTC"][2]) == "end of a lock-up, 2 Dec (B)"
    assert len(rows) == 34


def test_an_event_near_a_move_within_chance_is_no_cause(desk: Desk) -> None:
    rows = {plain_text(r[0]): r for r in table(made(desk, "2025-12-12"), "movers", "causes").rows}
    assert plain_text(rows["IREN"][2]) == "none; near: convertible notes, 8 Dec"
    # its "return" holds a dilution: not in the table of tested moves
    assert "ARBK" not in rows
    assert "Cause by the rule:" not in told(made(desk, "2025-12-12"), "movers")


@pytest.mark.parametrize("language", LANGUAGES)
def test_weeks_of_short_record_say_so(desk: Desk, language: str) -> None:
    first = told(made(desk, "2025-06-13", language), "movers")
    later = told(made(desk, "2025-07-03", language), "movers")
    says = {
        "en": ("No move of this week can be tested", "Measured against the sector alone"),
        "ar": ("لا يمكن اختبار أي حركة", "قيست بالقطاع وحده"),
        "zh": ("本周变动均无法检验", "仅与板块相比"),
    }[language]
    assert says[0] in first
    assert says[1] in later


def test_what_to_watch_has_the_radar_and_the_calendar(desk: Desk) -> None:
    page = made(desk, "2025-12-05")
    ((day, name, shares, *_rest),) = table(page, "watch", "unlocks").rows
    assert [plain_text(c) for c in (day, name, shares)] == ["3 March 2026", "ABTC", "–"]
    lines = [[plain_text(c) for c in row] for row in table(page, "watch", "ahead").rows]
    assert ["14 January 2026", "APLD, BMNR", "report due", "by rule"] in lines
    assert ["11 December 2025", "BTC", "difficulty adjustment", "forecast"] in lines
    # nothing that was not yet known, nothing beyond ninety days
    assert not [line for line in lines if line[0].endswith(("April 2026", "September 2026"))]
    assert "unlocks" not in {getattr(b, "id", "") for b in section(made(desk, "2025-11-28"), "watch").blocks}
