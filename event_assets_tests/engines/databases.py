"""Databases of the engines in which tests build models: one way to fill tables, run statements and read rows."""

from __future__ import annotations

import os
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb
from sqlglot import exp

from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.servers import PostgresServer

Row = Mapping[str, Any]
SCHEMAS = ("raw", "staging", "history", "summary")


class Database(ABC):
    """A database of one engine, whose session is in UTC.

    Attributes:
        dialect: sqlglot's name of its SQL.
    """

    dialect: str

    @abstractmethod
    def run(self, statement: str) -> None:
        """Execute a statement in the engine's dialect."""

    @abstractmethod
    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query in the engine's dialect, by column."""

    @abstractmethod
    def put(self, relation: Relation, types: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Make a relation of these rows, in the place of what has its name.

        Args:
            relation: Its name.
            types: DuckDB's type of each column.
            rows: The rows; what a row lacks is null.
        """

    def make(self, relation: Relation, kind: str, select: str) -> None:
        """Make a view or a table of a SELECT in the engine's dialect."""
        self.run(f"drop {kind} if exists {self.name(relation)} cascade")
        self.run(f"create {kind} {self.name(relation)} as {select}")

    @abstractmethod
    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Hold nothing at first, and keep nothing."""

    def name(self, relation: Relation) -> str:
        """Return the quoted name of a relation."""
        return exp.table_(relation.name, db=relation.schema, quoted=True).sql(self.dialect)

    def column(self, name: str) -> str:
        """Return the quoted name of a column."""
        return _column_in(self.dialect, name)

    def type(self, of_duckdb: str) -> str:
        """Return the name of a type."""
        return _type_in(self.dialect, of_duckdb)

    def _literal(self, value: Any, of_duckdb: str) -> str:
        text = exp.null() if value is None else exp.Literal.string(str(value))
        return f"cast({text.sql(self.dialect)} as {self.type(of_duckdb)})"


@cache
def _column_in(dialect: str, name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect)


@cache
def _type_in(dialect: str, of_duckdb: str) -> str:
    return exp.DataType.build(of_duckdb.replace("JSON", "VARCHAR"), dialect="duckdb").sql(dialect)


class DuckDb(Database):
    """A DuckDB in memory, another one each time."""

    dialect = "duckdb"
    connection: duckdb.DuckDBPyConnection

    def run(self, statement: str) -> None:
        """Execute a statement."""
        self.connection.execute(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        result = self.connection.sql(query)
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]

    def put(self, relation: Relation, types: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Make a table of rows."""
        declared = ", ".join(f"{self.column(name)} {data_type}" for name, data_type in types.items())
        self.run(f"create or replace table {self.name(relation)} ({declared})")
        insert = f"insert into {self.name(relation)} values ({', '.join('?' * len(types))})"
        for row in rows:
            self.connection.execute(insert, [row.get(name) for name in types])

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Open a database, and close it."""
        with duckdb.connect() as self.connection:
            self.run("set timezone = 'UTC'")
            for schema in SCHEMAS:
                self.run(f"create schema {schema}")
            yield


class Postgres(Database):
    """A database of a PostgreSQL server, which takes everything back in the end.

    Args:
        server: The server.
        database: The database's name.
    """

    dialect = "postgres"

    def __init__(self, server: PostgresServer, database: str) -> None:
        import psycopg2

        self._connection = psycopg2.connect(server.url(database), options="-c timezone=UTC")
        with self._connection.cursor() as cursor:
            for schema in SCHEMAS:
                cursor.execute(f"create schema {schema}")
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def run(self, statement: str) -> None:
        """Execute a statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def put(self, relation: Relation, types: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Make a table of rows."""
        import psycopg2.extras

        declared = ", ".join(f"{self.column(name)} {self.type(kind)}" for name, kind in types.items())
        self.run(f"drop table if exists {self.name(relation)} cascade")
        self.run(f"create table {self.name(relation)} ({declared})")
        values = [[row.get(name) for name in types] for row in rows]
        if values:
            with self._connection.cursor() as cursor:
                psycopg2.extras.execute_values(cursor, f"insert into {self.name(relation)} values %s", values)

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Begin a transaction, and roll it back."""
        try:
            yield
        finally:
            self._connection.rollback()


class Spark(Database):
    """A session of Spark Connect, which has views of what a test writes down.

    Args:
        address: Where the server is.
    """

    dialect = "spark"

    def __init__(self, address: str) -> None:
        # Else the client looks for Apache Spark, and ends a process of pytest-xdist where it finds none.
        os.environ.setdefault("SPARK_HOME", os.getcwd())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pyspark.sql.connect.session import SparkSession

            self._session = SparkSession.builder.remote(address).create()
        self._session.conf.set("spark.sql.session.timeZone", "UTC")
        self._views: dict[Relation, str] = {}
        for schema in SCHEMAS:
            self.run(f"create schema if not exists {schema}")

    def close(self) -> None:
        """End the session."""
        self._session.stop()

    def run(self, statement: str) -> None:
        """Execute a statement."""
        self._session.sql(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return self._session.sql(query).toArrow().to_pylist()

    def put(self, relation: Relation, types: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Make a view of rows, as one list of values: a SELECT for each row takes Spark ten times as long."""
        values = [f"({', '.join(self._text(row.get(name)) for name in types)})" for row in rows]
        casts = [
            f"cast({self.column(name)} as {self.type(kind)}) as {self.column(name)}" for name, kind in types.items()
        ]
        names = ", ".join(map(self.column, types))
        self.make(
            relation,
            "view",
            f"select {', '.join(casts)} from values {', '.join(values)} as sent ({names})"
            if values
            else f"{self._select(types, {})} where false",
        )

    def _text(self, value: Any) -> str:
        return "cast(null as string)" if value is None else exp.Literal.string(str(value)).sql(self.dialect)

    def _select(self, types: Mapping[str, str], row: Row) -> str:
        columns = [f"{self._literal(row.get(name), kind)} as {self.column(name)}" for name, kind in types.items()]
        return f"select {', '.join(columns)}"

    def make(self, relation: Relation, kind: str, select: str) -> None:
        """Make a view, also for a table, unless it is there as it is."""
        if self._views.get(relation) != select:
            self.run(f"create or replace view {self.name(relation)} as {select}")
            self._views[relation] = select

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Do nothing: a view of a name is another one the next time."""
        yield


class SparkTables(Spark):
    """A session that keeps Delta tables, as a warehouse does."""

    def put(self, relation: Relation, types: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Make a table of rows."""
        import pyarrow as pa

        table = [*rows]
        if not table:
            self.make(relation, "table", f"{self._select(types, {})} where false")
            return
        # As text, cast by Spark: so a column of nulls alone has its type as well.
        texts = {name: [None if row.get(name) is None else str(row[name]) for row in table] for name in types}
        frame = self._session.createDataFrame(pa.table({name: pa.array(texts[name], pa.string()) for name in texts}))
        frame.createOrReplaceTempView("put")
        casts = ", ".join(
            f"cast({self.column(name)} as {self.type(kind)}) as {self.column(name)}" for name, kind in types.items()
        )
        self.make(relation, "table", f"select {casts} from put")

    def make(self, relation: Relation, kind: str, select: str) -> None:
        """Make a view or a table."""
        if kind == "view":
            self.run(f"create or replace view {self.name(relation)} as {select}")
            return
        # Not "create or replace table": Sail reads nulls from one with other columns than before.
        self.run(f"drop table if exists {self.name(relation)}")
        self.run(f"create table {self.name(relation)} using delta as {select}")


ENGINES: Sequence[str] = ("duckdb", "postgres", "spark")
