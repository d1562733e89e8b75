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
    _clear_statistics(session, lake, schema)


def _tables(session: Session, lake: str) -> list[tuple[Relation, str]]:
    """Return the tables of a lake, each with a column."""
    rows = session.execute_sql(
        "select schema_name, table_name, min_by(column_name, column_index) from duckdb_columns()"
        " join duckdb_tables() using (database_name, schema_name, table_name)"
        " where database_name = %s group by all order by all",
        lake,
    )
    return [(Relation(schema, name), quoted(column)) for schema, name, column in rows or []]


def _clear_statistics(session: Session, lake: str, schema: str | None) -> None:
    """Delete what the catalogue keeps of whole tables: of columns that are gone, and of texts that are.

    DuckLake only ever widens the least and greatest value of a column. Now they become those of its files, which were
    written again. Not null for all: the next sync then did not find the rows that it had written.
    """
    catalogue = f'"__ducklake_metadata_{lake}".' + (f"{quoted(schema)}." if schema else "")
    statistics, columns = f"{catalogue}ducklake_table_column_stats", f"{catalogue}ducklake_column"
    session.execute_sql(
        f"delete from {statistics} where (table_id, column_id) not in"  # noqa: S608
        f" (select (table_id, column_id) from {columns} where end_snapshot is null)"
    )
    of_files = (
        f"from {catalogue}ducklake_file_column_stats as each"
        " where each.table_id = kept.table_id and each.column_id = kept.column_id"
    )
    # A column of which a file does not say what it holds keeps its values: by others, DuckLake would not look for rows.
    untold = (
        f"select (file.table_id, held.column_id) from {catalogue}ducklake_data_file as file"  # noqa: S608
        f" join {columns} as held on held.table_id = file.table_id and held.end_snapshot is null"
        f" left join {catalogue}ducklake_file_column_stats as each"
        " on each.data_file_id = file.data_file_id and each.column_id = held.column_id"
        " where file.end_snapshot is null and (each.min_value is null or each.max_value is null)"
        " and coalesce(each.null_count, -1) <> file.record_count"
    )
    session.execute_sql(
        f"update {statistics} as kept set min_value = (select min(each.min_value) {of_files}),"  # noqa: S608
        f" max_value = (select max(each.max_value) {of_files}) where (kept.table_id, kept.column_id) in"
        f" (select (table_id, column_id) from {columns} where column_type in ('varchar', 'json'))"
        f" and (kept.table_id, kept.column_id) not in ({untold})"
    )
