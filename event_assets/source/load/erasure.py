"""Erases personal data that the tables hold from earlier, less strict settings.

The data of a response is protected in ``records.privacy``. The checkpoint says how a table's rows are protected
(``SyncCheckpoint.protection``), so values are not taken for hashes because they look like some.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from event_assets.source.load.table_state import raw_sql
from event_assets.source.records.privacy import HASHED, Privacy, decode_json
from event_assets.source.tables.columns import RECORD_HASH, REMOVED_AT, VARIANT, Column, Table
from event_assets.source.tables.schema import REJECTED
from event_assets.warehouse import HISTORY, MERGE, RAW, Session
from event_assets.warehouse.relations import Relation

_HASH_DIGITS = 32
_REMOVED = f"{REMOVED_AT} is not null"


def erase_removed_rows(session: Session, table: Table, privacy: Privacy, *, hashes_stay: bool) -> None:
    """Erase the personal data of removed rows, which no sync overwrites.

    A row whose key is personal data is deleted, because it could not be identified any more.

    Args:
        session: A session, in a transaction.
        table: The table.
        privacy: Whether personal data is kept, hashed or dropped.
        hashes_stay: Whether to keep values that look like hashes: if it is not known how the rows were protected.
    """
    rows, stays = raw_sql(table.name), _stays(privacy, hashes_stay)
    for name, column in _columns(session, table):
        if column.pii:
            clear = f"delete from {rows}" if table.key_column else f'update {rows} set "{name}" = null'  # noqa: S608
            kept = stays.format(name=f'"{name}"')
            session.execute_sql(f'{clear} where {_REMOVED} and "{name}" is not null and not ({kept})')
    _redact_rows(session, table, Privacy(privacy.settings, hashes_stay=hashes_stay), _REMOVED)


def redact_rows(session: Session, table: Table, privacy: Privacy, *, hashes_stay: bool) -> None:
    """Redact all rows of a table that the response does not have.

    Such a row loses its fingerprint, so that the next response with its record writes it again.

    Args:
        session: A session, in a transaction.
        table: The table.
        privacy: Whether personal data is kept, hashed or dropped.
        hashes_stay: Whether to keep values that look like hashes: if it is not known how the rows were protected.
    """
    _redact_rows(session, table, Privacy(privacy.settings, hashes_stay=hashes_stay), "true")
    session.execute_sql(f"update {raw_sql(REJECTED)} set payload = '{{}}' where resource = %s", table.name)  # noqa: S608


def redact_history(session: Session, privacy: Privacy) -> None:
    """Redact the e-mail addresses in incremental models, which keep old values.

    Args:
        session: A session, in a transaction.
        privacy: Whether personal data is kept, hashed or dropped.
    """
    stored = Privacy(privacy.settings, hashes_stay=True)
    for table, column in session.text_columns(HISTORY):
        relation = table.sql()
        texts = _distinct(session, relation, column, "true")
        _replace(session, relation, column, {text: stored.protect_text(column, text) for text in texts}, "true")


def drop_undeclared_columns(session: Session, tables: Sequence[Table]) -> None:
    """Drop the columns of undeclared fields, whose names may be personal data.

    Args:
        session: A session, in a transaction in which nothing is written into the tables.
        tables: Tables that may have some.
    """
    there = session.column_names(RAW)
    dropped = False
    for table in tables:
        for name in table.undeclared(there.get(Relation(RAW, table.name), ())):
            quoted = name.replace('"', '""')
            session.execute_sql(f'alter table {raw_sql(table.name)} drop column "{quoted}"')
            dropped = True
    if dropped:
        session.execute_sql(f'drop schema if exists "{MERGE}" cascade')  # dlt makes it anew


def empty_merge_dataset(session: Session) -> None:
    """Delete the rows of dlt's merge dataset, which are those of the last load.

    Args:
        session: A session, in a transaction.
    """
    for relation in session.column_names(MERGE):
        if not relation.name.startswith("_dlt"):
            session.execute_sql(f"delete from {relation.sql()}")  # noqa: S608


def _columns(session: Session, table: Table) -> Iterator[tuple[str, Column]]:
    """Yield the names of the declared columns and their variant columns, with the declaration."""
    declared = dict(table.columns_by_name)
    if table.key_column:
        declared[table.key_column.name] = table.key_column
    for name in sorted(session.column_names(RAW).get(Relation(RAW, table.name), ())):
        if column := declared.get(name.removesuffix(f"__{VARIANT}")):
            yield name, column


def _stays(privacy: Privacy, hashes_stay: bool) -> str:
    """Return the SQL condition of a value that may stay: a hash where there are hashes, and a blank."""
    if privacy.personal_data != "hash":
        return "false"
    text = "cast({name} as varchar)"
    digits = f"substr({text}, {len(HASHED) + 1})"
    # Without a regular expression, which every database calls otherwise.
    is_hash = (
        f" or (substr({text}, 1, {len(HASHED)}) = '{HASHED}' and length({digits}) = {_HASH_DIGITS}"
        f" and length(translate({digits}, '0123456789abcdef', '')) = 0)"
    )
    return f"trim({text}) = ''{is_hash if hashes_stay else ''}"


def _redact_rows(session: Session, table: Table, privacy: Privacy, of: str) -> None:
    """Redact some rows, value by value.

    Args:
        session: A session, in a transaction.
        table: The table.
        privacy: What becomes of stored values.
        of: The rows, as an SQL condition.
    """
    rows = raw_sql(table.name)
    for link in table.link_tables:
        parents = f"_dlt_parent_id in (select _dlt_id from {rows} where {of})"  # noqa: S608
        relation = raw_sql(link)
        entries = _distinct(session, relation, "value", parents)
        _replace(session, relation, "value", {entry: privacy.protect_link(entry)[0] for entry in entries}, parents)
    for name, column in _columns(session, table):
        if (column.pii and of == _REMOVED) or column == table.key_column:
            continue
        if name != column.name or column.data_type in ("text", "json"):
            texts = _distinct(session, rows, name, of)
            protected = {text: _redacted(privacy, column, text, fits=name == column.name) for text in texts}
            if name == table.key:
                _replace_keys(session, table, protected, of)
            else:
                _replace(session, rows, name, protected, of, f", {RECORD_HASH} = null")
    for name in sorted(session.column_names(RAW).get(Relation(RAW, table.name), ())):
        if name.removesuffix(f"__{VARIANT}") in table.objects:
            session.execute_sql(f'update {rows} set "{name}" = null where "{name}" is not null and {of}')  # noqa: S608


def _redacted(privacy: Privacy, column: Column, text: str, *, fits: bool) -> str | None:
    """Return a stored value redacted; the same text if nothing changes."""
    value = text
    if column.data_type == "json" or not (fits or column.pii):
        value = decode_json(text)
    protected, _ = privacy.protect_value(column, value)
    if isinstance(protected, dict | list):
        return text if protected == value else json.dumps(protected, ensure_ascii=False)
    return protected


def _replace_keys(session: Session, table: Table, protected: dict[str, str | None], of: str) -> None:
    """Replace keys that hold an address; rows that nothing is left to find by are deleted with their lists."""
    changed = {old: new for old, new in protected.items() if new != old}
    gone = [old for old, new in changed.items() if new is None or of == _REMOVED]
    rows = raw_sql(table.name)
    if gone:
        session.execute_sql(f'delete from {rows} where "{table.key}" in (select unnest(%s::varchar[])) and {of}', gone)  # noqa: S608
        for link in table.link_tables:
            held = f"select _dlt_id from {rows}"  # noqa: S608
            session.execute_sql(f"delete from {raw_sql(link)} where _dlt_parent_id not in ({held})")  # noqa: S608
    kept = {old: new for old, new in changed.items() if old not in gone}
    _replace(session, rows, table.key, kept, of, f", {RECORD_HASH} = null")


def _distinct(session: Session, relation: str, name: str, of: str) -> list[str]:
    query = f'select distinct "{name}"::varchar from {relation} where "{name}" is not null and {of}'  # noqa: S608
    return [text for (text,) in session.execute_sql(query) or []]


def _replace(
    session: Session, relation: str, name: str, values: dict[str, str | None], of: str, also: str = ""
) -> None:
    """Replace some values of a column, in rows that match a condition."""
    changed = {old: new for old, new in values.items() if new != old}
    if changed:
        [column] = session.describe(f'select "{name}" from {relation}')  # noqa: S608
        session.execute_sql(
            f'update {relation} set "{name}" = cast(changed.new as {column.data_type}){also}'  # noqa: S608
            " from (select unnest(%s::varchar[]) as old, unnest(%s::varchar[]) as new) as changed"
            f' where "{name}"::varchar = changed.old and {of}',
            [*changed],
            [*changed.values()],
        )
