"""What tests of the store share: writers that can be killed, and an eye for half-written archives."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from minerdesk.errors import ArchiveMissing
from minerdesk.store.archive import open_archive
from minerdesk.store.digest import stored
from minerdesk.store.tables import TABLES

SCRIPT = Path(__file__).with_name("writer.py")


@pytest.fixture(autouse=True)
def unflushed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are not flushed to the disk: that is for power cuts, and half of the time of these tests."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(autouse=True)
def few_tables(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that make an archive of their own make one of the few tables they use."""
    if not {"archive", "copy", "desk", "panel"} & set(request.fixturenames):
        for name in set(TABLES) - {"closes", "share_counts", "splits", "volumes", "snapshots", "findings"}:
            monkeypatch.delitem(TABLES, name)


@pytest.fixture(scope="session")
def writer() -> Any:
    """The module ``writer.py``: what the writers write."""
    spec = importlib.util.spec_from_file_location("archive_writer", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def writers() -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """``writers(path, job, ...)`` runs jobs at once in processes of their own; see ``writer.py``."""
    server = subprocess.Popen(
        [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdin
    assert server.stdout
    stdin, stdout = server.stdin, server.stdout

    def run(path: Path, *jobs: dict[str, Any]) -> list[dict[str, Any]]:
        stdin.write(json.dumps({"path": str(path), "jobs": jobs}) + "\n")
        stdin.flush()
        answers: list[dict[str, Any]] = json.loads(stdout.readline())
        assert not any(answer["failed"] for answer in answers), answers
        return answers

    yield run
    stdin.close()
    server.wait(timeout=10)


@pytest.fixture(scope="session")
def visible(writer: Any) -> Callable[[Path], set[int]]:
    """``visible(path)``: numbers of the snapshots a reader sees, each of them whole in every table."""

    def numbers(path: Path) -> set[int]:
        try:
            archive = open_archive(path)
        except ArchiveMissing:
            return set()
        arrived = stored(archive, TABLES["snapshots"])["snapshot"].to_pylist()
        assert len(arrived) == len(set(arrived))
        for table, rows in writer.ROWS.items():
            counted = Counter(stored(archive, TABLES[table])["snapshot"].to_pylist())
            assert counted == dict.fromkeys(arrived, rows), f"{table} holds half of a snapshot"
        known = {writer.snapshot(number).sha256: number for number in range(1000)}
        return {known[sha] for sha in arrived}

    return numbers
