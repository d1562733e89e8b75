"""What a raw table holds, and what a sync changes in it beside the rows that dlt merges: removals and rejects.

The table itself is the ledger: every sync compares the answer with the rows as they are, so that a sync which was
killed half-way is put right by the next one, and no separate state can contradict the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.source.load.remembered import ANSWERS, Answer, latest_answers, remember
from event_assets.source.records.fingerprints import REJECT_SQL, links_sql, sums_sql, total, version_text
from event_assets.source.records.intake import Known, Reject
from event_assets.source.tables.columns import RECEIVED_HASH, RECORD_HASH, REMOVED_AT, Column, Table
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation, column_names

_KEYS_A_STATEMENT = 500


@dataclass(frozen=True)
class Ledger:
    """What a raw table holds before a sync.

    Attributes:
        columns: The columns that are there; none where there is no such table.
        complete: Whether all its declared columns are, and those of its link tables.
        keeps_rejects: Whether those of ``raw.rejected`` are.
        rows: How many rows are there.
        live: How many of them are not removed.
        version: The version of these rows, their lists and the rejects.
        rejects: What the records add to it that the answer before could not be loaded with.
        latest: The latest answer, if it is known.
        answer: The same, if the table holds just what it came to.
    """

    columns: Set[str]
    complete: bool
    keeps_rejects: bool
    rows: int
    live: int
    version: str
    rejects: int
    latest: Answer | None
    answer: Answer | None

    @property
    def as_declared(self) -> bool:
        """Whether there is a place for everything that an answer can have."""
        return self.complete and self.keeps_rejects


def read(client: SqlClientBase[Any], tables: Iterable[Table]) -> dict[str, Ledger]:
    """Read what the warehouse holds of some tables, by their names."""
    columns = column_names(client, RAW, ANSWERS.schema)
    answers = latest_answers(client, columns)
    keeps_rejects = _has(columns, REJECTED, REJECTED_COLUMNS)
    rejects = _rejects_numbers(client) if keeps_rejects else {}
    ledgers = {}
    for table in tables:
        there = columns.get(Relation(RAW, table.name), set())
        declared = {table.name: table.all_columns, **table.link_tables}
        complete = all(_has(columns, name, needed) for name, needed in declared.items())
        rows, live, number = _count(client, table, there, with_links=complete)
        of_rejects = rejects.get(table.name, 0)
        version = version_text(number + of_rejects)
        latest = answers.get(table.name)
        answer = latest if latest and latest.version == version else None
        ledgers[table.name] = Ledger(there, complete, keeps_rejects, rows, live, version, of_rejects, latest, answer)
    return ledgers


def _has(columns: Mapping[Relation, Set[str]], table: str, needed: Iterable[Column]) -> bool:
    return {column.name for column in needed} <= columns.get(Relation(RAW, table), set())


def versions(client: SqlClientBase[Any], tables: Iterable[Table]) -> dict[str, str]:
    """The version of each table's rows that are not removed, their lists and rejects, from the tables as they are.

    Args:
        client: A connection.
        tables: Tables that are there as declared.
    """
    rejects, held = _rejects_numbers(client), {}
    for table in tables:
        _, _, number = _count(client, table, {RECORD_HASH, REMOVED_AT}, with_links=True)
        held[table.name] = version_text(number + rejects.get(table.name, 0))
    return held


def _count(client: SqlClientBase[Any], table: Table, there: Set[str], *, with_links: bool) -> tuple[int, int, int]:
    """How many rows there are, how many of them are not removed, and what these and their lists add to a version."""
    if not there:
        return 0, 0, 0
    sums = ["count(*)", *sums_sql(_or_null(RECORD_HASH, there))]
    live = [f"{each} filter (where {_or_null(REMOVED_AT, there)} is null)" for each in sums]
    query = f"select count(*), {', '.join(live)} from {_sql(table)}"  # noqa: S608
    rows, live_rows, high, low = (client.execute_sql(query) or [])[0]
    links = _links_numbers(client, table, "'all'").total() if with_links else 0
    return rows, live_rows, total(high, low) + links


def _links_numbers(client: SqlClientBase[Any], table: Table, by: str) -> Counter[Any]:
    """What the entries of the lists of rows that are not removed add to a version, and those of no row at all.

    Args:
        client: A connection.
        table: A table that is there as declared.
        by: What of a row, called ``parents``, to add them up by, as an SQL expression.
    """
    numbers: Counter[Any] = Counter()
    for link in table.links or ():
        sums = ", ".join(sums_sql(links_sql(f"parents.{RECORD_HASH}", link)))
        query = (
            f"select {by}, {sums} from {Relation(RAW, f'{table.name}__{link}').sql()} as links"  # noqa: S608
            f" left join {_sql(table)} as parents on parents._dlt_id = links._dlt_parent_id"
            f" where parents.{REMOVED_AT} is null group by 1"
        )
        for key, high, low in client.execute_sql(query) or []:
            numbers[key] += total(high, low)
    return numbers


def _rejects_numbers(client: SqlClientBase[Any]) -> dict[str, int]:
    """What the records of each resource that could not be loaded add to a version."""
    sums = ", ".join(sums_sql(REJECT_SQL))
    query = f"select resource, {sums} from {_rejected()} group by resource"  # noqa: S608
    return {resource: total(high, low) for resource, high, low in client.execute_sql(query) or []}


def read_known(client: SqlClientBase[Any], table: Table, held: Ledger) -> Known:
    """What a table holds of each record.

    Where a column is gone or a key has several rows, which no sync leaves behind, the rows are not to be relied on. Nor
    is a row without a fingerprint: no sync has written it.

    Args:
        client: A connection.
        table: A table that has rows.
        held: What it holds altogether.
    """
    if table.key not in held.columns:
        return Known({})
    # How a record came counts only where nobody has touched the rows since: then they are what was made of it.
    by_digest = table.known_by_bytes and held.complete and held.answer is not None
    fingerprint = f"coalesce({RECORD_HASH}, '')" if held.complete else "''"
    columns = [fingerprint, *([RECEIVED_HASH] if by_digest else [])]
    removed = _or_null(REMOVED_AT, held.columns)
    live = (f"case when {removed} is null then {column} end" for column in columns)
    query = f'select "{table.key}", {", ".join(live)} from {_sql(table)}'  # noqa: S608
    with client.execute_query(query) as cursor:
        rows = cursor.arrow()
    if rows is None:
        return Known({})
    keys, fingerprints, *digests = (column.to_pylist() for column in rows.columns)
    by_key = dict(zip(keys, fingerprints, strict=True))
    if held.complete and table.links:
        links = _links_numbers(client, table, f'parents."{table.key}"')
        by_key = {key: _with_links(fingerprint, links[key]) for key, fingerprint in by_key.items()}
    if len(by_key) < len(keys):
        by_key |= {key: "" for key, times in Counter(keys).items() if times > 1}
    keys_by_digest = dict(zip(digests[0], keys, strict=True)) if digests else {}
    keys_by_digest.pop(None, None)
    if keys_by_digest and "" in by_key.values():
        keys_by_digest = {digest: key for digest, key in keys_by_digest.items() if by_key[key]}
    return Known(by_key, keys_by_digest)


def _with_links(fingerprint: str | None, links: int) -> str | None:
    """The fingerprint of a row with its lists; "" where it has none that can be read."""
    try:
        return version_text(int(fingerprint, 16) + links) if fingerprint else fingerprint
    except ValueError:
        return ""


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
    """Mark the rows that are gone as removed now, bring the rejects to those of the answer, and remember it.

    Entries of lists whose row somebody has deleted go as well: dlt finds those that it replaces by their row.

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
    for link in table.link_tables:
        held = f"select _dlt_id from {_sql(table)}"  # noqa: S608
        client.execute_sql(f"delete from {Relation(RAW, link).sql()} where _dlt_parent_id not in ({held})")  # noqa: S608
    if settlement.rejects is not None:
        _replace_rejects(client, table, settlement.rejects, settlement.load_id)
    remember(client, table, settlement.answer)


