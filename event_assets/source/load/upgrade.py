"""Upgrades the raw tables of an earlier release in place: renames tables and columns, and keeps every row.

The columns of a release that lacks some are added by dlt, see ``staging``. Histories are upgraded by ``models.build``.
"""

from __future__ import annotations

from event_assets.source.api.resources import SOURCE_NAME
from event_assets.source.load.checkpoint import CHECKPOINTS
from event_assets.source.tables.columns import RAW_RECORD_HASH
from event_assets.warehouse import MERGE, RAW, Session
from event_assets.warehouse.relations import Relation

_TABLES = {Relation(CHECKPOINTS.schema, "answers"): CHECKPOINTS}
"""Old relation → new relation."""

_COLUMNS = {
    Relation(RAW, "participants"): {"received_hash": RAW_RECORD_HASH},
    CHECKPOINTS: {"misfits": "type_mismatches"},
}
"""Relation → old column → new column."""


def upgraded_columns(session: Session) -> dict[Relation, set[str]]:
    """Return the columns of the raw tables and checkpoints, after renaming those of an earlier release.

    Args:
        session: A session for writing.
    """
    columns = session.column_names(RAW, CHECKPOINTS.schema)
    statements = _renames(columns)
    if not statements:
        return columns
    with session.begin_transaction():
        for statement in statements:
            session.execute_sql(statement)
        drop_stored_schema(session)
        session.execute_sql(f'drop schema if exists "{MERGE}" cascade')  # dlt creates it again
    return session.column_names(RAW, CHECKPOINTS.schema)


def _renames(columns: dict[Relation, set[str]]) -> list[str]:
    """Return the statements that rename what the warehouse still has by an old name."""
    statements = []
    for old, new in _TABLES.items():
        if old in columns and new not in columns:
            statements.append(f"alter table {old.sql()} rename to {new.name}")
            columns = {**columns, new: columns[old]}
    for relation, names in _COLUMNS.items():
        there = columns.get(relation, set())
        statements += [
            f"alter table {relation.sql()} rename column {old} to {new}"
            for old, new in names.items()
            if old in there and new not in there
        ]
    return statements


def drop_stored_schema(session: Session) -> None:
    """Delete dlt's stored schema, so that the next load compares the declared schema with the tables.

    Args:
        session: A session for writing.
    """
    versions = Relation(RAW, "_dlt_version")
    if versions in session.column_names(RAW):
        session.execute_sql(f"delete from {versions.sql()} where schema_name = %s", SOURCE_NAME)  # noqa: S608
