"""What the project needs of a connection to a database, whichever it is. Engines open sessions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dlt.destinations.sql_client import SqlClientBase

from event_assets.warehouse.relations import Relation, RelationColumn, RelationKind, quoted


class Session(ABC):
    """A connection for reading and writing.

    Attributes:
        dialect: sqlglot's name of the SQL of the models.
        binary_type: What bytes are called in it.
        own_schema: The schema of what the project notes of the warehouse itself.
    """

    dialect: ClassVar[str]
    binary_type: ClassVar[str]
    own_schema: ClassVar[str]

    def __init__(self, client: SqlClientBase[Any]) -> None:
        """Take dlt's client, which is connected."""
        self.client = client

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]] | None:
        """Execute a statement, and return the rows that come of it.

        Args:
            statement: In the engine's SQL, with ``%s`` for each parameter. Without parameters, ``%`` is itself.
            parameters: Its parameters.

        Raises:
            DatabaseException: The database rejects it.
        """
        return self.client.execute_sql(statement, *parameters)

    def query(self, select: str) -> Sequence[Sequence[Any]]:
        """Return the rows of a SELECT of models, in `dialect`. Other statements may be in another one.

        Raises:
            DatabaseException: The database rejects it.
        """
        return self.execute_sql(select) or []

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Run a block in a transaction, which is rolled back if the block fails. Cannot be nested."""
        with self.client.begin_transaction():
            yield

    @abstractmethod
    def replace(self, relation: Relation, kind: RelationKind, select: str) -> None:
        """Replace a table or view with the result of a SELECT, in one transaction.

        Readers see the old rows until the new ones are complete; where the SELECT fails, the old ones stay.
        """

    def append(
        self,
        relation: Relation,
        select: str,
        first_select: str,
        fill: Mapping[str, str] | None = None,
        upgrade: Sequence[str] = (),
    ) -> None:
        """Append the rows of a SELECT to a table, in one transaction.

        Columns that only the SELECT has are added to the table, with null in its existing rows.

        Args:
            relation: The table, created if it does not exist.
            select: The rows to append, in the warehouse's dialect. It may read the table itself.
            first_select: The same SELECT without reading the table, for the first rows.
            fill: Column → a statement that fills it in existing rows, run once, when the column is added.
            upgrade: Statements that bring the existing rows of an earlier release up to date.
        """
        with self.begin_transaction():
            self.execute_sql(f"create schema if not exists {relation.schema}")
            held = self.column_names(relation.schema).get(relation)
            if not held:
                self.execute_sql(f"create table {relation.sql()} as {first_select}")
                return
            for column in (selected := self.describe(first_select)):
                if column.name not in held:
                    added = f"add column {quoted(column.name)} {column.data_type}"
                    self.execute_sql(f"alter table {relation.sql()} {added}")
                    if fill and column.name in fill:
                        self.execute_sql(fill[column.name])
            for statement in upgrade:
                self.execute_sql(statement)
            names = ", ".join(quoted(column.name) for column in selected)
            self.execute_sql(f"insert into {relation.sql()} ({names}) {select}")

    @abstractmethod
    def describe(self, select: str) -> list[RelationColumn]:
        """Return the columns of a SELECT in order, with the database's type names."""

    @abstractmethod
    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table or view in order, with the database's type names.

        Raises:
            DatabaseUndefinedRelation: There is no such table or view.
        """

    def column_names(self, *schemas: str) -> dict[Relation, set[str]]:
        """Return the column names of every table and view in some schemas."""
        all_columns = "select table_schema, table_name, column_name from information_schema.columns"
        query = f"{all_columns} where table_schema in ({', '.join(['%s'] * len(schemas))})"
        names: dict[Relation, set[str]] = {}
        for schema, table, column in self.execute_sql(query, *schemas) or []:
            names.setdefault(Relation(schema, table), set()).add(column)
        return names

    def kinds(self, *schemas: str) -> dict[Relation, RelationKind]:
        """Return whether each table and view in some schemas is one or the other."""
        types = "select table_schema, table_name, table_type from information_schema.tables"
        of_this = f"table_catalog = current_database() and table_schema in ({', '.join(['%s'] * len(schemas))})"
        rows = self.execute_sql(f"{types} where {of_this}", *schemas) or []
        return {Relation(schema, name): "view" if kind == "VIEW" else "table" for schema, name, kind in rows}

    def text_columns(self, schema: str) -> list[tuple[Relation, str]]:
        """Return the text columns of the tables in a schema; not those of views."""
        rows = self.execute_sql(
            "select columns.table_name, column_name from information_schema.columns as columns"
            " join information_schema.tables as tables using (table_catalog, table_schema, table_name)"
            " where table_catalog = current_database() and table_schema = %s and table_type = 'BASE TABLE'"
            " and lower(data_type) in ('varchar', 'character varying', 'text')",
            schema,
        )
        return [(Relation(schema, table), column) for table, column in rows or []]

    def has_table(self, relation: Relation) -> bool:
        """Return whether there is such a table or view."""
        return relation in self.column_names(relation.schema)

    def row_count(self, relation: Relation) -> int:
        """Return the number of rows."""
        rows = self.execute_sql(f"select count(*) from {relation.sql()}")  # noqa: S608  # quoted by sqlglot
        return int(rows[0][0]) if rows else 0

    @abstractmethod
    def identity(self) -> str:
        """Return the random identifier of this warehouse, created at the first call."""

    @abstractmethod
    def content_sums(self, fingerprint: str) -> list[str]:
        """Return the sum of fingerprints as two SQL expressions, one for each half of their 128-bit numbers.

        A half that is no hexadecimal number counts 1: it must not be nothing, or a foreign row would be overlooked.

        Args:
            fingerprint: An SQL expression in hexadecimal.
        """

    @abstractmethod
    def fetch_columns(self, query: str) -> list[list[Any]]:
        """Return the rows of a query column by column: for very many rows. Bytes are ``bytes``; none without rows."""

    @abstractmethod
    def request_rewrite(self) -> None:
        """Record, in the transaction of an erasure, that what the files hold of deleted rows has to go."""

    @abstractmethod
    def is_rewrite_due(self) -> bool:
        """Return whether files have to be rewritten: after an erasure, and after models were rebuilt since."""
