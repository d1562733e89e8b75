"""Publishes a copy of the warehouse: a second lake for readers, who need to be let into nothing else.

All of it changes in one transaction, which is one snapshot of that lake: whoever reads it sees one refresh, as a whole.
What has not changed is not written, so its files stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse.copy_plan import CopyStep, Note, PublishPlan, UnreadableRelationError
from event_assets.warehouse.engines.duckdb.copy_content import OF_THE_ROWS, columns_of
from event_assets.warehouse.engines.ducklake.session import DuckLakeSession
from event_assets.warehouse.failures import without_values
from event_assets.warehouse.relations import Relation, quoted

NOTES = Relation("main", "about_this_copy")

_NOTE_COLUMNS = {
    "relation": "varchar", "column_name": "varchar", "status": "varchar", "why": "varchar", "since": "timestamptz",
    "setting": "varchar",
}  # fmt: skip


@dataclass(frozen=True)
class _Copy:
    """The two lakes, and what the second one has.

    Attributes:
        session: A session of the warehouse.
        source: The name of the warehouse's lake.
        target: The name of the readers' lake, which is attached.
        columns: Its tables and their columns.
    """

    session: DuckLakeSession
    source: str
    target: str
    columns: dict[Relation, list[str]]

    def name(self, relation: Relation) -> str:
        return f"{quoted(self.target)}.{relation.sql()}"


def publish(session: DuckLakeSession, plan: PublishPlan, target: str) -> tuple[Note, ...]:
    """Bring the lake for readers up to date, in one transaction; hold back what cannot be read.

    Args:
        session: A session of the warehouse.
        plan: What is in the copy.
        target: The name of the attached lake.

    Returns:
        What is not as the warehouse has it.

    Raises:
        DatabaseException: It cannot be written.
    """
    [(source,)] = session.execute_sql("select current_database()") or [("",)]

    def change_all(plan: PublishPlan) -> tuple[Note, ...]:
        with session.begin_transaction():
            copy = _Copy(session, source, target, columns_of(session, target))
            notes = _fill(copy, plan)
            _write_notes(copy, notes)
        return notes

    return plan.carried_out(change_all)


def _fill(copy: _Copy, plan: PublishPlan) -> tuple[Note, ...]:
    notes, filled = list[Note](), list[CopyStep]()
    copied = {relation: names for relation, names in copy.columns.items() if relation != NOTES}
    for step in plan.steps(columns_of(copy.session, copy.source), copied, _held_since(copy)):
        notes += step.notes
        if step.action == "copy":
            _copy(copy, step.relation, step.values)
        elif step.action == "keep":
            _leave_out(copy, step.relation, step.superfluous)
        elif step.relation in copied:
            copy.session.execute_sql(f"drop table {copy.name(step.relation)}")
        if step.action != "drop":
            filled.append(step)
    _comment(copy, plan, filled)
    return tuple(notes)


def _copy(copy: _Copy, relation: Relation, values: Mapping[str, str]) -> None:
    """Copy a relation, unless the copy has its rows."""
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    select, table = f"select {selected} from {quoted(copy.source)}.{relation.sql()}", copy.name(relation)  # noqa: S608
    try:
        if relation in copy.columns and _is_same(copy, select, table):
            return
        copy.session.execute_sql(f"create schema if not exists {quoted(copy.target)}.{quoted(relation.schema)}")
        copy.session.execute_sql(f"create or replace table {table} as {select}")
    except DatabaseException as error:
        if isinstance(error.dbapi_exception, OF_THE_ROWS):
            raise UnreadableRelationError(relation, without_values(str(error))) from error
        raise


def _comment(copy: _Copy, plan: PublishPlan, steps: Iterable[CopyStep]) -> None:
    """Give the tables and columns of the copy the comments that they lack."""
    query = (
        "select schema_name, table_name, column_name, comment from duckdb_columns()"
        " where database_name = %s and not internal and comment is not null"
        " union all select schema_name, table_name, '', comment from duckdb_tables()"
        " where database_name = %s and not internal and comment is not null"
    )
    there: dict[Relation, dict[str, str]] = {}
    for schema, table, column, comment in copy.session.execute_sql(query, copy.target, copy.target) or []:
        there.setdefault(Relation(schema, table), {})[column] = comment
    for step in steps:
        for statement in plan.comment_statements(step, copy.name(step.relation), there.get(step.relation, {})):
            copy.session.execute_sql(statement)


def _is_same(copy: _Copy, select: str, table: str) -> bool:
    """Return whether a table has the columns and rows of a SELECT."""
    if copy.session.describe(select) != copy.session.describe(table):
        return False
    one, other = f"({select})", f"(from {table})"
    counts = copy.session.execute_sql(
        f"select (select count(*) from {one}), (select count(*) from {other})"  # noqa: S608
    )
    if not counts or counts[0][0] != counts[0][1]:
        return False
    return not copy.session.execute_sql(f"{one} except all {other} limit 1")


def _leave_out(copy: _Copy, relation: Relation, names: Sequence[str]) -> None:
    """Drop columns of the copy that are not to be published any more."""
    for name in names:
        copy.session.execute_sql(f"alter table {copy.name(relation)} drop column {quoted(name)}")


def _held_since(copy: _Copy) -> dict[Relation, datetime]:
    if NOTES not in copy.columns:
        return {}
    query = f"select relation, since from {copy.name(NOTES)} where status = 'held back'"  # noqa: S608
    return {Relation(*name.split(".", 1)): since for name, since in copy.session.execute_sql(query) or [] if since}


def _write_notes(copy: _Copy, notes: tuple[Note, ...]) -> None:
    rows = [note.row for note in notes]
    table, execute = copy.name(NOTES), copy.session.execute_sql
    if NOTES not in copy.columns:
        declared = ", ".join(f"{name} {data_type}" for name, data_type in _NOTE_COLUMNS.items())
        execute(f"create table {table} ({declared})")
        comment = "What this copy of the warehouse lacks or has not as the warehouse has it, and why."
        execute(f"comment on table {table} is '{comment}'")
    elif sorted(map(repr, execute(f"from {table}") or [])) == sorted(map(repr, rows)):
        return
    execute(f"delete from {table}")  # noqa: S608
    if rows:
        values = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(rows))
        execute(f"insert into {table} values {values}", *(value for row in rows for value in row))  # noqa: S608
