"""A warehouse whose file is gone is filled again, though Dagster's records say that all is there and fresh."""

import shutil

import duckdb
import pytest

from event_assets.sandbox import Sandbox, faults
from event_assets_tests.automation.automation_harness import START, Automation, Clock
from event_assets_tests.running import Reader


@pytest.fixture
def lost(loaded: Automation, warehouse: Reader, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """The warehouse of what was loaded, after its files were deleted."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    for file in warehouse.path.parent.glob(f"{warehouse.path.name}*"):
        file.unlink()
    return warehouse


def test_a_warehouse_that_is_lost_is_filled_again(loaded: Automation, lost: Reader, clock: Clock):
    raw = loaded.assets("group:raw")
    for minute in (5, 10):
        assert loaded.tick() == raw
        run = loaded.begin_run(*raw)
        assert loaded.tick() == set()
        loaded.kill(run)
        assert loaded.tick() == set()
        clock.move_to(START.replace(minute=minute))
    requested, _ = loaded.follow()
    assert requested == raw
    requested, _ = loaded.follow()
    assert requested == loaded.assets() - raw
    assert loaded.tick() == set()
    assert lost.count("raw.lectures") == 24


def test_a_warehouse_that_is_lost_is_filled_again_though_the_first_attempt_has_begun_a_new_one(
    loaded: Automation, api: Sandbox, lost: Reader, clock: Clock
):
    for endpoint in faults.ENDPOINTS:
        api.fail(endpoint, faults.status(503))
    assert loaded.follow(succeeds=False)[1].materialised == set()
    assert not lost.path.exists(), "of an API that does not answer nothing is made"
    duckdb.connect(str(lost.path)).close()  # as an attempt that was killed leaves it
    assert loaded.tick() == set()
    api.mend()
    clock.move_to(START.replace(minute=5))
    assert loaded.follow()[0] == loaded.assets("group:raw")
    assert not loaded.tick() & loaded.assets("group:raw")


def test_what_is_lost_is_loaded_though_a_run_of_another_endpoint_has_begun_a_new_warehouse(
    loaded: Automation, lost: Reader
):
    loaded.run("raw/partners")
    assert lost.path.exists()
    raw = loaded.assets("group:raw")
    requested, _ = loaded.follow()
    assert requested & raw == raw - {"raw/partners"}
    assert not loaded.tick() & raw


def test_what_is_older_in_a_backup_is_built_anew_once_its_tables_are_synced(
    loaded: Automation, warehouse: Reader, lectures: list[dict]
):
    backup = warehouse.path.with_suffix(".backup")
    shutil.copy(warehouse.path, backup)
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    loaded.follow()
    backup.replace(warehouse.path)
    assert ("Another talk",) not in warehouse.rows("select title from summary.agenda")
    loaded.run("raw/lectures")  # as the next sync that is due does, of the same answer
    requested, _ = loaded.follow()
    assert requested == loaded.assets("key:raw/lectures+") - {"raw/lectures"}
    assert ("Another talk",) in warehouse.rows("select title from summary.agenda")
    loaded.run("raw/lectures")
    assert loaded.tick() == set()
