"""What a raw table holds, and what a sync changes in it beside the rows that dlt merges: removals and rejects.

The table itself is the ledger: every sync compares the answer with the rows as they are, so that a sync which was
killed half-way is put right by the next one, and no separate state can contradict the rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.source.records import Known, Reject, version_text
from event_assets.source.schema import REJECTED
from event_assets.source.tables import RECEIVED_HASH, RECORD_HASH, REMOVED_AT, Table
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation, column_names

_KEYS_A_STATEMENT = 500

_ANSWERS = Relation("_sync", "answers")
"""The latest answer that filled each table. Of no use to anybody but the sync, so it has a schema of its own."""


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered, and what it came to in one table.

    Attributes:
        pages: A digest of each page; of ``/content`` the one of the whole answer.
        version: The version of the rows made of it.
        received: Records in it.
        rejected: How many of them could not be loaded.
        misfits: How often a column got a value that does not fit its type.
        absent: Whether it did not have the resource, so that the table was left as it is.
    """

    pages: tuple[str, ...]
    version: str
    received: int
    rejected: int
    misfits: Mapping[str, int]
    absent: bool = False


@dataclass(frozen=True)
class Ledger:
    """What a raw table holds before a sync.

    Attributes:
        columns: The columns that are there; none where there is no such table.
        complete: Whether all its declared columns are.
        rows: How many rows are there.
        live: How many of them are not removed.
        version: The version of these rows.
        rejects: The records that the answer before could not be loaded with.
        answer: The latest answer, if it is known and the rows and rejects are those that it came to.
    """

    columns: Set[str]
    complete: bool
    rows: int
    live: int
    version: str
    rejects: Counter[Reject]
    answer: Answer | None


def read(client: SqlClientBase[Any], tables: Iterable[Table]) -> dict[str, Ledger]:
    """Read what the warehouse holds of some tables, by their names."""
    there = column_names(client, RAW, _ANSWERS.schema)
    return {table.name: _read(client, table, there) for table in tables}


def _read(client: SqlClientBase[Any], table: Table, columns: Mapping[Relation, set[str]]) -> Ledger:
    there = columns.get(Relation(RAW, table.name), set())
    rows, live, version = _count(client, table, there)
    rejects: Counter[Reject] = Counter()
    if Relation(RAW, REJECTED) in columns:
        query = f"select reason, payload from {_rejected()} where resource = %s"  # noqa: S608
        rejects.update(Reject(reason, payload) for reason, payload in client.execute_sql(query, table.name) or [])
    # Without that column it was written by an earlier release, which did not remember all of an answer.
    answer = _latest_answer(client, table) if "absent" in columns.get(_ANSWERS, ()) else None
    holds = answer is not None and (answer.version, answer.rejected) == (version, rejects.total())
    declared = {column.name for column in table.all_columns}
    return Ledger(there, declared <= there, rows, live, version, rejects, answer if holds else None)


def version(client: SqlClientBase[Any], table: Table) -> str:
    """The version of a table's rows that are not removed, from the rows as they are.

    Args:
        client: A connection.
        table: A table that is there.
    """
    return _count(client, table, {RECORD_HASH, REMOVED_AT})[2]


def _count(client: SqlClientBase[Any], table: Table, there: Set[str]) -> tuple[int, int, str]:
    """How many rows there are, how many of them are not removed, and the version of these."""
    if not there:
        return 0, 0, version_text(0)
    # A version is a sum of 128-bit numbers; DuckDB can add up their halves.
    fingerprint = _or_null(RECORD_HASH, there)
    halves = [f"sum(try_cast('0x' || substr({fingerprint}, {half}, 16) as ubigint))" for half in (1, 17)]
    live = [f"{total} filter (where {_or_null(REMOVED_AT, there)} is null)" for total in ("count(*)", *halves)]
    query = f"select count(*), {', '.join(live)} from {_sql(table)}"  # noqa: S608
    rows, there_now, high, low = (int(value or 0) for value in (client.execute_sql(query) or [])[0])
    return rows, there_now, version_text((high << 64) + low)


