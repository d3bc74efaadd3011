"""Digests of table content: equal for equal rows, whatever their order and files."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from minerdesk.store.archive import Archive
from minerdesk.store.schema import TableSpec, arrow_schema
from minerdesk.store.tables import TABLES


def digests(archive: Archive) -> dict[str, str]:
    """Digest of every table at the archive's commit."""
    return {name: digest(stored(archive, spec)) for name, spec in TABLES.items()}


def digest(table: Any) -> str:
    """Digest of the rows of an Arrow table: column names, types and values, as a set of rows."""
    columns = [_plain(table.column(name)) for name in table.schema.names]
    total = sha256(str([(field.name, str(field.type)) for field in table.schema]).encode())
    for line in sorted(repr(row) for row in zip(*columns, strict=True)):
        total.update(line.encode())
        total.update(b"\n")
    return total.hexdigest()


def stored(archive: Archive, spec: TableSpec) -> Any:
    """The Arrow table of ``spec`` at the archive's commit, columns as declared.

    Raises :class:`KeyError` for a column the files do not have.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(spec)
    parts = [pq.read_table(file).select(schema.names).cast(schema) for file in archive.files(spec.name)]
    return pa.concat_tables(parts) if parts else schema.empty_table()


def _plain(column: Any) -> list[Any]:
    import pyarrow as pa

    # whole numbers rather than instants: pyarrow would load pandas to make Python's own
    plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    values: list[Any] = plain.to_pylist()
    return values
