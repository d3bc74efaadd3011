"""The command line, run as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minerdesk.present.cli.commands import app
from minerdesk.store.archive import Archive

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(archive: Archive, tmp_path: Path):  # type: ignore[no-untyped-def]
    def call(*words: str, columns: str = "160") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from minerdesk.present.cli import main; main()", *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "MINERDESK_ARCHIVE": str(archive.path), "COLUMNS": columns, "PYTHONUTF8": "1"},
            timeout=120,
            check=False,
        )

    return call


def test_week_as_json_has_what_the_issue_names(run) -> None:  # type: ignore[no-untyped-def]
    done = run("week", "--ending", "2025-12-05", "--format", "json")
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    names = (
        "sector_return_fraction ex_event_return_fraction sector_cap_gross_start_usd sector_cap_gross_end_usd "
        "sector_cap_net_start_usd sector_cap_net_end_usd btc_return_fraction beta_to_btc divergence_z "
        "advancers decliners unchanged no_data turnover_usd share_volume"
    ).split()
    assert all(view["figures"][name]["value"] is not None for name in names)
    assert view["figures"]["decliners"]["value"] == 25


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_every_format_of_every_view(run, form: str) -> None:  # type: ignore[no-untyped-def]
    for words in (
        ("week", "--ending", "2025-12-05"),
        ("company", "abtc"),
        ("trace", "closes/ABTC/2025-12-05"),
    ):
        done = run(*words, "--format", form)
        assert done.returncode == 0, done.stderr
        assert "2.23" in done.stdout or words[0] == "company"
        if form == "csv":
            rows = list(csv.reader(io.StringIO(done.stdout)))
            assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("week", "--ending", "2025-12-06"), "no session on 2025-12-06; the last one is 2025-12-05"),
        (
            ("week", "--ending", "2025-11-27", "--as-of", "2025-12-31"),
            "no session on 2025-11-27; the last one is 2025-11-26",
        ),
        (("week", "--ending", "2027-01-04"), "no session on 2027-01-04; the last one is 2025-12-31"),
        (("week", "--ending", "yesterday"), "'yesterday' is no date"),
        (("company", "ABTX"), "did you mean ABTC"),
        (("trace", "closes/ABTC/2025-12-06"), "leads to no row"),
        (("trace", "nonsense/x"), "names neither a table nor a view"),
        (("report", "--lang", "fr", "--ending", "2025-12-05"), "known: en, ar, zh"),
    ],
)
def test_errors_are_one_clear_line(run, words: tuple[str, ...], said: str) -> None:  # type: ignore[no-untyped-def]
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_narrow_terminal_hides_no_value(run) -> None:  # type: ignore[no-untyped-def]
    for words in (("week", "--ending", "2025-12-05"), ("network", "--at", "2025-12-05")):
        narrow, wide = (run(*words, columns=columns).stdout.split("\n\n")[0] for columns in ("60", "200"))
        values = [line.split()[1] for line in wide.splitlines() if line.endswith(("34 of 34", "22 of 34"))]
        assert len(values) >= 4 or words[0] == "network"
        assert all(value in narrow for value in values)
        assert ("-4.6897%" in narrow) == (words[0] == "week")
        assert ("149,301,205,959,700" in narrow) == (words[0] == "network")


def test_report_writes_the_files_it_names(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = run("report", "--ending", "2025-12-05", "--lang", "ar", "--format", "md,json", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.split()] == [
        "minerdesk-2025-12-05.json",
        "minerdesk-2025-12-05.ar.md",
    ]
    assert all((tmp_path / line).stat().st_size > 1000 for line in done.stdout.split())


def test_doctor_finds_the_embedded_desk_sound(run) -> None:  # type: ignore[no-untyped-def]
    done = run("doctor")
    assert done.returncode == 0, done.stdout
    assert "the archive is sound" in done.stdout


def test_trace_goes_down_to_the_bytes(run) -> None:  # type: ignore[no-untyped-def]
    done = run("trace", "week/2025-12-05/return_fraction/ABTC")
    assert "closes.csv line=132;column=ABTC" in done.stdout
    assert "ABTC = 2.23" in done.stdout


def test_every_command_has_help_and_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__
        assert f"minerdesk {command.callback.__name__}" in readme
