"""What an OpenLineage server is told of a run: all that is known of its tables, and nobody's data."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from jsonschema import ValidationError

from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.models import load_models
from event_assets.models.lineage import Lineage
from event_assets.models.project import available_models
from event_assets.sandbox import Sandbox, faults
from event_assets.source.tables.schema import TABLES
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.automation.openlineage_server import OpenLineageServer, serving_openlineage, validate
from event_assets_tests.running import Reader

SENSOR = "send_lineage"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLineageServer]:
    """A server that is configured."""
    with serving_openlineage() as serving:
        monkeypatch.setenv("OPENLINEAGE__URL", serving.address)
        yield serving


@pytest.fixture
def sending(server: OpenLineageServer, loaded: Automation) -> Automation:
    """The sensor has not looked since before everything was loaded: what it sends is that run."""
    loaded.remember(SENSOR, '{"since": 0}')
    return loaded


def lineage_of(facet: dict[str, Any]) -> dict[str, dict[tuple[str, str], set[str]]]:
    """Column → its source columns → how it is made of them."""
    return {
        column: {
            (each["name"].removeprefix("warehouse."), each["field"]): {
                f"{way['type']} {way['subtype']}" for way in each["transformations"]
            }
            for each in fields["inputFields"]
        }
        for column, fields in facet["fields"].items()
    }


def test_a_run_is_told_with_all_that_is_known(
    sending: Automation, server: OpenLineageServer, warehouse: Reader, api: Sandbox
):
    assert "events were sent" in reason(sending.look_once(SENSOR))
    assert reason(sending.look_once(SENSOR)) == "0 events were sent."
    for event in server.events:
        validate(event)
    check_runs(sending.instance, server)
    check_lineage(sending, server)
    check_tables(sending, server, warehouse)
    check_copy(server, warehouse)
    check_assertions(sending.instance, server)
    check_privacy(server, api)


def check_privacy(server: OpenLineageServer, api: Sandbox) -> None:
    """No token, and nothing that the API has sent."""
    told = json.dumps(server.events, ensure_ascii=False)
    event = api.event
    texts = {each[name] for each in event.participants for name in ("email", "name", "company")}
    texts |= {each["email"] for each in event.content["speakers"]} | {
        each["name"] for each in event.content["lectures"]
    }
    assert len(texts) > 100
    assert [text for text in {api.token, *texts} - {None, ""} if text in told] == []


def check_runs(instance: dg.DagsterInstance, server: OpenLineageServer) -> None:
    """Each job has begun and ended once, as a run of its own within the run of Dagster."""
    [run] = instance.get_runs()
    states: dict[tuple[str, str], list[str]] = {}
    for event in server.events:
        states.setdefault((event["run"]["runId"], event["job"]["name"]), []).append(event["eventType"])
    assert {*map(tuple, states.values())} == {("START", "COMPLETE")}
    assert len({run_id for run_id, _ in states}) == len({name for _, name in states}) == len(states)
    assert (run.run_id, "refresh_everything") in states
    parents = {
        event["run"]["facets"]["parent"]["run"]["runId"]
        for event in server.events
        if not event["job"]["name"].endswith(("refresh_everything", ".checks"))
    }
    assert parents == {run.run_id}
    assert {event["job"]["namespace"] for event in server.events} == {"event_assets"}
    assert server.events[0]["job"]["name"] == server.events[-1]["job"]["name"] == "refresh_everything"


def check_lineage(automation: Automation, server: OpenLineageServer) -> None:
    """Each model has the lineage that sqlglot finds, and what it reads as its inputs."""
    models = available_models(load_models(raw_relations(), parsed=True), raw_relations(TABLES))
    lineage, assets = Lineage(models, raw_columns(TABLES)), automation.assets()
    built = {relation: model for relation, model in models.items() if f"{relation.schema}/{relation.name}" in assets}
    assert len(built) > 15
    for relation, model in built.items():
        event, facet = server.of(str(relation)), server.output(str(relation))["facets"]["columnLineage"]
        assert {each["name"] for each in event["inputs"]} == {f"warehouse.{read}" for read in model.reads}
        found = {column: {*sources} for column, sources in lineage_of(facet).items()}
        expected = {
            column: {(str(read), name) for read, name in sources}
            for column, sources in lineage.origins(relation).items()
            if sources
        }
        assert found == expected, relation
        decisive = {(each["name"].removeprefix("warehouse."), each["field"]) for each in facet["dataset"]}
        assert decisive == {(str(read), name) for read, name in lineage.row_sources(relation)}
    agenda = lineage_of(server.output("summary.agenda")["facets"]["columnLineage"])
    assert agenda["speakers"] == {
        ("staging.speakers", "speaker"): {"DIRECT AGGREGATION"},
        ("staging.session_speakers", "list_index"): {"INDIRECT SORT"},
    }
    raw = lineage_of(server.output("raw.lectures")["facets"]["columnLineage"])
    assert raw["stream__url"] == {("lectures", "stream.url"): {"DIRECT IDENTITY"}}
    links = lineage_of(server.output("raw.lectures__speakers")["facets"]["columnLineage"])
    assert links == {"value": {("lectures", "speakers"): {"DIRECT IDENTITY"}}}
    people = lineage_of(server.output("raw.participants")["facets"]["columnLineage"])
    assert people["email_key"] == {
        ("participants", "email"): {"DIRECT TRANSFORMATION"},
        ("participants", "id"): {"DIRECT TRANSFORMATION"},
    }


def check_tables(automation: Automation, server: OpenLineageServer, warehouse: Reader) -> None:
    """Columns, types and row counts are those of the warehouse, versions those of Dagster."""
    for asset in automation.assets("not (group:published or group:site)"):
        relation = asset.replace("/", ".")
        told = server.output(relation)
        assert told["namespace"] == f"duckdb://{warehouse.path}"
        described = warehouse.rows(f"select column_name, column_type from (describe {relation})")
        assert {field["name"]: field["type"] for field in told["facets"]["schema"]["fields"]} == dict(described), asset
        assert all(field["description"] for field in told["facets"]["schema"]["fields"])
        assert told["outputFacets"]["outputStatistics"]["rowCount"] == warehouse.count(relation)
        made = automation.instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
        assert made is not None
        version = (made.asset_materialization.tags or {})["dagster/data_version"]  # pyright: ignore[reportOptionalMemberAccess]
        assert told["facets"]["version"]["datasetVersion"] == version
        assert told["facets"]["ownership"]["owners"] == [{"name": "team:event-data"}]
        assert told["facets"]["documentation"]["description"]
    assert server.output("staging.halls")["facets"]["datasetType"]["datasetType"] == "VIEW"
    assert server.output("summary.agenda")["facets"]["datasetType"]["datasetType"] == "TABLE"
    tags = {each["field"] for each in server.output("raw.participants")["facets"]["tags"]["tags"]}
    assert tags == {"email", "email_key", "name", "first_name", "last_name", "company", "position"}
    assert server.of("summary.agenda")["job"]["facets"]["sql"]["query"].lstrip().startswith(("with", "select", "--"))


def check_copy(server: OpenLineageServer, warehouse: Reader) -> None:
    """The copy's tables are those of its file, each column of which comes from the warehouse."""
    copy = Reader(warehouse.path.with_name("published.duckdb"))
    told = {each["name"]: each for each in server.of("published.warehouse")["outputs"]}
    names = {
        f"published.{schema}.{table}"
        for schema, table in copy.rows("select table_schema, table_name from information_schema.tables")
        if schema != "main"
    }
    assert told.keys() == names
    for name, each in told.items():
        relation = name.removeprefix("published.")
        columns = {field["name"] for field in each["facets"]["schema"]["fields"]}
        assert columns == {*copy.columns(relation)}, name
        found = lineage_of(each["facets"]["columnLineage"])
        assert found == {column: {(relation, column): {"DIRECT IDENTITY"}} for column in columns}


