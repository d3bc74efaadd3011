"""``minerdesk cost`` and ``minerdesk ingest``, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from minerdesk.store.archive import Archive

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def call(archive: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from minerdesk.present.cli import main; main()", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "MINERDESK_ARCHIVE": str(archive), "COLUMNS": "160", "PYTHONUTF8": "1"},
        timeout=120,
        check=False,
    )


@pytest.fixture
def run(archive: Archive, tmp_path: Path) -> Run:
    return lambda *words: call(archive.path, tmp_path, *words)


def test_cost_as_json_has_what_the_issue_names(run: Run) -> None:
    done = run("cost", "--as-of", "2025-12-05", "--format", "json")
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    assert view["facts"]["quarter"] == "2025Q2"
    for name, value in (("sector_cash_cost_usd_per_btc", 70_592), ("sector_all_in_cost_usd_per_btc", 129_849),
                        ("covered_btc", 3_438), ("nowcast_cash_cost_usd_per_btc", 80_115)):  # fmt: skip
        assert view["figures"][name]["value"] == pytest.approx(value, abs=2), name
    assert {"ladder", "curve", "left_out", "rosetta", "scorecard", "balance"} <= view["tables"].keys()


def test_quarter_rung_and_allocation(run: Run) -> None:
    done = run("cost", "--quarter", "2025Q2", "--rung", "c", "--allocation", "none", "--as-of", "2025-12-05",
               "--format", "csv")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "cost/2025Q2;rung=operating;allocate=none@2025-12-05/" in done.stdout
    for form in ("table", "md"):
        assert "RIOT" in run("cost", "--quarter", "2025Q2", "--as-of", "2025-12-05", "--format", form).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cost", "--quarter", "Q2"), "'Q2' is no quarter; write it as 2025Q2"),
        (("cost", "--quarter", "2031Q1"), "no filing of 2031Q1 was known"),
        (("cost", "--rung", "g"), "no rung 'g'; there are a (power)"),
        (("cost", "--allocation", "coins"), "no allocation 'coins'; there are revenue, mw, none"),
        (("ingest", "nowhere.htm"), "nowhere.htm: No such file"),
        (("ingest", ".", "--filed", "2025-01-01"), "Is a directory"),
    ],
)
def test_errors_are_one_clear_line(run: Run, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_file_changes_nothing(run: Run, archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no filing", encoding="utf-8")
    before = sorted(p.name for p in (archive.path / "commits").iterdir())
    done = run("ingest", "notes.txt")
    assert done.returncode == 2
    assert "neither an inline XBRL filing" in done.stderr
    done = run("ingest", "notes.txt", "--filed", "2999-01-01")
    assert "lies ahead" in done.stderr
    assert sorted(p.name for p in (archive.path / "commits").iterdir()) == before


@pytest.mark.data
def test_a_filing_is_taken_in_once_and_the_archive_stays_sound(shared_data: Path, tmp_path: Path) -> None:
    file = str(shared_data / "filings" / "ixbrl" / "RIOT_10Q_2025Q2.html.gz")
    first, again = (call(tmp_path / "a", tmp_path, "ingest", file, "--filed", "2025-07-31") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "RIOT_10Q_2025Q2.html: known from 2025-08-01 00:00 UTC; 1,232 xbrl_facts" in first.stdout
    assert "note: RIOT: no_accession" in first.stdout
    assert again.stdout == "RIOT_10Q_2025Q2.html: already in the archive\n"
    told = call(
        tmp_path / "a", tmp_path, "cost", "--as-of", "2025-12-05", "--allocation", "none", "--format", "json"
    )
    cost = json.loads(told.stdout)["figures"]["sector_cash_cost_usd_per_btc"]["value"]
    assert cost == pytest.approx(71_878, abs=1)
    assert "the archive is sound" in call(tmp_path / "a", tmp_path, "doctor").stdout
