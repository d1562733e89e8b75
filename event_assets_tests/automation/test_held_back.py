"""A table that is held back holds up nothing but itself: readers get the rest, and are not told of it twice."""

from datetime import datetime, timezone
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateChange

from event_assets.sandbox import Event
from event_assets.settings import read_event
from event_assets.warehouse import Warehouse
from event_assets.warehouse.failures import PublishError
from event_assets_tests.automation.alerting import CHECKS, RUNS, STALE, WELL
from event_assets_tests.automation.automation_harness import Automation, Clock, reason
from event_assets_tests.automation.breaking import BREAKING, failing_check, failing_select
from event_assets_tests.automation.looking import change
from event_assets_tests.code_location import COPY_OF_FEW as COPY
from event_assets_tests.running import Reader

HELD = "staging/session_speakers"
SEEN = f"Readers see the last good state of {HELD} and of what is made of it; all else is published."


def at(hour: int, minute: int, second: int = 5) -> datetime:
    return datetime(2030, 5, 6, hour, minute, second, tzinfo=timezone.utc)


def published(query: str) -> list[tuple]:
    return Reader(read_event().warehouse.published_file).rows(query)


def look_all(automation: Automation, clock: Clock) -> None:
    """Let all alerts look, twice: people are told at the next look at the latest."""
    clock.leap(seconds=11)
    for sensor in 2 * (RUNS, CHECKS, STALE):
        automation.look(sensor)


@pytest.mark.parametrize("what", BREAKING)
def test_what_fails_is_held_back_and_the_rest_is_published(
    loaded: Automation, event: Event, webhook: SimpleNamespace, clock: Clock, what: str
):
    look_all(loaded, clock)
    readers = loaded.assets(f"key:{HELD}+") - COPY - {HELD}
    change(event.content["lectures"], "Another talk")
    loaded.run("raw/lectures")
    with BREAKING[what](HELD):
        requested, result = loaded.follow(succeeds=False)
        assert requested == loaded.assets("key:raw/lectures+") - {"raw/lectures"}
        assert not result.materialised & (readers | COPY)
        assert published("from staging.sessions where title = 'Another talk'") == []
        look_all(loaded, clock)
        requested, _ = loaded.follow()
        assert requested == COPY, "at once, and in a run of its own"
        assert len(published("from staging.sessions where title = 'Another talk'")) == 1
        assert published("from summary.agenda where title = 'Another talk'") == []
        assert loaded.tick() == set(), "once"

        clock.move_to(at(12, 5))
        again = loaded.tick()
        assert again == ({HELD} | readers if what == "select" else set())
        if again:
            loaded.run(*again, succeeds=False)
            assert loaded.tick() == set(), "nothing has changed for readers"

        change(event.content["lectures"], "Yet another talk")
        change(event.partners, "Another name")
        loaded.run("raw/lectures", "raw/partners")
        if what == "select":
            clock.move_to(at(12, 10))
        requested, _ = loaded.follow(succeeds=False)
        assert HELD in requested
        assert not requested & COPY, "the copy is in no run with what may fail again"
        requested, _ = loaded.follow()
        assert requested == COPY
        assert len(published("from staging.sessions where title = 'Yet another talk'")) == 1
        look_all(loaded, clock)
        assert loaded.tick() == set()
    assert [text[0] for text in webhook.texts] == ["🔴"], "one table fails, and is told once"
    assert SEEN in webhook.texts[0]
    assert "somebody" not in webhook.texts[0]

    clock.move_to(at(12, 15))
    loaded.run(HELD)
    look_all(loaded, clock)
    assert len(webhook.texts) == 1, "readers do not have it yet"
    requested, _ = loaded.follow()
    assert requested - COPY == readers
    if COPY - requested:
        requested, _ = loaded.follow()
        assert requested == COPY
    assert len(published("from summary.agenda where title = 'Yet another talk'")) == 1
    look_all(loaded, clock)
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]
    assert loaded.tick() == set()


