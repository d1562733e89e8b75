"""The manifest: what it says of models is what a person reads in their files, and what Dagster has."""

import hashlib
import re
from copy import deepcopy
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from dbt_artifacts_parser.parser import parse_manifest_v12
from pydantic import ValidationError

from event_assets.models import ModelError
from event_assets.models.project import MODELS_FOLDER
from event_assets.source.tables.more import ALL_TABLES, MORE_TABLES
from event_assets.warehouse.relations import Relation
from event_assets_tests.export.describing import PARAMETERS, described, model_files, the_catalog, the_manifest
from event_assets_tests.export.expected import LINEAGE, TESTS, TYPES
from event_assets_tests.source.test_more_resources import location


def model(name: str) -> dict[str, Any]:
    return the_manifest()["nodes"][f"model.event_assets.{name}"]


def data_tests_of(name: str) -> list[dict[str, Any]]:
    nodes = the_manifest()["nodes"].values()
    return [node for node in nodes if node.get("attached_node") == f"model.event_assets.{name}"]


def test_it_is_what_dbts_schema_asks_for():
    manifest = parse_manifest_v12(the_manifest())
    kinds = {name: type(node).__name__ for name, node in manifest.nodes.items()}
    assert {name: kind for name, kind in kinds.items() if name.startswith("model.")} == dict.fromkeys(
        (f"model.event_assets.{path.stem}" for path in model_files()), kinds["model.event_assets.halls"]
    )
    assert len(set(kinds.values())) == 2, "models, and generic tests"
    assert manifest.metadata.dbt_schema_version == "https://schemas.getdbt.com/dbt/manifest/v12.json"
    assert manifest.metadata.generated_at == "2026-05-01T12:30:00.000000Z"


@pytest.mark.parametrize("change", [{"materialised": "view"}, {"columns": "hall_id"}, {"unique_id": None}])
def test_what_dbts_schema_does_not_ask_for_is_refused(change: dict[str, Any]):
    spoiled = deepcopy(the_manifest())
    spoiled["nodes"]["model.event_assets.halls"].update(change)
    with pytest.raises(ValidationError):
        parse_manifest_v12(spoiled)


@pytest.mark.parametrize("name", LINEAGE)
def test_columns_have_their_lineage_and_type(name: str):
    columns = model(name)["columns"]
    found = {key: (column["meta"]["source_columns"], column["meta"]["raw_columns"]) for key, column in columns.items()}
    assert found == LINEAGE[name]
    assert [*found] == [*LINEAGE[name]], "in the order of the SELECT"
    assert [column["data_type"] for column in columns.values()] == TYPES[name]
    assert all(column["config"] == {"meta": column["meta"], "tags": column["tags"]} for column in columns.values())


def test_a_history_is_not_made_of_itself():
    columns = model("entry_versions")["columns"]
    assert columns["version"]["meta"]["source_columns"] == []
    assert columns["entry_key"]["meta"]["source_columns"] == ["staging.pauses.pause_id", "staging.sessions.session_key"]
    assert "model.event_assets.entry_versions" not in model("entry_versions")["depends_on"]["nodes"]


def test_a_model_has_the_facts_of_its_files():
    agenda = model("agenda")
    sql = (MODELS_FOLDER / "summary" / "agenda.sql").read_text(encoding="utf-8")
    assert agenda["raw_code"] == sql
    assert agenda["checksum"] == {"name": "sha256", "checksum": hashlib.sha256(sql.encode()).hexdigest()}
    assert agenda["description"].startswith("One row per session or break: the agenda")
    assert agenda["columns"]["minutes"]["description"] == "Length in whole minutes; one that has begun counts."
    assert agenda["relation_name"] == '"warehouse"."summary"."agenda"'
    assert agenda["fqn"] == ["event_assets", "summary", "agenda"]
    assert agenda["original_file_path"] == "event_assets/models/summary/agenda.sql"
    assert agenda["patch_path"] == "event_assets://event_assets/models/summary/agenda.yml"
    assert (agenda["primary_key"], agenda["access"], agenda["tags"]) == (["entry_key"], "public", ["summary"])
    assert agenda["meta"] == {"grain": ["entry_key"], "owner": "team:event-data"} == agenda["config"]["meta"]


