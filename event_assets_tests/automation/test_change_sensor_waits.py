"""An endpoint that has failed is asked later, unless somebody has corrected something or a run has had success."""

import pytest

from event_assets.sandbox import Sandbox
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.automation.looking import CONTENT, PARTICIPANTS, SENSOR, change, look

TOKEN, ADDRESS = "SOURCES__EVENT_API__API_TOKEN", "SOURCES__EVENT_API__BASE_URL"


def test_a_token_that_is_corrected_is_used_at_the_next_look(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(TOKEN, "a-token-that-was-revoked")
    change(lectures)
    assert look(watching) == []
    clock.leap(minutes=1)
    assert look(watching) == []
    assert api.requests[CONTENT] == 1, "the same token is not tried again so soon"
    monkeypatch.setenv(TOKEN, api.token)
    clock.leap(minutes=1)
    assert look(watching) == [{"raw/lectures"}]
    for token in (api.token, "a-token-that-was-revoked"):
        assert token not in watching.cursor(SENSOR)


def test_an_address_that_is_corrected_is_used_at_the_next_look(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(ADDRESS, f"{api.base_url}/wrong")
    change(lectures)
    assert look(watching) == []
    monkeypatch.setenv(ADDRESS, api.base_url)
    clock.leap(minutes=1)
    assert look(watching) == [{"raw/lectures"}]


def test_a_sync_that_succeeds_ends_the_wait_of_its_endpoint(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock
):
    right, api.token = api.token, "another-token"
    assert look(watching) == []
    api.token = right
    clock.leap(seconds=20)
    watching.run("raw/halls")
    api.reset_requests()
    change(lectures)
    clock.leap(seconds=40)
    assert look(watching) == [{"raw/lectures"}]
    assert PARTICIPANTS not in api.requests, "nothing was heard of it"


def test_a_sync_before_the_failure_ends_no_wait(watching: Automation, api: Sandbox, clock: Clock):
    watching.run("raw/halls")
    api.token = "another-token"
    for _ in range(3):
        clock.leap(minutes=1)
        assert look(watching) == []
    assert api.requests[CONTENT] == 2, "the sync's, and one look"
