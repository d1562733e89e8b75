"""Stores what the last successful sync of each table saw: hashes and numbers, no personal data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from event_assets.source.tables.columns import Table
from event_assets.warehouse import Session
from event_assets.warehouse.relations import Relation

CHECKPOINTS = Relation("_sync", "checkpoints")
"""Internal: only syncs and their checks read it."""

_COLUMNS = {
    "resource": "varchar",
    "pages": "varchar",
    "version": "varchar",
    "received": "bigint",
    "rejected": "bigint",
    "type_mismatches": "varchar",
    "absent": "boolean",
    "keys": "varchar",
    "protection": "varchar",
    "undeclared": "bigint",
}
_LATER_COLUMNS = ("absent", "keys", "protection", "undeclared")
"""The columns that the first release did not have."""


@dataclass(frozen=True)
class SyncCheckpoint:
    """What the last successful sync of a table saw.

    Attributes:
        pages: The fingerprint of each page; of ``/content`` that of the whole response.
        version: The version of the rows and rejects made of it.
        received: Number of records.
        rejected: Number of rejected records.
        type_mismatches: Number of values of another type, by column.
        absent: Whether it did not have the resource, so that the table was left as it is. Then the mismatches are those
            of the response before.
        keys: How the keys of the rows were made: see ``Privacy.keys``.
        protection: What was made of personal data in all rows, also those that are removed or that a response did not
            bring anew: keep, hash or drop; "" where that is not known.
        undeclared: Number of values left out because their fields are not declared.
    """

    pages: tuple[str, ...]
    version: str
    received: int
    rejected: int
    type_mismatches: Mapping[str, int]
    absent: bool = False
    keys: str = ""
    protection: str = ""
    undeclared: int = 0


def read_checkpoints(session: Session, columns: Mapping[Relation, Set[str]]) -> dict[str, SyncCheckpoint]:
    """Return the checkpoint of each resource, as far as there is one.

    Args:
        session: A session.
        columns: The columns of the checkpoints by relation. The table of an earlier release lacks some.
    """
    there = columns.get(CHECKPOINTS, set())
    if not there >= _COLUMNS.keys() - {*_LATER_COLUMNS[1:]}:
        return {}
    selected = ", ".join(name if name in there else "null" for name in _COLUMNS)
    rows = session.execute_sql(f"select {selected} from {CHECKPOINTS.sql()}") or []  # noqa: S608
    return {
        resource: SyncCheckpoint(
            tuple(json.loads(pages)),
            version,
            received,
            rejected,
            json.loads(type_mismatches),
            absent,
            keys or "",
            protection or "",
            undeclared or 0,
        )
        for resource, pages, version, received, rejected, type_mismatches, absent, keys, protection, undeclared in rows
    }


def reset_protection(session: Session, names: Iterable[str], instead: str) -> None:
    """Reset the recorded protection of tables before rows with another one are written, in case the sync is killed.

    Args:
        session: A session.
        names: The resources.
        instead: The protection to record.
    """
    session.execute_sql(
        f"update {CHECKPOINTS.sql()} set protection = %s where resource in (select unnest(%s::varchar[]))",  # noqa: S608
        instead,
        [*names],
    )


def write_checkpoint(session: Session, table: Table, checkpoint: SyncCheckpoint) -> None:
    """Replace the checkpoint of a table, by which the next sync recognises an unchanged response.

    Args:
        session: A session, in a transaction.
        table: The table that it filled.
        checkpoint: What the sync saw.
    """
    declared = [f"{name} {data_type}" for name, data_type in _COLUMNS.items()]
    session.execute_sql(f"create schema if not exists {CHECKPOINTS.schema}")
    session.execute_sql(f"create table if not exists {CHECKPOINTS.sql()} ({', '.join(declared)})")
    for name in _LATER_COLUMNS:
        session.execute_sql(f"alter table {CHECKPOINTS.sql()} add column if not exists {name} {_COLUMNS[name]}")
    session.execute_sql(f"delete from {CHECKPOINTS.sql()} where resource = %s", table.name)  # noqa: S608
    session.execute_sql(
        f"insert into {CHECKPOINTS.sql()} ({', '.join(_COLUMNS)}) values ({', '.join(['%s'] * len(_COLUMNS))})",  # noqa: S608
        table.name,
        json.dumps(checkpoint.pages),
        checkpoint.version,
        checkpoint.received,
        checkpoint.rejected,
        json.dumps(dict(checkpoint.type_mismatches)),
        checkpoint.absent,
        checkpoint.keys,
        checkpoint.protection,
        checkpoint.undeclared,
    )
