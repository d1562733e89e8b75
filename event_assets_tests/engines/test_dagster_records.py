"""Dagster's records on PostgreSQL: few connections, which outlive neither the server nor what it forgets."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psycopg2
import pytest
import yaml

from event_assets.cli.postgres_storage import KEPT_OPEN
from event_assets.definitions import build_definitions
from event_assets.settings import read_event
from event_assets_tests.engines.servers import PASSWORD, USER, PostgresServer

STORAGES = {"run_storage": "RunStorage", "event_log_storage": "EventLog", "schedule_storage": "ScheduleStorage"}


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as name:
        yield name


@pytest.fixture
def home(database: str, postgres: PostgresServer, tmp_path: Path) -> Path:
    """A folder of Dagster that has its records there."""
    where = {
        "hostname": "127.0.0.1",
        "port": postgres.port,
        "username": USER,
        "password": PASSWORD,
        "db_name": database,
    }
    settings = {
        kind: {"module": "event_assets.cli.postgres_storage", "class": name, "config": {"postgres_db": where}}
        for kind, name in STORAGES.items()
    }
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


@pytest.fixture
def logins(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each connection of this process."""
    found: list[str] = []
    connect = psycopg2.connect
    monkeypatch.setattr(psycopg2, "connect", lambda *args, **options: found.append("") or connect(*args, **options))
    return found


def test_to_request_a_run_opens_few_connections(home: Path, logins: list[str]):
    job = build_definitions(read_event()).resolve_job_def("refresh_everything")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        logins.clear()
        run = instance.create_run_for_job(job)
        assert len(logins) <= KEPT_OPEN
        planned = instance.get_records_for_run(run.run_id, limit=1000).records
        types = {each.event_log_entry.get_dagster_event().event_type for each in planned}
        assert dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED in types
        assert len(planned) > 300


def test_another_instance_in_the_process_opens_none(home: Path, logins: list[str]):
    """A code server makes one for each look of a sensor."""
    for first in (True, False):
        logins.clear()
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert instance.get_runs(limit=1) == []
            assert instance.all_instigator_state() == []
        assert bool(logins) is first


@pytest.mark.parametrize("webserver", [False, True], ids=["daemon", "webserver"])
def test_a_server_that_has_restarted_is_connected_to_again(home: Path, postgres: PostgresServer, webserver: bool):
    """Not at the second attempt, but at the first: an operator's click and a run's event are not repeated."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        if webserver:
            instance.optimize_for_webserver(statement_timeout=5000, pool_recycle=3600, max_overflow=20)
        assert instance.get_runs(limit=1) == []
        postgres.stop()
        postgres.start()
        assert instance.get_runs(limit=1) == []
        assert instance.all_instigator_state() == []
        assert instance.get_latest_materialization_events([dg.AssetKey("one")]) == {}
