"""Cross-event tables are the same on every engine."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from event_assets.across.copies import EventCopy
from event_assets.across.duckdb_file import FILE_NAME
from event_assets.across.inputs import cross_event_models
from event_assets.across.lake import publish_to_lake
from event_assets.across.postgres_schemas import CrossEventSchema
from event_assets.across.spark_lake import NOT_IN_LAKE, CrossEventLake
from event_assets.across.warehouse import CrossEventWarehouse
from event_assets.settings import SettingsError
from event_assets.warehouse.engines.postgres import PostgresEngine
from event_assets_tests.across.conftest import NOW, Published
from event_assets_tests.across.programmes import LAST_YEAR, publish
from event_assets_tests.across.test_cross_event_rows import build
from event_assets_tests.across.test_lake import PLAN, lake_in
from event_assets_tests.across.test_missing_copies import in_file
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse

Rows = dict[str, Counter[str]]
NOT_THERE = ("", "missing", "broken")
"""Events that have no copy on the server: nobody's, one that is not there, and one that cannot be read."""
TABLES = [str(relation) for relation in cross_event_models()]


@pytest.fixture(scope="module")
def copies(published: Published, tmp_path_factory: pytest.TempPathFactory) -> list[EventCopy]:
    """Those of all events, and one that is missing."""
    return [*published.copies, in_file(tmp_path_factory.mktemp("missing"), "missing")]


@pytest.fixture(scope="module")
def expected(copies: list[EventCopy], tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows that DuckDB finds."""
    path = tmp_path_factory.mktemp("across") / FILE_NAME
    assert build(copies, path).keys() == {"missing"}
    return {table: comparable(Reader(path).records(f"from {table}")) for table in TABLES}


def built_in(place: CrossEventWarehouse, copies: list[EventCopy], *, fails: bool = False) -> dict[str, str]:
    """Build all tables in a place, and test them; return what is missing. A test of the last one may fail."""
    with place.building(copies, NOW) as building:
        for model in cross_event_models().values():
            building.build(model)
            for test in model.data_tests:
                failing = building.session.query(test.render(building.session.dialect))
                assert not failing or test.severity == "warn", test.name
        assert not fails
        return {**building.missing}


def test_a_spark_server_finds_the_same_in_the_lake(
    copies: list[EventCopy], expected: Rows, spark_address: str, tmp_path: Path
):
    folder = tmp_path / "lake"
    for copy in copies[:-1]:
        assert not isinstance(copy.engine, SettingsError)
        publish_to_lake(lake_in(folder), copy.event, copy.engine, PLAN)
    place = CrossEventLake(spark_address, lake_in(folder).config, tmp_path)
    for _ in range(2):  # the second time, the tables are there
        assert built_in(place, copies) == {"missing": NOT_IN_LAKE}
    found = {table: DeltaTable(folder / table.replace(".", "/")).to_pyarrow_table().to_pylist() for table in TABLES}
    assert {table: comparable(rows) for table, rows in found.items()} == expected


def test_an_empty_lake_has_tables_that_name_all_events(copies: list[EventCopy], spark_address: str, tmp_path: Path):
    place = CrossEventLake(spark_address, lake_in(tmp_path / "lake").config, tmp_path)
    assert built_in(place, copies) == dict.fromkeys([copy.event for copy in copies], NOT_IN_LAKE)
    overview = DeltaTable(tmp_path / "lake" / "events" / "events_overview").to_pyarrow_table().to_pylist()
    assert [(row["event"], row["missing"]) for row in overview if row["event"] == "missing"] == [
        ("missing", NOT_IN_LAKE)
    ]


def test_a_postgresql_server_finds_the_same_in_the_schemas_of_all_events(
    published: Published, expected: Rows, postgres: PostgresServer, tmp_path: Path
):
    with postgres.database() as name:
        url = postgres.url(name)
        copies = []
        for event, programme in published.events.items():
            warehouse = postgres_warehouse(url, tmp_path, event="" if event == LAST_YEAR else event)
            publish(programme, warehouse)
            copies.append(EventCopy(event, warehouse.engine, programme.timezone, is_archived=event == LAST_YEAR))
        engine, missing, broken = (postgres_warehouse(url, tmp_path, event=each).engine for each in NOT_THERE)
        copies.append(replace(in_file(tmp_path, "missing"), engine=missing))
        # A view where a table should be, which fails when it is read.
        postgres.execute("create schema broken_published_summary", name)
        postgres.execute(
            "create view broken_published_summary.event_overview as select (1 / (random() * 0)::int)::text as event_id",
            name,
        )
        assert isinstance(engine, PostgresEngine)
        for _ in range(2):  # the second time, the tables are there
            found = built_in(CrossEventSchema(engine), [*copies, replace(copies[-1], event="broken", engine=broken)])
            assert found.keys() == {"missing", "broken"}
            assert "division by zero" in found["broken"]
        reader = PostgresReader(url)
        rows = {
            table: reader.records(f"select * from {table} where event is distinct from 'broken'")
            for table in TABLES[:1]
        }
        rows |= {table: reader.records(f"select * from {table}") for table in TABLES[1:]}
        assert {table: comparable(of_table) for table, of_table in rows.items()} == expected
        with pytest.raises(AssertionError):
            built_in(CrossEventSchema(engine), copies[:1], fails=True)
        assert len(reader.records(f"select * from {TABLES[0]}")) == len(copies) + 1
        assert not [each for each in reader.tables() if "_copies" in each]


def comparable(rows: list[dict[str, Any]]) -> Counter[str]:
    """Return rows without an order, as texts; of why an event is missing and when it was synced, only whether."""
    return Counter(
        repr([(name, value is not None if name in _of_the_sync(row) else _plain(value)) for name, value in row.items()])
        for row in rows
    )


def _of_the_sync(row: dict[str, Any]) -> set[str]:
    # Between two syncs may lie a midnight, so the days that are left hang on it as well.
    instants = {name for name in row if name.endswith("as_of")}
    return {"missing", *instants, *({"days_to_opening"} if instants else ())}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:.12g}" if isinstance(value, float) else value
