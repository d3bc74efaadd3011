"""How a table is declared: columns with type and meaning, a key, and the columns every row carries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Type = Literal["string", "float", "int", "bool", "date", "instant"]


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    meaning: str = ""


@dataclass(frozen=True)
class TableSpec:
    """A table: ``key`` names the columns that, with ``known_at``, tell one row from another."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    meaning: str

    @property
    def all_columns(self) -> tuple[Column, ...]:
        return self.columns + PROVENANCE

    def ref(self, row: dict[str, Any]) -> str:
        """The readable key of a row: ``closes/ABTC/2025-12-05``."""
        return "/".join([self.name, *(str(row[column]).replace("/", "-") for column in self.key)])


#: Carried by every row of every table.
PROVENANCE = (
    Column("known_at", "instant", "when the public could know it"),
    Column("stated_at", "instant", "known_at by the bytes themselves; earlier than known_at in a correction"),
    Column("ref", "string", "readable key"),
    Column("snapshot", "string", "sha256 of the raw bytes it was read from"),
    Column("snapshot_no", "int", "order in which those bytes came to this archive"),
    Column("locator", "string", "place in those bytes"),
)


def arrow_schema(spec: TableSpec) -> Any:
    """The pyarrow schema of a table, meanings as field metadata."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "float": pa.float64(),
        "int": pa.int64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", "UTC"),
    }
    return pa.schema(
        [pa.field(c.name, types[c.type], metadata={"meaning": c.meaning}) for c in spec.all_columns]
    )


def records(table: Any) -> list[dict[str, Any]]:
    """The rows of an Arrow table; instants as UTC datetimes."""
    import pyarrow as pa

    instants = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
    for name in instants:
        # pyarrow would load pandas to convert them itself
        micros = table.column(name).cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        table = table.set_column(table.schema.get_field_index(name), name, micros)
    rows: list[dict[str, Any]] = table.to_pylist()
    for row in rows:
        for name in instants:
            if row[name] is not None:
                row[name] = EPOCH + timedelta(microseconds=row[name])
    return rows


def layout_of(specs: Iterable[TableSpec]) -> str:
    """Digest of table declarations: an archive written with another needs a rebuild."""
    declared = [(s.name, s.key, [(c.name, c.type) for c in s.all_columns]) for s in specs]
    return sha256(repr(sorted(declared)).encode()).hexdigest()[:16]
