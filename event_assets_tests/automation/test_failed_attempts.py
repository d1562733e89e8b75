"""What starts by itself after attempts that failed, and what they hold up."""

from datetime import datetime, timezone

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData

from event_assets.sandbox import Sandbox, faults
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.code_location import COPY_OF_FEW as COPY
from event_assets_tests.running import Reader

CONTENT = {f"raw/{name}" for name in ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")}
DUE = {"minutes": 12}
"""Of the quarter of an hour that a table may be old during the event, so much is enough to sync it."""


def at(hour: int, minute: int, second: int = 5) -> datetime:
    return datetime(2030, 5, 6, hour, minute, second, tzinfo=timezone.utc)


@pytest.mark.usefixtures("during_the_event")
def test_a_failed_sync_is_tried_again_at_regular_minutes_until_it_succeeds(loaded: Automation, clock: Clock):
    loaded.run("raw/participants")
    clock.leap(**DUE)
    loaded.run("raw/participants")
    for attempt in (15, 20):
        assert loaded.tick() == CONTENT
        loaded.kill(loaded.begin_run(*CONTENT))
        assert loaded.tick() == set()
        clock.move_to(at(12, attempt - 1, 50))
        assert loaded.tick() == set()
        clock.move_to(at(12, attempt))
    assert loaded.tick() == CONTENT
    loaded.run("raw/participants", *CONTENT)
    clock.move_to(at(12, 25))
    assert loaded.tick() == set()


@pytest.mark.parametrize(("setting", "tried"), [("5", [5, 10, 20, 40, 55]), ("20", [20, 40]), ("60", [])])
def test_a_failed_build_is_tried_again_at_regular_minutes(
    loaded: Automation,
    lectures: list[dict],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    tried: list[int],
):
    monkeypatch.setenv("FRESHNESS__RETRY_MINUTES", setting)
    loaded.load()
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    requested = loaded.tick()
    loaded.kill(loaded.begin_run(*requested))
    found = []
    for minute in (4, 5, 6, 10, 20, 40, 55):
        clock.move_to(at(12, minute))
        if again := loaded.tick():
            assert again == requested - COPY
            found.append(minute)
            loaded.kill(loaded.begin_run(*again))
            assert loaded.follow()[0] == COPY if minute == tried[0] else loaded.tick() == set(), "of all else, once"
    assert found == tried
    clock.move_to(at(13, 0))
    assert loaded.tick() == requested - COPY


def test_one_endpoint_that_was_never_loaded_holds_up_only_what_reads_it(
    automation: Automation, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    api.fail("participants", faults.status(503))
    requested, result = automation.follow(succeeds=False)
    readers = automation.assets("key:raw/participants+")
    assert requested == automation.assets()
    assert result.materialised == requested - readers
    requested, _ = automation.follow()
    assert requested == COPY, "of what is there"
    assert automation.tick() == set()
    tables = readers - COPY
    for minute in (5, 10):
        clock.move_to(at(12, minute))
        assert automation.tick() == tables, "the copy is not in a run with what fails"
        automation.run(*tables, succeeds=False)
        assert automation.tick() == set()
    api.mend()
    clock.move_to(at(12, 15))
    requested, _ = automation.follow()
    assert requested == tables
    requested, _ = automation.follow()
    assert requested == COPY
    assert automation.tick() == set()


def test_of_nothing_no_copy_is_published(
    automation: Automation, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    api.token = "another token"
    automation.follow(succeeds=False)
    clock.move_to(at(12, 5))
    requested, _ = automation.follow(succeeds=False)
    assert requested == automation.assets() - COPY
    assert automation.tick() == set()


def test_a_copy_whose_file_is_gone_is_published_again(loaded: Automation, warehouse: Reader, clock: Clock):
    published = warehouse.path.with_name("published.duckdb")
    assert loaded.tick() == set()
    published.unlink()
    requested = loaded.tick()
    assert requested == COPY
    loaded.kill(loaded.begin_run(*requested))
    assert loaded.tick() == set(), "a failed attempt is not repeated at once"
    clock.move_to(at(12, 5))
    requested, _ = loaded.follow()
    assert requested == COPY
    assert published.exists()
    assert loaded.tick() == set()


@pytest.mark.usefixtures("during_the_event")
def test_one_endpoint_that_fails_holds_up_nobody(loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock):
    clock.leap(**DUE)
    lectures[0]["name"] = "Another talk"
    api.event.participants[0] = {**api.event.participants[0], "company": "Another company"}
    api.fail("participants", faults.status(503))
    requested, _ = loaded.follow(succeeds=False)
    assert requested == {*CONTENT, "raw/participants"}
    programme = loaded.assets("key:raw/lectures+") - CONTENT
    requested, _ = loaded.follow()
    assert requested == programme
    assert {"summary/event_overview", "published/warehouse"} <= programme & loaded.assets("key:raw/participants+")
    assert loaded.tick() == set()

    api.mend()
    clock.move_to(at(12, 15))
    assert loaded.follow()[0] == {"raw/participants"}
    assert loaded.tick() == loaded.assets("key:raw/participants+") - {"raw/participants"}


def test_what_a_failed_run_did_not_come_to_holds_up_nobody(
    loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    api.fail("participants", faults.status(503))
    lectures[0]["name"] = "Another talk"
    loaded.run(succeeds=False)
    requested, _ = loaded.follow()
    of_the_rest = {"staging/rejected", "staging/table_changes", "summary/event_overview", "summary/data_quality"}
    assert requested == COPY | of_the_rest, "the run did not come to it, and readers get what it has brought"
    assert loaded.tick() == set(), "a failed attempt is not repeated at once"
    clock.move_to(at(12, 5))
    assert loaded.tick() == set(), "the endpoint is not due"

    api.mend()
    loaded.run("raw/participants")
    assert loaded.tick() == set(), "nothing has changed"


def test_what_a_killed_run_did_not_come_to_holds_up_nobody(loaded: Automation, lectures: list[dict], clock: Clock):
    loaded.kill(loaded.begin_run())
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    assert loaded.tick() == set()
    clock.move_to(at(12, 5))
    requested, _ = loaded.follow()
    assert requested == loaded.assets("key:raw/lectures+") - CONTENT - COPY
    requested, _ = loaded.follow()
    assert requested == COPY
    assert loaded.tick() == set()


@pytest.mark.usefixtures("during_the_event")
def test_a_failed_build_is_repeated_between_the_attempts_at_an_endpoint_that_is_down(
    loaded: Automation, lectures: list[dict], clock: Clock
):
    lectures[0]["name"] = "Another talk"
    loaded.run(*CONTENT)
    programme = loaded.assets("key:raw/lectures+") - CONTENT
    requested = loaded.tick()
    assert requested == programme
    loaded.kill(loaded.begin_run(*requested))
    clock.move_to(at(12, 13))
    assert loaded.tick() & {"raw/participants"}
    loaded.kill(loaded.begin_run(*CONTENT, "raw/participants"))

    clock.move_to(at(12, 15))
    requested = loaded.tick()
    assert requested >= {"raw/participants"}
    assert not requested & loaded.assets("key:raw/participants+") - {"raw/participants"}
    loaded.run(*CONTENT)
    loaded.kill(loaded.begin_run("raw/participants"))
    clock.move_to(at(12, 15, 35))
    requested, _ = loaded.follow()
    assert {"summary/event_overview"} <= requested <= programme - COPY
    requested, _ = loaded.follow()
    assert requested == COPY
    assert loaded.tick() == set()


def test_what_reads_a_table_that_breaks_a_promise_waits(loaded: Automation, lectures: list[dict]):
    lectures[0]["name"] = "Another talk"
    loaded.run("raw/lectures")
    readers = loaded.assets("key:staging/sessions+") - {"staging/sessions"} - COPY
    loaded.run("staging/sessions")
    _report_check(loaded, "staging/sessions", passed=False)
    requested = loaded.tick()
    assert not requested & readers
    assert requested >= COPY, "of the rest"
    run = loaded.begin_run("staging/sessions")  # plans the check, and does not come to it
    assert not loaded.tick() & readers
    loaded.kill(run)
    assert not loaded.tick() & readers
    _report_check(loaded, "staging/sessions", passed=True)
    assert loaded.tick() >= readers


def _report_check(automation: Automation, asset: str, *, passed: bool) -> None:
    key = dg.AssetKey(asset.split("/"))
    graph = automation.definitions.resolve_asset_graph()
    check = next(each for each in graph.get_check_keys_for_assets({key}) if graph.get(each).blocking)
    built = automation.instance.fetch_materializations(key, limit=1).records[0]
    automation.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=check.name,
            passed=passed,
            severity=dg.AssetCheckSeverity.ERROR,
            target_materialization_data=AssetCheckEvaluationTargetMaterializationData(
                storage_id=built.storage_id, run_id=built.run_id, timestamp=built.timestamp
            ),
            blocking=True,
        )
    )
