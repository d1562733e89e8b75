"""The event log that is kept open: the same events in the same files as Dagster's own."""

from pathlib import Path
from sqlite3 import ProgrammingError

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event, text

from event_assets.cli.event_log import KEPT_OPEN, EventLog
from event_assets.cli.home import prepare_dagster_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_dagster_home()


@dg.asset
def halls() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 7})


def test_dagster_reads_what_it_has_written(home: Path):
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        run = dg.materialize([halls], instance=instance)
        written = [entry.message for entry in instance.all_logs(run.run_id)]

    own = SqliteEventLogStorage(str(home / "history" / "runs"))
    assert [entry.message for entry in own.get_logs_for_run(run.run_id)] == written != []
    latest = own.get_latest_materialization_events([halls.key])[halls.key]
    assert latest
    assert latest.asset_materialization
    assert latest.asset_materialization.metadata["rows"].value == 7


def test_it_reads_what_dagster_has_written(home: Path):
    (home / "dagster.yaml").write_text("")
    with dg.DagsterInstance.get() as instance:
        assert not isinstance(instance.event_log_storage, EventLog)
        run = dg.materialize([halls], instance=instance)
    prepare_dagster_home()
    log = EventLog(str(home))
    assert log.get_logs_for_run(run.run_id)
    log.dispose()


def test_two_programs_write_side_by_side(home: Path):
    with dg.DagsterInstance.get() as one, dg.DagsterInstance.get() as other:
        runs = [dg.materialize([halls], instance=instance).run_id for instance in (one, other, one, other)]
        for instance in (one, other):
            records = instance.fetch_materializations(halls.key, limit=10).records
            assert {record.run_id for record in records} == set(runs)


def test_only_a_few_databases_stay_open(home: Path):
    with dg.DagsterInstance.get() as instance:
        runs = [dg.materialize([halls], instance=instance).run_id for _ in range(KEPT_OPEN + 3)]
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        assert len(log._engines) == KEPT_OPEN
        assert all(instance.all_logs(run) for run in runs)
        kept = [engine.raw_connection().driver_connection for engine in log._engines.values()]
    for connection in kept:
        assert connection
        with pytest.raises(ProgrammingError, match="closed"):
            connection.execute("select 1")


def test_a_table_is_looked_for_until_it_is_there(home: Path):
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        assert not log.has_table("later")
        with log.index_connection() as connection:
            connection.execute(text("create table later (id integer)"))
        assert log.has_table("later")
        assert log.supports_asset_checks


def test_a_column_and_a_migration_are_looked_for_until_they_are_there(home: Path):
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        assert not log.has_asset_key_col("later")
        assert not log.has_secondary_index("later")
        with log.index_connection() as connection:
            connection.execute(text("alter table asset_keys add column later integer"))
        log.enable_secondary_index("later")
        assert log.has_asset_key_col("later")
        assert log.has_secondary_index("later")


def test_what_is_there_is_not_looked_for_again(home: Path):
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        dg.materialize([halls], instance=instance)
        assert log.get_asset_records([halls.key])
        asked: list[str] = []
        with log.index_connection() as connection:
            event.listen(connection.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
        assert log.get_asset_records([halls.key])[0].asset_entry.last_materialization
        assert [statement for statement in asked if "secondary_indexes" in statement or "PRAGMA" in statement] == []
        assert asked


def test_a_batch_is_stored_whole_or_not_at_all(home: Path, monkeypatch: pytest.MonkeyPatch):
    with dg.DagsterInstance.get() as instance:
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        run = dg.materialize([halls], instance=instance).run_id
        events = [record.event_log_entry for record in instance.get_records_for_run(run).records]
        copies = [entry._replace(run_id="another") for entry in events]
        store = EventLog.store_event

        def failing_at_the_end(self: EventLog, event: dg.EventLogEntry) -> None:
            store(self, event)
            if event is copies[-1]:
                raise OSError("the disk is full")

        monkeypatch.setattr(EventLog, "store_event", failing_at_the_end)
        with pytest.raises(OSError, match="full"):
            log.store_event_batch(copies)
        monkeypatch.undo()
        assert log.get_logs_for_run("another") == []
        assert len(instance.fetch_materializations(halls.key, limit=10).records) == 1
        log.store_event_batch(copies)
        assert len(log.get_logs_for_run("another")) == len(events)
        assert len(instance.fetch_materializations(halls.key, limit=10).records) == 2
