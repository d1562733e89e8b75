"""People are told once when something is wrong, and once when it is over."""

from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from event_assets.sandbox import Sandbox, faults
from event_assets_tests.automation.alerting import CHECKS, RUNS, STALE, WELL
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.running import Reader


def held_back(check: dg.AssetCheckKey) -> str:
    """What is said of a failing check, after its name."""
    return (
        f"fails. Readers see the last good state of {check.asset_key.to_user_string()} and of what is made of it; all "
        "else is published. The check's page in the UI shows the rows."
    )


def test_tables_that_break_their_freshness_policy_are_told(watched: Automation, webhook: SimpleNamespace):
    for state, told in ((FreshnessState.WARN, 0), (FreshnessState.FAIL, 1), (FreshnessState.FAIL, 1)):
        _report_freshness(watched, "raw/halls", state)
        watched.look(STALE)
        assert len(webhook.texts) == told
    assert webhook.texts == [
        "🔴 Tables are older than their freshness window\n• raw/halls was not brought up to date in time."
    ]
    _report_freshness(watched, "raw/partners", FreshnessState.FAIL)
    watched.look(STALE)
    assert "raw/partners was not" in webhook.texts[1]
    assert "raw/halls" not in webhook.texts[1]
    for asset in ("raw/halls", "raw/partners"):
        _report_freshness(watched, asset, FreshnessState.PASS)
    assert reason(watched.look(STALE)) == WELL
    assert webhook.texts[2] == "🟢 Over: tables are older than their freshness window (raw/halls, raw/partners)"


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
    heading = "🔴 A check of a table fails"
    assert webhook.texts == [f"{heading}\n• {name} {held_back(check)}"]
    _report_check(watched, check, dg.AssetCheckSeverity.ERROR, passed=True)
    watched.look(CHECKS)
    assert webhook.texts[1:] == [f"🟢 Over: a check of a table fails ({name})"]


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
    watched: Automation, webhook: SimpleNamespace, warehouse: Reader, clock: Clock
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
    loaded: Automation, webhook: SimpleNamespace, warehouse: Reader, clock: Clock
):
    for sensor in (RUNS, CHECKS):
        loaded.look(sensor)
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("insert into raw.halls from raw.halls limit 1")
    loaded.run("staging/halls", succeeds=False)
    clock.leap(seconds=30)
    assert reason(loaded.look(RUNS)) == WELL
    loaded.look(CHECKS)
    check = dg.AssetCheckKey(dg.AssetKey(["staging", "halls"]), "grain_is_unique")
    heading = "🔴 A check of a table fails"
    assert webhook.texts == [f"{heading}\n• staging/halls grain_is_unique {held_back(check)}"]


@pytest.mark.parametrize("status", [301, 500])
def test_a_message_that_is_not_taken_is_sent_again(watched: Automation, webhook: SimpleNamespace, status: int):
    _report_freshness(watched, "raw/halls", FreshnessState.FAIL)
    webhook.status = status
    watched.look_once(STALE)
    for _ in range(2):
        said = reason(watched.look_once(STALE))
        assert f"did not take a message ({status}): check `webhook_url`" in said
        assert "raw/halls was not brought up to date in time." in said
        assert "secret-place" not in said
    _report_freshness(watched, "raw/partners", FreshnessState.FAIL)
    assert "raw/partners was not" in reason(watched.look_once(STALE)), "it goes on looking"
    webhook.status = 200
    watched.look(STALE)
    watched.look(STALE)
    assert [text.count("was not brought up to date") for text in webhook.texts] == [2]


def test_a_webhook_that_nobody_answers_is_told_without_its_address(
    watched: Automation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", "http://127.0.0.1:9/the-secret-place")
    _report_freshness(watched, "raw/halls", FreshnessState.FAIL)
    watched.look(STALE)
    said = reason(watched.look(STALE))
    assert "did not take a message (ConnectionError)" in said
    assert "secret-place" not in said + caplog.text


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
