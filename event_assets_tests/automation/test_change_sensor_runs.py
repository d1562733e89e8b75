"""How often the change sensor looks, and what is in the run that it asks for."""

from datetime import timedelta
from itertools import pairwise

import pytest

from event_assets.sandbox import Event, Sandbox, faults
from event_assets_tests.automation.automation_harness import Automation, Clock
from event_assets_tests.automation.looking import (
    CONTENT,
    PARTICIPANTS,
    PARTNERS,
    SENSOR,
    change,
    company,
    look,
    look_whole,
)
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader


def test_while_the_event_is_on_partners_are_asked_each_minute(
    watching: Automation, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("EVENT__OPENS", (clock.now - timedelta(hours=1)).isoformat())
    monkeypatch.setenv("EVENT__CLOSES", (clock.now + timedelta(hours=1)).isoformat())
    api.reset_requests()
    for _ in range(24):
        clock.leap(seconds=5)
        assert look(watching) == []
    assert api.requests == {CONTENT: 24, PARTICIPANTS: 24, PARTNERS: 2}
    clock.leap(days=-1)  # the clock is set back: whatever was asked then
    monkeypatch.setenv("EVENT__OPENS", (clock.now - timedelta(hours=1)).isoformat())
    assert look(watching) == []
    assert api.requests[PARTNERS] == 3


def test_an_endpoint_that_fails_while_the_event_is_on_is_tried_again_at_once_and_then_seldom(
    watching: Automation, api: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("EVENT__OPENS", (clock.now - timedelta(hours=1)).isoformat())
    monkeypatch.setenv("EVENT__CLOSES", (clock.now + timedelta(hours=9)).isoformat())
    watching.load()
    api.fail("content", faults.status(503))
    asked = []
    while len(asked) < 5:
        api.reset_requests()
        at = clock.now
        look(watching)
        asked += [at] * (api.requests[CONTENT] > 0)
        clock.leap(seconds=5)
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(asked)]
    # The clock goes on by itself as well: a look may come that much later.
    assert all(due <= wait < due + 20 for due, wait in zip([5, 120, 240, 480], waits, strict=True)), waits
    assert api.requests[PARTICIPANTS] == 1, "the others are asked at each look"


def test_it_looks_as_often_as_the_phase_asks_for(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    def interval() -> int | None:
        return shared_definitions().resolve_sensor_def(SENSOR).minimum_interval_seconds

    assert interval() == 15 * 60 - 1
    monkeypatch.setenv("EVENT__OPENS", (clock.now + timedelta(hours=1)).isoformat())
    monkeypatch.setenv("EVENT__CLOSES", (clock.now + timedelta(hours=2)).isoformat())
    assert interval() == 59
    clock.leap(minutes=90)
    assert interval() == 4
    monkeypatch.setenv("SCHEDULE__CHANGE_POLL_SECONDS", "1")
    assert interval() == 1


def test_one_run_makes_all_that_is_made_of_what_has_changed(automation: Automation, event: Event, lectures: list[dict]):
    automation.run()
    assert look_whole(automation) == []
    change(lectures)
    company(event, "Another company")
    (asked,) = look_whole(automation)
    changed = {"raw/lectures", "raw/participants"}
    assert asked == changed | automation.assets("raw/lectures*") | automation.assets("raw/participants*")
    assert "published/warehouse" in asked
    assert not asked & {"raw/halls", "staging/halls", "staging/partners"}
    automation.run(*asked)
    assert (look_whole(automation), automation.tick()) == ([], set()), "no second run"


def test_the_copy_tells_how_long_a_change_took(automation: Automation, lectures: list[dict], clock: Clock):
    assert "lag_seconds" not in automation.run().metadata("published/warehouse"), "no change has started it"
    assert look(automation) == []
    change(lectures)
    (request,) = automation.look(SENSOR).run_requests or []
    clock.leap(seconds=40)
    made = automation.run(*(asset.to_user_string() for asset in request.asset_selection or ()), tags=request.tags)
    assert 40 <= made.metadata("published/warehouse")["lag_seconds"] < 100


def test_a_sync_that_fails_in_it_stops_only_what_is_made_of_its_tables(
    automation: Automation, api: Sandbox, event: Event, lectures: list[dict], warehouse: Reader, clock: Clock
):
    automation.run()
    assert look(automation) == []
    change(lectures)
    company(event, "Another company")
    (asked,) = look_whole(automation)
    api.fail("content", faults.status(403), times=1)
    made = automation.run(*asked, succeeds=False).materialised
    of_content = automation.assets("raw/lectures*")
    assert made == asked - of_content
    assert warehouse.rows("select count(*) from staging.participants where company = 'Another company'") == [(1,)]
    clock.leap(seconds=30)
    requested, _ = automation.follow()
    assert requested == {
        asset for asset in of_content if automation.assets(f"*{asset}") & made and asset.split("/")[0] != "raw"
    }, "what the other table has changed, at once"
