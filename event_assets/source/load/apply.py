"""Writes the changes of a response: rows through dlt, then removals, rejected records and the checkpoint.

Only this module changes the tables in a sync.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from typing import Any

import dlt

from event_assets.source.errors import SyncError
from event_assets.source.load.changes import Changes
from event_assets.source.load.checkpoint import SyncCheckpoint, write_checkpoint
from event_assets.source.load.erasure_plan import ErasurePlan
from event_assets.source.load.staging import Staged
from event_assets.source.load.table_state import TableState, raw_sql, table_versions
from event_assets.source.progress import Progress
from event_assets.source.records.fingerprints import REJECT_SQL
from event_assets.source.records.privacy import KEYED_BY_ID, Privacy
from event_assets.source.records.process import Reject
from event_assets.source.tables.columns import RAW_RECORD_HASH, REMOVED_AT, Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import REJECTED
from event_assets.warehouse import Session, Warehouse

_KEYS_A_STATEMENT = 500


def apply(
    warehouse: Warehouse,
    pipeline: dlt.Pipeline,
    staged: Staged,
    states: Mapping[str, TableState],
    privacy: Privacy,
    erasure: ErasurePlan,
    progress: Progress,
) -> None:
    """Load the package into the tables, then finalize the load: removals, rejected records, checkpoint, erasure.

    Args:
        warehouse: The warehouse, of which this process has the write lock.
        pipeline: The dlt pipeline with the load package.
        staged: The changes of the response.
        states: The state of the tables before the sync.
        privacy: Whether personal data is kept, hashed or dropped.
        erasure: The erasure of personal data.
        progress: Takes lines about the progress.

    Raises:
        SyncError: The tables do not match the response after the load.
        PipelineStepFailed: The warehouse rejects the rows.
        LoadClientJobException: Likewise.
        DatabaseException: The warehouse rejects another statement.
    """
    present = {name: changes for name, changes in staged.changes.items() if not changes.is_absent}
    rows = sum(changes.upserted for changes in present.values())
    loads = rows or not all(state.as_declared for state in states.values())
    erasure.announce(warehouse)
    if loads:
        with progress.during(f"Writing {rows:,} rows of /{staged.endpoint}"):
            _load(pipeline)
    erasure.drop_columns(warehouse)
    with warehouse.connect() as session, session.begin_transaction():
        for name, changes in staged.changes.items():
            table, state = ALL_TABLES[name], states[name]
            if changes.is_absent:
                write_checkpoint(session, table, _absence(state, changes, privacy))
                continue
            kept = _delete_rekeyed(session, table, changes.former_keys)
            _mark_removed(session, table, [*changes.removed_keys, *kept])
            _update_raw_hashes(session, table, changes.raw_hashes)
            if not (state.keeps_rejects and state.rejects == changes.rejects_number):
                _replace_rejects(session, table, changes.rejects, staged.load_id if loads else None)
            write_checkpoint(session, table, _checkpoint(table, changes, privacy))
        erasure.erase(session, present)
        held_now = table_versions(session, [ALL_TABLES[name] for name in present])
    if other := [f"raw.{name}" for name, version in held_now.items() if version != present[name].version]:
        raise SyncError(
            f"The response of /{staged.endpoint} was written, but {' and '.join(other)} does not match it. Check "
            "whether another program writes into the warehouse. The next sync compares every row again."
        )


def _checkpoint(table: Table, changes: Changes, privacy: Privacy) -> SyncCheckpoint:
    return SyncCheckpoint(
        tuple(changes.page_digests),
        changes.version,
        changes.received,
        len(changes.rejects),
        changes.type_mismatches,
        keys=privacy.keys(table),
        protection=privacy.personal_data,
        undeclared=changes.undeclared,
    )


def _absence(state: TableState, changes: Changes, privacy: Privacy) -> SyncCheckpoint:
    """Return the checkpoint of a response without a resource, whose table is unchanged."""
    before = state.latest or SyncCheckpoint((), state.version, 0, 0, {})
    # Rows that were protected stay so, also where personal data would be kept now.
    protection = privacy.personal_data if privacy.protects else before.protection
    pages = tuple(changes.page_digests)
    return replace(before, pages=pages, version=state.version, received=0, absent=True, protection=protection)


def _delete_rekeyed(session: Session, table: Table, former_keys: Sequence[str]) -> list[str]:
    """Delete the rows of accounts that now have a row with another key; return the keys of the others.

    An earlier release loaded one of the accounts that share a placeholder, by that key, and rejected the rest.
    """
    others: list[str] = []
    for batch in _batches(former_keys):
        rows = _where_key(session, table, f'"{table.key}", id', batch)
        present = {key: f"{KEYED_BY_ID}{identifier}" for key, identifier in rows}
        held = {key for (key,) in _where_key(session, table, f'"{table.key}"', [*present.values()])}
        others += [key for key in batch if present[key] not in held]
        if gone := sorted(set(batch).difference(others)):
            marks = ", ".join(["%s"] * len(gone))
            session.execute_sql(f'delete from {raw_sql(table.name)} where "{table.key}" in ({marks})', *gone)  # noqa: S608
    return others


def _where_key(session: Session, table: Table, columns: str, keys: Sequence[str]) -> Sequence[Sequence[Any]]:
    among = f'"{table.key}" in ({", ".join(["%s"] * len(keys))})'
    return session.execute_sql(f"select {columns} from {raw_sql(table.name)} where {among}", *keys) or []  # noqa: S608


def _mark_removed(session: Session, table: Table, keys: Sequence[str]) -> None:
    """Mark rows as removed now.

    List entries without a row are deleted as well: dlt finds the entries that it replaces by their row.
    """
    now = datetime.now(timezone.utc)
    for batch in _batches(keys):
        gone = f'"{table.key}" in ({", ".join(["%s"] * len(batch))}) and {REMOVED_AT} is null'
        session.execute_sql(f"update {raw_sql(table.name)} set {REMOVED_AT} = %s where {gone}", now, *batch)  # noqa: S608
    for link in table.link_tables:
        held = f"select _dlt_id from {raw_sql(table.name)}"  # noqa: S608
        session.execute_sql(f"delete from {raw_sql(link)} where _dlt_parent_id not in ({held})")  # noqa: S608


def _update_raw_hashes(session: Session, table: Table, hashes: Mapping[str, bytes]) -> None:
    """Store the raw record hashes of unchanged rows, by which the next sync recognises their records."""
    if hashes:
        session.execute_sql(
            f"update {raw_sql(table.name)} set {RAW_RECORD_HASH} = received.hash"  # noqa: S608
            f" from (select unnest(%s::varchar[]) as key, unnest(%s::{session.binary_type}[]) as hash) as received"
            f' where "{table.key}" = received.key',
            [*hashes],
            [*hashes.values()],
        )


def _load(pipeline: dlt.Pipeline) -> None:
    """Merge the load package of a pipeline into the tables: first the declared tables, then the rows."""
    pipeline.normalize()
    # Not `run()`: it makes only the tables that ever had rows, this makes all that are declared.
    pipeline.sync_schema()
    with _silent_errors():
        pipeline.load().raise_on_failed_jobs()


@contextmanager
def _silent_errors() -> Iterator[None]:
    """Keep dlt's warnings and errors out of its log: they quote values of the tables, and are raised as well."""
    log = logging.getLogger("dlt")
    log.addFilter(_is_no_error)
    try:
        yield
    finally:
        log.removeFilter(_is_no_error)


