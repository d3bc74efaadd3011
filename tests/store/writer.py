"""Writers that are killed: run as a script, it forks writers on request and kills them.

One JSON request a line: ``{"path", "jobs": [{"first", "count", "kill_after_seconds", "kill_at_step"}]}``. All
jobs of a request run at once, each in a process of its own that ingests ``count`` snapshots from number
``first`` on, and acknowledges each when ``ingest`` has returned. The reply lists, by job, what was
acknowledged and whether the writer was killed. ``kill_at_step``: see :func:`_kill_at`.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import signal
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from minerdesk import pipeline
from minerdesk.records import Snapshot
from minerdesk.store import append, tables
from minerdesk.store.archive import ingest

#: Rows of one snapshot by table: two closes, the snapshot, a finding (the third close is impossible).
ROWS = {"closes": 2, "snapshots": 1, "findings": 1}


def snapshot(number: int) -> Snapshot:
    """The ``number``-th file of closes: a session of its own, two good closes and an impossible one."""
    day = date(2000, 1, 1) + timedelta(days=number)
    text = f"session,AAA,BBB,CCC\n{day},{1 + number / 100:.2f},2.5,-1\n"
    known_at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Snapshot("embedded", "closes.csv", text.encode(), known_at)


def take_in(path: Path, number: int) -> None:
    one = snapshot(number)
    ingest(path, [(one, pipeline.parse(one))])


def _kill_at(step: int) -> None:
    """Die before the ``step``-th change on disk (a rename, a commit of a Delta table) or word of it."""
    import deltalake

    steps = itertools.count(1)

    def counted(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    os.write = counted(os.write)
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]
    deltalake.write_deltalake = counted(deltalake.write_deltalake)
    deltalake.DeltaTable.restore = counted(deltalake.DeltaTable.restore)
    deltalake.DeltaTable.delete = counted(deltalake.DeltaTable.delete)
    deltalake.table.TableOptimizer.compact = counted(deltalake.table.TableOptimizer.compact)


def _write(path: Path, job: dict[str, Any], acknowledge: int) -> None:
    append.COMPACT_FROM_FILES = 3
    # a killed process loses nothing of what it gave to the kernel; flushing is for power cuts, and slow
    os.fsync = lambda _: None
    for name in set(tables.TABLES) - set(ROWS):
        del tables.TABLES[name]
    if job.get("kill_at_step"):
        _kill_at(job["kill_at_step"])
    for number in range(job["first"], job["first"] + job["count"]):
        take_in(path, number)
        os.write(acknowledge, f"{number}\n".encode())


def _start(path: Path, job: dict[str, Any]) -> tuple[int, int]:
    told, acknowledge = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _write(path, job, acknowledge)
            status = 0
        finally:
            os._exit(status)
    os.close(acknowledge)
    return child, told


def _answer(request: dict[str, Any]) -> list[dict[str, Any]]:
    started = [(*_start(Path(request["path"]), job), job) for job in request["jobs"]]
    answers = []
    for child, told, job in started:
        if job.get("kill_after_seconds") is not None:
            time.sleep(job["kill_after_seconds"])
            os.kill(child, signal.SIGKILL)
        with os.fdopen(told) as pipe:
            acknowledged = [int(line) for line in pipe.read().split()]
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        answers.append({"acknowledged": acknowledged, "killed": killed, "failed": not killed and status != 0})
    return answers


if __name__ == "__main__":
    # loaded once, before the forks; nothing in them starts a thread
    for library in ("deltalake.exceptions", "pyarrow.dataset", "pyarrow.compute", "pyarrow.parquet"):
        importlib.import_module(library)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)
