"""Reads the state and rows of a raw table.

Every sync compares the response with the rows as they are, so that the next sync completes a killed one and no separate
state can contradict the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from event_assets.source.load.changes import ExistingRows
from event_assets.source.load.checkpoint import SyncCheckpoint, read_checkpoints
from event_assets.source.load.upgrade import upgraded_columns
from event_assets.source.records.fingerprints import REJECT_SQL, links_sql, total, version_text
from event_assets.source.tables.columns import RAW_RECORD_HASH, RECORD_HASH, REMOVED_AT, Column, Table
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS
from event_assets.warehouse import RAW, Session
from event_assets.warehouse.relations import Relation

_KEYS_A_STATEMENT = 500


@dataclass(frozen=True)
class TableState:
    """The state of a raw table before a sync.

    Attributes:
        columns: The existing columns; none without the table.
        complete: Whether all declared columns exist, also those of the link tables.
        keeps_rejects: Whether those of ``raw.rejected`` exist.
        rows: Number of rows.
        live: Number of rows that are not removed.
        version: The version of the live rows, their lists and the rejected records.
        rejects: The share of the rejected records in the version.
        latest: The checkpoint of the last successful sync, if there is one.
        checkpoint: The same, if the table still holds the rows of that sync; otherwise None.
    """

    columns: Set[str]
    complete: bool
    keeps_rejects: bool
    rows: int
    live: int
    version: str
    rejects: int
    latest: SyncCheckpoint | None
    checkpoint: SyncCheckpoint | None

    @property
    def as_declared(self) -> bool:
        """Whether all declared tables and columns exist."""
        return self.complete and self.keeps_rejects


def read_table_states(session: Session, tables: Iterable[Table]) -> dict[str, TableState]:
    """Read what the warehouse holds of some tables, by their names."""
    columns = upgraded_columns(session)
    checkpoints = read_checkpoints(session, columns)
    keeps_rejects = _has(columns, REJECTED, REJECTED_COLUMNS)
    rejects = _rejects_numbers(session) if keeps_rejects else {}
    states = {}
    for table in tables:
        there = columns.get(Relation(RAW, table.name), set())
        declared = {table.name: table.all_columns, **table.link_tables}
        complete = all(_has(columns, name, needed) for name, needed in declared.items())
        rows, live, number = _count(session, table, there, with_links=complete)
        of_rejects = rejects.get(table.name, 0)
        version = version_text(number + of_rejects)
        latest = checkpoints.get(table.name)
        checkpoint = latest if latest and latest.version == version else None
        states[table.name] = TableState(
            there, complete, keeps_rejects, rows, live, version, of_rejects, latest, checkpoint
        )
    return states


def _has(columns: Mapping[Relation, Set[str]], table: str, needed: Iterable[Column]) -> bool:
    return {column.name for column in needed} <= columns.get(Relation(RAW, table), set())


def table_versions(session: Session, tables: Iterable[Table]) -> dict[str, str]:
    """Return the version of each table's live rows, lists and rejected records, from the tables.

    Args:
        session: A session.
        tables: Tables that are there as declared.
    """
    rejects, held = _rejects_numbers(session), {}
    for table in tables:
        _, _, number = _count(session, table, {RECORD_HASH, REMOVED_AT}, with_links=True)
        held[table.name] = version_text(number + rejects.get(table.name, 0))
    return held


def _count(session: Session, table: Table, there: Set[str], *, with_links: bool) -> tuple[int, int, int]:
    """Return the number of rows, of live rows, and the share of these and their lists in the version."""
    if not there:
        return 0, 0, 0
    sums = ["count(*)", *session.content_sums(_or_null(RECORD_HASH, there))]
    live = [f"{each} filter (where {_or_null(REMOVED_AT, there)} is null)" for each in sums]
    query = f"select count(*), {', '.join(live)} from {raw_sql(table.name)}"  # noqa: S608
    rows, live_rows, high, low = (session.execute_sql(query) or [])[0]
    links = _links_numbers(session, table, "'all'").total() if with_links else 0
    return rows, live_rows, total(high, low) + links


def _links_numbers(session: Session, table: Table, by: str) -> Counter[Any]:
    """Return the share of the lists of live rows in the version, and of entries without a row.

    Args:
        session: A session.
        table: A table that is there as declared.
        by: What of a row, called ``parents``, to add them up by, as an SQL expression.
    """
    numbers: Counter[Any] = Counter()
    for link in table.links or ():
        sums = ", ".join(session.content_sums(links_sql(f"parents.{RECORD_HASH}", link)))
        query = (
            f"select {by}, {sums} from {raw_sql(f'{table.name}__{link}')} as links"  # noqa: S608
            f" left join {raw_sql(table.name)} as parents on parents._dlt_id = links._dlt_parent_id"
            f" where parents.{REMOVED_AT} is null group by 1"
        )
        for key, high, low in session.execute_sql(query) or []:
            numbers[key] += total(high, low)
    return numbers


def _rejects_numbers(session: Session) -> dict[str, int]:
    """Return the share of the rejected records of each resource in its version."""
    sums = ", ".join(session.content_sums(REJECT_SQL))
    query = f"select resource, {sums} from {raw_sql(REJECTED)} group by resource"  # noqa: S608
    return {resource: total(high, low) for resource, high, low in session.execute_sql(query) or []}


def read_existing_rows(session: Session, table: Table, state: TableState) -> ExistingRows:
    """The rows of a table before a sync.

    Where a column is gone or a key has several rows, which no sync leaves behind, the rows are not to be relied on. Nor
    is a row without a fingerprint: no sync has written it.

    Args:
        session: A session.
        table: A table that has rows.
        state: The state of the table.
    """
    if table.key not in state.columns:
        return ExistingRows({})
    # Raw record hashes count only if the rows are unchanged since the sync that wrote them.
    by_raw_hash = table.has_raw_hash and state.complete and state.checkpoint is not None
    fingerprint = f"coalesce({RECORD_HASH}, '')" if state.complete else "''"
    columns = [fingerprint, *([RAW_RECORD_HASH] if by_raw_hash else [])]
    removed = _or_null(REMOVED_AT, state.columns)
    live = (f"case when {removed} is null then {column} end" for column in columns)
    query = f'select "{table.key}", {", ".join(live)} from {raw_sql(table.name)}'  # noqa: S608
    fetched = session.fetch_columns(query)
    if not fetched:
        return ExistingRows({})
    keys, fingerprints, *digests = fetched
    by_key = dict(zip(keys, fingerprints, strict=True))
    if state.complete and table.links:
        links = _links_numbers(session, table, f'parents."{table.key}"')
        by_key = {key: _with_links(fingerprint, links[key]) for key, fingerprint in by_key.items()}
    if len(by_key) < len(keys):
        by_key |= {key: "" for key, times in Counter(keys).items() if times > 1}
    keys_by_raw_hash = dict(zip(digests[0], keys, strict=True)) if digests else {}
    keys_by_raw_hash.pop(None, None)
    if keys_by_raw_hash and "" in by_key.values():
        keys_by_raw_hash = {digest: key for digest, key in keys_by_raw_hash.items() if by_key[key]}
    return ExistingRows(by_key, keys_by_raw_hash)


def _with_links(fingerprint: str | None, links: int) -> str | None:
    """Return the fingerprint of a row with its lists; "" without a readable one."""
    try:
        return version_text(int(fingerprint, 16) + links) if fingerprint else fingerprint
    except ValueError:
        return ""


def raw_sql(name: str) -> str:
    """Return a table of ``raw`` as SQL has it."""
    return Relation(RAW, name).sql()


def _or_null(column: str, there: Set[str]) -> str:
    return column if column in there else "cast(null as varchar)"