def _replace_rejects(client: SqlClientBase[Any], table: Table, rejects: Sequence[Reject], load_id: str | None) -> None:
    """Have the table hold just these rejects. Those that it holds already stay as they are, with their load."""
    missing = Counter(reject.digest.hex() for reject in rejects)
    held = client.execute_sql(f"select rowid, {REJECT_SQL} from {_rejected()} where resource = %s", table.name)  # noqa: S608
    old = []
    for row, digest in held or []:
        if missing[digest] > 0:
            missing[digest] -= 1
        else:
            old.append(row)
    if old:
        client.execute_sql(f"delete from {_rejected()} where rowid in (select unnest(%s))", old)  # noqa: S608
    new = []
    for reject in rejects:
        digest = reject.digest.hex()
        if missing[digest] > 0:
            missing[digest] -= 1
            new.append(reject)
    if new:
        client.execute_sql(
            f"insert into {_rejected()} (resource, reason, payload, load_id) select %s, unnest(%s), unnest(%s), %s",
            table.name,
            [reject.reason for reject in new],
            [reject.payload for reject in new],
            load_id,
        )


def _sql(table: Table) -> str:
    return Relation(RAW, table.name).sql()


def _rejected() -> str:
    return Relation(RAW, REJECTED).sql()


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    iterator = iter(keys)
    while batch := list(islice(iterator, _KEYS_A_STATEMENT)):
        yield batch
