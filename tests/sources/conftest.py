"""What tests of the sources share: the embedded files, and the archive's declarations to check rows against."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from minerdesk.records import Rows, Snapshot
from minerdesk.sources import embedded
from minerdesk.store.tables import TABLES

PYTHON = {"string": str, "float": (int, float), "int": int, "bool": bool, "date": date, "instant": datetime}
#: The archive adds these itself.
ADDED = {"ref", "snapshot", "snapshot_no", "stated_at"}


@pytest.fixture(scope="session")
def embedded_files() -> dict[str, Snapshot]:
    return {snapshot.name: snapshot for snapshot in embedded.snapshots()}


@pytest.fixture(scope="session")
def check_rows() -> Callable[[Rows], None]:
    """``check_rows(rows)``: every row fits its table: columns, types, clock, place, and no key twice."""

    def check(rows: Rows) -> None:
        for name, table in rows.tables.items():
            spec = TABLES[name]
            types = {column.name: column.type for column in spec.all_columns}
            seen = set()
            for row in table:
                assert set(row) <= set(types) - ADDED, f"{name}: columns not declared"
                assert row["known_at"].utcoffset() == UTC.utcoffset(None), f"{name}: known_at is not UTC"
                assert row["locator"], f"{name}: no place"
                for column, value in row.items():
                    assert value is None or fits(value, types[column]), f"{name}.{column}: {value!r}"
                key = (*(row[column] for column in spec.key), row["known_at"])
                assert key not in seen, f"{name}: two rows of {key}"
                seen.add(key)
        for finding in rows.findings:
            assert finding.severity in {"note", "suspect", "rejected"}
            assert finding.kind
            assert finding.detail

    return check


def fits(value: Any, declared: str) -> bool:
    if declared == "float":
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    if declared == "int":
        return isinstance(value, int) and -(2**63) <= value < 2**63
    if declared == "date":
        return type(value) is date
    return isinstance(value, PYTHON[declared])