def read_known(client: SqlClientBase[Any], table: Table, held: Ledger) -> Known:
    """What a table holds of each record.

    Where a column is gone or a key has several rows, which no sync leaves behind, the rows are not to be relied on.

    Args:
        client: A connection.
        table: A table that has rows.
        held: What it holds altogether.
    """
    if table.key not in held.columns:
        return Known({})
    # How a record came counts only where nobody has touched the rows since: then they are what was made of it.
    by_digest = table.known_by_bytes and held.complete and held.answer is not None
    columns = [RECORD_HASH if held.complete else "''", *([RECEIVED_HASH] if by_digest else [])]
    removed = _or_null(REMOVED_AT, held.columns)
    live = (f"case when {removed} is null then {column} end" for column in columns)
    query = f'select "{table.key}", {", ".join(live)} from {_sql(table)}'  # noqa: S608
    with client.execute_query(query) as cursor:
        rows = cursor.arrow()
    if rows is None:
        return Known({})
    keys, fingerprints, *digests = (column.to_pylist() for column in rows.columns)
    by_key = dict(zip(keys, fingerprints, strict=True))
    if len(by_key) < len(keys):
        by_key |= {key: "" for key, times in Counter(keys).items() if times > 1}
    keys_by_digest = dict(zip(digests[0], keys, strict=True)) if digests else {}
    keys_by_digest.pop(None, None)
    return Known(by_key, keys_by_digest)


def _or_null(column: str, there: Set[str]) -> str:
    return column if column in there else "null"


def forget_schema(client: SqlClientBase[Any], name: str) -> None:
    """Have dlt look at the tables as they are before the next load: it does so only where their schema is new to it.

    Args:
        client: A connection.
        name: dlt's name of the schema.
    """
    versions = Relation(RAW, "_dlt_version")
    if versions in column_names(client, RAW):
        client.execute_sql(f"delete from {versions.sql()} where schema_name = %s", name)  # noqa: S608


def _latest_answer(client: SqlClientBase[Any], table: Table) -> Answer | None:
    query = f"select pages, version, received, rejected, misfits, absent from {_ANSWERS.sql()} where resource = %s"  # noqa: S608
    for pages, version, received, rejected, misfits, absent in client.execute_sql(query, table.name) or []:
        return Answer(tuple(json.loads(pages)), version, received, rejected, json.loads(misfits), absent)
    return None


@dataclass(frozen=True)
class Settlement:
    """What an answer changes in a table beside the rows that dlt merges.

    Attributes:
        gone: The keys of the rows that it no longer has.
        rejects: The records that could not be loaded; None if they are those of the answer before.
        load_id: dlt's identifier of the load, if there was one.
        answer: What the answer was, to recognise it.
    """

    gone: Sequence[str]
    rejects: Sequence[Reject] | None
    load_id: str | None
    answer: Answer


def settle(client: SqlClientBase[Any], table: Table, settlement: Settlement) -> None:
    """Mark the rows that are gone as removed now, and put the answer and its rejects in the place of the old ones.

    Args:
        client: A connection, in a transaction.
        table: The table.
        settlement: What to write.
    """
    now = datetime.now(timezone.utc)
    for keys in _batches(settlement.gone):
        marks = ", ".join(["%s"] * len(keys))
        client.execute_sql(
            f'update {_sql(table)} set {REMOVED_AT} = %s where {REMOVED_AT} is null and "{table.key}" in ({marks})',  # noqa: S608
            now,
            *keys,
        )
    if settlement.rejects is not None:
        client.execute_sql(f"delete from {_rejected()} where resource = %s", table.name)  # noqa: S608
    for reject in settlement.rejects or ():
        client.execute_sql(
            f"insert into {_rejected()} (resource, reason, payload, load_id) values (%s, %s, %s, %s)",  # noqa: S608
            table.name,
            reject.reason,
            reject.payload,
            settlement.load_id,
        )
    remember(client, table, settlement.answer)


def remember(client: SqlClientBase[Any], table: Table, answer: Answer) -> None:
    """Put an answer in the place of the one before, so that it is recognised the next time.

    Args:
        client: A connection, in a transaction.
        table: The table that it filled.
        answer: The answer.
    """
    client.execute_sql(f"create schema if not exists {_ANSWERS.schema}")
    client.execute_sql(
        f"create table if not exists {_ANSWERS.sql()} (resource varchar, pages varchar, version varchar,"
        " received bigint, rejected bigint, misfits varchar)"
    )
    client.execute_sql(f"alter table {_ANSWERS.sql()} add column if not exists absent boolean")
    client.execute_sql(f"delete from {_ANSWERS.sql()} where resource = %s", table.name)  # noqa: S608
    client.execute_sql(
        f"insert into {_ANSWERS.sql()} values (%s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
        table.name,
        json.dumps(answer.pages),
        answer.version,
        answer.received,
        answer.rejected,
        json.dumps(dict(answer.misfits)),
        answer.absent,
    )


def _sql(table: Table) -> str:
    return Relation(RAW, table.name).sql()


def _rejected() -> str:
    return Relation(RAW, REJECTED).sql()


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(keys)
    while batch := list(islice(iterator, _KEYS_A_STATEMENT)):
        yield batch
