"""What the API changes is synced at once, and nothing else."""

import logging
from dataclasses import replace
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Validators
from event_assets.settings import EventApiSettings
from event_assets.source.probe import Seen, probe
from event_assets.source.sync import SyncSettings
from event_assets_tests.automation.ticking import Automation, Clock, reason

SENSOR = "sync_what_changed"
CONTENT, PARTNERS, PARTICIPANTS = (f"/public/v1/{name}" for name in ("content", "partners", "participants"))


@pytest.fixture(autouse=True)
def fast_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "0.3")


@pytest.fixture
def watching(loaded: Automation, api: Sandbox) -> Automation:
    """Everything is loaded, and the sensor has looked once."""
    assert look(loaded) == []
    api.reset_requests()
    return loaded


def look(automation: Automation) -> list[set[str]]:
    """The assets of each run that the sensor asks for."""
    requests = automation.look(SENSOR).run_requests or []
    return [{key.to_user_string() for key in request.asset_selection or ()} for request in requests]


def run_keys(automation: Automation) -> list[str | None]:
    return [request.run_key for request in automation.look(SENSOR).run_requests or []]


def change(records: list[dict], name: str = "Another name") -> None:
    records[0]["name"] = name


def company(event: Event, name: str) -> None:
    event.participants[0] = {**event.participants[0], "company": name}


def stuck_at_first_change(api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings) -> Seen:
    """As of a server whose validators do not change with the second change."""
    stuck = before is not None and before.etag == "the same"
    seen = before if stuck else probe(api, endpoint, None, settings)
    assert seen
    changed = before is not None and seen.versions != before.versions
    return replace(seen, etag="the same" if stuck or changed else "")


def test_what_was_never_loaded_is_not_its_business(automation: Automation, api: Sandbox):
    assert look(automation) == []
    assert api.requests == {}


