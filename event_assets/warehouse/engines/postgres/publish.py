"""Publishes a copy of the warehouse: schemas for readers, beside those that are written.

All of it changes in one transaction, so each query of a reader sees one refresh, as a whole. Tables stay where they
are, with the views that readers have made of them, and no reader needs to be let into the warehouse's own schemas,
which hold personal data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone

from dlt.destinations.exceptions import DatabaseException

from event_assets.warehouse.copy_plan import BOOKKEEPING, NO_OTHER, HeldBack, Note, Published, PublishPlan
from event_assets.warehouse.engines.postgres.failures import explain, failed
from event_assets.warehouse.engines.postgres.session import PostgresSession
from event_assets.warehouse.failures import PublishError
from event_assets.warehouse.names import HISTORY, PUBLISHED, RAW, STAGING, SUMMARY
from event_assets.warehouse.relations import Relation, quoted

COPIES = ("", RAW, STAGING, HISTORY, SUMMARY)
"""The schemas that are copied; the one without a name holds the notes."""
NOTES = Relation(PUBLISHED, "about_this_copy")

_NOTE_COLUMNS = {
    "relation": "text", "column_name": "text", "status": "text", "why": "text", "since": "timestamptz",
    "setting": "text",
}  # fmt: skip


def copy_of(schema: str) -> str:
    """Return the schema of readers that has the copy of a schema."""
    return f"{PUBLISHED}_{schema}" if schema else PUBLISHED


class _UnreadableError(Exception):
    """A relation of the warehouse cannot be read."""

    def __init__(self, relation: Relation, why: str) -> None:
        super().__init__(why)
        self.relation = relation


def publish(session: PostgresSession, plan: PublishPlan) -> Published:
    """Replace the copy for readers; hold back what cannot be read.

    Raises:
        PublishError: It cannot be written. The old copy stays.
    """
    held = dict(plan.held_back)
    while True:
        try:
            with session.begin_transaction():
                notes = _fill(session, replace(plan, held_back=held))
                _write_notes(session, notes)
            return Published(", ".join(map(copy_of, COPIES)), _size(session), notes)
        except _UnreadableError as error:
            held[error.relation] = HeldBack(f"It cannot be read: {error}", datetime.now(timezone.utc))
        except DatabaseException as error:
            why, advice = failed(error)
            raise PublishError(
                f"The copy for readers cannot be written: {why}. {advice}, then run again. The warehouse has the new "
                "rows, and the previous copy is unchanged."
            ) from None


def _fill(session: PostgresSession, plan: PublishPlan) -> tuple[Note, ...]:
    there = {
        Relation(schema, name): columns
        for schema in COPIES[1:]
        for (name, columns) in _columns(session, schema).items()
    }
    copied = {
        Relation(schema, name): columns
        for schema in COPIES[1:]
        for (name, columns) in _columns(session, copy_of(schema)).items()
    }
    since, notes = _held_since(session), []
    for relation in sorted({*there, *plan.held_back}, key=str):
        if plan.columns is not None and relation not in plan.columns:
            notes.append(Note(relation, None, "left out", BOOKKEEPING, setting=plan.setting))
            continue
        held, names = plan.held_back.get(relation), there.get(relation, [])
        if held:
            names = copied.get(relation, [])
            why = held.why + ("" if names else NO_OTHER)
            notes.append(Note(relation, None, "held back", why, since.get(relation, held.since)))
        values, of_columns = plan.values(relation, names)
        notes += of_columns
        if held and names:
            _leave_out(session, relation, [name for name in names if name not in values])
            copied.pop(relation)
        elif values and not held:
            _copy(session, relation, values)
            copied.pop(relation, None)
    for relation in copied:
        session.execute_sql(f"drop table {_target(relation).sql()}")
    return tuple(notes)


def _target(relation: Relation) -> Relation:
    return Relation(copy_of(relation.schema), relation.name)


def _copy(session: PostgresSession, relation: Relation, values: Mapping[str, str]) -> None:
    """Copy a relation, unless the copy has its rows."""
    selected = ", ".join(f"{value} as {quoted(name)}" for name, value in values.items())
    select, target = f"select {selected} from {relation.sql()}", _target(relation)  # noqa: S608  # quoted by sqlglot
    try:
        wanted = session.describe(select)
        rows = session.execute_sql(_content(f"({select})"))
    except DatabaseException as error:
        found = explain(error)
        if found is None or found.is_of_the_server:
            raise
        raise _UnreadableError(relation, found.why) from error
    is_there = session.execute_sql("select to_regclass(%s) is not null", target.sql()) == [(True,)]
    if is_there and session.columns(target) == wanted and session.execute_sql(_content(target.sql())) == rows:
        return
    session.put(target, "table", select)
    _comment(session, relation, target, values)


def _content(source: str) -> str:
    """Return a query for what tells the rows of a relation from others, in whatever order."""
    return f"select count(*), sum(hashtextextended(rows::text, 0)::numeric) from {source} as rows"  # noqa: S608


def _comment(session: PostgresSession, relation: Relation, target: Relation, values: Mapping[str, str]) -> None:
    """Copy the descriptions of a relation and of its columns."""
    query = (
        "select attname, col_description(attrelid, attnum) from pg_attribute where attrelid = to_regclass(%s)"
        " and attnum > 0 and not attisdropped union all select null, obj_description(to_regclass(%s), 'pg_class')"
    )
    for name, comment in session.execute_sql(query, relation.sql(), relation.sql()) or []:
        if comment and (name is None or name in values):
            what = f"table {target.sql()}" if name is None else f"column {target.sql()}.{quoted(name)}"
            session.execute_sql(f"comment on {what} is %s", comment)


def _leave_out(session: PostgresSession, relation: Relation, names: list[str]) -> None:
    """Drop columns of the copy that are not to be published any more."""
    for name in names:
        session.execute_sql(f"alter table {_target(relation).sql()} drop column {quoted(name)}")


def _columns(session: PostgresSession, schema: str) -> dict[str, list[str]]:
    query = (
        "select relname, attname from pg_attribute join pg_class on pg_class.oid = attrelid"
        " where relnamespace = to_regnamespace(%s) and relkind in ('r', 'p', 'v') and attnum > 0 and not attisdropped"
        " order by relname, attnum"
    )
    found: dict[str, list[str]] = {}
    for name, column in session.execute_sql(query, quoted(schema)) or []:
        found.setdefault(name, []).append(column)
    return found


def _held_since(session: PostgresSession) -> dict[Relation, datetime]:
    if session.execute_sql("select to_regclass(%s) is not null", NOTES.sql()) != [(True,)]:
        return {}
    query = f"select relation, since from {NOTES.sql()} where status = 'held back'"  # noqa: S608
    return {Relation(*name.split(".", 1)): since for name, since in session.execute_sql(query) or [] if since}


def _write_notes(session: PostgresSession, notes: tuple[Note, ...]) -> None:
    declared = ", ".join(f"{name} {data_type}" for name, data_type in _NOTE_COLUMNS.items())
    session.execute_sql(f"create schema if not exists {NOTES.schema}")
    session.execute_sql(f"create table if not exists {NOTES.sql()} ({declared})")
    session.execute_sql(f"delete from {NOTES.sql()}")  # noqa: S608
    for note in notes:
        session.execute_sql(
            f"insert into {NOTES.sql()} values (%s, %s, %s, %s, %s, %s)",  # noqa: S608
            str(note.relation), note.column, note.status, note.why, note.since, note.setting,
        )  # fmt: skip
    comment = "What this copy of the warehouse lacks or has not as the warehouse has it, and why."
    session.execute_sql(f"comment on table {NOTES.sql()} is '{comment}'")


def _size(session: PostgresSession) -> int:
    query = "select coalesce(sum(pg_total_relation_size(oid)), 0)::bigint from pg_class where relkind = 'r'"
    schemas = [copy_of(schema) for schema in COPIES]
    [(size,)] = session.execute_sql(f"{query} and relnamespace::regnamespace::text = any(%s)", schemas) or [(0,)]
    return size
