"""What starts by itself because tables grow old."""

from datetime import datetime, timezone

import pytest

from event_assets_tests.automation.automation_harness import Automation, Clock

CONTENT = {f"raw/{name}" for name in ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")}


def at(hour: int, minute: int, second: int = 5) -> datetime:
    return datetime(2030, 5, 6, hour, minute, second, tzinfo=timezone.utc)


@pytest.mark.usefixtures("during_the_event")
def test_what_is_overdue_is_synced_once_and_nothing_else(loaded: Automation, clock: Clock):
    clock.leap(minutes=6)
    loaded.run("raw/participants")
    assert loaded.tick() == set()
    clock.leap(minutes=6)
    assert loaded.tick() == CONTENT
    run = loaded.begin_run(*CONTENT)
    assert loaded.tick() == set()
    loaded.cancel(run)
    loaded.run(*CONTENT)
    assert loaded.tick() == set()
    assert loaded.tick() == set()


@pytest.mark.usefixtures("during_the_event")
def test_one_overdue_table_brings_its_whole_endpoint(loaded: Automation, clock: Clock):
    clock.leap(minutes=6)
    loaded.run("raw/participants", *(CONTENT - {"raw/halls"}))
    clock.leap(minutes=6)
    assert loaded.tick() == CONTENT


def test_models_that_are_a_day_old_are_built_anew(loaded: Automation, clock: Clock):
    clock.leap(hours=24)
    raw = loaded.assets("group:raw")
    loaded.run(*raw)
    assert loaded.tick() == set()
    clock.leap(hours=1, minutes=5)
    assert loaded.tick() == loaded.assets() - raw


def test_the_same_age_is_overdue_from_the_opening_on(loaded: Automation, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__OPENS", "2030-05-06T12:30Z")
    monkeypatch.setenv("EVENT__CLOSES", "2030-05-08")
    clock.move_to(at(12, 29))
    assert loaded.tick() == set()
    clock.move_to(at(12, 30))
    assert loaded.tick() == {*CONTENT, "raw/participants"}


def test_and_no_longer_from_the_closing_on(loaded: Automation, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__OPENS", "2030-05-04")
    monkeypatch.setenv("EVENT__CLOSES", "2030-05-06T12:30Z")
    clock.move_to(at(12, 29))
    assert loaded.tick() == {*CONTENT, "raw/participants"}
    clock.move_to(at(12, 30))
    assert loaded.tick() == set()


@pytest.mark.usefixtures("during_the_event")
def test_partners_are_not_hurried_while_the_event_is_on(loaded: Automation, clock: Clock):
    clock.move_to(at(15, 0))
    assert "raw/partners" not in loaded.tick()
    clock.move_to(at(15, 2))
    assert "raw/partners" in loaded.tick()


@pytest.mark.usefixtures("during_the_event")
def test_windows_can_be_a_minute(loaded: Automation, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FRESHNESS__EVENT_MINUTES", "1")
    loaded.load()
    clock.move_to(at(12, 1, 45))
    assert loaded.tick() == set()
    clock.move_to(at(12, 3))
    assert loaded.tick() == {*CONTENT, "raw/participants"}
