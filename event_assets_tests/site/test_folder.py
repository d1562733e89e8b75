"""Where pages and files are written: a folder, a file system of fsspec's in memory, and S3."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.settings import SettingsError, SiteSettings
from event_assets.settings.site import _folder
from event_assets.site.folder import BucketFolder, LocalFolder, SiteFolder, media_type, open_folder
from event_assets_tests.engines.buckets import BUCKET, KEY, SECRET, s3_server

PAGE, DEEP = "catalogue.html", "files/tables/agenda.csv"


@pytest.fixture(params=["a path", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SiteFolder]:
    if request.param == "a path":
        yield open_folder(SiteSettings(folder=tmp_path / "site"))
        return
    found = open_folder(SiteSettings(folder="memory://bucket/site"))
    yield found
    found.remove(found.sizes(""))


def check_that_it_keeps_files(folder: SiteFolder) -> None:
    assert folder.read(PAGE) is None
    assert folder.sizes("files") == {}
    folder.write({PAGE: b"first", DEEP: "größer".encode(), "files/index.html": b""})
    assert folder.read(PAGE) == b"first"
    assert folder.read(DEEP) == "größer".encode()
    assert folder.sizes("files") == {DEEP: 8, "files/index.html": 0}
    folder.write({PAGE: b"second"})
    assert folder.read(PAGE) == b"second"
    folder.remove([DEEP])
    assert folder.read(DEEP) is None
    assert {*folder.sizes("")} == {PAGE, "files/index.html"}
    folder.remove([])


def test_files_are_written_read_listed_and_removed(folder: SiteFolder):
    check_that_it_keeps_files(folder)


def test_in_s3_they_are_too_with_their_media_types(monkeypatch: pytest.MonkeyPatch):
    with s3_server() as address:
        monkeypatch.setenv("SITE__CREDENTIALS__AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("SITE__CREDENTIALS__AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("SITE__CREDENTIALS__ENDPOINT_URL", address)
        monkeypatch.setenv("SITE__CREDENTIALS__REGION_NAME", "us-east-1")
        settings = SiteSettings(folder=f"s3://{BUCKET}/pages")
        folder = open_folder(settings)
        check_that_it_keeps_files(folder)
        assert isinstance(folder, BucketFolder)
        assert folder.where(PAGE) == f"s3://{BUCKET}/pages/{PAGE}"
        assert folder._files.info(f"{BUCKET}/pages/{PAGE}")["ContentType"] == "text/html; charset=utf-8"
        monkeypatch.setenv("SITE__CREDENTIALS__AWS_SECRET_ACCESS_KEY", "another-secret")
        with pytest.raises(SettingsError, match="cannot be written") as failure:
            open_folder(settings).write({PAGE: b"third"})
        assert KEY not in str(failure.value)
        assert failure.value.__cause__ is None
        assert folder.read(PAGE) == b"second"


def test_a_page_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = LocalFolder(tmp_path / "site")
    folder.write({PAGE: b"first"})
    assert stat.S_IMODE((tmp_path / "site" / PAGE).stat().st_mode) & 0o400

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(Path, "replace", no_space)
        with pytest.raises(SettingsError, match="No space left on device") as failure:
            folder.write({PAGE: b"second"})
    assert "the page stays as it was" in str(failure.value)
    assert folder.read(PAGE) == b"first"
    assert folder.sizes("") == {PAGE: 5}, "and nothing half written"
    folder.write({PAGE: b"third"})
    assert folder.read(PAGE) == b"third"


def test_what_a_setting_names(tmp_path: Path):
    assert _folder(f" {tmp_path} ") == tmp_path.resolve()
    assert _folder(tmp_path.as_uri()) == tmp_path.resolve()
    assert _folder("s3://bucket/pages/") == "s3://bucket/pages"
    assert SiteSettings(folder="s3://bucket/pages").local_folder is None
    with pytest.raises(ValueError, match="is empty"):
        _folder(" ")
    with pytest.raises(SettingsError, match=r"`folder` in the section \[site\]") as failure:
        open_folder(SiteSettings(folder="nothing://user:pa55word@bucket"))
    assert "pa55word" not in str(failure.value)


def test_a_title_is_in_one_line():
    from event_assets.settings.declaring import settings_of

    (title,) = (each for each in settings_of(SiteSettings) if each.name == "event_title")
    assert title.setting.parse(" Days \n of Code ") == "Days of Code"
    with pytest.raises(SettingsError, match="event_title"):
        SiteSettings(event_title="")


def test_media_types_are_those_that_programs_expect():
    types = {name: media_type(name) for name in ("a.html", "a.ics", "a.xml", "a.json", "a.csv", "a.xlsx", "a.parquet")}
    assert types["a.html"] == "text/html; charset=utf-8"
    assert types["a.ics"] == "text/calendar; charset=utf-8"
    assert types["a.csv"] == "text/csv; charset=utf-8"
    assert types["a.json"] == "application/json"
    assert types["a.xml"] == "application/xml"
    assert types["a.xlsx"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
