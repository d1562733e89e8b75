"""Delta tables and Spark: all tables of an event with odd values are DuckDB's, row by row, and so are the versions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from event_assets.models import build
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import RemovalSettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.warehouse import Warehouse
from event_assets_tests.engines.delta import LakeReader, lake_warehouse
from event_assets_tests.engines.programmes import changed, odd_event
from event_assets_tests.models.bench import models
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse

DRAWN_BY_LOT = {"_dlt_id", "_dlt_parent_id", "_dlt_root_id", "_dlt_load_id", "load_id"}
OF_THE_MOMENT = {"removed_at", "seen_at"}
OF_DLT = "_dlt_"


class Outcome(NamedTuple):
    """What came of an event: the content versions of each sync, and how its tables are read."""

    versions: list[dict[str, str]]
    tables: list[str]
    records: Callable[[str], list[dict[str, Any]]]

    def rows(self, table: str) -> list[str]:
        """The rows of a table in an order of their own, without what is different each time."""
        return sorted(repr(sorted(_comparable(record).items())) for record in self.records(f"select * from {table}"))


def _comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in record.items() if name not in DRAWN_BY_LOT}
    return kept | {name: kept[name] is None for name in OF_THE_MOMENT & kept.keys()}


def refresh(warehouse: Warehouse, events: list[Event]) -> list[dict[str, str]]:
    """Sync each state of an event and build all models; return the versions of its tables."""
    versions = []
    for event in events:
        with Sandbox(event) as api:
            results = {}
            for resources in resources_by_endpoint().values():
                results |= run_sync(api, warehouse, *resources, removals=RemovalSettings(allowed=True))
        with warehouse.connect() as session:
            for model in models().values():
                build(session, model, {"event_timezone": event.timezone})
        versions.append({name: result.version for name, result in results.items()})
    return versions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="module")
def events() -> list[Event]:
    event = odd_event()
    return [event, changed(event)]


@pytest.fixture(scope="module")
def on_duckdb(folder: Path, events: list[Event]) -> Outcome:
    path = folder / "warehouse.duckdb"
    versions, reader = refresh(file_warehouse(path), events), Reader(path)
    tables = "select table_schema || '.' || table_name from information_schema.tables"
    return Outcome(versions, [table for (table,) in reader.rows(tables)], reader.records)


@pytest.fixture(scope="module")
def on_spark(folder: Path, events: list[Event], spark_address: str) -> Outcome:
    versions, reader = refresh(lake_warehouse(folder, spark_address), events), LakeReader(folder)
    return Outcome(versions, reader.tables(), reader.records)


def test_the_content_versions_are_the_same_numbers(on_duckdb: Outcome, on_spark: Outcome):
    assert on_spark.versions == on_duckdb.versions
    assert on_spark.versions[0] != on_spark.versions[1]


@pytest.mark.parametrize("schema", ["raw", "staging", "history", "summary"])
def test_every_table_has_the_same_rows(on_duckdb: Outcome, on_spark: Outcome, schema: str):
    tables, of_duckdb = (
        sorted(each for each in outcome.tables if each.startswith(f"{schema}.") and OF_DLT not in each)
        for outcome in (on_spark, on_duckdb)
    )
    assert tables == of_duckdb
    different = {}
    for table in tables:
        rows, expected = on_spark.rows(table), on_duckdb.rows(table)
        if rows != expected:
            lacking, foreign = [*{*expected} - {*rows}], [*{*rows} - {*expected}]
            different[table] = (len(lacking), len(foreign), lacking[:1], foreign[:1])
    assert not different
    assert sum(len(on_duckdb.rows(table)) for table in tables) > 100