def check_assertions(instance: dg.DagsterInstance, server: OpenLineageServer) -> None:
    """Each check of the run is an assertion of its table."""
    [run] = instance.get_runs()
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    evaluations = [
        record.event_log_entry.get_dagster_event().asset_check_evaluation_data
        for record in instance.get_records_for_run(run.run_id, of_type=kind).records
    ]
    expected = {
        (f"warehouse.{'.'.join(each.asset_key.path)}", each.check_name, each.passed, each.severity.value.lower())
        for each in evaluations
    }
    told = [
        (table["name"], each["name"], each["success"], each["severity"])
        for event in server.events
        if event["eventType"] == "COMPLETE"
        for table in event["inputs"]
        for each in table["inputFacets"].get("dataQualityAssertions", {}).get("assertions", ())
    ]
    assert len(told) == len(evaluations) > 100
    assert {*told} == expected
    [halls] = server.of("staging.halls.checks")["inputs"]
    assertions = halls["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert {(each["assertion"], each.get("column")) for each in assertions} >= {
        ("unique", "hall_id"),
        ("not_null", "hall"),
    }


def test_a_failed_run_is_told_with_its_sentence(
    sending: Automation, server: OpenLineageServer, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    sending.look_once(SENSOR)
    server.events.clear()
    clock.leap(minutes=2)
    api.fail("participants", faults.status(401))
    sending.run("raw/participants", succeeds=False)
    sending.look_once(SENSOR)
    assert [(event["eventType"], event["job"]["name"]) for event in server.events] == [
        ("START", "refresh_everything"),
        ("START", "raw.participants"),
        ("FAIL", "raw.participants"),
        ("FAIL", "refresh_everything"),
    ]
    failed = server.events[2]
    assert "401 Unauthorized" in failed["run"]["facets"]["errorMessage"]["message"]
    assert failed["outputs"] == []
    assert [each["name"] for each in failed["inputs"]] == ["participants"]
    for event in server.events:
        validate(event)


def test_it_is_off_by_default(automation: Automation):
    assert SENSOR not in {sensor.name for sensor in automation.definitions.sensors or ()}


def test_the_schemas_are_those_of_openlineage():
    event = {
        "eventTime": "2030-05-06T12:00:00Z", "producer": "https://example.org", "eventType": "BEGUN",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "4a3b7f6e-1c1f-4f0e-9d5e-1f2d3c4b5a69"}, "job": {"namespace": "x", "name": "y"},
        "inputs": [], "outputs": [],
    }  # fmt: skip
    with pytest.raises(ValidationError, match="BEGUN"):
        validate(event)
    validate({**event, "eventType": "START"})