def _is_no_error(record: logging.LogRecord) -> bool:
    return record.levelno < logging.WARNING


def _replace_rejects(session: Session, table: Table, rejects: Sequence[Reject], load_id: str | None) -> None:
    """Replace the rejected records of a resource; those that are rejected again keep their load id."""
    query = f"select {REJECT_SQL}, load_id from {raw_sql(REJECTED)} where resource = %s"  # noqa: S608
    held: dict[str, list[str | None]] = defaultdict(list)
    for digest, of_load in session.execute_sql(query, table.name) or []:
        held[digest].append(of_load)
    session.execute_sql(f"delete from {raw_sql(REJECTED)} where resource = %s", table.name)  # noqa: S608
    if rejects:
        load_ids = [of_loads.pop(0) if (of_loads := held[reject.digest.hex()]) else load_id for reject in rejects]
        session.execute_sql(
            f"insert into {raw_sql(REJECTED)} (resource, reason, payload, load_id)"
            " select %s, unnest(%s::varchar[]), unnest(%s::varchar[]), unnest(%s::varchar[])",
            table.name,
            [reject.reason for reject in rejects],
            [reject.payload for reject in rejects],
            load_ids,
        )


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(keys)
    while batch := list(islice(iterator, _KEYS_A_STATEMENT)):
        yield batch
