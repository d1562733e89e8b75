"""Settings of what happens by itself: what they are unless set, and how wrong ones are told."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from event_assets import settings
from event_assets.settings import SettingsError, read_event

VIENNA = ZoneInfo("Europe/Vienna")


def test_how_fresh_tables_are_kept(monkeypatch: pytest.MonkeyPatch):
    assert read_event().freshness == settings.FreshnessSettings(15, 240, 1560, 28, 5)
    for number, name in enumerate(("EVENT_MINUTES", "APPROACH_MINUTES", "QUIET_MINUTES", "APPROACH_DAYS"), start=1):
        monkeypatch.setenv(f"FRESHNESS__{name}", str(number))
    monkeypatch.setenv("FRESHNESS__RETRY_MINUTES", "60")
    assert read_event().freshness == settings.FreshnessSettings(1, 2, 3, 4, 60)


def test_without_opening_and_closing_there_is_no_period():
    assert read_event().dates.period is None


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        (
            "2026-12-01",
            "2026-12-02",
            (datetime(2026, 12, 1, tzinfo=VIENNA), datetime(2026, 12, 3, tzinfo=VIENNA)),
        ),
        (
            "2026-12-01T09:00",
            "2026-12-01 18:30",
            (datetime(2026, 12, 1, 9, tzinfo=VIENNA), datetime(2026, 12, 1, 18, 30, tzinfo=VIENNA)),
        ),
        (
            "2026-12-01T09:00Z",
            "2026-12-01T09:00-01:00",
            (datetime(2026, 12, 1, 10, tzinfo=VIENNA), datetime(2026, 12, 1, 11, tzinfo=VIENNA)),
        ),
    ],
)
def test_an_event_opens_and_closes(
    monkeypatch: pytest.MonkeyPatch, opens: str, closes: str, expected: tuple[datetime, datetime]
):
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Vienna")
    monkeypatch.setenv("EVENT__OPENS", opens)
    monkeypatch.setenv("EVENT__CLOSES", closes)
    period = read_event().dates.period
    assert period
    assert (period.opens, period.closes) == expected


def test_a_day_of_closing_ends_at_local_midnight_also_when_clocks_change(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Vienna")
    monkeypatch.setenv("EVENT__OPENS", "2026-03-29")
    monkeypatch.setenv("EVENT__CLOSES", "2026-03-29")
    period = read_event().dates.period
    assert period
    assert (period.closes.timestamp() - period.opens.timestamp()) / 3600 == 23


def test_when_everything_is_synced(monkeypatch: pytest.MonkeyPatch):
    assert read_event().schedule.daily_sync == time(4)
    monkeypatch.setenv("SCHEDULE__DAILY_SYNC", " 23:59 ")
    assert read_event().schedule.daily_sync == time(23, 59)


def test_how_often_changes_are_looked_for(monkeypatch: pytest.MonkeyPatch):
    assert read_event().schedule == settings.ScheduleSettings(time(4), 5, 60, 900, None)
    monkeypatch.setenv("SCHEDULE__CHANGE_POLL_SECONDS", "1")
    assert read_event().schedule.change_poll_seconds == 1


def test_where_alerts_go(monkeypatch: pytest.MonkeyPatch):
    assert read_event().alerts.webhook_url is None
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", " https://chat.example.org/hook ")
    assert read_event().alerts.webhook_url == "https://chat.example.org/hook"


def test_where_the_ui_is(monkeypatch: pytest.MonkeyPatch):
    assert read_event().ui.address == "http://127.0.0.1:3000"
    monkeypatch.setenv("UI__ADDRESS", "https://dagster.example.org/")
    assert read_event().ui.address == "https://dagster.example.org"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"FRESHNESS__EVENT_MINUTES": "0"},
            r"`event_minutes` in .* must be from 1 to",
        ),
        (
            {"FRESHNESS__QUIET_MINUTES": "9" * 14},
            "must be from 1 to 525600, a year",
        ),
        (
            {"FRESHNESS__QUIET_MINUTES": "many"},
            r"`quiet_minutes` in .* as int",
        ),
        (
            {"FRESHNESS__APPROACH_DAYS": "-1"},
            "`approach_days` in .* must be 0 or more",
        ),
        ({"FRESHNESS__RETRY_MINUTES": "0"}, "must be from 1 to 60"),
        ({"FRESHNESS__RETRY_MINUTES": "61"}, "must be from 1 to 60"),
        ({"EVENT__OPENS": "2026-12-01"}, "only one is set"),
        ({"EVENT__CLOSES": "2026-12-01"}, "only one is set"),
        (
            {"EVENT__OPENS": "2026-12-02", "EVENT__CLOSES": "2026-12-01"},
            "closes before it opens",
        ),
        (
            {"EVENT__OPENS": "soon", "EVENT__CLOSES": "2026-12-01"},
            "`opens` .* no date or time",
        ),
        (
            {"EVENT__OPENS": "2026-12-01", "EVENT__CLOSES": "2026-12-32"},
            "`closes` .* no date or time",
        ),
        (
            {"EVENT__OPENS": "2026-12-01", "EVENT__CLOSES": "9999-12-31"},
            "`closes` .* no date or time",
        ),
        ({"SCHEDULE__DAILY_SYNC": "24:00"}, "is no time of day"),
        ({"SCHEDULE__DAILY_SYNC": "at four"}, "is no time of day"),
        (
            {"SCHEDULE__CHANGE_POLL_SECONDS": "0"},
            "must be 1 or more",
        ),
        (
            {"ALERTS__WEBHOOK_URL": "chat.example.org"},
            "must begin with https://",
        ),
    ],
)
def test_what_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        read_event().check()
