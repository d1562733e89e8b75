"""Whole runs on PostgreSQL: what readers are let into, beside each other and beside a reader."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg2
import pytest

from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox, generate_event
from event_assets.settings import read_event
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.engines.servers import PASSWORD, PostgresServer
from event_assets_tests.running import Run, RunResult
from event_assets_tests.warehouses import PostgresReader


@pytest.fixture
def api(event, use_api) -> Sandbox:
    """The small event, served and configured."""
    return use_api(event)


@pytest.fixture
def run_on(url: str, warehouse_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run everything on an engine."""

    def run(destination: str, *assets: str) -> RunResult:
        monkeypatch.setenv("WAREHOUSE__DESTINATION", destination)
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", url)
        return Run(build_definitions(read_event(), pools=False))(*assets)

    return run


def test_an_event_of_several_is_run_in_schemas_of_its_own(
    api: Sandbox, run_on, url: str, reader: PostgresReader, monkeypatch: pytest.MonkeyPatch
):
    """All of it: syncs, models, checks, the copy and the pages, beside the tables of the event of [event]."""
    run_on("postgres", "raw/partners")
    before = reader.rows("select * from raw.partners order by id")
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    with Sandbox(generate_event(lectures=9, participants=12, seed=5), token="token-of-graz") as graz:
        for name, value in (("BASE_URL", graz.base_url), ("API_TOKEN", graz.token)):
            monkeypatch.setenv(f"EVENTS__GRAZ2026__{name}", value)
        job = build_definitions(read_event("graz2026"), pools=False).resolve_job_def("graz2026__refresh_everything")
        result = RunResult(job.execute_in_process(raise_on_error=False))
    assert result.success, result.failures
    assert reader.count("graz2026_raw.participants") == 12
    assert reader.count("graz2026_published_summary.agenda") == reader.count("graz2026_summary.agenda") > 0
    assert reader.rows("select * from raw.partners order by id") == before
    assert not [name for name in reader.tables() if name.startswith(("staging.", "summary.", "published"))]


def test_analysts_read_the_copy_without_personal_data_and_nothing_else(
    api: Sandbox, run_on, reader: PostgresReader, postgres: PostgresServer
):
    """The role is the one of the page, made as it says there."""
    run_on("postgres")
    database = reader.url.rpartition("/")[2]
    page = (CHECKOUT / "docs" / "warehouses-postgres.md").read_text(encoding="utf-8")
    [statement] = [each for each in re.findall(r"```sql\n(.*?)```", page, re.S) if "create role analyst" in each]
    postgres.execute(f"drop role if exists ada; drop role if exists analyst; {statement}", database)
    postgres.execute(f"create role ada login password '{PASSWORD}' in role analyst")
    try:
        api.event.content["halls"][0]["name"] = "Renamed"
        run_on("postgres")
        ada = PostgresReader(postgres.url(database, user="ada"))
        assert ada.count("published_summary.agenda") > 0
        assert ("Renamed",) in ada.rows("select hall from published_staging.halls")
        for forbidden in ("raw.participants", "staging.participants", "summary.agenda", "_sync.checkpoints"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                ada.count(forbidden)
        everything = "".join(str(reader.rows(f"select * from {name}")) for name in reader.tables() if "publ" in name)
        for person in api.event.participants:
            assert person["email"] not in everything
    finally:
        postgres.execute("drop owned by analyst; drop role ada; drop role analyst", database)


def test_no_reader_sees_half_a_refresh(api: Sandbox, run_on, reader: PostgresReader):
    """The number of lectures is the same in each table of the copy that has one, at any time."""
    run_on("postgres")
    counts = (
        "select (select count(*) from published_raw.lectures where removed_at is null),"
        " (select count(*) from published_staging.sessions where kind = 'lecture'),"
        " (select count(*) from published_raw.lectures)"
    )
    seen, failed, end = set[tuple[int, ...]](), list[BaseException](), threading.Event()

    def read() -> None:
        try:
            connection = psycopg2.connect(reader.url)
            connection.autocommit = True
            while not end.is_set():
                with connection.cursor() as cursor:
                    cursor.execute(counts)
                    seen.update(cursor.fetchall())
                time.sleep(0.002)  # and leaves the processor to the run
            connection.close()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(2):
            del api.event.content["lectures"][-1]
            run_on("postgres", "raw/lectures", "staging/sessions", "published/warehouse")
    finally:
        end.set()
        thread.join()
    assert not failed
    assert seen == {(24, 24, 24), (23, 23, 24), (22, 22, 24)}


def test_two_runs_at_once_both_end_well(api: Sandbox, url: str, reader: PostgresReader, tmp_path: Path):
    settings = {"WAREHOUSE__DESTINATION": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": url}
    home = {"DAGSTER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(CHECKOUT)}
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "event_assets", "run"],
            cwd=tmp_path, env=os.environ | settings | home,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [run.communicate(timeout=150)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert reader.rows("select count(*) as held, count(distinct id) as ids from raw.lectures") == [(24, 24)]
    assert reader.rows("select count(*) from published_summary.event_overview") == [(1,)]
