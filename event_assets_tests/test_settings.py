"""Where configuration comes from, and how a missing or wrong one is told."""

import re
import zoneinfo
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from event_assets import settings
from event_assets.settings import SettingsError, read_event


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.org/public/v1/")
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", " the-token ")
    return monkeypatch


def test_address_and_token_are_read_when_asked_for(configured: pytest.MonkeyPatch):
    api = read_event().api
    assert (api.base_url, api.api_token) == ("https://api.example.org/public/v1", "the-token")
    assert "the-token" not in repr(api)
    configured.setenv("SOURCES__EVENT_API__API_TOKEN", "a-new-token")
    assert read_event().api.api_token == "a-new-token"


@pytest.mark.parametrize("value", [None, "", "   "])
def test_a_token_that_is_missing_or_blank_is_told(configured: pytest.MonkeyPatch, value: str | None):
    configured.delenv("SOURCES__EVENT_API__API_TOKEN")
    if value is not None:
        configured.setenv("SOURCES__EVENT_API__API_TOKEN", value)
    assert not read_event().has_api_token
    with pytest.raises(SettingsError, match=r"No API token is configured.*SOURCES__EVENT_API__API_TOKEN") as told:
        _ = read_event().api
    assert "No API address" not in str(told.value)


def test_a_missing_address_is_told(configured: pytest.MonkeyPatch):
    configured.delenv("SOURCES__EVENT_API__BASE_URL")
    assert read_event().has_api_token
    with pytest.raises(SettingsError, match=r"No API address is configured.*SOURCES__EVENT_API__BASE_URL"):
        _ = read_event().api


def test_an_address_must_be_one(configured: pytest.MonkeyPatch):
    configured.setenv("SOURCES__EVENT_API__BASE_URL", "api.example.org")
    with pytest.raises(SettingsError, match="must begin with https://"):
        _ = read_event().api


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
    for read in (lambda: read_event().api, lambda: read_event().check()):
        with pytest.raises(SettingsError, match=f"{why}.* Correct `base_url`") as told:
            read()
        assert "pa55" not in str(told.value)
        assert told.value.__cause__ is None
        assert told.value.__suppress_context__ or told.value.__context__ is None


@pytest.mark.parametrize("address", ["http://[::1]:8040/public/v1", "https://BÜCHER.example/a@b", "http://localhost:1"])
def test_other_addresses_are_taken_as_they_are(configured: pytest.MonkeyPatch, address: str):
    configured.setenv("SOURCES__EVENT_API__BASE_URL", address)
    assert read_event().api.base_url == address


@pytest.mark.parametrize("token", ["tök€n", "two words", "a\nline"])
def test_a_token_that_cannot_be_sent_is_told_and_not_shown(configured: pytest.MonkeyPatch, token: str):
    configured.setenv("SOURCES__EVENT_API__API_TOKEN", token)
    with pytest.raises(SettingsError, match="cannot be sent: copy it again") as told:
        _ = read_event().api
    assert token not in str(told.value)


@pytest.mark.parametrize("scheme", ["", "duckdb:///"])
def test_the_warehouse_is_a_path_or_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f"{scheme}{tmp_path}/w.duckdb")
    assert read_event().warehouse.file == (tmp_path / "w.duckdb").resolve()


def test_a_table_for_the_warehouse_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", f'{{"database": "{tmp_path}/w.duckdb"}}')
    with pytest.raises(SettingsError, match=r'is a table of values.*"data/warehouse'):
        _ = read_event().warehouse.file


def test_the_warehouse_lies_in_the_folder_by_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DESTINATION__DUCKDB__CREDENTIALS", raising=False)
    assert read_event().warehouse.file == settings.run_folder() / "data" / "warehouse.duckdb"


def test_the_time_zone_is_utc_unless_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("EVENT__TIMEZONE", raising=False)
    assert read_event().dates.timezone == "UTC"
    monkeypatch.setenv("EVENT__TIMEZONE", "Asia/Tokyo")
    assert read_event().dates.timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    "zone",
    [
        *("localtime", "posixrules", "Factory", "leapseconds", "tzdata.zi", "right/Europe/Vienna"),
        *("posix/Europe/Vienna", "Mars/Olympus", "../etc/passwd", "+02:00", "europe/vienna", "Europe", "Europe/", " "),
    ],
)
def test_a_time_zone_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch, zone: str):
    monkeypatch.setenv("EVENT__TIMEZONE", zone)
    for read in (lambda: read_event().dates.timezone, lambda: read_event().check()):
        with pytest.raises(SettingsError, match="IANA name"):
            read()


def test_the_accepted_time_zones_are_those_that_python_and_duckdb_know(monkeypatch: pytest.MonkeyPatch):
    with duckdb.connect() as connection:
        of_duckdb = {row[0] for row in connection.execute("select name from pg_timezone_names()").fetchall()}

    def accepts(zone: str) -> bool:
        monkeypatch.setenv("EVENT__TIMEZONE", zone)
        with suppress(SettingsError):
            return read_event().dates.timezone == zone
        return False

    both = zoneinfo.available_timezones() & of_duckdb
    assert len(both) > 500
    assert {zone for zone in zoneinfo.available_timezones() | of_duckdb if accepts(zone)} == both - {"Factory"}


