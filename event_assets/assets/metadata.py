"""Makes Dagster's standard metadata of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import dagster as dg
from sqlglot import exp

from event_assets.source.records.email_addresses import replace_addresses
from event_assets.warehouse import Session
from event_assets.warehouse.relations import Relation

OWNERS = ["team:event-data"]
PREVIEW_ROWS = 5
PREVIEW_WIDTH = 60
"""Rows and characters of a cell that a preview shows: what fits a screen."""
PII_TAG = "personal-data"
"""The tag of a column that holds personal data, or may."""


def table_name(relation: Relation) -> dict[str, Any]:
    """Return the table name for Dagster."""
    return {"dagster/table_name": str(relation)}


def column_schema(
    types: Iterable[tuple[str, str]],
    descriptions: Mapping[str, str],
    key: Collection[str] = (),
    not_null: Collection[str] = (),
    pii: Collection[str] = (),
) -> dict[str, Any]:
    """Return the column schema for Dagster.

    Args:
        types: Name and type of each column, in their order.
        descriptions: What each of the columns means.
        key: The columns that identify a row; a single one is marked as unique.
        not_null: The columns that are never null, because a test fails where one is or the table takes none. A column
            of the key may be null.
        pii: The columns that hold personal data, or may.
    """
    return {
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name=name,
                    type=data_type,
                    description=descriptions[name],
                    constraints=dg.TableColumnConstraints(nullable=name not in not_null, unique=[*key] == [name]),
                    tags={PII_TAG: ""} if name in pii else {},
                )
                for name, data_type in types
            ]
        )
    }


def table_state(
    client: Session,
    relation: Relation,
    descriptions: Mapping[str, str],
    key: Collection[str],
    not_null: Collection[str],
    pii: Collection[str],
) -> dict[str, Any]:
    """Return the row count and columns that a table has now, and how many columns are undeclared."""
    types = [(column.name, column.data_type) for column in client.columns(relation)]
    # Their names come from a response of the API, and may be personal data.
    unknown = sum(name not in descriptions for name, _ in types)
    known = [(name, data_type) for name, data_type in types if name in descriptions]
    return {
        "dagster/row_count": client.row_count(relation),
        **column_schema(known, descriptions, key, not_null, pii),
        **({"undeclared_columns": unknown} if unknown else {}),
    }


def preview(client: Session, relation: Relation) -> dict[str, Any]:
    """Return the first rows of a table, for tables without personal data only.

    A table and no Markdown: what stands in a title is shown as it is, and no picture or link in it is looked up.
    """
    names = [column.name for column in client.columns(relation)]
    # As text: an interpreter's dates end at the year 9999, a browser's whole numbers at 2 to the 53rd.
    texts = [exp.cast(exp.column(name, quoted=True), "text").as_(name, quoted=True) for name in names]
    shown = exp.select(*texts).from_(exp.table_(relation.name, db=relation.schema, quoted=True)).limit(PREVIEW_ROWS)
    rows = client.query(shown.sql(client.dialect))
    records = [dg.TableRecord(dict(zip(names, map(_cell, row), strict=True))) for row in rows]
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in names])
    return {"preview": dg.MetadataValue.table(records, schema)}


def without_addresses(text: str) -> str:
    """Return a text with its e-mail addresses replaced, because Dagster stores what a run logs."""
    return replace_addresses(text, lambda _: "<address>")


def _cell(value: str | None) -> str:
    text = "" if value is None else without_addresses(" ".join(value.split()))
    return text if len(text) <= PREVIEW_WIDTH else f"{text[:PREVIEW_WIDTH]}…"
