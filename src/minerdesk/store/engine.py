"""The engine that runs expressions over an archive's files.

The border is two methods wide: :meth:`Engine.table` gives an Ibis table, :meth:`Engine.run` an Arrow table.
DuckDB inside the process serves by default; another engine Ibis knows can stand in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from minerdesk.errors import ArchiveDamaged
from minerdesk.store.archive import Archive
from minerdesk.store.schema import TableSpec
from minerdesk.store.tables import TABLES

_IBIS_TYPES = {
    "string": "string",
    "float": "float64",
    "int": "int64",
    "bool": "boolean",
    "date": "date",
    "instant": "timestamp('UTC')",
}


class Engine(Protocol):
    """What runs expressions."""

    @property
    def archive(self) -> Archive:
        """What is read."""

    @property
    def kept(self) -> dict[Any, Any]:
        """Reads already made: those of one commit never change."""

    def table(self, name: str) -> Any:
        """The Ibis table ``name``, all rows of the archive's commit."""

    def run(self, expression: Any) -> Any:
        """The :class:`pyarrow.Table` of an Ibis table expression."""


@dataclass(frozen=True)
class DuckDBEngine:
    archive: Archive
    connection: Any
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    def table(self, name: str) -> Any:
        files = self.archive.files(name)
        if not files:
            return self.connection.create_table(
                f"no_{name}", schema=ibis_schema(TABLES[name]), temp=True, overwrite=True
            )
        with _readable():
            return self.connection.read_parquet(files, table_name=f"{name}_{self.archive.commit.number}")

    def run(self, expression: Any) -> Any:
        # Ibis' own to_pyarrow loads pandas, which costs as much as everything else here together
        with _readable():
            return self.connection.con.sql(self.connection.compile(expression)).to_arrow_table()


@contextmanager
def _readable() -> Iterator[None]:
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException) as fault:
        raise ArchiveDamaged(
            f"the archive's tables cannot be read: {fault}; `minerdesk rebuild` makes them anew"
        ) from fault


def duckdb_engine(archive: Archive) -> DuckDBEngine:
    """DuckDB in this process over ``archive``."""
    import ibis

    return DuckDBEngine(archive, ibis.duckdb.connect())


def ibis_schema(spec: TableSpec) -> Any:
    import ibis

    return ibis.schema({c.name: _IBIS_TYPES[c.type] for c in spec.all_columns})
