"""Creates, extends and describes tables and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dlt.destinations.sql_client import SqlClientBase
from sqlglot import exp

RelationKind = Literal["table", "view"]
"""What a relation is that is built anew each time."""


@dataclass(frozen=True)
class RelationColumn:
    """A column of a relation."""

    name: str
    data_type: str


@dataclass(frozen=True)
class Relation:
    """The name of a table or view: ``summary.agenda``, which is the asset ``summary/agenda``."""

    schema: str
    name: str

    def __str__(self) -> str:
        """Return the name as a person types it."""
        return f"{self.schema}.{self.name}"

    def sql(self) -> str:
        """Return the quoted name for SQL."""
        return exp.table_(self.name, db=self.schema, quoted=True).sql()


def replace(client: SqlClientBase[Any], relation: Relation, kind: RelationKind, select: str) -> None:
    """Replace a table or view with the result of a SELECT, in one transaction.

    Readers see the old rows until the new ones are complete; where the SELECT fails, the old ones stay.
    """
    with client.begin_transaction():
        client.execute_sql(f"create schema if not exists {relation.schema}")
        if (there := _kind(client, relation)) not in (None, kind):
            client.execute_sql(f"drop {there} {relation.sql()}")
        client.execute_sql(f"create or replace {kind} {relation.sql()} as {select}")


def _kind(client: SqlClientBase[Any], relation: Relation) -> RelationKind | None:
    """Return the current kind of a relation, which an earlier release may have made another one."""
    types = "select table_type from information_schema.tables where table_catalog = current_database()"
    rows = client.execute_sql(f"{types} and table_schema = %s and table_name = %s", relation.schema, relation.name)
    return ("view" if rows[0][0] == "VIEW" else "table") if rows else None


def append(
    client: SqlClientBase[Any],
    relation: Relation,
    select: str,
    first_select: str,
    fill: Mapping[str, str] | None = None,
    upgrade: Sequence[str] = (),
) -> None:
    """Append the rows of a SELECT to a table, in one transaction.

    Columns that only the SELECT has are added to the table, with null in its existing rows.

    Args:
        client: A connection for writing.
        relation: The table, created if it does not exist.
        select: The rows to append, in the warehouse's dialect. It may read the table itself.
        first_select: The same SELECT without reading the table, for the first rows.
        fill: Column → a statement that fills it in existing rows, run once, when the column is added.
        upgrade: Statements that bring the existing rows of an earlier release up to date.
    """
    with client.begin_transaction():
        client.execute_sql(f"create schema if not exists {relation.schema}")
        held = column_names(client, relation.schema).get(relation)
        if not held:
            client.execute_sql(f"create table {relation.sql()} as {first_select}")
            return
        selected = [
            (exp.to_identifier(name, quoted=True).sql(), name, data_type)
            for name, data_type, *_ in client.execute_sql(f"describe {first_select}") or []
        ]
        for quoted, name, data_type in selected:
            if name not in held:
                client.execute_sql(f"alter table {relation.sql()} add column {quoted} {data_type}")
                if fill and name in fill:
                    client.execute_sql(fill[name])
        for statement in upgrade:
            client.execute_sql(statement)
        names = ", ".join(quoted for quoted, _, _ in selected)
        client.execute_sql(f"insert into {relation.sql()} ({names}) {select}")


def identity(client: SqlClientBase[Any]) -> str:
    """Return the random identifier of this warehouse, created at the first call."""
    client.execute_sql("create table if not exists main.identity as select left(md5(uuid()::varchar), 8) as id")
    return str((client.execute_sql("select id from main.identity") or [])[0][0])


def row_count(client: SqlClientBase[Any], relation: Relation) -> int:
    """Return the number of rows."""
    rows = client.execute_sql(f"select count(*) from {relation.sql()}")  # noqa: S608  # quoted by sqlglot
    return int(rows[0][0]) if rows else 0


def columns(client: SqlClientBase[Any], relation: Relation) -> list[RelationColumn]:
    """Return the columns in order, with the warehouse's type names.

    Raises:
        DatabaseUndefinedRelation: There is no such table or view.
    """
    # Not the information_schema, which looks through the columns of all tables: seven times the time.
    rows = client.execute_sql(f"describe {relation.sql()}") or []
    return [RelationColumn(name, data_type) for name, data_type, *_ in rows]


def column_names(client: SqlClientBase[Any], *schemas: str) -> dict[Relation, set[str]]:
    """Return the column names of every table and view in some schemas."""
    all_columns = "select table_schema, table_name, column_name from information_schema.columns"
    query = f"{all_columns} where table_schema in ({', '.join(['%s'] * len(schemas))})"
    names: dict[Relation, set[str]] = {}
    for schema, table, column in client.execute_sql(query, *schemas) or []:
        names.setdefault(Relation(schema, table), set()).add(column)
    return names
