"""People are told of runs that fail, are killed or cannot begin, and when that is made up for."""

import json
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest

from event_assets.automation.failed_runs import failed_runs
from event_assets.automation.troubles import Found
from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox, faults
from event_assets.settings import read_event
from event_assets_tests.automation.alerting import RUNS, WELL
from event_assets_tests.automation.automation_harness import START, Automation, Clock, reason
from event_assets_tests.running import Reader

_DONE = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.ASSET_MATERIALIZATION}


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
    assert sentence.startswith(f"• load_partners: GET {api.base_url}/partners returned 403")

    api.mend()
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (load_partners)"]
    assert reason(watched.look(RUNS)) == WELL
    assert len(webhook.texts) == 2


def test_what_a_run_has_done_counts_though_a_person_has_cancelled_it_then(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, clock: Clock
):
    api.fail("partners", faults.status(403))
    watched.run("raw/partners", succeeds=False)
    clock.leap(seconds=30)
    watched.look(RUNS)
    api.mend()
    with dg.DagsterInstance.ephemeral() as elsewhere:
        watched.definitions.resolve_job_def("sync_partners").execute_in_process(instance=elsewhere)
        done = elsewhere.get_records_for_run(elsewhere.get_runs()[0].run_id, of_type=_DONE)
    run = watched.begin_run(status=dg.DagsterRunStatus.STARTED)
    for record in done.records:
        watched.instance.report_dagster_event(record.event_log_entry.get_dagster_event(), run.run_id)
    watched.cancel(run)
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (load_partners)"]


def test_a_run_that_was_ended_from_outside_is_told_and_so_is_its_end(
    watched: Automation, webhook: SimpleNamespace, clock: Clock
):
    run = watched.begin_run("raw/partners")
    watched.kill(run)
    name = f"{run.run_id[:8]} of refresh_everything"
    told = (
        f"Run {name} was ended before it was done. What is still pending starts again by itself: at the latest with "
        "the daily sync."
    )
    for _ in range(2):
        clock.leap(seconds=30)
        assert reason(watched.look(RUNS)) == told
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts == [f"🔴 A run has failed\n• {told}", f"🟢 Over: a run has failed (run {name})"]
    assert json.loads(watched.cursor(RUNS))["pending"] == {}


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
    assert webhook.texts[4:] == [f"🟢 Over: a run has failed ({', '.join(killed[:3])})"], "the last run had more to do"
    watched.run()
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[5:] == [f"🟢 Over: a run has failed ({killed[3]})"]


def test_what_is_killed_again_and_again_is_told_once(watched: Automation, webhook: SimpleNamespace, clock: Clock):
    for assets in (["raw/partners", "raw/halls"], ["raw/halls"], ["raw/partners"], ["raw/partners", "raw/halls"]):
        watched.kill(watched.begin_run(*assets))
        clock.leap(seconds=30)
        assert reason(watched.look(RUNS)) != WELL
    assert [text[0] for text in webhook.texts] == ["🔴"]
    for asset, texts in (("raw/partners", 1), ("raw/halls", 2)):
        watched.run(asset)
        clock.leap(seconds=30)
        watched.look(RUNS)
        assert len(webhook.texts) == texts


@pytest.mark.parametrize("cause", ["a step failed", "a check failed"])
def test_a_run_that_is_killed_after_something_of_it_failed_is_told_as_killed_as_well(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, warehouse: Reader, clock: Clock, cause: str
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


def test_what_the_code_no_longer_has_is_over(watched: Automation):
    before = Found(
        {
            "load_partners": "It failed.",
            "summary__old": "It failed.",
            "check_partners": "It failed.",
            "run 1": "Killed.",
            "run 2": "Killed.",
            "runs": "None begins.",
        },
        {
            "load_partners": ["raw/partners"],
            "summary__old": ["summary/old"],
            "run 1": ["summary/old"],
            "run 2": ["summary/old", "raw/halls"],
            "runs": ["raw/halls"],
        },
    )
    steps = {"load_partners": [dg.AssetKey(["raw", "partners"])], "load_content": [dg.AssetKey(["raw", "halls"])]}
    left = failed_runs(watched.instance, before, START, {**steps, "check_partners": []})
    assert left.troubles.keys() == before.troubles.keys() - {"summary__old", "run 1"}
    assert left.pending == {
        "load_partners": ["raw/partners"],
        "check_partners": [],
        "run 2": ["raw/halls"],
        "runs": ["raw/halls"],
    }
    assert failed_runs(watched.instance, left, START, {**steps, "check_partners": []}) == left


def test_a_check_that_cannot_be_run_is_told_until_it_can(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    def fail(*_: object) -> None:
        raise KeyError

    with monkeypatch.context() as broken:
        broken.setattr("event_assets.assets.checks.raw_findings", fail)
        watched.run("raw/partners", succeeds=False)
    for _ in range(2):
        clock.leap(seconds=30)
        assert reason(watched.look(RUNS)).startswith("check_partners: failed unexpectedly (KeyError)")
    watched.run("raw/partners")
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]


def test_a_failed_model_that_is_renamed_later_is_over(
    watched: Automation, webhook: SimpleNamespace, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    api.fail("partners", faults.status(403))
    watched.run("raw/partners", succeeds=False)
    clock.leap(seconds=30)
    watched.look(RUNS)
    monkeypatch.setattr("event_assets.assets.raw.sync_op_name", lambda endpoint, *_: f"renamed_{endpoint}")
    watched.load(build_definitions(read_event()))
    clock.leap(seconds=30)
    assert reason(watched.look(RUNS)) == WELL
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (load_partners)"]


def test_what_keeps_runs_from_beginning_is_told_once(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    with monkeypatch.context() as wrong:
        wrong.setenv("WAREHOUSE__MEMORY_LIMIT", "much")
        for asset in ("raw/partners", "raw/participants"):
            watched.run(asset, succeeds=False)
            clock.leap(seconds=30)
            watched.look(RUNS)
    assert webhook.texts == [
        "🔴 A run has failed\n• A run could not begin: `memory_limit` in the section [warehouse] of .dlt/config.toml "
        "is no size: write it as 300MB or 2GB."
    ]
    for asset, over in (("raw/partners", False), ("raw/participants", True)):
        watched.run(asset)
        clock.leap(seconds=30)
        watched.look(RUNS)
        assert (webhook.texts[1:] == ["🟢 Over: a run has failed (runs)"]) is over


def test_runs_that_are_killed_between_others_that_cannot_begin_are_all_over_in_the_end(
    watched: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, clock: Clock
):
    for wrong in (True, False, False, True):
        with monkeypatch.context() as patch:
            if wrong:
                patch.setenv("WAREHOUSE__MEMORY_LIMIT", "much")
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
    assert (told.count("could not begin"), told.count("ended before it was done")) == (1, 1)


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