@pytest.mark.parametrize(
    ("name", "materialized"),
    [("agenda", "table"), ("halls", "view"), ("participants", "table"), ("entry_versions", "incremental")],
)
def test_a_model_says_what_it_becomes(name: str, materialized: str):
    assert model(name)["config"]["materialized"] == materialized


@pytest.mark.parametrize("name", TESTS)
def test_data_tests_are_generic_tests_of_dbt(name: str):
    found = []
    for node in data_tests_of(name):
        metadata = node["test_metadata"]
        arguments = {key: value for key, value in metadata["kwargs"].items() if key not in ("model", "column_name")}
        generic = ".".join(filter(None, (metadata["namespace"], metadata["name"])))
        begin = f"{generic.replace('.', '_')}_{name}_"
        assert node["name"].startswith(begin)
        check = node["name"].removeprefix(begin)
        found.append((check, generic, node["column_name"], node["config"]["severity"], arguments))
        assert metadata["kwargs"]["model"] == f"{{{{ get_where_subquery(ref('{name}')) }}}}"
        assert metadata["kwargs"].get("column_name") == node["column_name"]
        assert (node["meta"], node["tags"], node["columns"]) == ({}, [], {}), "dbterd looks into them"
    assert found == TESTS[name]


def test_a_relationship_depends_on_both_ends():
    (node,) = (node for node in data_tests_of("workshop_capacity") if node["test_metadata"]["name"] == "relationships")
    ends = ["model.event_assets.sessions", "model.event_assets.workshop_capacity"]
    assert node["depends_on"]["nodes"] == ends == the_manifest()["parent_map"][node["unique_id"]]
    # By this name dbterd finds it, which draws relationships.
    assert node["unique_id"].startswith(
        "test.event_assets.relationships_workshop_capacity_session_key_refers_to_sessions."
    )


def test_data_tests_are_the_checks_of_the_assets():
    graph = location(*MORE_TABLES).resolve_asset_graph()
    checks = {
        (key.asset_key.path[-1], key.name, graph.get_check_spec(key).blocking)
        for key in graph.asset_check_keys
        if key.asset_key.path[0] in ("staging", "history", "summary")
    }
    nodes = [node for node in the_manifest()["nodes"].values() if node["resource_type"] == "test"]
    tests = set()
    for node in nodes:
        name = node["file_key_name"].removeprefix("models.")
        tests.add((name, node["name"].partition(f"_{name}_")[2], node["config"]["severity"] == "ERROR"))
    assert tests == {check for check in checks if check[1] != "is_up_to_date"}
    assert len(nodes) == len(tests) > 90


def test_parents_are_what_the_files_name():
    """Found by their words: after `from` and `join` stands what a SELECT reads."""
    parents = the_manifest()["parent_map"]
    for path in model_files():
        named = re.findall(r"\b(?:from|join) (raw|staging|history|summary)\.(\w+)", path.read_text(encoding="utf-8"))
        expected = {
            f"source.event_assets.raw.{name}" if schema == "raw" else f"model.event_assets.{name}"
            for schema, name in named
            if (schema, name) != (path.parent.name, path.stem)
        }
        assert set(parents[f"model.event_assets.{path.stem}"]) == expected, path
    assert parents["source.event_assets.raw.halls"] == []


def test_children_are_the_parents_turned_round():
    manifest = the_manifest()
    turned = {(parent, name) for name, above in manifest["parent_map"].items() for parent in above}
    assert {(name, child) for name, below in manifest["child_map"].items() for child in below} == turned
    assert manifest["child_map"].keys() == manifest["parent_map"].keys() == {*manifest["nodes"], *manifest["sources"]}


