"""What is deleted of Dagster's records when it is old, and what stays because something reads it."""

import os
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from event_assets.assets.held_back import held_back
from event_assets.assets.models import project_models
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.facts import failing_tables, read_facts, with_copy
from event_assets.automation.graph import Graph
from event_assets.automation.retention import CHECK_RESULTS, prune, prune_job, runs_that_are_read
from event_assets.automation.vacuum import shrink
from event_assets.cli.home import prepare_dagster_home
from event_assets.settings import RetentionSettings, read_event
from event_assets_tests.automation.automation_harness import Automation, Clock


@dg.asset(check_specs=[dg.AssetCheckSpec("is_there", asset="halls")])
def halls(context: dg.AssetExecutionContext):
    context.log.info("x" * 200_000)
    yield dg.MaterializeResult(data_version=dg.DataVersion("1"), check_results=[dg.AssetCheckResult(passed=True)])


@dg.asset
def tracks() -> dg.MaterializeResult:
    return dg.MaterializeResult(data_version=dg.DataVersion("2"))


CHECK = dg.AssetCheckKey(halls.key, "is_there")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_dagster_home()


def run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition) -> str:
    return dg.materialize([*assets], instance=instance).run_id


def soon() -> datetime:
    return datetime.now(timezone.utc) + timedelta(minutes=1)


def files(home: Path, run_id: str) -> list[Path]:
    return [path for path in home.rglob("*") if run_id in str(path)]


def test_old_runs_are_deleted_with_all_that_they_left(home: Path):
    with dg.DagsterInstance.get() as instance:
        first, second = run(instance, halls, tracks), run(instance, halls)
        more = [run(instance, halls) for _ in range(5)]  # results of the check are kept of so many
        last = run(instance, halls, tracks)
        assert files(home, first)
        done = prune(instance, [CHECK], soon())
        assert (done.runs, done.kept) == (3, 5)
        left = {record.dagster_run.run_id for record in instance.get_run_records()}
        assert left == {*more[1:], last}
        for run_id in (first, second, more[0]):
            assert files(home, run_id) == []
        results = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=100)
        assert {each.run_id for each in results} == left
        assert instance.get_latest_data_version_record(tracks.key)


def test_what_is_younger_or_under_way_stays(home: Path):
    with dg.DagsterInstance.get() as instance:
        run(instance, halls)

        @dg.job
        def waiting() -> None: ...

        instance.create_run_for_job(waiting, status=dg.DagsterRunStatus.STARTED)
        assert prune(instance, [], datetime.now(timezone.utc) - timedelta(days=1)).runs == 0
        assert prune(instance, [], soon()).runs == 0
        assert len(instance.get_runs()) == 2


def test_the_only_run_of_an_asset_stays_however_old_it_is(home: Path):
    with dg.DagsterInstance.get() as instance:
        only = run(instance, tracks)
        runs = [run(instance, halls) for _ in range(8)]
        assert runs_that_are_read(instance, [CHECK]) == {only, *runs[-5:]}
        prune(instance, [CHECK], soon())
        latest = instance.get_latest_materialization_events([tracks.key])[tracks.key]
        assert latest
        assert latest.run_id == only


def test_old_runs_that_stay_are_in_the_way_of_no_other(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("event_assets.automation.retention.RUNS_AT_ONCE", 1)
    with dg.DagsterInstance.get() as instance:
        only, old, last = run(instance, tracks), run(instance, halls), run(instance, halls)
        assert prune(instance, [], soon()).runs == 1
        assert {each.run_id for each in instance.get_runs()} == {only, last}
        assert files(home, old) == []


def test_what_the_project_reads_is_the_same_afterwards(loaded: Automation, clock: Clock):
    """Facts of the planner, results of checks, what is held back; also where the latest run did not come to a table."""
    loaded.run("raw/halls", "staging/halls")
    loaded.begin_run("summary/agenda", status=dg.DagsterRunStatus.FAILURE)
    for _ in range(CHECK_RESULTS + 1):
        loaded.run("raw/partners", "staging/partners")
    clock.leap(days=40)
    instance, assets = loaded.instance, [*(loaded.definitions.assets or ())]
    graph = Graph.of([each for each in assets if isinstance(each, dg.AssetsDefinition)])
    checks = [
        key
        for each in loaded.definitions.asset_checks or ()
        if isinstance(each, dg.AssetsDefinition)
        for key in each.check_keys
    ]

    def read() -> tuple[object, ...]:
        now = datetime.now(timezone.utc)
        return (
            with_copy(instance, graph, read_event(), read_facts(instance, graph, read_event(), now)).states,
            failing_tables(instance, graph, graph.nodes),
            latest_evaluations(instance, checks),
            held_back(instance, project_models()),
            instance.get_freshness_state_records(list(graph.nodes)),
        )

    before, runs = read(), len(instance.get_runs())
    assert prune(instance, checks, datetime.now(timezone.utc)).runs > 0
    assert len(instance.get_runs()) < runs
    assert read() == before


def test_old_logs_of_sensors_are_deleted_and_new_ones_stay(home: Path):
    with dg.DagsterInstance.get() as instance:
        manager = instance.compute_log_manager
        assert isinstance(manager, LocalComputeLogManager)
        for tick in ("1", "2"):
            Path(path := manager.get_captured_local_path(["__repository__", "a_sensor", tick], "err")).parent.mkdir(
                parents=True, exist_ok=True
            )
            Path(path).write_text("{}")
        month_ago = time.time() - 30 * 86400
        os.utime(manager.get_captured_local_path(["__repository__", "a_sensor", "1"], "err"), (month_ago, month_ago))
        assert prune(instance, [], datetime.now(timezone.utc) - timedelta(days=14)).logs == 1
        assert [path.name for path in home.rglob("*.err")] == ["2.err"]


def test_databases_shrink_while_another_program_reads_them(home: Path):
    path = home / "history" / "runs.db"
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path)) as other:
        one.execute("pragma journal_mode = wal")
        one.execute("create table t as with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) "
                    "select i, randomblob(1000) as b from n")  # fmt: skip
        one.commit()
        one.execute("delete from t where i > 10")
        one.commit()
        assert other.execute("select count(*) from t").fetchone() == (10,)
        before = path.stat().st_size
        assert shrink(home) > 3_000_000
        assert path.stat().st_size < before / 10
        assert other.execute("select count(*) from t").fetchone() == (10,)


def test_the_job_reads_how_long_records_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RETENTION__DAYS", "30")
    with dg.DagsterInstance.get() as instance:
        result = prune_job([CHECK], read_event).execute_in_process(instance=instance)
        said = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert any(line.startswith("Deleted 0 runs that are older than 30 days") for line in said)


def test_dagster_is_told_how_long_ticks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    prepare_dagster_home(RetentionSettings(days=30))
    kept = {InstigatorType.SENSOR: 1, InstigatorType.SCHEDULE: 30}
    with dg.DagsterInstance.get() as instance:
        for kind, skipped in kept.items():
            days = {status.value: days for status, days in instance.get_tick_retention_settings(kind).items()}
            assert days == {"SKIPPED": skipped, "SUCCESS": 30, "FAILURE": 30, "STARTED": 30}
