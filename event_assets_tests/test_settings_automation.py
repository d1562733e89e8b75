"""Settings of what happens by itself: what they are unless set, and how wrong ones are told."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from event_assets import settings

VIENNA = ZoneInfo("Europe/Vienna")


def test_how_fresh_tables_are_kept(monkeypatch: pytest.MonkeyPatch):
    assert settings.freshness_settings() == settings.FreshnessSettings(15, 240, 1560, 28, 5)
    for number, name in enumerate(("EVENT_MINUTES", "APPROACH_MINUTES", "QUIET_MINUTES", "APPROACH_DAYS"), start=1):
        monkeypatch.setenv(f"FRESHNESS__{name}", str(number))
    monkeypatch.setenv("FRESHNESS__RETRY_MINUTES", "60")
    assert settings.freshness_settings() == settings.FreshnessSettings(1, 2, 3, 4, 60)


def test_without_opening_and_closing_there_is_no_period():
    assert settings.event_period() is None


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
    period = settings.event_period()
    assert period
    assert (period.opens, period.closes) == expected


def test_a_day_of_closing_ends_at_local_midnight_also_when_clocks_change(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Vienna")
    monkeypatch.setenv("EVENT__OPENS", "2026-03-29")
    monkeypatch.setenv("EVENT__CLOSES", "2026-03-29")
    period = settings.event_period()
    assert period
    assert (period.closes.timestamp() - period.opens.timestamp()) / 3600 == 23


def test_when_everything_is_synced(monkeypatch: pytest.MonkeyPatch):
    assert settings.daily_sync_time() == (4, 0)
    monkeypatch.setenv("SCHEDULE__DAILY_SYNC", " 23:59 ")
    assert settings.daily_sync_time() == (23, 59)


def test_how_often_changes_are_looked_for(monkeypatch: pytest.MonkeyPatch):
    assert settings.change_poll_seconds() == 60
    monkeypatch.setenv("SCHEDULE__CHANGE_POLL_SECONDS", "1")
    assert settings.change_poll_seconds() == 1


def test_where_alerts_go(monkeypatch: pytest.MonkeyPatch):
    assert settings.alert_webhook_url() is None
    monkeypatch.setenv("ALERTS__WEBHOOK_URL", " https://chat.example.org/hook ")
    assert settings.alert_webhook_url() == "https://chat.example.org/hook"


def test_where_the_ui_is(monkeypatch: pytest.MonkeyPatch):
    assert settings.dagster_ui_address() == "http://127.0.0.1:3000"
    monkeypatch.setenv("UI__ADDRESS", "https://dagster.example.org/")
    assert settings.dagster_ui_address() == "https://dagster.example.org"


@pytest.mark.parametrize(
    ("values", "read", "sentence"),
    [
        ({"FRESHNESS__EVENT_MINUTES": "0"}, settings.freshness_settings, r"`event_minutes` in .* must be from 1 to"),
        ({"FRESHNESS__QUIET_MINUTES": "9" * 14}, settings.freshness_settings, "must be from 1 to 525600, a year"),
        ({"FRESHNESS__QUIET_MINUTES": "many"}, settings.freshness_settings, r"`quiet_minutes` in .* as int"),
        ({"FRESHNESS__APPROACH_DAYS": "-1"}, settings.freshness_settings, "`approach_days` in .* must be 0 or more"),
        ({"FRESHNESS__RETRY_MINUTES": "0"}, settings.freshness_settings, "must be from 1 to 60"),
        ({"FRESHNESS__RETRY_MINUTES": "61"}, settings.freshness_settings, "must be from 1 to 60"),
        ({"EVENT__OPENS": "2026-12-01"}, settings.event_period, "only one is set"),
        ({"EVENT__CLOSES": "2026-12-01"}, settings.event_period, "only one is set"),
        (
            {"EVENT__OPENS": "2026-12-02", "EVENT__CLOSES": "2026-12-01"},
            settings.event_period,
            "closes before it opens",
        ),
        ({"EVENT__OPENS": "soon", "EVENT__CLOSES": "2026-12-01"}, settings.event_period, "`opens` .* no date or time"),
        (
            {"EVENT__OPENS": "2026-12-01", "EVENT__CLOSES": "2026-12-32"},
            settings.event_period,
            "`closes` .* no date or time",
        ),
        (
            {"EVENT__OPENS": "2026-12-01", "EVENT__CLOSES": "9999-12-31"},
            settings.event_period,
            "`closes` .* no date or time",
        ),
        ({"SCHEDULE__DAILY_SYNC": "24:00"}, settings.daily_sync_time, "is no time of day"),
        ({"SCHEDULE__DAILY_SYNC": "at four"}, settings.daily_sync_time, "is no time of day"),
        ({"SCHEDULE__CHANGE_POLL_SECONDS": "0"}, settings.change_poll_seconds, "must be 1 or more"),
        ({"ALERTS__WEBHOOK_URL": "chat.example.org"}, settings.alert_webhook_url, "must begin with https://"),
    ],
)
def test_what_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], read: Callable[[], object], sentence: str
):
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError, match=sentence):
        read()
