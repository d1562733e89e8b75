"""The raw assets: subsets, syncs one after another, and what they say of themselves."""

import logging
import os
from collections.abc import Callable

import dagster as dg
import pytest

from event_assets.assets.raw import build_raw_assets
from event_assets.sandbox import Event, Sandbox, faults
from event_assets.source.tables.schema import TABLES
from event_assets_tests.assets.programme import PROGRAMME
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader, Run

WITH_THE_AGENDA = [*PROGRAMME, "raw/partners", "raw/participants"]
"""All raw tables, and what the agenda is made of."""


def test_a_subset_syncs_what_is_asked_for_and_nothing_else(run: Run, warehouse: Reader, api: Sandbox):
    result = run("raw/halls", "raw/partners")

    assert result.materialised == {"raw/halls", "raw/partners"}
    assert warehouse.count("raw.halls") == len(api.event.content["halls"]) > 0
    assert warehouse.count("raw.partners") == len(api.event.partners) > 0
    assert dict(api.requests) == {"/public/v1/content": 1, "/public/v1/partners": 1}
    tables = {row[0] for row in warehouse.rows("select table_name from duckdb_tables() where schema_name = 'raw'")}
    assert {name for name in tables if not name.startswith("_dlt")} == {"halls", "partners", "rejected"}


def test_a_second_sync_of_the_same_answer_changes_no_row_count(run: Run, warehouse: Reader, api: Sandbox):
    run(*WITH_THE_AGENDA)
    tables = [f"raw.{name}" for name in (*TABLES, "lectures__speakers", "workshops__tracks")]
    before = {table: warehouse.count(table) for table in [*tables, "summary.agenda"]}
    run(*WITH_THE_AGENDA)

    assert {table: warehouse.count(table) for table in before} == before


def test_a_sync_takes_over_changed_and_added_records(run: Run, warehouse: Reader, api: Sandbox):
    run(*WITH_THE_AGENDA)
    moved, content = api.event.content["lectures"][3], api.event.content
    moved.update(name="A better title", hall_id=content["halls"][-1]["id"], speakers=[content["speakers"][0]["id"]])
    content["lectures"].append({**moved, "id": 990001, "name": "Added", "speakers": [], "tracks": []})
    api.event.participants.append({**api.event.participants[0], "id": 990002, "email": "added@example.org"})
    first = api.event.participants[0]
    api.event.participants[0] = {**first, "company": "A new employer"}
    run(*WITH_THE_AGENDA)

    lectures = warehouse.rows("select id, name, hall_id from raw.lectures")
    assert len(lectures) == len({key for key, *_ in lectures}) == len(content["lectures"])
    assert (str(moved["id"]), "A better title", str(moved["hall_id"])) in lectures
    assert ("990001", "Added", str(moved["hall_id"])) in lectures
    speakers = warehouse.rows(
        f"select speaker_id from staging.session_speakers where session_key = 'lecture:{moved['id']}'"
    )
    assert speakers == [(str(content["speakers"][0]["id"]),)]
    assert warehouse.rows("select count(*), count(distinct email) from raw.participants") == [(51, 51)]
    assert warehouse.rows(f"select company from raw.participants where id = '{first['id']}'") == [("A new employer",)]
    entries = sum(len(content[name]) for name in ("lectures", "workshops", "pauses"))
    assert warehouse.count("summary.agenda") == entries


def test_a_field_that_the_api_adds_becomes_a_column(run: Run, warehouse: Reader, api: Sandbox):
    run("raw/tracks")
    api.event.content["tracks"][0]["icon"] = "🛠"
    result = run("raw/tracks")

    track = api.event.content["tracks"][0]["id"]
    assert warehouse.rows(f"select icon from raw.tracks where id = '{track}'") == [("🛠",)]
    columns = {column.name: column for column in result.metadata("raw/tracks")["dagster/column_schema"].columns}
    assert "icon" not in columns, "a name from an answer is in no metadata"


