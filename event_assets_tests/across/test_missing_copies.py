"""An event whose copy cannot be read is named, and the others are built."""

import os
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import pytest

from event_assets.across.copies import EventCopy
from event_assets.across.duckdb_file import FILE_NAME, CrossEventFile
from event_assets.settings import DateSettings, SettingsError
from event_assets.warehouse import PublishError
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets_tests.across.conftest import NOW, Published
from event_assets_tests.across.test_cross_event_rows import build
from event_assets_tests.running import Reader

PERIOD = DateSettings("America/New_York", opens="2026-10-18", closes="2026-10-20").period


def in_file(folder: Path, name: str) -> EventCopy:
    """Return the copy of an event that nobody has made."""
    engine = DuckDbEngine(folder / name / "warehouse.duckdb", folder / name / "published.duckdb")
    return EventCopy(name, engine, "America/New_York", PERIOD)


def test_each_missing_copy_is_named_and_the_others_are_built(published: Published, tmp_path: Path):
    damaged, empty, unpublished = (in_file(tmp_path, name) for name in ("damaged", "empty", "unpublished"))
    for copy in (damaged, empty):
        (tmp_path / copy.event).mkdir()
    (tmp_path / "damaged" / "published.duckdb").write_bytes(os.urandom(5000))
    with duckdb.connect(str(tmp_path / "empty" / "published.duckdb")) as connection:
        connection.execute("create schema summary")
    wrong = EventCopy("wrong", SettingsError("`timezone` in the section [events.wrong] is wrong: correct it."))
    copies = [damaged, *published.copies, empty, unpublished, wrong]
    path = tmp_path / FILE_NAME
    missing = build(copies, path)
    assert missing.keys() == {"damaged", "empty", "unpublished", "wrong"}
    assert missing["damaged"].startswith("DuckDB cannot read the published copy")
    assert missing["empty"] == "Its published copy has no row in summary.event_overview. Refresh the event."
    assert missing["unpublished"] == "It has no published copy yet. Refresh the event."
    assert "timezone" in missing["wrong"]
    reader = Reader(path)
    assert dict(reader.rows("select event, missing from events.events_overview where missing is not null")) == missing
    named = "select event, first_day::varchar, last_day::varchar, is_over, participants from events.events_overview"
    assert reader.rows(f"{named} where event = 'empty'") == [("empty", "2026-10-18", "2026-10-20", False, None)]
    there = {name for (name,) in reader.rows("select distinct event from events.registration_pace")}
    assert there == {*published.events}


def test_an_event_is_over_when_its_last_day_is_over_where_it_is(tmp_path: Path):
    path, copy = tmp_path / FILE_NAME, in_file(tmp_path, "late")
    over = "select is_over from events.events_overview"
    build([copy], path, datetime(2026, 10, 21, 3, 59, tzinfo=timezone.utc))
    assert Reader(path).rows(over) == [(False,)]
    build([copy], path, datetime(2026, 10, 21, 4, 0, tzinfo=timezone.utc))
    assert Reader(path).rows(over) == [(True,)]


def test_readers_keep_the_old_tables_where_a_build_fails(published: Published, tmp_path: Path):
    path = tmp_path / FILE_NAME
    build(published.copies[:1], path)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError):
        _fail(published.copies, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError, match="Free disk space or allow writing there"):
        build([], tmp_path / "file" / FILE_NAME)


def _fail(copies: list[EventCopy], path: Path) -> None:
    with CrossEventFile(path).building(copies, NOW):
        raise ZeroDivisionError
