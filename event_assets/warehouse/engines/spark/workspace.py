"""The raw tables in memory, where a sync changes them, and their commits into the lake.

dlt merges into Delta tables without transactions, leaves the entries of lists that became shorter, and lets the log
quote values. So a sync works on a copy in DuckDB, in memory, with all of DuckDB's guarantees, and commits each table
that has changed as a whole: the checkpoints last. A sync that is killed between two commits leaves tables that do not
match their checkpoint, and the next one puts them right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from event_assets.warehouse.engines.spark.lake import Lake, failures
from event_assets.warehouse.names import MERGE, RAW, SYNC
from event_assets.warehouse.relations import Relation, quoted

CHECKPOINTS = Relation(SYNC, "checkpoints")
_ALWAYS = (RAW, SYNC)


class _Content(NamedTuple):
    """What tells the rows of a table from others, in whatever order."""

    columns: tuple[tuple[str, str], ...]
    rows: int
    hashes: int


class _Held(NamedTuple):
    """A table as it was read or committed last."""

    table: DeltaTable
    content: _Content


@dataclass
class Workspace:
    """The raw tables of a lake in memory. Only who has the write lock may use it.

    Attributes:
        lake: The lake.
        connection: The DuckDB database in memory.
    """

    lake: Lake
    connection: duckdb.DuckDBPyConnection = field(init=False, repr=False)
    _held: dict[Relation, _Held] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("set timezone = 'UTC'")

    def refresh(self) -> None:
        """Bring the tables in memory to what the lake holds; what was not committed is lost.

        Raises:
            DatabaseException: The lake cannot be read.
        """
        self._execute(f"drop schema if exists {quoted(MERGE)} cascade")  # dlt makes it anew
        with failures():
            there = self.lake.tables(*_ALWAYS)
        for relation in {*self._tables(), *self._held} - {*there}:
            self._held.pop(relation, None)
            self._execute(f"drop table if exists {relation.sql()}")
        for relation in there:
            self._read(relation)

    def load(self, schema: str) -> None:
        """Read the tables of a further schema, such as the histories."""
        with failures():
            there = self.lake.tables(schema)
        for relation in there:
            self._read(relation)

    def commit(self) -> None:
        """Write each table that has changed into the lake: first the rows, then dlt's notes, the checkpoints last.

        dlt's notes have the columns that it made: a column that is noted and not there would be missing for good.

        Raises:
            DatabaseException: A table cannot be written, or another program has written it. Those before it are new.
        """
        for relation in sorted(self._tables(), key=_place):
            held, content = self._held.get(relation), self._content(relation)
            if held is None or held.content != content:
                self.lake.overwrite(relation, self._rows(relation), held.table if held else None)
                self._held[relation] = _Held(self.lake.open(relation), content)

    def _read(self, relation: Relation) -> None:
        held = self._held.get(relation)
        with failures():
            table = self.lake.open(relation)
            if held and held.table.version() == table.version() and held.content == self._content(relation):
                return
            rows = table.to_pyarrow_dataset()
        with self.connection.cursor() as cursor:
            cursor.register("read_rows", rows)
            cursor.execute(f"create schema if not exists {quoted(relation.schema)}")
            cursor.execute(f"create or replace table {relation.sql()} as select * from read_rows")  # noqa: S608
            cursor.unregister("read_rows")
        self._held[relation] = _Held(table, self._content(relation))

    def _tables(self) -> list[Relation]:
        schemas = {*_ALWAYS, *(relation.schema for relation in self._held)}
        query = "select schema_name, table_name from duckdb_tables() where list_contains($1, schema_name)"
        return [Relation(*row) for row in self._execute(query, [[*schemas]])]

    def _columns(self, relation: Relation) -> tuple[tuple[str, str], ...]:
        return tuple((name, kind) for name, kind, *_ in self._execute(f"describe {relation.sql()}"))

    def _content(self, relation: Relation) -> _Content:
        hashes = f'select count(*), coalesce(sum(hash("_row_")::hugeint), 0) from {relation.sql()} as "_row_"'  # noqa: S608
        [(rows, hashed)] = self._execute(hashes)
        return _Content(self._columns(relation), rows, hashed)

    def _rows(self, relation: Relation) -> pa.RecordBatchReader:
        values = (
            f"{quoted(name)}::varchar as {quoted(name)}" if kind == "JSON" else quoted(name)
            for name, kind in self._columns(relation)
        )
        query = f"select {', '.join(values)} from {relation.sql()}"  # noqa: S608  # quoted by sqlglot
        return pa.RecordBatchReader.from_stream(self.connection.cursor().sql(query))

    def _execute(self, statement: str, parameters: Any = None) -> list[Any]:
        with self.connection.cursor() as cursor:
            return cursor.execute(statement, parameters).fetchall()


def _place(relation: Relation) -> tuple[int, str]:
    """Return a table's place in the order of commits."""
    notes = 2 if relation == CHECKPOINTS else int(relation.name.startswith("_dlt_"))
    return notes, str(relation)
