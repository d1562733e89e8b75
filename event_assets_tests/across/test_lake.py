"""The lake of all events: what is in it, and what becomes of it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from dlt.common.storages import FilesystemConfiguration

from event_assets.across.lake import OF_PERSONS, lake_plan, publish_to_lake, remove_from_lake
from event_assets.settings import SettingsError
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.copy_rows import Wanted
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets.warehouse.failures import PublishError
from event_assets_tests.across.conftest import Published
from event_assets_tests.models.bench import models_of

PLAN = lake_plan(models_of(TABLES), participants=False)


def lake_in(folder: Path) -> Lake:
    """Return a lake in a folder."""
    storage = FilesystemConfiguration(bucket_url=FilesystemConfiguration.make_file_url(str(folder)))
    storage.resolve()
    return Lake(storage)


def rows(folder: Path, table: str, event: str) -> list[dict[str, Any]]:
    """The rows of an event, read with delta-rs alone."""
    found = DeltaTable(folder / table.replace(".", "/")).to_pyarrow_table().to_pylist()
    return [{name: value for name, value in row.items() if name != "event"} for row in found if row["event"] == event]


@pytest.fixture(scope="module")
def folder(published: Published, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake")
    for copy in published.copies:
        assert not isinstance(copy.engine, SettingsError)
        found = publish_to_lake(lake_in(folder), copy.event, copy.engine, PLAN)
        assert found.written.keys() == PLAN.keys()
    return folder


def test_the_lake_has_the_rows_of_each_copy(published: Published, folder: Path):
    for copy in published.copies:
        assert not isinstance(copy.engine, SettingsError)
        for relation, columns in PLAN.items():
            [expected] = copy.engine.read_copy([Wanted(relation, columns)])
            found = rows(folder, str(relation), copy.event)
            assert _comparable(found) == _comparable(expected), relation


def test_there_is_no_table_of_persons_and_no_personal_data_in_the_lake(published: Published, folder: Path):
    there = {".".join(path.parent.parts[-2:]) for path in folder.glob("*/*/_delta_log")}
    assert there == {*map(str, PLAN)}
    assert not there & {*map(str, OF_PERSONS)}
    addresses = {person["email"] for event in published.events.values() for person in event.participants}
    speakers = {each["name"] for event in published.events.values() for each in event.content["speakers"]}
    names = {person["name"] for event in published.events.values() for person in event.participants}
    private = addresses | (names - speakers)
    assert len(private) > 100
    values = {
        str(value)
        for relation in PLAN
        for row in DeltaTable(folder / str(relation).replace(".", "/")).to_pyarrow_table().to_pylist()
        for value in row.values()
    }
    assert not values & private


def test_a_table_of_persons_is_there_where_a_setting_allows_it():
    allowed = lake_plan(models_of(TABLES), participants=True)
    assert allowed.keys() - PLAN.keys() == OF_PERSONS & allowed.keys() != set()
    assert "company" not in allowed[next(each for each in OF_PERSONS if each.name == "participants")]


def test_an_event_is_replaced_and_the_others_stay(published: Published, tmp_path: Path):
    lake, (this, last, *_) = lake_in(tmp_path), published.copies
    assert not isinstance(this.engine, SettingsError)
    assert not isinstance(last.engine, SettingsError)
    few = {relation: columns for relation, columns in PLAN.items() if relation.name in ("speakers", "sessions")}
    publish_to_lake(lake, "a", this.engine, few)
    publish_to_lake(lake, "b", this.engine, few)
    before, versions = rows(tmp_path, "staging.speakers", "b"), _versions(tmp_path)
    again = publish_to_lake(lake, "a", this.engine, few)
    assert (again.written, again.unchanged, again.removed, _versions(tmp_path)) == ({}, 2, [], versions)
    publish_to_lake(lake, "a", last.engine, few)
    assert _versions(tmp_path) == {name: version + 1 for name, version in versions.items()}
    assert rows(tmp_path, "staging.speakers", "b") == before
    [expected] = last.engine.read_copy([Wanted(each, few[each]) for each in few if each.name == "speakers"])
    assert _comparable(rows(tmp_path, "staging.speakers", "a")) == _comparable(expected)
    assert {each.name for each in remove_from_lake(lake, "a")} == {"speakers", "sessions"}
    assert rows(tmp_path, "staging.speakers", "a") == []
    assert rows(tmp_path, "staging.speakers", "b") == before


def test_a_lake_that_cannot_be_written_is_reported(published: Published, tmp_path: Path):
    (tmp_path / "staging").write_text("no folder")
    copy = published.copies[0]
    assert not isinstance(copy.engine, SettingsError)
    with pytest.raises(PublishError, match="either its old or its new rows of the event"):
        publish_to_lake(lake_in(tmp_path), "a", copy.engine, PLAN)


def _versions(folder: Path) -> dict[str, int]:
    return {path.parent.name: DeltaTable(path.parent).version() for path in folder.glob("*/*/_delta_log")}


def _comparable(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(repr(sorted((name, _plain(value)) for name, value in row.items())) for row in found)


def _plain(value: Any) -> str:
    return str(value).removesuffix("+00:00")