def test_compiled_code_runs_where_the_database_has_its_name():
    """From the sources to the summaries, each by its full name; then each test, which finds nothing in no rows."""
    with duckdb.connect() as connection:
        connection.execute(
            "attach ':memory:' as warehouse; create schema warehouse.raw; create schema warehouse.history"
        )
        connection.execute("create schema warehouse.staging; create schema warehouse.summary")
        for source in the_manifest()["sources"].values():
            columns = ", ".join(f'"{name}" {column["data_type"]}' for name, column in source["columns"].items())
            connection.execute(f"create table {source['relation_name']} ({columns})")
        history = model("entry_versions")
        columns = ", ".join(f'"{name}" {column["data_type"]}' for name, column in history["columns"].items())
        connection.execute(f"create table {history['relation_name']} ({columns})")
        for relation in described().models:
            node = model(relation.name)
            if node is not history:
                kind = node["config"]["materialized"]
                connection.execute(f"create {kind} {node['relation_name']} as {node['compiled_code']}")
        assert connection.execute(history["compiled_code"]).fetchall() == []
        tests = [node for node in the_manifest()["nodes"].values() if node["resource_type"] == "test"]
        assert {len(connection.execute(node["compiled_code"]).fetchall()) for node in tests} == {0}


def test_settings_stand_in_the_compiled_code():
    assert f"'{PARAMETERS['event_timezone']}'" in model("hall_utilisation")["compiled_code"]
    assert "$event_timezone" not in model("hall_utilisation")["compiled_code"]
    assert "macros." in model("hall_utilisation")["raw_code"]


def test_personal_data_is_marked():
    manifest = the_manifest()
    marked = {
        f"{node['schema']}.{node['name']}.{name}"
        for node in (*manifest["nodes"].values(), *manifest["sources"].values())
        for name, column in node.get("columns", {}).items()
        if "pii" in column["tags"]
    }
    declared = {
        f"raw.{table.name}.{column.name}" for table in ALL_TABLES.values() for column in table.columns if column.pii
    }
    nested = {"raw.lectures.booking_info", "raw.workshops.booking_info"}
    assert {name for name in marked if name.startswith("raw.")} == declared | nested | {"raw.participants.email_key"}
    assert "staging.participants.company" in marked
    assert {name for name in marked if name.startswith("summary.")} == {"summary.session_ratings.comments"}
    assert model("companies")["columns"]["shown_as"]["meta"]["not_pii"].startswith("Only companies that at least")


def test_sources_are_the_raw_tables():
    sources = the_manifest()["sources"]
    halls, links = sources["source.event_assets.raw.halls"], sources["source.event_assets.raw.lectures__speakers"]
    assert halls["columns"]["order"]["data_type"] == "BIGINT"
    assert halls["columns"]["removed_at"]["data_type"] == "TIMESTAMP WITH TIME ZONE"
    assert (halls["identifier"], halls["source_name"], halls["loader"]) == ("halls", "raw", "dlt")
    assert halls["meta"] == {"grain": ["id"]}
    assert sources["source.event_assets.raw.participants"]["meta"] == {"grain": ["email_key"]}
    assert links["description"] == "One row per entry of the list speakers of a record of raw.lectures."
    assert links["columns"]["value"]["description"] == "Speaker: raw.speakers.id."
    assert sources["source.event_assets.raw.rejected"]["description"] == "Rejected records of the latest responses."
    assert {*ALL_TABLES} < {source["name"] for source in sources.values()}


def test_all_columns_are_described_and_of_a_known_type():
    manifest, catalog = the_manifest(), the_catalog()
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        if node["resource_type"] == "test":
            continue
        shape = {**catalog["nodes"], **catalog["sources"]}[node["unique_id"]]
        types = {name: column["data_type"] for name, column in node["columns"].items()}
        assert types == {name: column["type"] for name, column in shape["columns"].items()}
        assert all(column["description"] for column in node["columns"].values())


def test_two_models_of_one_name_are_refused():
    models = dict(described().models)
    halls = models[Relation("staging", "halls")]
    models[Relation("summary", "halls")] = replace(halls, relation=Relation("summary", "halls"))
    with pytest.raises(ModelError, match=r"^staging\.halls, summary\.halls have the same name"):
        replace(described(), models=models)
