"""Named reads, each as of an instant: what was known then, the latest word on each key.

No read without ``as_of``: looking ahead is not possible by mistake.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from minerdesk.store.engine import Engine
from minerdesk.store.schema import records
from minerdesk.store.tables import TABLES


def known(engine: Engine, table: str, as_of: datetime) -> Any:
    """Ibis expression: rows of ``table`` known at ``as_of``, one a key: the latest statement, in its latest
    correction."""
    import ibis

    rows = engine.table(table)
    rows = rows.filter(rows.known_at <= ibis.literal(as_of))
    return _latest(rows, TABLES[table].key)


def _latest(rows: Any, key: tuple[str, ...]) -> Any:
    import ibis

    last = ibis.window(
        group_by=[rows[column] for column in key],
        order_by=[ibis.desc(rows[column]) for column in ("stated_at", "known_at", "snapshot_no")],
    )
    rows = rows.mutate(place=ibis.row_number().over(last))
    return rows.filter(rows.place == 0).drop("place")


def rows(engine: Engine, table: str, as_of: datetime, *order: str) -> list[dict[str, Any]]:
    """:func:`known` as records, sorted by ``order`` (default: the table's key)."""
    question = ("rows", table, as_of, order)
    if question not in engine.kept:
        expression = known(engine, table, as_of).order_by(list(order or TABLES[table].key))
        engine.kept[question] = records(engine.run(expression))
    return [dict(row) for row in engine.kept[question]]


def columns(engine: Engine, table: str, as_of: datetime, names: list[str]) -> dict[str, list[Any]]:
    """:func:`known` as one list a column of ``names``, sorted by the table's key."""
    expression = known(engine, table, as_of).order_by(list(TABLES[table].key)).select(names)
    return dict(engine.run(expression).to_pydict())


def findings(engine: Engine, as_of: datetime) -> list[dict[str, Any]]:
    """Stored findings about data known at ``as_of``; those without a day count always. Of a finding told
    again with other words, the last."""
    import ibis

    found = engine.table("findings")
    found = found.filter(found.day.isnull() | (found.known_at <= ibis.literal(as_of)))
    order = ["source", "name", "kind", "subject", "locator"]
    return records(engine.run(_latest(found, TABLES["findings"].key).order_by(order)))
