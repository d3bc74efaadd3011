"""kill -9 at any moment: the archive opens, keeps what was acknowledged and shows nothing by halves."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from minerdesk import pipeline
from minerdesk.errors import ArchiveBusy
from minerdesk.store import doctor
from minerdesk.store.archive import ingest, open_archive, writing
from minerdesk.store.digest import digests

Writers = Callable[..., list[dict[str, Any]]]
Visible = Callable[[Path], set[int]]
FAULTS = {"suspect", "rejected"}


def faults(path: Path) -> list[Any]:
    """What the doctor finds wrong; the writers know three tables only."""
    return [
        f
        for f in doctor.examine(path)
        if f.severity in FAULTS and f.kind not in {"table_missing", "layout_changed"}
    ]


def test_kill_at_random_moments(tmp_path: Path, writers: Writers, visible: Visible) -> None:
    draw = random.Random(20251205)
    safe: set[int] = set()
    killed = 0
    for attempt in range(12):
        job = {"first": 30 * attempt, "count": 30, "kill_after_seconds": draw.uniform(0.02, 0.4)}
        [answer] = writers(tmp_path, job)
        killed += answer["killed"]
        safe |= set(answer["acknowledged"])
        seen = visible(tmp_path)
        assert safe <= seen, "something acknowledged is lost"
        # the writer may have died between the commit and the word of it
        assert len(seen - safe) <= 1
        safe = seen
    assert killed > 6
    assert len(safe) > 6
    [answer] = writers(tmp_path, {"first": 990, "count": 1})
    assert answer["acknowledged"] == [990]
    assert visible(tmp_path) == safe | {990}
    assert not faults(tmp_path)


@pytest.mark.parametrize("before", [0, 3])
def test_kill_at_every_step(tmp_path: Path, writers: Writers, visible: Visible, before: int) -> None:
    """Step by step through a write into an empty folder, and through one with a compaction."""
    start = tmp_path / "start"
    start.mkdir()
    writers(start, {"first": 0, "count": before})
    killed = True
    steps = 0
    while killed:
        steps += 1
        path = tmp_path / str(steps)
        shutil.copytree(start, path)
        [answer] = writers(path, {"first": before, "count": 1, "kill_at_step": steps})
        killed = answer["killed"]
        safe = set(range(before)) | set(answer["acknowledged"])
        assert safe <= visible(path) <= safe | {before}
        [answer] = writers(path, {"first": before, "count": 1})
        assert answer["acknowledged"] == [before], f"killed at step {steps}"
        assert visible(path) == set(range(before + 1))
    assert steps > 7
    assert not faults(path)


def test_a_killed_writer_changes_nothing_that_a_rebuild_gives(
    tmp_path: Path, writers: Writers, visible: Visible
) -> None:
    """Cards of snapshots never taken in must not slip in through a rebuild."""
    writers(tmp_path, {"first": 0, "count": 2})
    [answer] = writers(tmp_path, {"first": 2, "count": 1, "kill_at_step": 4})
    assert answer["killed"]
    before = digests(open_archive(tmp_path))
    assert any(left.what.startswith("card") for left in doctor.leftovers(tmp_path))
    pipeline.rebuild(tmp_path)
    assert visible(tmp_path) == {0, 1}
    assert digests(open_archive(tmp_path)) == before
    writers(tmp_path, {"first": 7, "count": 1})
    assert not any(left.what.startswith("card") for left in doctor.leftovers(tmp_path)), "swept by the next"


def test_two_writers_at_once(tmp_path: Path, writers: Writers, visible: Visible) -> None:
    answers = writers(tmp_path, {"first": 0, "count": 12}, {"first": 100, "count": 12})
    assert [len(answer["acknowledged"]) for answer in answers] == [12, 12]
    assert visible(tmp_path) == {*range(12), *range(100, 112)}
    assert open_archive(tmp_path).commit.number == 24
    assert not faults(tmp_path)


def test_two_writers_of_the_same(tmp_path: Path, writers: Writers, visible: Visible) -> None:
    writers(tmp_path, {"first": 0, "count": 8}, {"first": 0, "count": 8})
    assert visible(tmp_path) == set(range(8))
    assert open_archive(tmp_path).commit.number == 8


def test_readers_during_a_writer(tmp_path: Path, writers: Writers, visible: Visible) -> None:
    """Every read while two writers work sees whole snapshots, and never fewer than before."""
    writers(tmp_path, {"first": 0, "count": 1})
    done = threading.Event()

    def write() -> None:
        writers(tmp_path, {"first": 1, "count": 8}, {"first": 50, "count": 8})
        done.set()

    work = threading.Thread(target=write)
    work.start()
    reads = [visible(tmp_path)]
    while not done.is_set():
        reads.append(visible(tmp_path))
    work.join()
    assert len({len(seen) for seen in reads}) > 2, "reads fell between writes"
    assert all(earlier <= later for earlier, later in pairwise(reads))


def test_readers_need_no_lock(tmp_path: Path, writer: Any, visible: Visible) -> None:
    writer.take_in(tmp_path, 0)
    with writing(tmp_path):
        assert visible(tmp_path) == {0}
        assert open_archive(tmp_path).commit.number == 1


def test_busy(tmp_path: Path, writer: Any, visible: Visible) -> None:
    writer.take_in(tmp_path, 0)
    one = writer.snapshot(1)
    with writing(tmp_path):
        started = time.monotonic()
        with pytest.raises(ArchiveBusy, match="another process is writing") as caught:
            ingest(tmp_path, [(one, pipeline.parse(one))], timeout_seconds=0.05)
        assert time.monotonic() - started < 5
    assert caught.value.retry
    assert visible(tmp_path) == {0}
    writer.take_in(tmp_path, 1)
    assert visible(tmp_path) == {0, 1}


def test_an_open_archive_stays_at_its_moment(tmp_path: Path, writer: Any, visible: Visible) -> None:
    writer.take_in(tmp_path, 0)
    early = open_archive(tmp_path)
    before = digests(early)
    for number in range(1, 4):
        writer.take_in(tmp_path, number)
    pipeline.rebuild(tmp_path)
    assert digests(early) == before
    assert digests(open_archive(tmp_path).at(early.commit.number)) == before
    assert digests(open_archive(tmp_path)) != before
