"""What the change sensor does where the API, a webhook or a setting fails: it waits, tells, and syncs the rest."""

import logging
from collections.abc import Mapping
from itertools import pairwise

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets.sandbox.faults import Fault
from event_assets.sandbox.responses import Response
from event_assets.settings import run_folder
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.automation.looking import CONTENT, PARTICIPANTS, PARTNERS, SENSOR, change, company, look


@pytest.fixture(autouse=True)
def asked_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever phase of the event."""
    monkeypatch.setenv("SCHEDULE__CHANGE_POLL_SECONDS", "60")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/hook", "hooks.example.org/hook", "https://hooks..example.org/hook"]
)
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
    assert told(caplog)[0].getMessage().count("returned 503") == 3

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


def test_a_token_that_is_put_right_in_its_file_is_taken_up(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN")
    secrets = run_folder() / ".dlt" / "secrets.toml"
    try:
        secrets.write_text('[sources.event_api]\napi_token = "revoked"\n')
        change(lectures)
        assert "the token is not accepted" in reason(watching.look(SENSOR))
        secrets.write_text(f'[sources.event_api]\napi_token = "{api.token}"\n')
        clock.leap(minutes=15)
        assert look(watching) == [{"raw/lectures"}]
    finally:
        secrets.unlink()


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


class Stopwatch:
    """The clock of a look, which goes on only while the API answers.

    Attributes:
        now: The seconds since the beginning.
        takes: How many seconds the API takes for each answer, by path; none for the others.
    """

    def __init__(self, api: Sandbox) -> None:
        self.now = 0.0
        self.takes: dict[str, float] = {}
        self._respond = api.respond

    def __call__(self) -> float:
        return self.now

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        self.now += self.takes.get(target.partition("?")[0], 0)
        return self._respond(method, target, headers)


@pytest.fixture
def stopwatch(api: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch(api)
    monkeypatch.setattr(api, "respond", stopwatch.respond)
    monkeypatch.setattr("event_assets.automation.change_sensor.monotonic", stopwatch)
    return stopwatch


def test_a_slow_api_is_looked_at_within_the_time_of_a_look_and_no_endpoint_starves(
    watching: Automation, api: Sandbox, event: Event, clock: Clock, stopwatch: Stopwatch
):
    stopwatch.takes = dict.fromkeys((CONTENT, PARTNERS, PARTICIPANTS), 11)
    change(event.content["lectures"])
    company(event, "Another company")
    found = []
    for _ in range(2):
        began = stopwatch.now
        found += look(watching)
        assert stopwatch.now - began < 45
        clock.leap(minutes=1)
    assert found == [{"raw/lectures"}, {"raw/participants"}]
    assert api.requests == {CONTENT: 2, PARTNERS: 2, PARTICIPANTS: 2}
    assert reason(watching.look(SENSOR)) == "No time was left for /content: it is asked first at the next look."


def test_more_pages_than_there_is_time_for_are_left_told_and_asked_less_and_less_often(
    watching: Automation,
    api: Sandbox,
    event: Event,
    clock: Clock,
    stopwatch: Stopwatch,
    caplog: pytest.LogCaptureFixture,
):
    stopwatch.takes = {PARTICIPANTS: 1}
    api.envelope, api.page_size = "pages", 1
    walked = []
    for minute in range(20):
        before, began = api.requests[PARTICIPANTS], stopwatch.now
        look(watching)
        assert stopwatch.now - began < 45
        if api.requests[PARTICIPANTS] > before:
            walked.append(minute)
        clock.leap(minutes=1)
    assert walked == [0, 1, 3, 7, 15], "at first the others had taken some of the time"
    assert api.requests[CONTENT] == 16, "at all looks but those that the participants took"
    assert len(told(caplog)) == 1
    sentence = told(caplog)[0].getMessage()
    assert "/participants was not complete within 30 s" in sentence
    assert "still synced as their freshness policies require" in sentence
    api.page_size = 40
    company(event, "Another company")
    clock.leap(minutes=15)
    assert look(watching) == [{"raw/participants"}]


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What people were told."""
    return [record for record in caplog.records if record.name == "event_assets.automation.messages"]
