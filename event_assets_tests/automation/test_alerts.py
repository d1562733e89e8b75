"""People are told once when something is wrong, and once when it is over."""

import json
import threading
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from event_assets.automation.alerts import Found
from event_assets.automation.messages import UndeliveredError
from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox, faults
from event_assets.settings import SettingsError
from event_assets_tests.automation.ticking import Automation, Clock, reason
from event_assets_tests.running import Warehouse

RUNS, STALE, CHECKS = "alert_on_failed_runs", "alert_on_stale_tables", "alert_on_failed_checks"
WELL = "Nothing is wrong."


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A chat's webhook: the texts it took, and the status it answers with."""
    hook = SimpleNamespace(texts=[], status=200)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if hook.status == 200:
                assert body.keys() == {"text"}
                hook.texts.append(body["text"])
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("ALERTS__WEBHOOK_URL", f"http://127.0.0.1:{server.server_port}/the-secret-place")
        yield hook
        server.shutdown()


@pytest.fixture
def watched(automation: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """All alerts have looked once, and there was nothing to tell."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    for sensor in (RUNS, STALE, CHECKS):
        assert reason(automation.look(sensor)) == WELL
    assert webhook.texts == []
    return automation


def test_a_failed_step_is_told_with_its_own_sentence_and_so_is_its_end(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, clock: Clock
):
    api.fail("partners", faults.status(403))
    for _ in range(2):
        watched.run("raw/partners", "raw/participants", succeeds=False)
        for _ in range(2):
            clock.leap(seconds=30)
            assert "the token may not read this" in reason(watched.look(RUNS))
    assert len(webhook.texts) == 1
    heading, sentence = webhook.texts[0].splitlines()
    assert heading == "🔴 A run has failed"
    assert sentence.startswith(f"• load_partners: GET {api.base_url}/partners was answered with 403")

    api.mend()
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (load_partners)"]
    assert reason(watched.look(RUNS)) == WELL
    assert len(webhook.texts) == 2


def test_a_run_that_was_ended_from_outside_is_told_and_so_is_its_end(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    run = watched.begin_run("raw/partners")
    watched.kill(run)
    name = f"{run.run_id[:8]} of refresh_everything"
    told = (
        f"Run {name} was ended before it was done. What it left undone starts again by itself: at the latest with the "
        "daily sync."
    )
    for _ in range(2):
        clock.leap(seconds=30)
        assert reason(watched.look(RUNS)) == told
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts == [f"🔴 A run has failed\n• {told}", f"🟢 Over: a run has failed (run {name})"]
    assert json.loads(watched.cursor(RUNS))["undone"] == {}


def test_a_killed_run_is_made_up_for_by_runs_of_other_jobs_that_do_what_it_left(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    job = watched.definitions.resolve_job_def("sync_content")
    watched.kill(watched.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED))
    content = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
    for assets in ({"raw/partners"}, {"raw/halls"}, content - {"raw/halls"}):
        clock.leap(seconds=30)
        assert "of sync_content was ended before it was done." in reason(watched.look(RUNS))
        watched.run(*assets)
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]


def test_every_killed_run_is_told_until_all_is_done_that_it_left(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    killed = []
    for assets in (["raw/partners"], ["raw/partners", "raw/halls"], ["raw/participants"], []):
        run = watched.begin_run(*assets)
        watched.kill(run)
        killed.append(f"run {run.run_id[:8]} of refresh_everything")
        clock.leap(seconds=30)
        watched.look(RUNS)
    assert [text.splitlines()[0] for text in webhook.texts] == ["🔴 A run has failed"] * 4
    assert len(watched.cursor(RUNS)) < 3000, "what a run waits for is kept once"
    watched.run("raw/partners", "raw/participants", "raw/halls")
    clock.leap(seconds=30)
    watched.look(RUNS)
    assert len(webhook.texts) == 4, "the last run had more to do"
    watched.run()
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert len(webhook.texts) == 5
    assert all(name in webhook.texts[4] for name in killed)


@pytest.mark.parametrize("cause", ["a step failed", "a check failed"])
def test_a_run_that_is_killed_after_something_of_it_failed_is_told_as_killed_as_well(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, warehouse: Warehouse, clock: Clock, cause: str
):
    def fail_at_first() -> None:
        if cause == "a step failed":
            api.fail("partners", faults.status(503))
            watched.run("raw/partners", succeeds=False)
            return
        watched.run("raw/halls")
        with duckdb.connect(str(warehouse.path)) as connection:
            connection.execute("insert into raw.halls from raw.halls limit 1")
        watched.run("staging/halls", succeeds=False)

    fail_at_first()
    failed = watched.instance.get_runs(limit=1)[0]
    run = watched.begin_run(status=dg.DagsterRunStatus.STARTED)
    for record in watched.instance.get_records_for_run(failed.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records:
        watched.instance.report_dagster_event(record.event_log_entry.get_dagster_event(), run.run_id)
    watched.kill(run)
    clock.leap(seconds=30)
    name = f"{run.run_id[:8]} of refresh_everything"
    assert f"Run {name} was ended before it was done." in reason(watched.look(RUNS))
    assert reason(watched.look(RUNS)).count("ended before") == 1, "the other has ended by itself"
    api.mend()
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert f"Run {name} was ended before it was done." in reason(watched.look(RUNS))
    if cause == "a step failed":
        watched.run()
        clock.leap(seconds=30)
        assert reason(watched.look(RUNS)) == WELL


def test_what_the_code_no_longer_has_is_over(watched: Automation, webhook: SimpleNamespace, clock: Clock):
    kept, gone = Found({"load_partners": "It failed.", "summary__old": "It failed."}), {"load_partners"}
    assert kept.only({"load_partners"}, {"raw/partners"}).troubles.keys() == gone
    killed = Found(
        {"run 1": "Killed.", "run 2": "Killed.", "run 3": "Killed.", "runs": "None begins."},
        {"run 1": ["summary/old"], "run 2": ["run 1"], "run 3": ["summary/old", "raw/halls"], "runs": ["raw/halls"]},
    )
    left = killed.only({"load_partners"}, {"raw/halls"})
    assert left == Found({"run 3": "Killed.", "runs": "None begins."}, {"run 3": ["raw/halls"], "runs": ["raw/halls"]})
    assert left.only({"load_partners"}, {"raw/halls"}) == left


def test_a_failed_model_that_is_renamed_later_is_over(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    api.fail("partners", faults.status(403))
    watched.run("raw/partners", succeeds=False)
    clock.leap(seconds=30)
    watched.look(RUNS)
    monkeypatch.setattr("event_assets.assets.raw.sync_op_name", lambda endpoint: f"renamed_{endpoint}")
    watched.load(build_definitions())
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (load_partners)"]


def test_what_keeps_runs_from_beginning_is_told_once(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    limit = "event_assets.assets.resources.warehouse_memory_limit"

    def fail() -> str:
        raise SettingsError("`memory_limit` is no size: write it as 300MB.")

    with monkeypatch.context() as wrong:
        wrong.setattr(limit, fail)
        for asset in ("raw/partners", "raw/participants"):
            watched.run(asset, succeeds=False)
            clock.leap(seconds=30)
            watched.look(RUNS)
    assert webhook.texts == [
        "🔴 A run has failed\n• A run could not begin: `memory_limit` is no size: write it as 300MB."
    ]
    for asset, over in (("raw/partners", False), ("raw/participants", True)):
        watched.run(asset)
        clock.leap(seconds=30)
        watched.look(RUNS)
        assert (webhook.texts[1:] == ["🟢 Over: a run has failed (runs)"]) is over


def test_runs_that_are_killed_between_others_that_cannot_begin_are_all_over_in_the_end(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    def fail() -> str:
        raise SettingsError("no.")

    for wrong in (True, False, False, True):
        with monkeypatch.context() as patch:
            if wrong:
                patch.setattr("event_assets.assets.resources.warehouse_memory_limit", fail)
                watched.run("raw/partners", succeeds=False)
            else:
                watched.kill(watched.begin_run("raw/partners"))
        for seconds in (1, 4):  # both are looked at more than once
            clock.leap(seconds=seconds)
            assert reason(watched.look(RUNS)) != WELL
    clock.leap(seconds=30)
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    told = "".join(webhook.texts)
    assert (told.count("could not begin"), told.count("ended before it was done")) == (1, 2)


def test_an_unforeseen_error_is_told_without_its_text(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    def fail(*_: object, **__: object) -> None:
        raise KeyError("ada@example.org")

    monkeypatch.setattr("event_assets.assets.raw.sync", fail)
    watched.run("raw/partners", succeeds=False)
    clock.leap(seconds=30)
    watched.look(RUNS)
    assert webhook.texts == [
        "🔴 A run has failed\n• load_partners: failed unexpectedly (KeyError); the run's log says more."
    ]


def test_what_failed_before_the_first_look_is_old_news(automation: Automation, api: Sandbox, clock: Clock):
    automation.kill(automation.begin_run("raw/partners"))
    clock.leap(minutes=5)
    assert reason(automation.look(RUNS)) == WELL


def test_tables_that_break_their_freshness_policy_are_told(watched: Automation, webhook: SimpleNamespace):
    for state, told in ((FreshnessState.WARN, 0), (FreshnessState.FAIL, 1), (FreshnessState.FAIL, 1)):
        _report_freshness(watched, "raw/halls", state)
        watched.look(STALE)
        assert len(webhook.texts) == told
    assert webhook.texts == [
        "🔴 Tables are older than they promise to be\n• raw/halls was not brought up to date in time."
    ]
    _report_freshness(watched, "raw/partners", FreshnessState.FAIL)
    watched.look(STALE)
    assert "raw/partners was not" in webhook.texts[1]
    assert "raw/halls" not in webhook.texts[1]
    for asset in ("raw/halls", "raw/partners"):
        _report_freshness(watched, asset, FreshnessState.PASS)
    assert reason(watched.look(STALE)) == WELL
    assert webhook.texts[2] == "🟢 Over: tables are older than they promise to be (raw/halls, raw/partners)"


def test_failed_checks_are_told_where_they_are_errors(watched: Automation, webhook: SimpleNamespace):
    check = next(
        key for key in watched.definitions.resolve_asset_graph().asset_check_keys if key.asset_key.path[0] != "raw"
    )
    _report_check(watched, check, dg.AssetCheckSeverity.WARN, passed=False)
    assert reason(watched.look(CHECKS)) == WELL
    _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=False)
    for _ in range(2):
        watched.look(CHECKS)
    name = f"{check.asset_key.to_user_string()} {check.name}"
    heading = "🔴 A promise of a table is broken"
    assert webhook.texts == [f"{heading}\n• {name}: the check's page in the UI shows the rows."]
    _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=True)
    watched.look(CHECKS)
    assert webhook.texts[1:] == [f"🟢 Over: a promise of a table is broken ({name})"]


def test_a_check_that_a_run_has_planned_is_as_it_was(watched: Automation, webhook: SimpleNamespace):
    check = next(key for key in watched.definitions.resolve_asset_graph().asset_check_keys if "staging" in str(key))
    for _ in range(2):
        _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=False)
        watched.look(CHECKS)
        run = watched.begin_run(check.asset_key.to_user_string())
        watched.look(CHECKS)
        watched.kill(run)
        watched.look(CHECKS)
    assert [text[0] for text in webhook.texts] == ["🔴"]
    _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=True)
    watched.look(CHECKS)
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]


def test_a_check_counts_as_it_was_evaluated_last_not_as_it_was_planned_last(
    watched: Automation, webhook: SimpleNamespace, warehouse: Warehouse, clock: Clock
):
    check = dg.AssetCheckKey(dg.AssetKey(["staging", "halls"]), "grain_is_unique")
    watched.run("raw/halls", "staging/halls")
    records = watched.instance.event_log_storage.get_asset_check_execution_history(check, limit=5)
    assert [record.status.value for record in records] == ["SUCCEEDED"]
    clock.leap(minutes=-5)
    _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=False)
    clock.leap(minutes=5)
    assert reason(watched.look(CHECKS)) == WELL


def test_a_check_that_fails_a_step_is_told_as_a_check_alone(
    loaded: Automation, webhook: SimpleNamespace, warehouse: Warehouse, clock: Clock
):
    for sensor in (RUNS, CHECKS):
        loaded.look(sensor)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("insert into raw.halls from raw.halls limit 1")
    loaded.run("staging/halls", succeeds=False)
    clock.leap(seconds=30)
    assert reason(loaded.look(RUNS)) == WELL
    loaded.look(CHECKS)
    assert webhook.texts == [
        "🔴 A promise of a table is broken\n• staging/halls grain_is_unique: the check's page in the UI shows the rows."
    ]


def test_a_message_that_is_not_taken_is_sent_again(watched: Automation, webhook: SimpleNamespace):
    _report_freshness(watched, "raw/halls", FreshnessState.FAIL)
    webhook.status = 500
    for _ in range(2):
        with pytest.raises(UndeliveredError, match=r"did not take a message \(500\): check `webhook_url`") as told:
            watched.look(STALE)
        assert "secret-place" not in "".join(traceback.format_exception(told.value))
    webhook.status = 200
    watched.look(STALE)
    watched.look(STALE)
    assert len(webhook.texts) == 1


def test_a_webhook_that_nobody_answers_is_told_without_its_address(
    watched: Automation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", "http://127.0.0.1:9/the-secret-place")
    _report_freshness(watched, "raw/halls", FreshnessState.FAIL)
    with pytest.raises(UndeliveredError, match="ConnectionError") as told:
        watched.look(STALE)
    assert "secret-place" not in "".join(traceback.format_exception(told.value))


def test_a_webhook_that_is_down_holds_up_no_sync(
    loaded: Automation, webhook: SimpleNamespace, api: Sandbox, lectures: list[dict], clock: Clock
):
    webhook.status = 500
    loaded.look("sync_what_changed")
    api.fail("participants", faults.status(401))
    lectures[0]["name"] = "Another talk"
    assert len(loaded.look("sync_what_changed").run_requests or []) == 1
    webhook.status = 200
    loaded.look("sync_what_changed")
    loaded.look("sync_what_changed")
    assert [text.splitlines()[0] for text in webhook.texts] == ["🔴 The event API gives no usable answer"]


def test_without_a_webhook_the_log_tells(
    watched: Automation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.delenv("ALERTS__WEBHOOK_URL")
    _report_freshness(watched, "raw/halls", FreshnessState.FAIL)
    watched.look(STALE)
    _report_freshness(watched, "raw/halls", FreshnessState.PASS)
    watched.look(STALE)
    told = [record for record in caplog.records if record.name == "event_assets.automation.messages"]
    assert [record.levelname for record in told] == ["ERROR", "WARNING"]
    assert "raw/halls was not brought up to date in time." in told[0].getMessage()


def _report_freshness(automation: Automation, asset: str, state: FreshnessState) -> None:
    automation.instance.report_runless_asset_event(
        FreshnessStateChange(
            key=dg.AssetKey(asset.split("/")),
            new_state=state,
            previous_state=FreshnessState.UNKNOWN,
            state_change_timestamp=0.0,
        )
    )


def _report_check(
    automation: Automation, check: dg.AssetCheckKey, severity: dg.AssetCheckSeverity, *, passed: bool
) -> None:
    automation.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=check.asset_key, check_name=check.name, passed=passed, severity=severity)
    )
