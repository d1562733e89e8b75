"""The catalog: types and row counts are what DuckDB says of a warehouse that was loaded."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from dbt_artifacts_parser.parser import parse_catalog_v1
from pydantic import ValidationError

from event_assets.export import catalog, read_shapes
from event_assets.warehouse import WarehouseError
from event_assets.warehouse.relations import Relation
from event_assets_tests.export.describing import described, the_catalog
from event_assets_tests.warehouses import file_warehouse

HALLS, SESSIONS, TRACKS = Relation("raw", "halls"), Relation("staging", "sessions"), Relation("staging", "tracks")


def shapes_of(path: Path, *statements: str) -> dict[str, Any]:
    """The entries of what is in a warehouse, by name, after some statements."""
    with file_warehouse(path).connect() as client:
        for statement in statements:
            client.execute_sql(statement)
        shapes = read_shapes(client, {HALLS, SESSIONS, TRACKS})
    both = catalog(type(described())(**{**vars(described()), "shapes": shapes}))
    return {entry["metadata"]["name"]: entry for entry in (*both["nodes"].values(), *both["sources"].values())}


def test_it_is_what_dbts_schema_asks_for():
    parsed = parse_catalog_v1(the_catalog())
    assert parsed.metadata.dbt_schema_version == "https://schemas.getdbt.com/dbt/catalog/v1.json"
    assert {*parsed.nodes} == {f"model.event_assets.{relation.name}" for relation in described().models}
    assert {*parsed.sources} == {f"source.event_assets.raw.{relation.name}" for relation in described().sources}


@pytest.mark.parametrize("change", [{"metadata": {"name": "halls"}}, {"rows": 3}, {"columns": {"a": {"name": "a"}}}])
def test_what_dbts_schema_does_not_ask_for_is_refused(change: dict[str, Any]):
    spoiled = deepcopy(the_catalog())
    spoiled["nodes"]["model.event_assets.halls"].update(change)
    with pytest.raises(ValidationError):
        parse_catalog_v1(spoiled)


def test_without_a_warehouse_nothing_is_counted():
    stats = [entry["stats"] for part in ("nodes", "sources") for entry in the_catalog()[part].values()]
    assert {stat["has_stats"]["value"] for stat in stats} == {False}
    assert not any("row_count" in stat for stat in stats)


def test_what_is_there_is_described_and_counted_and_nothing_else(tmp_path: Path):
    entries = shapes_of(
        tmp_path / "warehouse.duckdb",
        "create schema raw; create schema staging",
        'create table raw.halls (id varchar, name varchar, ada_lovelace_org bigint, "order" bigint)',
        "insert into raw.halls values ('1', 'Aula', 1, 1), ('2', 'Attic', 1, 2)",
        "create view staging.sessions as select id as session_key from raw.halls limit 1",
        "create table staging.unknown (a int)",
    )
    assert {*entries} == {"halls", "sessions"}
    halls, sessions = entries["halls"], entries["sessions"]
    assert [(name, column["type"], column["index"]) for name, column in halls["columns"].items()] == [
        ("id", "VARCHAR", 1), ("name", "VARCHAR", 2), ("order", "BIGINT", 3),
    ]  # fmt: skip
    assert (halls["metadata"]["type"], sessions["metadata"]["type"]) == ("BASE TABLE", "VIEW")
    assert [entry["stats"]["row_count"]["value"] for entry in (halls, sessions)] == [2, 1]
    assert "ada_lovelace_org" not in str(entries), "a field that nobody declared is called what the API calls it"


def test_a_view_that_cannot_be_read_is_reported(tmp_path: Path):
    said = r"^staging\.tracks cannot be read \(.*\)\. Nothing was changed\. Sync and build it again, then repeat this"
    with pytest.raises(WarehouseError, match=said):
        shapes_of(
            tmp_path / "warehouse.duckdb",
            "create schema staging; create table staging.halls (hall_id int)",
            "create view staging.tracks as select hall_id from staging.halls",
            "alter table staging.halls rename column hall_id to id",
        )
