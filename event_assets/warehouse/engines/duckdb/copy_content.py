"""Fills the published copy, relation by relation, from the warehouse and the previous copy."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase
from sqlglot import exp

from event_assets.warehouse.copy_plan import Note, PublishPlan, UnreadableRelationError
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import without_values
from event_assets.warehouse.relations import Relation, quoted

NOTES = Relation("main", "about_this_copy")
"""What the copy lacks and why, in the copy itself."""

OF_THE_ROWS = (duckdb.DataError, duckdb.ProgrammingError, duckdb.NotSupportedError)
"""What DuckDB raises because of what a relation is or holds, and not of disk, memory or the file."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CopyBefore:
    """The previous copy, attached to the connection.

    Attributes:
        name: The name of the attached database.
        columns: Its tables and their columns. Not the views that copies of earlier releases have: DuckDB 1.4 looks for
            what they read in the warehouse.
        held_since: Since when it has held back a relation.
    """

    name: str
    columns: Mapping[Relation, list[str]]
    held_since: Mapping[Relation, datetime]


@contextmanager
def attached(client: SqlClientBase[Any], path: Path, name: str, *, read_only: bool = False) -> Iterator[None]:
    """Attach a second DuckDB file to a connection.

    Raises:
        DatabaseException: DuckDB cannot open it.
    """
    options = " (read_only)" if read_only else ""
    client.execute_sql(f"attach {exp.Literal.string(str(path)).sql('duckdb')} as {quoted(name)}{options}")
    try:
        yield
    finally:
        client.execute_sql(f"detach {quoted(name)}")


@contextmanager
def copy_before(client: SqlClientBase[Any], path: Path, name: str, warehouse_id: str) -> Iterator[CopyBefore | None]:
    """Attach the previous copy; None without a readable one of this warehouse."""
    if not path.exists():
        yield None
        return
    opened = attached(client, path, name, read_only=True)
    try:
        opened.__enter__()
    except DatabaseException as error:
        logger.warning("The previous copy %s cannot be read: %s", path, without_values(str(error)))
        yield None
        return
    try:
        yield _read_before(client, name, warehouse_id)
    finally:
        opened.__exit__(None, None, None)


def _read_before(client: SqlClientBase[Any], name: str, warehouse_id: str) -> CopyBefore | None:
    tables = client.execute_sql("select schema_name, table_name from duckdb_tables() where database_name = %s", name)
    is_table = {Relation(*row) for row in tables or []}
    columns = {relation: names for relation, names in columns_of(client, name).items() if relation in is_table}
    notes = f"{quoted(name)}.{NOTES.sql()}"
    if NOTES in columns:
        comment = "select comment from duckdb_tables() where database_name = %s and table_name = %s"
        copy_comment = client.execute_sql(comment, name, NOTES.name)
        if copy_comment != [(_copy_comment(warehouse_id),)]:
            return None  # of another warehouse, which was in this place before
        rows = client.execute_sql(f"select relation, since from {notes} where status = 'held back'") or []  # noqa: S608
    elif (own := Relation("main", "identity")) in columns:  # as earlier releases made it
        if client.execute_sql(f"from {quoted(name)}.{own.sql()}") != [(warehouse_id,)]:
            return None
        rows = []
    else:
        return None
    return CopyBefore(name, columns, {Relation(*relation.split(".", 1)): since for relation, since in rows if since})


def fill(
    client: SqlClientBase[Any], plan: PublishPlan, new: str, before: CopyBefore | None, warehouse_id: str
) -> tuple[Note, ...]:
    """Write the planned relations into an empty attached file, in one transaction; hold back unreadable ones.

    Args:
        client: A connection to the warehouse.
        plan: The plan of the copy.
        new: The name of the attached file.
        before: The copy before.
        warehouse_id: Tells the warehouse from another one in its place.

    Returns:
        What was not written as the warehouse has it: the rows of the copy's note table.

    Raises:
        DatabaseException: DuckDB cannot write it.
    """
    copy_comment = _copy_comment(warehouse_id)

    def write(plan: PublishPlan) -> tuple[Note, ...]:
        with client.begin_transaction():
            notes = _fill(client, plan, new, before)
            _write_notes(client, new, notes, copy_comment)
        return notes

    return plan.carried_out(write)


def _fill(client: SqlClientBase[Any], plan: PublishPlan, new: str, before: CopyBefore | None) -> tuple[Note, ...]:
    warehouse = str((client.execute_sql("select current_database()") or [])[0][0])
    of_before, held_since = (before.columns, before.held_since) if before else ({}, {})
    sources = {"copy": warehouse, "keep": before.name if before else ""}
    notes, schemas = list[Note](), set[str]()
    for step in plan.steps(columns_of(client, warehouse), of_before, held_since):
        notes += step.notes
        if step.action == "drop":  # or rather not written: the file is new
            continue
        relation, source = step.relation, sources[step.action]
        if relation.schema not in schemas:
            schemas.add(relation.schema)
            client.execute_sql(f"create schema if not exists {quoted(new)}.{quoted(relation.schema)}")
        _copy(client, relation, step.values, source, new)
        if statements := plan.comment_statements(step, f"{quoted(new)}.{relation.sql()}", {}):
            client.execute_sql("; ".join(statements))
    return tuple(notes)


def _copy(client: SqlClientBase[Any], relation: Relation, values: Mapping[str, str], source: str, new: str) -> None:
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    try:
        table, read = f"{quoted(new)}.{relation.sql()}", f"{quoted(source)}.{relation.sql()}"
        client.execute_sql(f"create table {table} as select {selected} from {read}")  # noqa: S608  # quoted by sqlglot
    except DatabaseException as error:
        if isinstance(error.dbapi_exception, OF_THE_ROWS):
            raise UnreadableRelationError(relation, without_values(str(error))) from error
        raise


def _write_notes(client: SqlClientBase[Any], new: str, notes: tuple[Note, ...], copy_comment: str) -> None:
    table = f"{quoted(new)}.{NOTES.sql()}"
    columns = "relation varchar, column_name varchar, status varchar, why varchar, since timestamptz, setting varchar"
    client.execute_sql(f"create table {table} ({columns})")
    if notes:
        rows = [note.row for note in notes]
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        client.execute_sql(f"insert into {table} values {values}", *(value for row in rows for value in row))  # noqa: S608
    client.execute_sql(f"comment on table {table} is {exp.Literal.string(copy_comment).sql('duckdb')}")


def _copy_comment(warehouse_id: str) -> str:
    """Return the comment of the note table, by which the next copy recognises its warehouse."""
    return f"What this copy of the warehouse {warehouse_id} lacks or has not as the warehouse has it, and why."


def columns_of(client: SqlClientBase[Any] | Session, database: str) -> dict[Relation, list[str]]:
    """Return the relations of an attached database and the columns of each."""
    query = (
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = %s and not internal "
        "order by column_index"
    )
    found: dict[Relation, list[str]] = {}
    for schema, table, column in client.execute_sql(query, database) or []:
        found.setdefault(Relation(schema, table), []).append(column)
    return found
