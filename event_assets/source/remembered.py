"""The latest answer that filled each table, as the warehouse remembers it: fingerprints and numbers, nobody's data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.source.tables import Table
from event_assets.warehouse.relations import Relation

ANSWERS = Relation("_sync", "answers")
"""Of no use to anybody but the sync and its checks, so it has a schema of its own."""

_COLUMNS = {
    "resource": "varchar",
    "pages": "varchar",
    "version": "varchar",
    "received": "bigint",
    "rejected": "bigint",
    "misfits": "varchar",
    "absent": "boolean",
    "keys": "varchar",
}


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered, and what it came to in one table.

    Attributes:
        pages: A digest of each page; of ``/content`` the one of the whole answer.
        version: The version of the rows and rejects made of it.
        received: Records in it.
        rejected: How many of them could not be loaded.
        misfits: How often a column got a value that does not fit its type.
        absent: Whether it did not have the resource, so that the table was left as it is. Then the misfits are those
            of the answer before.
        keys: How the keys of the rows were made: see ``Privacy.keys``.
    """

    pages: tuple[str, ...]
    version: str
    received: int
    rejected: int
    misfits: Mapping[str, int]
    absent: bool = False
    keys: str = ""


def latest_answers(client: SqlClientBase[Any], columns: Mapping[Relation, Set[str]]) -> dict[str, Answer]:
    """The latest answer of each resource, as far as it is known.

    Args:
        client: A connection.
        columns: The names of the columns in the schema of `ANSWERS`. Where one is missing, an earlier release wrote
            the answers, which did not remember all of them.
    """
    if not columns.get(ANSWERS, set()) >= _COLUMNS.keys():
        return {}
    rows = client.execute_sql(f"select {', '.join(_COLUMNS)} from {ANSWERS.sql()}") or []  # noqa: S608
    return {
        resource: Answer(tuple(json.loads(pages)), version, received, rejected, json.loads(misfits), absent, keys or "")
        for resource, pages, version, received, rejected, misfits, absent, keys in rows
    }


def remember(client: SqlClientBase[Any], table: Table, answer: Answer) -> None:
    """Put an answer in the place of the one before, so that it is recognised the next time.

    Args:
        client: A connection, in a transaction.
        table: The table that it filled.
        answer: The answer.
    """
    declared = [f"{name} {data_type}" for name, data_type in _COLUMNS.items()]
    client.execute_sql(f"create schema if not exists {ANSWERS.schema}")
    client.execute_sql(f"create table if not exists {ANSWERS.sql()} ({', '.join(declared)})")
    for column in declared[-2:]:  # which earlier releases did not have
        client.execute_sql(f"alter table {ANSWERS.sql()} add column if not exists {column}")
    client.execute_sql(f"delete from {ANSWERS.sql()} where resource = %s", table.name)  # noqa: S608
    client.execute_sql(
        f"insert into {ANSWERS.sql()} ({', '.join(_COLUMNS)}) values ({', '.join(['%s'] * len(_COLUMNS))})",  # noqa: S608
        table.name,
        json.dumps(answer.pages),
        answer.version,
        answer.received,
        answer.rejected,
        json.dumps(dict(answer.misfits)),
        answer.absent,
        answer.keys,
    )