def test_whole_records_in_the_place_of_identifiers_are_what_they_identify(run: Run, warehouse: Reader, api: Sandbox):
    content, resources = api.event.content, ("lectures", "workshops")
    summaries = ("agenda", "speaker_load", "data_quality", "track_summary")
    selection = dg.AssetSelection.assets(["history", "entry_versions"], *(["summary", name] for name in summaries))
    selection = selection.upstream()
    needed = {key.to_user_string() for key in selection.resolve(shared_definitions().resolve_asset_graph())}
    run(*needed)
    before = {name: warehouse.rows(f"from summary.{name} order by all") for name in summaries}
    addresses = {speaker["id"]: f"{speaker['id']}.person@example.org" for speaker in content["speakers"]}
    for session in (session for name in resources for session in content[name]):
        session["speakers"] = [{"email": addresses[each], "id": each} for each in session["speakers"]]
        session["tracks"] = [{"id": str(each), "name": "A track"} for each in session["tracks"]]
    content["lectures"][0]["speakers"].append({"email": "nobody.person@example.org"})
    result = run(*needed)

    assert {name: warehouse.rows(f"from summary.{name} order by all") for name in summaries} == before
    assert [result.metadata(f"raw/{name}").get("type_mismatches") for name in resources] == [
        {"speakers": 1},
        None,
    ]
    metadata = str([result.metadata(asset) for asset in result.materialised])
    assert "person@example.org" not in metadata + str(warehouse.rows("from history.entry_versions"))


def test_the_content_tables_are_of_one_answer(run: Run, warehouse: Reader, event: Event, use_api: Callable):
    """The programme changes with every request: a second request would return lectures in a hall that is not there."""
    api = use_api(event)
    answer = api.respond

    def change_and_answer(*args):
        response = answer(*args)
        event.content["halls"] = [{**hall, "id": hall["id"] + 1000} for hall in event.content["halls"]]
        event.content["lectures"] = [
            {**lecture, "hall_id": lecture["hall_id"] and lecture["hall_id"] + 1000}
            for lecture in event.content["lectures"]
        ]
        return response

    api.respond = change_and_answer
    run("raw/halls", "raw/lectures")

    orphans = (
        "select count(*) from raw.lectures l anti join raw.halls h on h.id = l.hall_id where l.hall_id is not null"
    )
    assert warehouse.rows(orphans) == [(0,)]
    assert warehouse.rows("select count(*) from raw.lectures where hall_id is not null")[0][0] > 0


def test_without_a_token_a_run_says_where_to_put_it_and_asks_nothing(
    run: Run, warehouse: Reader, api: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN")
    result = run("raw/halls", "raw/partners", succeeds=False)

    assert len(result.failures) == 2
    for failure in result.failures:
        assert "No API token is configured" in failure
        assert "secrets.toml" in failure
        assert "SOURCES__EVENT_API__API_TOKEN" in failure
    assert not api.requests
    assert not warehouse.path.exists()


def test_a_plain_api_token_is_accepted(run: Run, warehouse: Reader, api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_TOKEN", os.environ["SOURCES__EVENT_API__API_TOKEN"])
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN")
    run("raw/halls")

    assert warehouse.count("raw.halls") == len(api.event.content["halls"])


def test_a_wrong_token_is_reported_at_once_and_changes_nothing(
    run: Run, warehouse: Reader, api: Sandbox, monkeypatch: pytest.MonkeyPatch
):
    run(*WITH_THE_AGENDA)
    before = warehouse.rows("select * from raw.lectures order by id"), warehouse.rows("from summary.agenda")
    api.event.content["lectures"][0]["name"] = "Never loaded"
    api.reset_requests()
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "a-revoked-token")
    result = run(succeeds=False)

    assert dict(api.requests) == {f"/public/v1/{path}": 1 for path in ("content", "partners", "participants")}
    assert len(result.failures) == 3
    for failure in result.failures:
        assert "401" in failure
        assert "api_token" in failure
        assert "The tables are unchanged." in failure
        assert "a-revoked-token" not in failure
    assert (warehouse.rows("select * from raw.lectures order by id"), warehouse.rows("from summary.agenda")) == before
    assert result.materialised == set()


def test_partners_out_of_order_hold_up_nobody_else(run: Run, warehouse: Reader, event: Event, use_api: Callable):
    api = use_api(event)
    answer = api.respond
    api.respond = lambda method, path, token: answer(method, path.replace("/partners", "/gone"), token)
    result = run(succeeds=False)

    assert "raw/partners" not in result.materialised
    assert {"raw/participants", "raw/lectures", "summary/agenda"} < result.materialised
    assert warehouse.count("raw.participants") == len(event.participants)
    assert len(result.failures) == 1
    assert "/partners returned 404" in result.failures[0]


def test_each_retry_is_in_the_run_s_log(api: Sandbox, warehouse: Reader, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    api.fail("content", faults.status(503), times=2)
    with dg.DagsterInstance.ephemeral() as instance:
        job = shared_definitions().resolve_job_def("refresh_everything")
        result = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["raw", "halls"])])
        log = [entry.user_message for entry in instance.all_logs(result.run_id) if entry.level == logging.WARNING]

    asked = "GET /public/v1/content returned 503"
    assert log == [f"{asked}: attempt 2 of 5 in 0.0 s", f"{asked}: attempt 3 of 5 in 0.0 s"]