def test_what_passes_its_check_again_is_published_though_it_is_the_same(
    loaded: Automation, webhook: SimpleNamespace, clock: Clock
):
    look_all(loaded, clock)
    with failing_check(HELD):
        loaded.run(HELD, succeeds=False)
    assert loaded.tick() == set(), "the copy holds its last good state"
    look_all(loaded, clock)
    loaded.run(HELD)
    look_all(loaded, clock)
    assert len(webhook.texts) == 1, "readers do not have it yet"
    assert loaded.follow()[0] == COPY
    look_all(loaded, clock)
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]
    assert loaded.tick() == set()


def test_a_run_that_is_killed_by_one_model_again_and_again_keeps_no_copy_from_readers(
    loaded: Automation, lectures: list[dict], clock: Clock
):
    change(lectures, "Another talk")
    loaded.run("raw/lectures")
    loaded.kill(loaded.begin_run(*loaded.tick()))
    clock.move_to(at(12, 5))
    again = loaded.tick()
    assert HELD in again
    assert not again & COPY
    loaded.kill(loaded.begin_run(*again))
    assert loaded.follow()[0] == COPY
    assert len(published("from raw.lectures where name = 'Another talk'")) == 1
    assert loaded.tick() == set()


def test_a_copy_that_cannot_be_published_is_tried_again_at_regular_minutes(
    loaded: Automation, lectures: list[dict], clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise PublishError("The published copy cannot be written there.")

    change(lectures, "Another talk")
    loaded.run("raw/lectures")
    with monkeypatch.context() as full:
        full.setattr(Warehouse, "publish", fail)
        loaded.follow(succeeds=False)
        assert loaded.tick() == set()
        for minute in (5, 10):
            clock.move_to(at(12, minute))
            assert loaded.follow(succeeds=False)[0] == COPY
            assert loaded.tick() == set()
    clock.move_to(at(12, 15))
    assert loaded.follow()[0] == COPY
    assert loaded.tick() == set()


def test_what_waits_for_a_table_in_trouble_is_not_told_as_stale(
    loaded: Automation, webhook: SimpleNamespace, clock: Clock
):
    look_all(loaded, clock)
    readers = loaded.assets(f"key:{HELD}+") - COPY - {HELD}
    assert len(readers) > 3
    with failing_check(HELD):
        loaded.run(HELD, succeeds=False)
    clock.leap(hours=27)
    for name in readers:
        report_stale(loaded, name)
    assert reason(loaded.look(STALE)) == WELL
    webhook.texts.clear()
    for name in (HELD, "raw/partners", "summary/partners_overview", *COPY):
        report_stale(loaded, name)
    for _ in range(2):
        loaded.look(STALE)
    late = ("published/warehouse", "raw/partners", HELD)  # the catalogue waits for the copy
    told = [f"• {name} was not brought up to date in time." for name in late]
    assert webhook.texts == ["\n".join(["🔴 Tables are older than their freshness window", *told])]
    loaded.run("raw/partners", HELD, *readers, "summary/partners_overview", *COPY)
    assert reason(loaded.look(STALE)) == WELL, "Dagster looks every half minute, and says for so long what was"


def test_a_select_that_fails_and_is_mended_alone_is_over_once_it_is_published(
    loaded: Automation, lectures: list[dict], webhook: SimpleNamespace, clock: Clock
):
    look_all(loaded, clock)
    change(lectures, "Another talk")
    loaded.run("raw/lectures")
    with failing_select("staging/sessions"):
        loaded.follow(succeeds=False)
        look_all(loaded, clock)
    loaded.run("staging/sessions")
    look_all(loaded, clock)
    assert "staging__sessions" in reason(loaded.look(RUNS))
    loaded.run("staging/sessions", *COPY)
    look_all(loaded, clock)
    assert webhook.texts[1:] == ["🟢 Over: a run has failed (staging__sessions)"]


def report_stale(automation: Automation, asset: str) -> None:
    automation.instance.report_runless_asset_event(
        FreshnessStateChange(
            key=dg.AssetKey(asset.split("/")),
            new_state=FreshnessState.FAIL,
            previous_state=FreshnessState.PASS,
            state_change_timestamp=datetime.now(timezone.utc).timestamp(),
        )
    )
