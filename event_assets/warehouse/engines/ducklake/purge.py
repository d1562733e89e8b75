"""Takes what is gone out of a DuckLake: old snapshots and their files, and what files and catalogue keep of rows."""

from __future__ import annotations

from datetime import timedelta

from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.relations import Relation, quoted

KEPT = timedelta(days=1)
"""How long a snapshot is kept: long enough for a reader who has pinned one, short enough to fill no disk."""


def tidy(session: Session, lake: str) -> None:
    """Expire snapshots that are old, and delete the files that no snapshot needs.

    Args:
        session: A session, not in a transaction.
        lake: The name of the attached lake.

    Raises:
        DatabaseException: The catalogue or the storage refuses.
    """
    before = f"older_than => now() - interval {round(KEPT.total_seconds())} seconds"
    session.execute_sql(f"call ducklake_merge_adjacent_files('{lake}')")
    session.execute_sql(f"call ducklake_expire_snapshots('{lake}', {before})")
    session.execute_sql(f"call ducklake_cleanup_old_files('{lake}', {before})")
    session.execute_sql(f"call ducklake_delete_orphaned_files('{lake}', {before})")


def purge(session: Session, lake: str, schema: str | None) -> None:
    """Keep nothing but what the tables hold now: no old snapshot, no file with a deleted row or a dropped column.

    Args:
        session: A session, not in a transaction.
        lake: The name of the attached lake.
        schema: The schema of its catalogue; None where that is a file.

    Raises:
        DatabaseException: The catalogue or the storage refuses.
    """
    for relation, column in _tables(session, lake):
        # Files are only rewritten where they have deleted rows, and keep the columns that were dropped.
        session.execute_sql(f"update {quoted(lake)}.{relation.sql()} set {column} = {column}")  # noqa: S608
    session.execute_sql(f"call ducklake_flush_inlined_data('{lake}')")
    session.execute_sql(f"call ducklake_rewrite_data_files('{lake}', delete_threshold => 0)")
    session.execute_sql(f"call ducklake_merge_adjacent_files('{lake}')")
    session.execute_sql(f"call ducklake_expire_snapshots('{lake}', older_than => now())")
    session.execute_sql(f"call ducklake_cleanup_old_files('{lake}', cleanup_all => true)")
    session.execute_sql(f"call ducklake_delete_orphaned_files('{lake}', cleanup_all => true)")
    _forget_dropped_columns(session, lake, schema)


def _tables(session: Session, lake: str) -> list[tuple[Relation, str]]:
    """Return the tables of a lake, each with a column."""
    rows = session.execute_sql(
        "select schema_name, table_name, min_by(column_name, column_index) from duckdb_columns()"
        " join duckdb_tables() using (database_name, schema_name, table_name)"
        " where database_name = %s group by all order by all",
        lake,
    )
    return [(Relation(schema, name), quoted(column)) for schema, name, column in rows or []]


def _forget_dropped_columns(session: Session, lake: str, schema: str | None) -> None:
    """Delete the least and greatest value of columns that are gone, which the catalogue keeps."""
    catalogue = f'"__ducklake_metadata_{lake}".' + (f"{quoted(schema)}." if schema else "")
    session.execute_sql(
        f"delete from {catalogue}ducklake_table_column_stats where (table_id, column_id) not in"  # noqa: S608
        f" (select (table_id, column_id) from {catalogue}ducklake_column where end_snapshot is null)"
    )
