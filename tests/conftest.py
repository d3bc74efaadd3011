"""Fixtures for all tests: the embedded desk as an archive, built once a run; the large data beside the repo.

Tests that read ``../shared/data`` are marked ``data`` and take the folder from the fixture ``shared_data``
(or only the marker, with their own path); without the folder each is skipped with its reason, and the end of
the run says so once more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.desk import Desk
from minerdesk.store.archive import Archive

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The embedded desk, taken in. For reading only: a test that writes makes its own archive."""
    return pipeline.refresh(tmp_path_factory.mktemp("desk") / "archive")


@pytest.fixture(scope="session")
def desk(archive: Archive) -> Desk:
    return Desk(archive)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of large real data; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the large data folder {SHARED_DATA} is absent")
    return SHARED_DATA


@pytest.fixture(scope="session")
def answer() -> Any:
    """``answer("week_2025-12-05")``: the values of a file in ``answers/``."""

    def values(name: str) -> Any:
        return json.loads((ROOT / "answers" / f"{name}.json").read_text(encoding="utf-8"))["values"]

    return values


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("data") and not SHARED_DATA.is_dir():
        pytest.skip(f"the large data folder {SHARED_DATA} is absent")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "large data folder" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("large data absent", yellow=True)
        terminalreporter.line(f"{len(skipped)} tests on real data did not run: {SHARED_DATA} is not there")
