"""What the change sensor does where the API, a webhook or a setting fails: it waits, tells, and syncs the rest."""

import logging
from itertools import pairwise

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.faults import Fault
from event_assets_tests.automation.looking import CONTENT, PARTICIPANTS, PARTNERS, SENSOR, change, company, look
from event_assets_tests.automation.ticking import Automation, Clock, reason


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
    watching: Automation, api: Sandbox, event: Event, fault: Fault, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_TIMEOUT", "2")  # seconds, which one of the faults lasts
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
