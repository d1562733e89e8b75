"""Where configuration comes from, and how a missing or wrong one is told."""

from pathlib import Path

import pytest

from event_assets import settings


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.org/public/v1/")
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", " the-token ")
    return monkeypatch


def test_address_and_token_are_read_when_asked_for(configured: pytest.MonkeyPatch):
    api = settings.event_api_settings()
    assert (api.base_url, api.api_token) == ("https://api.example.org/public/v1", "the-token")
    assert "the-token" not in repr(api)
    configured.setenv("SOURCES__EVENT_API__API_TOKEN", "a new one")
    assert settings.event_api_settings().api_token == "a new one"


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_token_that_is_missing_or_blank_is_told(configured: pytest.MonkeyPatch, value: str | None):
    configured.delenv("SOURCES__EVENT_API__API_TOKEN")
    if value is not None:
        configured.setenv("SOURCES__EVENT_API__API_TOKEN", value)
    assert not settings.has_api_token()
    with pytest.raises(
        settings.SettingsError, match=r"No API token is configured.*SOURCES__EVENT_API__API_TOKEN"
    ) as told:
        settings.event_api_settings()
    assert "No API address" not in str(told.value)


def test_a_missing_address_is_told(configured: pytest.MonkeyPatch):
    configured.delenv("SOURCES__EVENT_API__BASE_URL")
    assert settings.has_api_token()
    with pytest.raises(settings.SettingsError, match=r"No API address is configured.*SOURCES__EVENT_API__BASE_URL"):
        settings.event_api_settings()


def test_an_address_must_be_one(configured: pytest.MonkeyPatch):
    configured.setenv("SOURCES__EVENT_API__BASE_URL", "api.example.org")
    with pytest.raises(settings.SettingsError, match="must begin with https://"):
        settings.event_api_settings()


@pytest.mark.parametrize("scheme", ["", "duckdb:///"])
def test_the_warehouse_is_a_path_or_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{scheme}{tmp_path}/w.duckdb")
    assert settings.warehouse_path() == (tmp_path / "w.duckdb").resolve()


def test_the_warehouse_lies_in_the_folder_by_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DESTINATION__DUCKDB__CREDENTIALS", raising=False)
    assert settings.warehouse_path() == settings.run_folder() / "data" / "warehouse.duckdb"


def test_the_time_zone_is_utc_unless_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EVENT__TIMEZONE", raising=False)
    assert settings.event_timezone() == "UTC"
    monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")
    assert settings.event_timezone() == "Asia/Tokyo"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "+02:00"])
def test_a_time_zone_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, zone: str):
    monkeypatch.setenv("EVENT__TIMEZONE", zone)
    with pytest.raises(settings.SettingsError, match="IANA name"):
        settings.event_timezone()
