"""Work shared out over processors: same results, same order, faults not lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from minerdesk.present import processors

SCRIPT = """
import os
from minerdesk.present import processors
from minerdesk.errors import InputError

processors._processors = lambda: 2
assert processors._may_fork()
mine = os.getpid()
found = list(processors.each(lambda n: (n * n, os.getpid()), [3, 1, 2]))
assert [square for square, _ in found] == [9, 1, 4]
assert all(process != mine for _, process in found)

def refuse(n):
    raise InputError(f"not {n}")

try:
    list(processors.each(refuse, [1, 2]))
except InputError as fault:
    assert str(fault) == "not 1"
else:
    raise AssertionError("the fault was lost")
"""


def test_forked_processes_give_the_same_in_order() -> None:
    """In a process of its own: this one has threads and an engine open."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)


@pytest.mark.parametrize("may_fork", [True, False])
def test_one_by_one_where_forking_is_not_safe(monkeypatch: pytest.MonkeyPatch, may_fork: bool) -> None:
    monkeypatch.setattr(processors, "_may_fork", lambda: may_fork)
    monkeypatch.setattr(processors, "_processors", lambda: 1 if may_fork else 2)
    assert list(processors.each(str, [1, 2])) == ["1", "2"]


def test_no_fork_with_an_engine_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", sys)
    assert not processors._may_fork()
