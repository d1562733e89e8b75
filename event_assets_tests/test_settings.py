"""Where configuration comes from, and how a missing or wrong one is told."""

import re
import zoneinfo
from collections.abc import Callable
from contextlib import suppress
from inspect import isfunction
from pathlib import Path

import duckdb
import pytest

from event_assets import settings
from event_assets.settings import check


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.org/public/v1/")
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", " the-token ")
    return monkeypatch


def test_address_and_token_are_read_when_asked_for(configured: pytest.MonkeyPatch):
    api = settings.event_api_settings()
    assert (api.base_url, api.api_token) == ("https://api.example.org/public/v1", "the-token")
    assert "the-token" not in repr(api)
    configured.setenv("SOURCES__EVENT_API__API_TOKEN", "a-new-token")
    assert settings.event_api_settings().api_token == "a-new-token"


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


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://user:pa55word@api.example.org/public/v1", "has a user's name or a password in it"),
        ("https://pa55word@api.example.org", "has a user's name or a password in it"),
        ("https://user:pa55/word@api.example.org", "is no address"),
        ("https://[pa55word", "is no address"),
        ("https:///pa55word", "names no host"),
        ("https://api.example.org/public/v1?key=pa55word", "goes on behind a"),
    ],
)
def test_an_address_with_a_password_or_without_a_host_is_told_and_not_shown(
    configured: pytest.MonkeyPatch, address: str, why: str
):
    configured.setenv("SOURCES__EVENT_API__BASE_URL", address)
    for read in (settings.event_api_settings, settings.check_settings):
        with pytest.raises(settings.SettingsError, match=f"{why}.* Correct `base_url`") as told:
            read()
        assert "pa55" not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__ or told.value.__context__ is None


@pytest.mark.parametrize("address", ["http://[::1]:8040/public/v1", "https://BÜCHER.example/a@b", "http://localhost:1"])
def test_other_addresses_are_taken_as_they_are(configured: pytest.MonkeyPatch, address: str):
    configured.setenv("SOURCES__EVENT_API__BASE_URL", address)
    assert settings.event_api_settings().base_url == address


@pytest.mark.parametrize("token", ["tök€n", "two words", "a\nline"])
def test_a_token_that_cannot_be_sent_is_told_and_not_shown(configured: pytest.MonkeyPatch, token: str):
    configured.setenv("SOURCES__EVENT_API__API_TOKEN", token)
    with pytest.raises(settings.SettingsError, match="cannot be sent: copy it anew") as told:
        settings.event_api_settings()
    assert token not in str(told.value)


@pytest.mark.parametrize("scheme", ["", "duckdb:///"])
def test_the_warehouse_is_a_path_or_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{scheme}{tmp_path}/w.duckdb")
    assert settings.warehouse_path() == (tmp_path / "w.duckdb").resolve()


def test_a_table_for_the_warehouse_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f'{{"database": "{tmp_path}/w.duckdb"}}')
    with pytest.raises(settings.SettingsError, match='write `credentials = "data/warehouse'):
        settings.warehouse_path()


def test_the_warehouse_lies_in_the_folder_by_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DESTINATION__DUCKDB__CREDENTIALS", raising=False)
    assert settings.warehouse_path() == settings.run_folder() / "data" / "warehouse.duckdb"


def test_the_time_zone_is_utc_unless_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EVENT__TIMEZONE", raising=False)
    assert settings.event_timezone() == "UTC"
    monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")
    assert settings.event_timezone() == "Asia/Tokyo"


@pytest.mark.parametrize(
    "zone",
    [
        *("localtime", "posixrules", "Factory", "leapseconds", "tzdata.zi", "right/Europe/Vienna"),
        *("posix/Europe/Vienna", "Mars/Olympus", "../etc/passwd", "+02:00", "europe/vienna", "Europe", "Europe/", " "),
    ],
)
def test_a_time_zone_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, zone: str):
    monkeypatch.setenv("EVENT__TIMEZONE", zone)
    for read in (settings.event_timezone, settings.check_settings):
        with pytest.raises(settings.SettingsError, match="IANA name"):
            read()


def test_the_accepted_time_zones_are_those_that_python_and_duckdb_know(monkeypatch: pytest.MonkeyPatch):
    with duckdb.connect() as connection:
        of_duckdb = {row[0] for row in connection.execute("select name from pg_timezone_names()").fetchall()}

    def accepts(zone: str) -> bool:
        monkeypatch.setenv("EVENT__TIMEZONE", zone)
        with suppress(settings.SettingsError):
            return settings.event_timezone() == zone
        return False

    both = zoneinfo.available_timezones() & of_duckdb
    assert len(both) > 500
    assert {zone for zone in zoneinfo.available_timezones() | of_duckdb if accepts(zone)} == both - {"Factory"}


def test_retries_are_set_in_dlt_s_runtime_configuration(monkeypatch: pytest.MonkeyPatch):
    assert settings.retry_settings() == settings.RetrySettings(60, 5, 1, 300, 600, 1e9)
    for name, value in (
        ("TIMEOUT", "7"),
        ("MAX_ATTEMPTS", "2"),
        ("BACKOFF_FACTOR", "0.5"),
        ("MAX_RETRY_DELAY", "9"),
        ("MAX_TOTAL_WAIT", "30"),
        ("MAX_ANSWER_MEGABYTES", "2.5"),
    ):
        monkeypatch.setenv(f"RUNTIME__REQUEST_{name}", value)
    assert settings.retry_settings() == settings.RetrySettings(7, 2, 0.5, 9, 30, 2.5e6)


