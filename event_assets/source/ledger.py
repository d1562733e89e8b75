"""What a raw table holds, and what a sync changes in it beside the rows that dlt merges: removals and rejects.

The table itself is the ledger: every sync compares the answer with the rows as they are, so that a sync which was
killed half-way is put right by the next one, and no separate state can contradict the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import Any, cast

from dlt.destinations.sql_client import SqlClientBase

from event_assets.source.privacy import HASHED
from event_assets.source.records import Reject
from event_assets.source.schema import REJECTED
from event_assets.source.tables import RECORD_HASH, REMOVED_AT, Table
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation, columns

_KEYS_A_STATEMENT = 500


@dataclass(frozen=True)
class Ledger:
    """What a raw table holds before a sync.

    Attributes:
        complete: Whether the table is there with all its declared columns.
        fingerprints: The fingerprint of each row by its key; None for a row that is marked as removed.
        rejects: The records that the answer before could not be loaded with.
    """

    complete: bool
    fingerprints: dict[str, str | None]
    rejects: Counter[Reject]

    @property
    def live(self) -> int:
        """How many rows are there and not removed."""
        return sum(fingerprint is not None for fingerprint in self.fingerprints.values())


def read(client: SqlClientBase[Any], table: Table) -> Ledger:
    """Read what the warehouse holds of a table."""
    there = {column.name for column in columns(client, Relation(RAW, table.name))}
    declared = {column.name for column in table.all_columns}
    fingerprints: dict[str, str | None] = {}
    if {table.key, RECORD_HASH, REMOVED_AT} <= there:
        query = f'select "{table.key}", case when {REMOVED_AT} is null then {RECORD_HASH} end from {_sql(table)}'  # noqa: S608
        fingerprints = dict(cast(list[tuple[str, str | None]], client.execute_sql(query)))
    rejects: Counter[Reject] = Counter()
    if columns(client, Relation(RAW, REJECTED)):
        query = f"select reason, payload from {_rejected()} where resource = %s"  # noqa: S608
        rejects.update(Reject(reason, payload) for reason, payload in client.execute_sql(query, table.name) or [])
    return Ledger(complete=declared <= there, fingerprints=fingerprints, rejects=rejects)


@dataclass(frozen=True)
class Settlement:
    """What an answer changes in a table beside the rows that dlt merges.

    Attributes:
        gone: The keys of the rows that it no longer has.
        rejects: The records that could not be loaded.
        load_id: dlt's identifier of the load, if there was one.
    """

    gone: Sequence[str]
    rejects: Sequence[Reject]
    load_id: str | None


def settle(client: SqlClientBase[Any], table: Table, settlement: Settlement, *, clears: bool) -> None:
    """Mark the rows that are gone as removed now, and put the answer's rejects in the place of the old ones.

    Args:
        client: A connection, in a transaction.
        table: The table.
        settlement: What to write.
        clears: Whether removed rows are cleared of personal data.
    """
    now = datetime.now(timezone.utc)
    for keys in _batches(settlement.gone):
        marks = ", ".join(["%s"] * len(keys))
        client.execute_sql(
            f'update {_sql(table)} set {REMOVED_AT} = %s where {REMOVED_AT} is null and "{table.key}" in ({marks})',  # noqa: S608
            now,
            *keys,
        )
    client.execute_sql(f"delete from {_rejected()} where resource = %s", table.name)  # noqa: S608
    for reject in settlement.rejects:
        client.execute_sql(
            f"insert into {_rejected()} (resource, reason, payload, load_id) values (%s, %s, %s, %s)",  # noqa: S608
            table.name,
            reject.reason,
            reject.payload,
            settlement.load_id,
        )
    if clears:
        _forget(client, table)


def _forget(client: SqlClientBase[Any], table: Table) -> None:
    """Clear what removed rows hold of persons from the time when personal data was kept: no answer overwrites them.

    A row that is found by a personal key is deleted, because nothing would be left to find it by.
    """
    for column in table.columns:
        if column.personal_within:
            unprotected = f'"{column.name}" is not null'
        elif column.personal:
            unprotected = f"\"{column.name}\" not like '{HASHED}%%'"
        else:
            continue
        removed = f"where {REMOVED_AT} is not null and {unprotected}"
        clear = f"delete from {_sql(table)}" if table.key_column else f'update {_sql(table)} set "{column.name}" = null'  # noqa: S608
        client.execute_sql(f"{clear} {removed}")


def _sql(table: Table) -> str:
    return Relation(RAW, table.name).sql()


def _rejected() -> str:
    return Relation(RAW, REJECTED).sql()


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(keys)
    while batch := list(islice(iterator, _KEYS_A_STATEMENT)):
        yield batch
