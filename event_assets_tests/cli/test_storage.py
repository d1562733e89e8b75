"""The records of runs and sensors that are kept open: the same as Dagster's own, in the same files."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from sqlalchemy import event, text

from event_assets.cli.home import prepare_dagster_home
from event_assets.cli.storage import RunStorage, ScheduleStorage, is_checked, open_engine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return prepare_dagster_home()


@dg.job
def nothing() -> None: ...


def test_dagster_reads_what_it_has_written(home: Path):
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.run_storage, RunStorage)
        assert isinstance(instance.schedule_storage, ScheduleStorage)
        run = nothing.execute_in_process(instance=instance)
    assert [each.run_id for each in SqliteRunStorage.from_local(str(home / "history")).get_runs()] == [run.run_id]
    assert SqliteScheduleStorage.from_local(str(home / "schedules")).has_instigators_table()


def test_it_reads_what_dagster_has_written(home: Path):
    (home / "dagster.yaml").write_text("")
    with dg.DagsterInstance.get() as instance:
        assert not isinstance(instance.run_storage, RunStorage)
        run = nothing.execute_in_process(instance=instance)
    (home / "dagster.yaml").unlink()
    prepare_dagster_home()
    with dg.DagsterInstance.get() as instance:
        assert [each.run_id for each in instance.get_runs()] == [run.run_id]


def test_a_second_instance_asks_nothing_of_the_database(home: Path):
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []
    asked: list[str] = []
    engine = open_engine(home / "history" / "runs.db")
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []
    assert len(asked) == 1


def test_another_database_in_its_place_is_looked_at_anew(home: Path):
    path = home / "history" / "runs.db"
    with dg.DagsterInstance.get() as instance:
        nothing.execute_in_process(instance=instance)
    assert is_checked(path)
    for file in path.parent.glob("runs.db*"):
        file.rename(file.with_name(f"away.{file.name}"))
    assert not is_checked(path)
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []
        with open_engine(path).begin() as connection:
            assert connection.execute(text("select count(*) from runs")).scalar() == 0