def test_what_may_be_removed_is_set(monkeypatch: pytest.MonkeyPatch):
    assert settings.removal_settings() == settings.RemovalSettings(0.5, 10, False)
    monkeypatch.setenv("SOURCES__EVENT_API__MAX_REMOVED_SHARE", "0.1")
    monkeypatch.setenv("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "3")
    monkeypatch.setenv("SOURCES__EVENT_API__ALLOW_REMOVALS", "true")
    assert settings.removal_settings() == settings.RemovalSettings(0.1, 3, True)


def test_personal_data_is_kept_unless_set(monkeypatch: pytest.MonkeyPatch):
    assert settings.privacy_settings() == settings.PrivacySettings("keep", "")
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "Drop")
    assert settings.privacy_settings().personal_data == "drop"
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "hash")
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA_SECRET", "a secret of the test suite")
    assert settings.privacy_settings() == settings.PrivacySettings("hash", "a secret of the test suite")
    assert "a secret" not in repr(settings.privacy_settings())


@pytest.mark.parametrize(
    ("choice", "secret", "sentence"),
    [
        ("erase", "", "must be one of keep, hash, drop"),
        ("hash", "", "a secret of at least 16 characters is needed"),
        ("hash", "too short", "a secret of at least 16 characters is needed"),
    ],
)
def test_personal_data_settings_that_cannot_work_are_told(
    monkeypatch: pytest.MonkeyPatch, choice: str, secret: str, sentence: str
):
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", choice)
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA_SECRET", secret)
    with pytest.raises(settings.SettingsError, match=sentence) as told:
        settings.privacy_settings()
    assert "too short" not in str(told.value)


def test_where_the_published_copy_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WAREHOUSE__PUBLISHED", raising=False)
    assert settings.published_path() == settings.run_folder() / "data" / "published.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "w.duckdb"))
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "p.duckdb"))
    assert settings.published_path() == (tmp_path / "p.duckdb").resolve()
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "folder" / ".." / "w.duckdb"))
    with pytest.raises(settings.SettingsError, match="cannot be the warehouse itself"):
        settings.published_path()


def test_how_long_a_writer_waits(monkeypatch: pytest.MonkeyPatch):
    assert settings.lock_wait_seconds() == 600
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "1.5")
    assert settings.lock_wait_seconds() == 1.5
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "long")
    with pytest.raises(settings.SettingsError, match=r"`lock_wait_seconds` in the section \[warehouse\]"):
        settings.lock_wait_seconds()


def test_the_memory_that_duckdb_may_take(monkeypatch: pytest.MonkeyPatch):
    assert settings.warehouse_memory_limit() == "300MB"
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "1.5 GiB")
    assert settings.warehouse_memory_limit() == "1.5 GiB"
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "much'; drop table x")
    with pytest.raises(settings.SettingsError, match=r"`memory_limit` .* is no size"):
        settings.warehouse_memory_limit()


@pytest.mark.parametrize(
    ("name", "value", "read", "sentence"),
    [
        ("SOURCES__EVENT_API__MAX_REMOVED_SHARE", "50", settings.removal_settings, "must be a share from 0 to 1"),
        ("SOURCES__EVENT_API__MAX_REMOVED_SHARE", "-0.1", settings.removal_settings, "must be a share from 0 to 1"),
        ("SOURCES__EVENT_API__MAX_REMOVED_SHARE", "nan", settings.removal_settings, "must be a share from 0 to 1"),
        ("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "-1", settings.removal_settings, "must be 0 or more"),
        ("RUNTIME__REQUEST_TIMEOUT", "0", settings.retry_settings, "must be more than 0"),
        ("RUNTIME__REQUEST_MAX_ATTEMPTS", "0", settings.retry_settings, "must be 1 or more"),
        ("RUNTIME__REQUEST_BACKOFF_FACTOR", "-1", settings.retry_settings, "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_RETRY_DELAY", "-1", settings.retry_settings, "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_TOTAL_WAIT", "-1", settings.retry_settings, "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_ANSWER_MEGABYTES", "0", settings.retry_settings, "must be more than 0"),
        ("RUNTIME__REQUEST_MAX_ANSWER_MEGABYTES", "nan", settings.retry_settings, "must be more than 0"),
        ("WAREHOUSE__LOCK_WAIT_SECONDS", "-1", settings.lock_wait_seconds, "must be 0 or more"),
    ],
)
def test_numbers_that_cannot_work_are_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read: Callable[[], object], sentence: str
):
    monkeypatch.setenv(name, value)
    *sections, key = name.lower().split("__")
    said = f"`{key}` in the section [{'.'.join(sections)}] of .dlt/config.toml {sentence}"
    for each in (read, settings.check_settings):
        with pytest.raises(settings.SettingsError, match=re.escape(said)):
            each()


def test_the_ends_of_the_ranges_can_be_used(monkeypatch: pytest.MonkeyPatch):
    for share in ("0", "1"):
        monkeypatch.setenv("SOURCES__EVENT_API__MAX_REMOVED_SHARE", share)
        monkeypatch.setenv("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "0")
        assert settings.removal_settings() == settings.RemovalSettings(float(share), 0, False)
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    assert settings.retry_settings() == settings.RetrySettings(60, 1, 0, 300, 600)


def test_all_settings_are_checked_and_the_address_only_where_there_is_a_token(monkeypatch: pytest.MonkeyPatch):
    settings.check_settings()
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "a-token")
    with pytest.raises(settings.SettingsError, match="No API address is configured"):
        settings.check_settings()
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.org")
    settings.check_settings()


def test_every_reader_is_checked():
    readers = {name for name in settings.__all__ if isfunction(getattr(settings, name))}
    assert readers - vars(check).keys() == {"dagster_home", "run_folder"}  # which any folder will do for
