"""``minerdesk events``, run as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minerdesk.desk import Desk
from minerdesk.present.event_feed import as_icalendar, as_rss, entries
from minerdesk.store.archive import Archive

Run = Callable[..., "subprocess.CompletedProcess[str]"]
DAY = ("--as-of", "2025-12-05")


@pytest.fixture
def run(archive: Archive, tmp_path: Path) -> Run:
    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from minerdesk.present.cli import main; main()", "events", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "MINERDESK_ARCHIVE": str(archive.path), "COLUMNS": "120", "PYTHONUTF8": "1"},
            timeout=120,
            check=False,
        )

    return call


def test_the_calendar_as_json(run: Run) -> None:
    done = run("--ahead", "90", *DAY, "--format", "json")
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    assert (view["view"], view["facts"]["until"]) == ("events", "2026-03-05")
    (unlock,) = view["tables"]["unlocks"]
    assert (unlock["ticker"], unlock["day"], unlock["unlock_shares"]) == ("ABTC", "2026-03-03", None)
    assert unlock["car_updated_low_fraction"] < unlock["car_updated_high_fraction"]


def test_one_name_in_every_format(run: Run) -> None:
    for form in ("table", "md", "csv"):
        done = run("--ticker", "abtc", "--as-of", "2025-12-31", "--format", form)
        assert done.returncode == 0, done.stderr
        assert "lockup_exp" in done.stdout
        assert "-7.72" in done.stdout
        if form == "csv":
            assert len({len(row) for row in csv.reader(io.StringIO(done.stdout))}) == 1


def test_causes_and_panels(run: Run) -> None:
    done = run("--causes", "2025-12-05", "--format", "md")
    assert "| ABTC | named | lockup_expiry | 2025-12-02 |" in done.stdout
    done = run("--panels", "--format", "json")
    panels = json.loads(done.stdout)
    assert {row["panel"] for row in panels["tables"]["panels"]} == {"unlocks", "convertibles", "hpc_leases"}
    assert len(panels["tables"]["regimes"]) == 35


def test_files_to_subscribe_to(run: Run, tmp_path: Path) -> None:
    done = run(*DAY, "--ics", "dates.ics", "--rss", "dates.xml", "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["tables"]["calendar"]
    ics = (tmp_path / "dates.ics").read_bytes()
    assert ics.count(b"BEGIN:VEVENT") == len(rows)
    assert b"DTSTART;VALUE=DATE:20260303\r\n" in ics
    assert b"STATUS:TENTATIVE" in ics
    channel = ElementTree.parse(tmp_path / "dates.xml").getroot().find("channel")
    assert channel is not None
    assert len(channel.findall("item")) == len(rows)


def test_a_date_that_moves_stays_one_entry(desk: Desk) -> None:
    """A day later the next retarget is forecast anew: the same identifier, a higher revision."""
    first, then = ({e.key: e for e in entries(desk.events(as_of=f"2025-12-0{d}"))} for d in (5, 6))
    key = "retarget/927360"
    assert first[key].uid == then[key].uid
    assert first[key].revision < then[key].revision
    unlock = next(k for k in first if k.startswith("lockup_expiry/ABTC/"))
    assert first[unlock] == then[unlock]
    view = desk.events(as_of="2025-12-05")
    assert (as_icalendar(view), as_rss(view)) == (as_icalendar(view), as_rss(view))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ticker", "ABTX"), "did you mean ABTC"),
        (("--ahead", "0"), "ahead must lie between 1 and 3660 days"),
        (("--causes", "2025-12-06"), "no session on 2025-12-06"),
        (("--panels", "--ticker", "ABTC"), "different questions"),
        (("--panels", "--ics", "x.ics"), "leave out --panels"),
        (("--as-of", "2025-05-01"), "fewer than two sessions"),
        (("--as-of", "soon"), "'soon' is no as-of date"),
        ((*DAY, "--ics", "/proc/none/x.ics"), "cannot write /proc/none/x.ics"),
    ],
)
def test_errors_are_one_clear_line(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