def test_retries_are_set_in_dlt_s_runtime_configuration(monkeypatch: pytest.MonkeyPatch):
    assert read_event().retry == settings.RetrySettings(60, 5, 1, 300, 600, 1e9)
    for name, value in (
        ("TIMEOUT", "7"),
        ("MAX_ATTEMPTS", "2"),
        ("BACKOFF_FACTOR", "0.5"),
        ("MAX_RETRY_DELAY", "9"),
        ("MAX_TOTAL_WAIT", "30"),
        ("MAX_ANSWER_MEGABYTES", "2.5"),
    ):
        monkeypatch.setenv(f"RUNTIME__REQUEST_{name}", value)
    assert read_event().retry == settings.RetrySettings(7, 2, 0.5, 9, 30, 2.5e6)


def test_what_may_be_removed_is_set(monkeypatch: pytest.MonkeyPatch):
    assert read_event().removals == settings.RemovalSettings(0.5, 10, False)
    monkeypatch.setenv("SOURCES__EVENT_API__MAX_REMOVED_SHARE", "0.1")
    monkeypatch.setenv("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "3")
    monkeypatch.setenv("SOURCES__EVENT_API__ALLOW_REMOVALS", "true")
    assert read_event().removals == settings.RemovalSettings(0.1, 3, True)


def test_personal_data_is_kept_unless_set(monkeypatch: pytest.MonkeyPatch):
    assert read_event().privacy == settings.PrivacySettings("keep", "")
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "Drop")
    assert read_event().privacy.personal_data == "drop"
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA", "hash")
    monkeypatch.setenv("SOURCES__EVENT_API__PERSONAL_DATA_SECRET", "a secret of the test suite")
    assert read_event().privacy == settings.PrivacySettings("hash", "a secret of the test suite")
    assert "a secret" not in repr(read_event().privacy)


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
    with pytest.raises(SettingsError, match=sentence) as told:
        _ = read_event().privacy
    assert "too short" not in str(told.value)


def test_where_the_published_copy_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WAREHOUSE__PUBLISHED", raising=False)
    assert read_event().warehouse.published_file == settings.run_folder() / "data" / "published.duckdb"
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "w.duckdb"))
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "p.duckdb"))
    assert read_event().warehouse.published_file == (tmp_path / "p.duckdb").resolve()
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "folder" / ".." / "w.duckdb"))
    with pytest.raises(SettingsError, match="cannot be the warehouse itself"):
        _ = read_event().warehouse.published_file


def test_how_long_a_writer_waits(monkeypatch: pytest.MonkeyPatch):
    assert read_event().warehouse.lock_wait_seconds == 600
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "1.5")
    assert read_event().warehouse.lock_wait_seconds == 1.5
    monkeypatch.setenv("WAREHOUSE__LOCK_WAIT_SECONDS", "long")
    with pytest.raises(SettingsError, match=r"`lock_wait_seconds` in the section \[warehouse\]"):
        _ = read_event().warehouse.lock_wait_seconds


def test_the_memory_that_duckdb_may_take(monkeypatch: pytest.MonkeyPatch):
    assert read_event().warehouse.memory_limit == "300MB"
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "1.5 GiB")
    assert read_event().warehouse.memory_limit == "1.5 GiB"
    monkeypatch.setenv("WAREHOUSE__MEMORY_LIMIT", "much'; drop table x")
    with pytest.raises(SettingsError, match=r"`memory_limit` .* is no size"):
        _ = read_event().warehouse.memory_limit


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "SOURCES__EVENT_API__MAX_REMOVED_SHARE",
            "50",
            "must be a share from 0 to 1",
        ),
        (
            "SOURCES__EVENT_API__MAX_REMOVED_SHARE",
            "-0.1",
            "must be a share from 0 to 1",
        ),
        (
            "SOURCES__EVENT_API__MAX_REMOVED_SHARE",
            "nan",
            "must be a share from 0 to 1",
        ),
        ("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "-1", "must be 0 or more"),
        ("RUNTIME__REQUEST_TIMEOUT", "0", "must be more than 0"),
        ("RUNTIME__REQUEST_MAX_ATTEMPTS", "0", "must be 1 or more"),
        ("RUNTIME__REQUEST_BACKOFF_FACTOR", "-1", "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_RETRY_DELAY", "-1", "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_TOTAL_WAIT", "-1", "must be 0 or more"),
        ("RUNTIME__REQUEST_MAX_ANSWER_MEGABYTES", "0", "must be more than 0"),
        ("RUNTIME__REQUEST_MAX_ANSWER_MEGABYTES", "nan", "must be more than 0"),
        (
            "WAREHOUSE__LOCK_WAIT_SECONDS",
            "-1",
            "must be 0 or more",
        ),
    ],
)
def test_numbers_that_cannot_work_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str):
    monkeypatch.setenv(name, value)
    *sections, key = name.lower().split("__")
    said = f"`{key}` in the section [{'.'.join(sections)}] of .dlt/config.toml {sentence}"
    with pytest.raises(SettingsError, match=re.escape(said)):
        read_event().check()


def test_the_ends_of_the_ranges_can_be_used(monkeypatch: pytest.MonkeyPatch):
    for share in ("0", "1"):
        monkeypatch.setenv("SOURCES__EVENT_API__MAX_REMOVED_SHARE", share)
        monkeypatch.setenv("SOURCES__EVENT_API__MIN_REMOVED_ROWS", "0")
        assert read_event().removals == settings.RemovalSettings(float(share), 0, False)
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0")
    assert read_event().retry == settings.RetrySettings(60, 1, 0, 300, 600)


def test_all_settings_are_checked_and_the_address_only_where_there_is_a_token(monkeypatch: pytest.MonkeyPatch):
    read_event().check()
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "a-token")
    with pytest.raises(SettingsError, match="No API address is configured"):
        read_event().check()
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", "https://api.example.org")
    read_event().check()
