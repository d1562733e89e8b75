"""What the API changes is synced at once, and nothing else."""

from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest

from event_assets.automation.change_cursor import EndpointState
from event_assets.sandbox import Event, Sandbox
from event_assets.sandbox.responses import Validators
from event_assets.settings import EventApiSettings
from event_assets.source.api.deadline import Deadline
from event_assets.source.probe import Seen, probe
from event_assets.source.sync import SyncSettings
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.automation.looking import (
    CONTENT,
    PARTICIPANTS,
    PARTNERS,
    SENSOR,
    change,
    company,
    look,
)
from event_assets_tests.running import Reader


def run_keys(automation: Automation) -> list[str | None]:
    return [request.run_key for request in automation.look(SENSOR).run_requests or []]


def stuck_at_first_change(
    api: EventApiSettings, endpoint: str, before: Seen | None, settings: SyncSettings, deadline: Deadline
) -> Seen:
    """As of a server whose validators do not change with the second change."""
    stuck = before is not None and before.etag == "the same"
    seen = before if stuck else probe(api, endpoint, None, settings, deadline)
    assert seen
    changed = before is not None and seen.versions != before.versions
    return replace(seen, etag="the same" if stuck or changed else "")


def test_what_an_earlier_release_has_seen_is_seen_anew():
    """It kept one digest of the body, and no digests of pages."""
    state = asdict(EndpointState(failures=2))
    seen = {"versions": {"days": "1"}, "etag": "x", "last_modified": "", "reading": "r"}
    assert EndpointState.from_json({**state, "seen": {**seen, "digest": "d"}}) == EndpointState(failures=2)
    assert EndpointState.from_json({**state, "seen": {**seen, "pages": ["d"]}}).seen == Seen(**seen, pages=["d"])


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


@pytest.mark.parametrize("resource", ["participants", "partners", "lectures"])
def test_records_that_cannot_be_loaded_are_asked_for_and_told(
    watching: Automation, event: Event, warehouse: Reader, resource: str
):
    records: list[dict] = event.content[resource] if resource == "lectures" else getattr(event, resource)
    told = f"select count(*) from summary.data_quality where rule = 'record_not_loaded' and resource = '{resource}'"
    for found in (1, 0):
        if found:
            records.append({**records[0], "name": "Another of this key"})
        else:
            del records[-1]
        assert look(watching) == [{f"raw/{resource}"}]
        watching.run(f"raw/{resource}")
        assert look(watching) == []
        requested, _ = watching.follow()
        assert {"summary/data_quality", "published/warehouse"} < requested
        assert warehouse.rows(told) == [(found,)]
        assert (look(watching), watching.tick()) == ([], set())


def test_other_settings_of_privacy_are_taken_up_at_the_next_look(
    watching: Automation, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "drop")
    clock.leap(minutes=1)
    asked = set().union(*look(watching))
    assert {"raw/participants", "raw/partners", "raw/speakers"} <= asked
    watching.run(*asked)
    api.reset_requests()
    for _ in range(2):
        clock.leap(minutes=1)
        assert look(watching) == []
    assert api.requests == {CONTENT: 2, PARTNERS: 2, PARTICIPANTS: 2}


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
    assert api.requests[CONTENT] == 2, "compared and read in one"
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
    assert "raw/lectures" in set().union(*look(watching))
