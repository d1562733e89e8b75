"""Which phase an event is in, and how old tables may be in it."""

from datetime import datetime, timedelta, timezone

import dagster as dg
import pytest

from event_assets.automation.freshness import FreshnessWindow, current_windows, poll_interval
from event_assets.automation.phases import Phase, phase_at
from event_assets.settings import EventPeriod, ScheduleSettings, read_event

OPENS = datetime(2030, 5, 6, 9, tzinfo=timezone.utc)
CLOSES = datetime(2030, 5, 8, 18, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("instant", "phase"),
    [
        (OPENS - timedelta(days=28) - SECOND, Phase.QUIET),
        (OPENS - timedelta(days=28), Phase.APPROACH),
        (OPENS - SECOND, Phase.APPROACH),
        (OPENS, Phase.EVENT),
        (CLOSES - SECOND, Phase.EVENT),
        (CLOSES, Phase.QUIET),
    ],
)
def test_a_phase_begins_and_ends_to_the_second(instant: datetime, phase: Phase):
    assert phase_at(instant, EventPeriod(OPENS, CLOSES), approach_days=28) is phase


def test_without_a_period_it_is_always_quiet():
    assert phase_at(OPENS, None, approach_days=28) is Phase.QUIET


@pytest.mark.parametrize(
    ("asset", "quiet", "approach", "event"),
    [
        ("raw/halls", (1560, 1500), (240, 180), (15, 11.25)),
        ("raw/participants", (1560, 1500), (240, 180), (15, 11.25)),
        ("raw/partners", (1560, 1500), (240, 180), (240, 180)),
        ("summary/agenda", (1560, 1500), (1560, 1500), (1560, 1500)),
        ("published/warehouse", (1560, 1500), (1560, 1500), (1560, 1500)),
        ("site/catalogue", (1560, 1500), (1560, 1500), (1560, 1500)),
        ("site/event", (1560, 1500), (1560, 1500), (1560, 1500)),
        ("site/files", (1560, 1500), (1560, 1500), (1560, 1500)),
    ],
)
def test_how_old_a_table_may_be(
    monkeypatch: pytest.MonkeyPatch, asset: str, quiet: tuple, approach: tuple, event: tuple
):
    monkeypatch.setenv("EVENT__OPENS", OPENS.isoformat())
    monkeypatch.setenv("EVENT__CLOSES", CLOSES.isoformat())
    key = dg.AssetKey(asset.split("/"))
    for at, minutes in ((CLOSES, quiet), (OPENS - SECOND, approach), (OPENS, event)):
        fails, warns = (timedelta(minutes=each) for each in minutes)
        window = current_windows([key], at, read_event())[key]
        assert (window.fails_after, window.warns_after, window.due_after) == (fails, warns, warns)
        assert window.policy() == dg.FreshnessPolicy.time_window(fail_window=fails, warn_window=warns)


@pytest.mark.parametrize(
    ("endpoint", "quiet", "approach", "event"),
    [(None, 900, 60, 5), ("content", 900, 60, 5), ("participants", 900, 60, 5), ("partners", 900, 60, 60)],
)
def test_how_often_the_api_is_asked(endpoint: str | None, quiet: int, approach: int, event: int):
    phases = {Phase.QUIET: quiet, Phase.APPROACH: approach, Phase.EVENT: event}
    for phase, seconds in phases.items():
        assert poll_interval(phase, ScheduleSettings(), endpoint) == timedelta(seconds=seconds)
        always = ScheduleSettings(change_poll_seconds=7)
        assert poll_interval(phase, always, endpoint) == timedelta(seconds=7)


def test_a_window_of_a_minute_does_not_warn(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FRESHNESS__QUIET_MINUTES", "1")
    key = dg.AssetKey(["raw", "halls"])
    window = current_windows([key], OPENS, read_event())[key]
    minute = timedelta(minutes=1)
    assert window == FreshnessWindow(minute, None)
    assert window.due_after == minute
    assert window.policy() == dg.FreshnessPolicy.time_window(fail_window=minute)
