"""CSV and Parquet, read by DuckDB: values and types are as they were."""

from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

from event_assets.site.files.tables import csv_bytes, parquet_bytes
from event_assets.site.files.values import Table, TableColumn
from event_assets_tests.site.hostile import TEXTS, table

TYPES = ["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"]


def read(path: Path) -> tuple[list[str], list[list[Any]]]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        # What is in quotes is a text, also an empty one.
        found = connection.sql(
            f"from read_csv('{path}', force_not_null = [title], nullstr = '')"
            if path.suffix == ".csv"
            else f"from '{path}'"
        )
        rows = [
            [each.astimezone(timezone.utc) if isinstance(each, datetime) and each.tzinfo else each for each in row]
            for row in found.fetchall()
        ]
        return [str(kind) for kind in found.types], rows


def test_parquet_has_every_value_and_what_it_means(tmp_path: Path):
    path = tmp_path / "hostile.parquet"
    path.write_bytes(parquet_bytes(table()))
    types, rows = read(path)
    assert types == TYPES
    assert rows == [[*row] for row in table().rows]
    schema = parquet.read_schema(path)
    assert schema.metadata[b"comment"] == b"One row per text."
    assert schema.field("seats").metadata[b"comment"] == b"How many."


def test_csv_has_every_value(tmp_path: Path):
    path = tmp_path / "hostile.csv"
    path.write_bytes(csv_bytes(table()))
    types, rows = read(path)
    assert types == TYPES
    want = [["" if row[0] is None else row[0], *row[1:]] for row in table().rows]
    assert rows == want
    text = path.read_text(encoding="utf-8")
    assert text.startswith('"title","seats",')
    assert '"=1+1",1,' in text
    assert "\n,,,,,,\n" in text, "a null is nothing"
    assert '\n"",' in text, "and an empty text is in quotes"


def test_times_have_decimals_only_where_one_of_them_has():
    column = TableColumn("at", "instant", "At.")
    whole = Table("a", "", (column,), [(datetime(2026, 1, 31, 9, 30, tzinfo=timezone.utc),)])
    assert csv_bytes(whole) == b'"at"\n2026-01-31 09:30:00Z\n'
    part = Table("a", "", (column,), [*whole.rows, (datetime(2026, 1, 31, 9, 30, 0, 5, tzinfo=timezone.utc),)])
    assert csv_bytes(part) == b'"at"\n2026-01-31 09:30:00.000000Z\n2026-01-31 09:30:00.000005Z\n'


@pytest.mark.parametrize("rows", [[], [(None,)], [(Decimal("0.25"),), (3,)]], ids=["none", "null", "decimals"])
def test_numbers_that_a_database_may_give(rows: list[tuple[Any]], tmp_path: Path):
    (tmp_path / "a.parquet").write_bytes(parquet_bytes(Table("a", "", (TableColumn("n", "number", "N."),), rows)))
    types, found = read(tmp_path / "a.parquet")
    assert types == ["DOUBLE"]
    assert found == [[None if n is None else float(n)] for (n,) in rows]


def test_the_texts_are_hard():
    assert len(TEXTS) > 10