def test_without_a_token_it_says_so_and_asks_nobody(loaded: Automation, api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN")
    result = loaded.look(SENSOR)
    assert "No API token is configured" in reason(result)
    assert api.requests == {}


def test_an_unchanged_api_is_left_alone(watching: Automation, api: Sandbox, clock: Clock):
    for _ in range(3):
        clock.leap(minutes=1)
        result = watching.look(SENSOR)
        assert (result.run_requests or [], reason(result)) == ([], "Nothing has changed.")
    assert api.requests == {CONTENT: 3, PARTNERS: 3, PARTICIPANTS: 3}


@pytest.mark.parametrize("validators", ["etag", "last_modified"])
def test_an_unchanged_answer_is_not_sent_twice(loaded: Automation, api: Sandbox, clock: Clock, validators: Validators):
    statuses: list[str] = []
    api.validators, api.log = validators, statuses.append
    assert look(loaded) == []
    clock.leap(minutes=1)
    assert look(loaded) == []  # from now on, Last-Modified is old enough to tell
    clock.leap(minutes=1)
    statuses.clear()
    assert look(loaded) == []
    assert statuses == [f"GET {path} 304" for path in (CONTENT, PARTNERS, PARTICIPANTS)]
    change(api.event.content["lectures"])
    clock.leap(minutes=1)
    assert look(loaded) == [{"raw/lectures"}]


def test_only_what_has_changed_is_asked_for(watching: Automation, event: Event, lectures: list[dict]):
    change(lectures)
    assert look(watching) == [{"raw/lectures"}]
    watching.run("raw/lectures")
    assert look(watching) == []
    company(event, "Another company")
    assert look(watching) == [{"raw/participants"}]
    watching.run("raw/participants")
    assert look(watching) == []


def test_a_change_on_the_second_page_is_seen(loaded: Automation, api: Sandbox, event: Event):
    api.envelope, api.page_size = "pages", 40
    assert look(loaded) == []
    event.participants[45] = {**event.participants[45], "company": "Another company"}
    assert look(loaded) == [{"raw/participants"}]


def test_every_request_has_a_key_of_its_own(watching: Automation, lectures: list[dict], clock: Clock):
    before, keys = lectures[0]["name"], []
    for name in ("Another name", before, "Another name"):
        change(lectures, name)
        keys += run_keys(watching)
        watching.run("raw/lectures")
    watching.forget(SENSOR)
    clock.leap(minutes=1)
    change(lectures, before)
    keys += run_keys(watching)
    assert len(set(keys)) == len(keys) == 4


def test_a_change_that_is_taken_back_before_it_is_synced_needs_no_sync(watching: Automation, lectures: list[dict]):
    before = lectures[0]["name"]
    change(lectures)
    assert look(watching) == [{"raw/lectures"}]
    change(lectures, before)
    assert look(watching) == []


def test_what_a_failed_run_has_left_is_asked_for_less_and_less_often(
    watching: Automation, lectures: list[dict], clock: Clock
):
    change(lectures)
    asked = []
    for minute in range(31):
        if look(watching):
            asked.append(minute)
            watching.kill(watching.begin_run("raw/lectures"))
        clock.leap(minutes=1)
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits == [2, 4, 8, 15]
    change(lectures, "Yet another name")
    assert look(watching) == [{"raw/lectures"}]


def test_what_has_changed_once_more_before_the_run_needs_no_other(watching: Automation, lectures: list[dict]):
    change(lectures)
    assert look(watching) == [{"raw/lectures"}]
    change(lectures, "Changed once more before the run")
    watching.run("raw/lectures")
    assert look(watching) == []
    assert look(watching) == []


def test_it_reads_anew_what_a_run_has_brought_otherwise(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock
):
    change(lectures, "B")
    assert look(watching) == [{"raw/lectures"}]
    change(lectures, "C")
    watching.run("raw/lectures")
    change(lectures, "B")
    clock.leap(minutes=5)
    api.reset_requests()
    assert look(watching) == []
    assert api.requests[CONTENT] == 1, "the same bytes as before: they tell nothing"
    clock.leap(minutes=1)
    assert look(watching) == []
    assert api.requests[CONTENT] == 3, "compared, and read"
    clock.leap(minutes=1)
    assert look(watching) == [{"raw/lectures"}]
    watching.run("raw/lectures")
    assert look(watching) == []


def test_a_server_that_says_unchanged_of_what_has_changed_is_believed_once(
    loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("event_assets.automation.change_sensor.probe", stuck_at_first_change)
    assert look(loaded) == []
    change(lectures, "B")
    assert look(loaded) == [{"raw/lectures"}]
    change(lectures, "C")
    loaded.run("raw/lectures")
    for _ in range(5):
        clock.leap(minutes=5)
        assert look(loaded) == []


def test_what_was_synced_while_it_looked_is_not_asked_for(
    watching: Automation, event: Event, monkeypatch: pytest.MonkeyPatch
):
    company(event, "Another company")
    run = watching.begin_run("raw/participants", status=dg.DagsterRunStatus.STARTED)

    def sync_participants_meanwhile(api: EventApiSettings, endpoint: str, *args: Any) -> Seen:
        if endpoint == "content":
            watching.cancel(run)
            watching.run("raw/participants")
        return probe(api, endpoint, *args)

    monkeypatch.setattr("event_assets.automation.change_sensor.probe", sync_participants_meanwhile)
    assert look(watching) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/hook", "hooks.example.org/hook"])
def test_a_webhook_that_cannot_be_used_stops_no_sync(
    watching: Automation, api: Sandbox, lectures: list[dict], monkeypatch: pytest.MonkeyPatch, address: str
):
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", address)
    api.fail("participants", faults.status(401))
    change(lectures)
    assert look(watching) == [{"raw/lectures"}]
    watching.run("raw/lectures")
    for _ in range(3):
        assert look(watching) == []
    assert api.requests[PARTICIPANTS] == 1


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED])
@pytest.mark.parametrize("assets", [["raw/lectures"], ["raw/halls", "summary/agenda"], []])
def test_it_waits_for_a_run_of_the_endpoint(
    watching: Automation, event: Event, lectures: list[dict], status: dg.DagsterRunStatus, assets: list[str]
):
    change(lectures)
    company(event, "Another company")
    run = watching.begin_run(*assets, status=status)
    assert look(watching) == ([{"raw/participants"}] if assets else [])
    watching.cancel(run)
    assert {"raw/lectures"} in look(watching)


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(500),
        faults.status(429, retry_after="soon"),
        faults.hang,
        faults.reset,
        faults.truncated,
        faults.truncated_json,
        faults.html_page,
        faults.empty_body,
        faults.redirect_elsewhere("http://127.0.0.1:9/public/v1/content"),
    ],
    ids=lambda fault: fault.name,
)
def test_an_endpoint_that_fails_does_not_stop_the_others(
    watching: Automation, api: Sandbox, event: Event, fault: Fault, clock: Clock
):
    api.fail("content", fault)
    company(event, "Another company")
    assert look(watching) == [{"raw/participants"}]
    watching.run("raw/participants")
    change(event.content["halls"])
    api.mend()
    clock.leap(minutes=2)
    assert look(watching) == [{"raw/halls"}]


