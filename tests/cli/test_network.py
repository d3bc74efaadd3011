"""The commands of the network, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from minerdesk.present.cli import main
from minerdesk.store.archive import Archive

#: Bitcoin's first header, as Bitcoin Core has it.
FIRST = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f61"
    "7fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(archive: Archive, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """``call("network", "--at", ...)``: exit code, standard output, standard error."""
    monkeypatch.setenv("MINERDESK_ARCHIVE", str(archive.path))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["minerdesk", *words])
        with pytest.raises(SystemExit) as done:
            main()
        out, told = capsys.readouterr()
        return int(done.value.code or 0), out, told

    return run


def test_json_has_what_the_issue_names(call: Call) -> None:
    code, out, _ = call("network", "--at", "2025-12-05", "--window", "1008", "--format", "json")
    assert code == 0
    view = json.loads(out)
    names = (
        "difficulty hashprice_usd_per_ph_day hashprice_btc_per_ph_day network_hashrate_eh_s "
        "network_hashrate_low_eh_s network_hashrate_high_eh_s next_retarget_fraction fee_share_fraction"
    ).split()
    assert all(view["figures"][name]["value"] is not None for name in names)
    assert view["figures"]["hashprice_usd_per_ph_day"]["unit"] == "usd_per_ph_day"
    assert set(view["tables"]) == {"windows", "epochs", "days", "machines", "switch_off", "pools"}
    assert view["tables"]["pools"] == []


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_every_format(call: Call, form: str) -> None:
    code, out, _ = call("network", "--at", "2025-12-14", "--format", form)
    assert code == 0
    assert "37.58" in out
    if form == "csv":
        assert len({len(row) for row in csv.reader(io.StringIO(out))}) == 1


def test_window_power_price_and_as_of_are_asked_for(call: Call) -> None:
    words = ("--window", "144", "--power-price", "0.05", "--as-of", "2025-12-31", "--format", "json")
    view = json.loads(call("network", "--at", "2025-12-05", *words)[1])
    assert view["as_of"] == "2025-12-31"
    assert view["figures"]["window_days"]["value"] == 1
    assert view["figures"]["under_water_fraction"]["value"] == 0.0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("network", "--at", "2024-01-01"), "on record: 2025-08-11 to 2026-01-31"),
        (("network", "--at", "someday"), "'someday' is no date"),
        (("network", "--window", "0"), "a window has 1 to"),
        (("network", "--power-price", "0"), "a power price is above zero"),
        (("headers",), "give files of headers, or --node"),
        (("headers", "absent.bin"), "absent.bin cannot be read"),
        (("headers", "--node", "ftp://x"), "no http or https address"),
        (("headers", "--node", "http://127.0.0.1:9"), "asking again may help"),
    ],
)
def test_errors_are_one_clear_line(call: Call, words: tuple[str, ...], said: str) -> None:
    code, out, told = call(*words)
    assert (code, out) == (2, "")
    assert said in told
    assert len(told.splitlines()) == 1


def test_headers_are_checked_and_the_bad_one_is_told(call: Call, tmp_path: Path) -> None:
    good, bad, home = tmp_path / "good.bin", tmp_path / "bad.bin", str(tmp_path / "archive")
    good.write_bytes(FIRST)
    bad.write_bytes(FIRST + FIRST)
    code, out, _ = call("headers", str(good), "--archive", home)
    assert code == 0
    assert "heights 0 to 0: 1 headers hold, 0 retargets; 1 kept" in out
    code, out, _ = call("headers", str(bad), "--archive", home, "--check")
    assert code == 1
    assert "BAD at height 1: its previous hash is not that of the header before" in out
    code, out, _ = call("headers", str(good), str(bad), "--archive", home, "--check", "--format", "json")
    rows = json.loads(out)
    assert [(r["headers"], r["fault_reason"], r["fault_height"]) for r in rows] == [
        (1, "", None),
        (1, "linkage", 1),
    ]
    code, out, _ = call("headers", str(bad), "--archive", home, "--format", "csv")
    assert (code, [row["stored"] for row in csv.DictReader(io.StringIO(out))]) == (1, ["1"])