def test_an_asset_shows_rows_columns_and_table(run: Run, api: Sandbox):
    metadata = run("raw/lectures").metadata("raw/lectures")

    lectures = len(api.event.content["lectures"])
    assert metadata["dagster/row_count"] == metadata["rows_received"] == metadata["rows_loaded"] == lectures
    assert metadata["rows_removed"] == metadata["rows_rejected"] == 0
    columns = {column.name: column for column in metadata["dagster/column_schema"].columns}
    assert columns["start"].type == "VARCHAR"
    assert "as sent" in columns["start"].description
    assert columns["id"].constraints.unique
    assert not columns["id"].constraints.nullable
    assert not columns["name"].constraints.unique


def test_the_specs_describe_every_table_before_the_first_run():
    specs = {spec.key.to_user_string(): spec for assets in build_raw_assets(kinds={"duckdb"}) for spec in assets.specs}

    assert specs.keys() == {f"raw/{name}" for name in TABLES}
    for name, table in TABLES.items():
        spec = specs[f"raw/{name}"]
        assert list(spec.deps) == []
        assert (spec.description or "").startswith("One row per")
        assert spec.group_name == "raw"
        assert spec.kinds == {"dlt", "duckdb"}
        assert spec.owners
        assert spec.tags["endpoint"] == (name if name in ("partners", "participants") else "content")
        assert spec.metadata["dagster/table_name"] == f"raw.{name}"
        unreadable = {key for key, value in spec.metadata.items() if not isinstance(value, str | dg.TableSchema)}
        assert unreadable == set(), "the UI would show these as unserializable"
        columns = spec.metadata["dagster/column_schema"].columns
        assert [column.name for column in columns] == [column.name for column in table.all_columns]
        assert all(column.description for column in columns)
        nullable = {column.name: column.constraints.nullable for column in columns}
        assert nullable == {column.name: column.nullable for column in table.all_columns}
        assert not nullable[table.key]
        assert nullable["removed_at"]
    participants = specs["raw/participants"].metadata["dagster/column_schema"].columns
    assert [column.name for column in participants if column.constraints.unique] == ["email_key"]


def test_each_endpoint_is_one_op_in_the_pool_of_the_writers():
    endpoints = {assets.op.name: {key.to_user_string() for key in assets.keys} for assets in build_raw_assets()}
    content = {f"raw/{name}" for name in TABLES} - {"raw/partners", "raw/participants"}
    assert endpoints == {
        "load_content": content,
        "load_partners": {"raw/partners"},
        "load_participants": {"raw/participants"},
    }
    assets = shared_definitions().assets or []
    pools = {asset.op.name: asset.op.pool for asset in assets if isinstance(asset, dg.AssetsDefinition)}
    assert pools.pop("site__catalogue") is None, "it writes nothing of the warehouse"
    assert {*pools.values()} == {"warehouse"}