def test_a_failing_api_is_asked_less_and_less_often_and_told_once(
    watching: Automation, api: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture, lectures: list[dict]
):
    for endpoint in ("content", "partners", "participants"):
        api.fail(endpoint, faults.status(503))
    asked = []
    for minute in range(31):
        before = api.requests[CONTENT]
        assert look(watching) == []
        if api.requests[CONTENT] > before:
            asked.append(minute)
        clock.leap(minutes=1)
    assert [later - earlier for earlier, later in pairwise(asked)] == [2, 4, 8, 15]
    assert [record.levelname for record in told(caplog)] == ["ERROR"]
    assert told(caplog)[0].getMessage().count("was answered with 503") == 3

    api.mend()
    change(lectures)
    clock.leap(minutes=15)
    assert look(watching) == [{"raw/lectures"}]
    assert look(watching) == []
    assert [record.levelname for record in told(caplog)] == ["ERROR", "WARNING"]
    assert "Over: the event api gives no usable answer (/content, /partners, /participants)" in caplog.text


def test_two_failures_are_nobodys_business(
    watching: Automation, api: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
):
    api.fail("content", faults.status(503), times=2)
    for _ in range(10):
        look(watching)
        clock.leap(minutes=1)
    assert told(caplog) == []
    assert reason(watching.look(SENSOR)) == "Nothing has changed."


def test_a_token_that_is_not_accepted_is_told_at_once_and_tried_every_quarter_of_an_hour(
    watching: Automation, api: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
):
    api.token = "another token"
    look(watching)
    assert [record.getMessage().count("the token is not accepted") for record in told(caplog)] == [3]
    for _ in range(14):
        clock.leap(minutes=1)
        look(watching)
    assert api.requests[CONTENT] == 1
    clock.leap(minutes=1)
    look(watching)
    assert api.requests[CONTENT] == 2
    assert len(told(caplog)) == 1


def test_a_server_that_says_when_to_ask_again_is_not_asked_before(watching: Automation, api: Sandbox, clock: Clock):
    api.fail("content", faults.status(429, retry_after="3600"), times=1)
    for _ in range(59):
        look(watching)
        clock.leap(minutes=1)
    assert (api.requests[CONTENT], api.requests[PARTNERS]) == (1, 59)
    clock.leap(minutes=1)
    look(watching)
    assert api.requests[CONTENT] == 2


@pytest.mark.parametrize("date", ["99999999999999", "Mon, 06 May 2999 12:00:00 GMT"])
def test_a_server_that_never_wants_to_be_asked_again_is(watching: Automation, api: Sandbox, clock: Clock, date: str):
    api.fail("content", faults.status(429, retry_after=date), times=1)
    look(watching)
    clock.leap(days=1)
    look(watching)
    assert api.requests[CONTENT] == 2


def test_it_keeps_and_says_nothing_of_anybody(
    watching: Automation, api: Sandbox, event: Event, clock: Clock, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    company(event, "Another company")
    said = [str(watching.look(SENSOR).run_requests), watching.cursor(SENSOR)]
    api.fail("participants", faults.invalid_utf8)
    clock.leap(minutes=1)
    watching.run("raw/participants", succeeds=False)
    for fault in (faults.invalid_utf8, faults.truncated_json, faults.single_object, faults.data_value([1])):
        api.mend()
        api.fail("participants", fault)
        clock.leap(hours=1)
        result = watching.look(SENSOR)
        said += [str(result), watching.cursor(SENSOR)]
    text = " ".join(said) + " ".join(record.getMessage() for record in told(caplog))
    for person in event.participants:
        for secret in (person["email"], person["name"], person["last_name"]):
            assert secret not in text
    assert api.token not in text
    assert len(watching.cursor(SENSOR)) < 5000


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What people were told."""
    return [record for record in caplog.records if record.name == "event_assets.automation.messages"]
