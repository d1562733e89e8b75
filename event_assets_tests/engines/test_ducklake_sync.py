"""Syncs into a DuckLake: what is written, killed syncs, two writers, erasure, and a catalogue that is gone."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest

from event_assets.sandbox import Sandbox
from event_assets.settings import EventApiSettings
from event_assets.source.api.resources import endpoint_of
from event_assets.source.errors import SyncError
from event_assets.source.load import apply
from event_assets.source.sync import sync
from event_assets.warehouse import WarehouseError
from event_assets.warehouse.engines.ducklake.purge import _clear_statistics
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.lakes import Lake, remains
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.source import crash
from event_assets_tests.source.syncing import DROP, removed, run_sync

_processes = multiprocessing.get_context("forkserver")


def sync_alone(lake: Lake, api: EventApiSettings, *resources: str) -> None:
    """Sync in this process."""
    sync(api, lake.warehouse(), endpoint_of(resources[0]), resources)


def in_processes(*calls: tuple[Any, ...]) -> list[int | None]:
    """Run functions at once, each in a process of its own; return how they ended."""
    processes = [_processes.Process(target=function, args=arguments) for function, *arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join(240)
        process.kill()
    return [process.exitcode for process in processes]


def snapshots(lake: Lake) -> int:
    return lake.reader().rows("select count(*) from ducklake_snapshots('lake')")[0][0]


def test_an_unchanged_answer_writes_nothing_and_a_changed_one_what_differs(file_lake: Lake, api: Sandbox):
    warehouse, people = file_lake.warehouse(), api.event.participants
    assert run_sync(api, warehouse, "participants")["participants"].loaded == 50
    before = snapshots(file_lake)
    assert run_sync(api, warehouse, "participants")["participants"].loaded == 0
    assert snapshots(file_lake) == before
    gone = people.pop()
    people[0] = {**people[0], "name": "Another Name"}
    people.append({"name": "without a key"})
    result = run_sync(api, warehouse, "participants")["participants"]
    assert (result.loaded, result.removed, result.rejected) == (1, 1, 1)
    reader = file_lake.reader()
    assert reader.rows("select count(*) from raw.participants where name = 'Another Name'") == [(1,)]
    assert removed(reader, "raw.participants", "email") == {gone["email"]}
    assert reader.rows("select reason from raw.rejected where resource = 'participants'") != []
    people[-1:] = [gone]
    result = run_sync(api, warehouse, "participants")["participants"]
    assert (result.loaded, result.rejected) == (1, 0)
    assert removed(reader, "raw.participants") == set()
    assert reader.count("raw.participants") == 50


@pytest.mark.parametrize("stage", ["schema", "load 0.2", "load after", "finalize"])
def test_a_killed_sync_is_put_right_by_the_next(server_lake: Lake, api: Sandbox, stage: str):
    kill_and_repair(server_lake, api, stage)


def test_a_killed_sync_is_put_right_also_where_the_catalogue_is_a_file(file_lake: Lake, api: Sandbox):
    kill_and_repair(file_lake, api, "load after")


def kill_and_repair(lake: Lake, api: Sandbox, stage: str) -> None:
    """Sync in a process that is killed, then again."""
    assert crash.killed(lake.warehouse, api, stage, "participants", ["participants"]) or stage == "load 0.2"
    run_sync(api, lake.warehouse(), "participants")
    expected = sorted(person["email"] for person in api.event.participants)
    assert sorted(email for (email,) in lake.reader().rows("select email from raw.participants")) == expected
    assert lake.reader().rows("select count(*) from raw.participants where removed_at is not null") == [(0,)]
    assert run_sync(api, lake.warehouse(), "participants")["participants"].loaded == 0


def test_two_writers_at_once_both_end_well(lake: Lake, api: Sandbox):
    asked = EventApiSettings(api.base_url, api.token)
    calls = [(sync_alone, lake, asked, "participants"), (sync_alone, lake, asked, "lectures", "halls", "tracks")]
    assert in_processes(*calls) == [0, 0]
    reader = lake.reader()
    assert reader.count("raw.participants") == 50
    assert reader.count("raw.lectures") == len(api.event.content["lectures"])


def test_after_an_erasure_nothing_of_persons_is_in_any_file(lake: Lake, api: Sandbox, request: pytest.FixtureRequest):
    server = request.getfixturevalue("postgres") if lake.address else None
    people = api.event.participants
    people.append({"id": 1, "email": "zq.gone@example.org", "name": "Zqgone Person", "Zqfield": "zq.undeclared"})
    warehouse = lake.warehouse()
    run_sync(api, warehouse, "participants")
    with warehouse.connect() as session:
        session.execute_sql("create schema summary")
        session.execute_sql("create table summary.of_before as select email from raw.participants")
    del people[-1]
    run_sync(api, warehouse, "participants")
    if server:
        server.execute("analyze", lake.database)  # as it does by itself at times
    texts = {b"zq.gone@example.org", b"Zqgone", b"zq.undeclared"} | {
        person["email"].encode() for person in people if person["email"]
    }
    assert remains(lake, server, texts) >= {b"zq.gone@example.org", b"Zqgone", b"zq.undeclared"}

    run_sync(api, warehouse, "participants", privacy=DROP)
    reader = lake.reader()
    assert reader.rows("select count(*), count(email), count(name) from raw.participants") == [(50, 0, 0)]
    with warehouse.kept_open(), warehouse.connect() as session:  # as a model does that is built anew
        session.replace(Relation("summary", "of_before"), "table", "select count(email) as n from raw.participants")
    reader.close()
    assert remains(lake, server, texts) == set()
    assert lake.reader().rows("select n from summary.of_before") == [(0,)]
    assert run_sync(api, lake.warehouse(), "participants", privacy=DROP)["participants"].loaded == 0


def test_after_an_erasure_the_catalogue_keeps_no_least_and_greatest_value(file_lake: Lake):
    warehouse, texts = file_lake.warehouse(), {b"@example.org"}
    with warehouse.connect() as session:
        session.execute_sql("create schema raw")
        people = "select 'zq' || range || '@example.org' as email, range as id from range(50)"
        session.execute_sql(f"create table raw.people as {people}")
        session.execute_sql("update raw.people set email = null")
        session.request_rewrite()
    assert remains(file_lake, None, texts) == texts
    warehouse.rewrite_if_erased()
    assert remains(file_lake, None, texts) == set()
    with warehouse.connect() as session:  # nor do the rows that come later bring them back
        session.execute_sql("insert into raw.people values ('late', 50)")
        assert session.execute_sql("select id from raw.people where email > 'a'") == [(50,)]
    assert remains(file_lake, None, texts) == set()


def test_what_a_file_does_not_tell_is_not_narrowed(file_lake: Lake):
    """As of a text with a null character. By what the other files tell, DuckLake would not look for its rows."""
    catalogue = '"__ducklake_metadata_ducklake".ducklake'
    with file_lake.warehouse().connect() as session:
        session.execute_sql("create schema raw")
        session.execute_sql("create table raw.people (email varchar, name varchar)")
        for letter in "abc":
            session.execute_sql("insert into raw.people select %s, %s from range(50)", letter, letter)
        of_the_first = "data_file_id = (select min(data_file_id) from"
        for changed in (
            f"update {catalogue}_table_column_stats set min_value = '0', max_value = 'z'",
            f"update {catalogue}_file_column_stats set min_value = null where column_id = 1"
            f" and {of_the_first} {catalogue}_file_column_stats)",
        ):
            session.execute_sql(changed)
        _clear_statistics(session, "ducklake", None)
        told = session.execute_sql(
            f"select column_id, min_value, max_value from {catalogue}_table_column_stats order by 1"
        )
    assert told == [(1, "0", "z"), (2, "a", "c")]


def test_a_wrong_password_and_a_stopped_catalogue_end_in_a_sentence(
    server_lake: Lake, api: Sandbox, postgres: PostgresServer
):
    warehouse = server_lake.warehouse()
    run_sync(api, warehouse, "participants")
    for address, words in (
        (postgres.url(server_lake.database, password="wrong"), "does not accept the user or the password"),
        (postgres.url("nowhere"), "no such database"),
    ):
        wrong = Lake(server_lake.folder, server_lake.extensions, address)
        with pytest.raises(WarehouseError, match=words) as error:
            run_sync(api, wrong.warehouse(), "participants")
        assert "wrong" not in str(error.value)
        assert error.value.__cause__ is None
    postgres.stop()
    try:
        with pytest.raises((WarehouseError, SyncError), match="Check the") as error:
            run_sync(api, warehouse, "participants")
        assert "password of" not in str(error.value)
    finally:
        postgres.start()
    api.event.participants[0] = {**api.event.participants[0], "name": "After the pause"}
    assert run_sync(api, warehouse, "participants")["participants"].loaded == 1


def test_a_sync_whose_catalogue_goes_away_is_put_right_by_the_next(
    server_lake: Lake, api: Sandbox, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    load = apply._load

    def stop_after(pipeline: Any) -> None:
        load(pipeline)
        postgres.stop()

    monkeypatch.setattr(apply, "_load", stop_after)
    with pytest.raises((WarehouseError, SyncError)) as error:
        run_sync(api, server_lake.warehouse(), "participants")
    assert "password of" not in str(error.value)
    monkeypatch.undo()
    postgres.start()
    run_sync(api, server_lake.warehouse(), "participants")
    assert server_lake.reader().count("raw.participants") == len(api.event.participants)
