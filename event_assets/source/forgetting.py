"""Protects what the tables hold of persons from the time when personal data was kept.

What becomes of the data of an answer is in ``privacy``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from event_assets.source.privacy import HASHED, Privacy
from event_assets.source.schema import REJECTED
from event_assets.source.shape import MISFIT
from event_assets.source.tables import RECORD_HASH, REMOVED_AT, Column, Table
from event_assets.warehouse import MERGE, RAW
from event_assets.warehouse.relations import Relation, column_names


def forget(client: SqlClientBase[Any], table: Table, privacy: Privacy) -> None:
    """Clear what removed rows hold of persons from before: no answer overwrites them.

    That is what was kept; and, where personal data is dropped, what was hashed. A row that is found by a personal key
    is deleted, because nothing would be left to find it by.

    Args:
        client: A connection, in a transaction.
        table: The table.
        privacy: What becomes of personal data.
    """
    rows = _sql(table.name)
    for name, column in _personal_columns(client, table):
        # A blank tells nothing of anybody, and is not hashed.
        kept = f"trim(\"{name}\") <> '' and \"{name}\" not like '{HASHED}%%'"
        all_of_it = column.personal_within or privacy.personal_data == "drop"
        unprotected = f'"{name}" is not null' if all_of_it else kept
        clear = f"delete from {rows}" if table.key_column else f'update {rows} set "{name}" = null'  # noqa: S608
        client.execute_sql(f"{clear} where {REMOVED_AT} is not null and {unprotected}")
    _reduce_links(client, table, privacy, f"{REMOVED_AT} is not null")


def protect(client: SqlClientBase[Any], table: Table, privacy: Privacy) -> None:
    """Protect what a table's rows hold of persons since personal data was kept. For a table that no answer brings anew.

    Such a row is no longer what its fingerprint says, and loses it: the next answer that has its record brings it anew.

    Args:
        client: A connection, in a transaction.
        table: The table.
        privacy: What becomes of personal data.
    """
    rows = _sql(table.name)
    for name, column in _personal_columns(client, table):
        held = f'select "{table.key}", "{name}"::varchar from {rows} where "{name}" is not null'  # noqa: S608
        for key, text in client.execute_sql(held) or []:
            protected = privacy.protect_value(column, text)
            if isinstance(protected, list | dict):
                protected = json.dumps(protected)
            if protected != text:
                client.execute_sql(
                    f'update {rows} set "{name}" = %s, {RECORD_HASH} = null where "{table.key}" = %s',  # noqa: S608
                    protected,
                    key,
                )
    _reduce_links(client, table, privacy, "true")
    client.execute_sql(f"update {_sql(REJECTED)} set payload = '{{}}' where resource = %s", table.name)  # noqa: S608


def empty_merge_dataset(client: SqlClientBase[Any]) -> None:
    """Leave no row in the dataset by way of which dlt merges: it keeps those of the last load.

    Args:
        client: A connection, in a transaction.
    """
    for relation in column_names(client, MERGE):
        if not relation.name.startswith("_dlt"):
            client.execute_sql(f"delete from {relation.sql()}")  # noqa: S608


def _personal_columns(client: SqlClientBase[Any], table: Table) -> list[tuple[str, Column]]:
    """The columns that hold data of persons, by their names: a declared one, and those that dlt has put beside it.

    Beside ``email`` these are ``email__v_text``, for what does not fit, and ``email_2``, for another field of the name.
    """
    declared = {column.name: column for column in table.columns if column.personal or column.personal_within}
    there = column_names(client, RAW).get(Relation(RAW, table.name), set())
    names = {name: re.sub(rf"(_\d+)?(__{MISFIT})?$", "", name) for name in sorted(there)}
    return [(name, declared[of]) for name, of in names.items() if of in declared]


def _reduce_links(client: SqlClientBase[Any], table: Table, privacy: Privacy, of: str) -> None:
    """Leave of the records that a server put into lists of identifiers only their identifiers, as ``privacy`` does.

    Args:
        client: A connection, in a transaction.
        table: The table whose lists they are.
        privacy: What becomes of personal data.
        of: The rows whose lists to look through, as an SQL condition.
    """
    hashed = rf'|\["{HASHED}[0-9a-f]{{32}}"\]'
    protected = rf"\[null\]{'' if privacy.personal_data == 'drop' else hashed}"
    for link in table.link_tables:
        client.execute_sql(
            f"update {Relation(RAW, link).sql()} set value = case"  # noqa: S608
            " when json_type(value, '$.id') not in ('OBJECT', 'ARRAY', 'BOOLEAN') then value ->> '$.id' end"
            " where (value like '{%%' or value like '[%%') and json_valid(value)"
            f" and not regexp_full_match(value, '{protected}')"
            f" and _dlt_parent_id in (select _dlt_id from {_sql(table.name)} where {of})"
        )


def _sql(table: str) -> str:
    return Relation(RAW, table).sql()
