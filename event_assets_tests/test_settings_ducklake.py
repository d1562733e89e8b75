"""The settings of a DuckLake: two lakes of one name, and what cannot be used."""

import os

import pytest

from event_assets.settings import SettingsError, read_event

CREDENTIALS = "DESTINATION__DUCKLAKE__CREDENTIALS__"


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch):
    def set_all(**settings: str) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(f"{CREDENTIALS}{name}", value)

    return set_all


def test_unset_it_is_in_the_folder_of_the_command():
    lake = read_event().ducklake
    assert lake.storage.endswith(os.path.join("data", "lake"))
    assert str(lake.complete().catalog.database).endswith(os.path.join("data", "lake.sqlite"))


@pytest.mark.parametrize("catalog", ["sqlite:////srv/x.sqlite", "postgresql://user:pass%20word@db:5433/lake"])
def test_the_two_lakes_share_nothing(configure, catalog: str):
    configure(CATALOG=catalog, DUCKLAKE_NAME="vienna", STORAGE__BUCKET_URL="/srv/the lake")
    settings = read_event().ducklake
    lake, readers = settings.complete(), settings.complete(published=True)
    assert (lake.ducklake_name, readers.ducklake_name) == ("vienna", "vienna_published")
    assert (lake.storage_url, readers.storage_url) == ("/srv/the lake/vienna", "/srv/the lake/vienna_published")
    places = {(str(each.catalog.database), str(each.metadata_schema)) for each in (lake, readers)}
    assert len(places) == 2
    if catalog.startswith("sqlite"):
        assert {database for database, _ in places} == {"/srv/x.sqlite", "/srv/x_published.sqlite"}
    else:
        assert "pass%20word@db:5433" in lake.catalog.to_url().render_as_string(hide_password=False)


def test_a_bucket_has_its_keys_from_dlts_settings(configure):
    keys = {"AWS_ACCESS_KEY_ID": "the-id", "AWS_SECRET_ACCESS_KEY": "the-secret", "REGION_NAME": "eu"}
    configure(
        STORAGE__BUCKET_URL="s3://bucket/events/",
        **{f"STORAGE__CREDENTIALS__{name}": key for name, key in keys.items()},
    )
    for lake, place in (
        (read_event().ducklake.complete(), "s3://bucket/events/ducklake"),
        (read_event().ducklake.complete(published=True), "s3://bucket/events/ducklake_published"),
    ):
        assert lake.storage_url == place
        assert dict(lake.storage.credentials)["aws_access_key_id"] == "the-id"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CATALOG", "mysql://user:secretword@host/db", "is no catalogue that can be used"),
        ("CATALOG", "duckdb:///data/lake.duckdb", "is no catalogue that can be used"),
        ("CATALOG", "sqlite:///it's.sqlite", "is no catalogue that can be used"),
        ("DUCKLAKE_NAME", "Vienna 2026", "must be a name of small letters"),
        ("STORAGE__BUCKET_URL", "it's", "is no place for files"),
    ],
)
def test_what_cannot_be_used_is_said(configure, name: str, value: str, words: str):
    configure(**{name: value})
    with pytest.raises(SettingsError, match=words) as error:
        _ = read_event().ducklake
    assert "secretword" not in str(error.value)


def test_an_event_of_several_has_a_lake_of_its_own(configure):
    configure(CATALOG="sqlite:////srv/x.sqlite", STORAGE__BUCKET_URL="/srv/lake", DUCKLAKE_NAME="vienna")
    settings = read_event().ducklake
    lakes = [settings.complete(event, published=readers) for event in ("", "graz") for readers in (False, True)]
    names = ["vienna", "vienna_published", "vienna_graz", "vienna_graz_published"]
    assert [lake.ducklake_name for lake in lakes] == names
    assert [lake.metadata_schema for lake in lakes] == names
    assert [lake.storage_url for lake in lakes] == [f"/srv/lake/{name}" for name in names]
    files = ["/srv/x.sqlite", "/srv/x_published.sqlite", "/srv/x_graz.sqlite", "/srv/x_graz_published.sqlite"]
    assert [lake.catalog.database for lake in lakes] == files
    assert settings.complete("g" * 30).ducklake_name == f"vienna_{'g' * 30}"


def test_a_name_that_postgresql_would_cut_is_refused(configure):
    configure(DUCKLAKE_NAME="v" * 40)
    with pytest.raises(SettingsError, match="cuts names after 63 characters: set a shorter `ducklake_name`"):
        read_event().ducklake.complete("graz_2026_autumn", published=True)
