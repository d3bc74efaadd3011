"""One task for each of several items, on all processors where that is safe."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
R = TypeVar("R")

#: What the forked processes run: they inherit it, so that nothing large is sent to them.
_inherited: list[Any] = []


def each(task: Callable[[Item], R], items: Sequence[Item]) -> Iterator[R]:
    """``task(item)`` for each item, in order; in forked processes where there is more than one processor.

    A process is only forked while this one has a single thread and no database engine open: a copy of
    another thread's lock would never be released. Elsewhere the items are done here, one by one.
    """
    workers = min(len(items), _processors())
    if workers < 2 or not _may_fork():
        yield from map(task, items)
        return
    _inherited[:] = [task, items]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_run, range(len(items)))


def _run(place: int) -> Any:
    task, items = _inherited
    return task(items[place])


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _may_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1 and "duckdb" not in sys.modules
