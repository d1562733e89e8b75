"""Servers that mislead the change sensor: what they say is unchanged, and what changes back while it looks."""

from collections.abc import Mapping

import pytest

from event_assets.automation.change_cursor import TRUSTED_FOR
from event_assets.sandbox import Sandbox
from event_assets.sandbox.responses import Response, Validators
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.automation.looking import CONTENT, change, look
from event_assets_tests.running import Reader


def answer_unchanged(api: Sandbox) -> list[str]:
    """Let the API answer 304 to whoever asks with a validator, whatever has changed. The requests are noted."""
    answer, asked = api.respond, []

    def respond(method: str, target: str, headers: Mapping[str, str]) -> Response:
        etag = headers.get("If-None-Match")
        asked.append(f"{target} {'304' if etag else '200'}")
        return Response(304, {"ETag": etag, "Content-Length": "0"}, ()) if etag else answer(method, target, headers)

    api.respond = respond
    return asked


def test_a_server_that_says_unchanged_of_what_has_changed_is_believed_for_an_hour(
    loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock
):
    api.validators = "etag"
    assert look(loaded) == []
    asked = answer_unchanged(api)
    change(lectures, "Another talk")
    minutes = int(TRUSTED_FOR.total_seconds() // 60)
    for _ in range(minutes // 10 - 1):
        clock.leap(minutes=10)
        assert look(loaded) == []
    assert asked.count(f"{CONTENT} 304") == len(asked) / 3 == minutes // 10 - 1
    clock.leap(minutes=10)
    assert look(loaded) == [{"raw/lectures"}]
    loaded.run("raw/lectures")
    assert look(loaded) == []
    assert asked[-1].endswith("304"), "the hour has begun anew"


def test_a_sync_is_told_what_has_changed_by_a_server_that_says_unchanged(
    loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock, warehouse: Reader
):
    api.validators = "etag"
    assert look(loaded) == []
    answer_unchanged(api)
    change(lectures, "Another talk")
    clock.leap(minutes=1)
    loaded.run("raw/lectures")  # as what is due by its age
    assert len(warehouse.rows("from raw.lectures where name = 'Another talk'")) == 1
    needless = 0
    for _ in range(4):
        for request in look(loaded):
            needless += 1
            loaded.run(*request)
        clock.leap(minutes=1)
    assert needless <= 1
    assert len(warehouse.rows("from raw.lectures where name = 'Another talk'")) == 1


@pytest.mark.parametrize("validators", ["none", "etag"])
def test_what_changes_and_changes_back_within_a_look_ends_as_it_was(
    loaded: Automation, api: Sandbox, lectures: list[dict], clock: Clock, warehouse: Reader, validators: Validators
):
    api.validators = validators
    assert look(loaded) == []
    before, answer = lectures[0]["name"], api.respond

    def answer_otherwise(method: str, target: str, headers: Mapping[str, str]) -> Response:
        change(lectures, "For a moment")
        try:
            response = answer(method, target, headers)
            chunks = tuple(response.chunks)
        finally:
            change(lectures, before)
        return Response(response.status, response.headers, chunks)

    api.respond = answer_otherwise
    clock.leap(minutes=1)
    assert look(loaded) == [{"raw/lectures"}]
    api.respond = answer
    loaded.run("raw/lectures")
    for _ in range(4):
        clock.leap(minutes=3)
        assert look(loaded) == []
    assert warehouse.rows("select name from raw.lectures where name = 'For a moment'") == []
    change(lectures, "For good")
    clock.leap(minutes=1)
    assert look(loaded) == [{"raw/lectures"}], "it has not lost its way"


def test_each_change_is_synced_though_it_leads_back(
    watching: Automation, lectures: list[dict], clock: Clock, warehouse: Reader
):
    before = lectures[0]["name"]
    for name in ("B", before, "B", before):
        change(lectures, name)
        clock.leap(minutes=1)
        assert look(watching) == [{"raw/lectures"}]
        watching.run("raw/lectures")
        assert look(watching) == []
        assert len(warehouse.rows(f"from raw.lectures where id = '{lectures[0]['id']}' and name = $${name}$$")) == 1
