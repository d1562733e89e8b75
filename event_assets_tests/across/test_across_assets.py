"""Tables across events as assets: what they depend on, what they say, and what becomes of an archive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_assets.across.duckdb_file import FILE_NAME
from event_assets.across.inputs import cross_event_models
from event_assets.assets import across
from event_assets.assets.across import build_archives, build_cross_event_assets
from event_assets.assets.lake import build_lake_asset
from event_assets.models.facts import DataTestSpec
from event_assets.settings import DateSettings, Event, LakeSettings, SparkSettings, WarehouseSettings
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets.warehouse.relations import Relation
from event_assets_tests.across.conftest import Published
from event_assets_tests.across.test_lake import lake_in, rows
from event_assets_tests.models.bench import models_of
from event_assets_tests.running import Reader

NOW = datetime(2026, 10, 20, tzinfo=timezone.utc)
NAMES = ("events_overview", "partners_across", "registration_pace", "speakers_across")
KEYS = [dg.AssetKey(["events", name]) for name in NAMES]


def configured(published: Published, folder: Path) -> list[Event]:
    """Return the events as settings would name them, and one without a copy; that of [event] is the first."""
    events = [Event({WarehouseSettings: WarehouseSettings(folder / "main.duckdb", folder / "published.duckdb")})]
    for copy in published.copies:
        assert isinstance(copy.engine, DuckDbEngine)
        sections = {
            WarehouseSettings: WarehouseSettings(copy.engine.path, copy.engine.published),
            DateSettings: DateSettings(copy.timezone),
        }
        events.append(Event(sections, copy.event, copy.is_archived))
    return events


def in_lake(events: Sequence[Event], folder: Path, address: str) -> list[Event]:
    """Return the events with a lake of all, and a Spark server."""
    lake = {LakeSettings: LakeSettings(lake_in(folder).config), SparkSettings: SparkSettings(address)}
    return [Event({**event.sections, **lake}, event.name, event.is_archive) for event in events]


def test_a_run_builds_all_tables_and_names_who_is_missing(published: Published, tmp_path: Path):
    events = configured(published, tmp_path)
    assets = build_cross_event_assets(events, NOW, lambda: events, pool=None)
    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize([*assets, *build_archives(events, NOW)], instance=instance)
    metadata = {name: _metadata(result, key) for name, key in zip(NAMES, KEYS, strict=True)}
    reader = Reader(tmp_path / FILE_NAME)
    for name, found in metadata.items():
        assert found["dagster/row_count"].value == reader.count(f"events.{name}")
        assert found["events"].value == len(published.copies)
        assert found["missing"].value == "* `event`: It has no published copy yet. Refresh the event."
        schema = found["dagster/column_schema"].value
        assert [column.name for column in schema.columns] == reader.columns(f"events.{name}")
        assert all(column.description for column in schema.columns)
    lineage = metadata["events_overview"]["dagster/column_lineage"].value.deps_by_column
    assert {dep.asset_key.to_user_string() for dep in lineage["halls"]} == {
        f"{name}/summary/event_overview" for name in published.events
    }
    failed = {(each.asset_key, each.check_name) for each in result.get_asset_check_evaluations() if not each.passed}
    assert (KEYS[0], "every_copy_is_read") in failed
    assert {name for _, name in failed} <= {"every_copy_is_read", "speaker_has_a_name"}


def test_a_blocking_check_that_fails_leaves_all_tables_as_they_were(
    published: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    events = configured(published, tmp_path)
    assets = build_cross_event_assets(events[:2], NOW, lambda: events[:2], pool=None)
    dg.materialize(assets)
    reader = Reader(tmp_path / FILE_NAME)
    before = [reader.records(f"from events.{name}") for name in NAMES]

    check_fails(monkeypatch)
    result = failed_run(build_cross_event_assets(events, NOW, lambda: events, pool=None))
    assert [reader.records(f"from events.{name}") for name in NAMES] == before
    [check] = [each for each in result.get_asset_check_evaluations() if each.check_name == IMPOSSIBLE]
    assert not check.passed
    assert result.get_asset_materialization_events() == []
    [failure] = [event.step_failure_data.user_failure_data for event in result.get_step_failure_events()]
    assert failure
    assert str(failure.description).startswith(
        f"events/events_overview fails its check {IMPOSSIBLE}. Readers see the last good state"
    )

    monkeypatch.undo()
    dg.materialize(build_cross_event_assets(events, NOW, lambda: events, pool=None))
    assert reader.count("events.events_overview") == len(events) > len(before[0])


def test_a_blocking_check_that_fails_leaves_a_lake_as_it_was(
    published: Published, tmp_path: Path, spark_address: str, monkeypatch: pytest.MonkeyPatch
):
    events = in_lake(configured(published, tmp_path), tmp_path / "lake", spark_address)
    lake = lake_in(tmp_path / "lake")
    check_fails(monkeypatch)
    failed_run(build_cross_event_assets(events, NOW, lambda: events, pool=None))
    assert [str(table) for table in lake.tables("events")] == ["events.configured"]

    monkeypatch.undo()
    dg.materialize(build_cross_event_assets(events[:2], NOW, lambda: events[:2], pool=None))
    check_fails(monkeypatch)
    failed_run(build_cross_event_assets(events, NOW, lambda: events, pool=None))
    assert lake.open(Relation("events", "events_overview")).to_pyarrow_table().num_rows == 2


IMPOSSIBLE = "there_are_none"


def check_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a check of a table fail that has a row for each event."""
    models, overview = {**cross_event_models()}, Relation("events", "events_overview")
    test = DataTestSpec(expression={IMPOSSIBLE: "event is null"})
    facts = models[overview].facts.model_copy(update={"tests": [*models[overview].facts.tests, test]})
    models[overview] = replace(models[overview], facts=facts)
    monkeypatch.setattr(across, "cross_event_models", lambda: models)


def failed_run(assets: Sequence[dg.AssetsDefinition]) -> dg.ExecuteInProcessResult:
    result = dg.materialize(assets, raise_on_error=False)
    assert not result.success
    return result


def test_an_archive_is_an_external_asset_with_its_last_state(published: Published, tmp_path: Path):
    events = configured(published, tmp_path)
    assets = build_cross_event_assets(events, NOW, lambda: events, pool=None)
    archives = build_archives(events, NOW)
    key = dg.AssetKey(["vienna2025", "published", "warehouse"])
    assert [spec.key for spec in archives] == [key]
    definitions = dg.Definitions([*assets, *archives])
    graph = definitions.resolve_asset_graph()
    assert not graph.get(key).is_materializable
    assert graph.get(key).child_keys == {*KEYS}
    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([*assets, *archives], instance=instance)
    [observed] = instance.fetch_observations(key, limit=5).records
    assert observed.asset_observation
    state: dict[str, Any] = {name: value.value for name, value in observed.asset_observation.metadata.items()}
    [expected] = Reader(tmp_path / FILE_NAME).rows(
        "select first_day, participants from events.events_overview where is_archived"
    )
    assert (state["first_day"], state["participants"]) == (str(expected[0]), expected[1])


def test_an_event_becomes_an_archive_by_itself_and_comes_back_with_one_setting():
    def at(days: float, now: datetime) -> list[str]:
        dates = DateSettings("Europe/Vienna", "2026-06-01", "2026-06-03", archive_after_days=days)
        event = Event({DateSettings: dates}, "graz2026")
        return [spec.key.to_user_string() for spec in build_archives([event], now)]

    closed = datetime(2026, 6, 3, 22, tzinfo=timezone.utc)
    assert at(0, closed.replace(year=2036)) == []
    assert at(30, closed.replace(month=7, hour=21, minute=59)) == []
    assert at(30, closed.replace(month=7)) == ["graz2026/published/warehouse"]
    assert at(60, closed.replace(month=7)) == []


def test_one_event_has_no_tables_across_events(published: Published, tmp_path: Path):
    events = configured(published, tmp_path)
    assert build_cross_event_assets(events[:1], NOW) == []


def test_events_are_published_to_a_lake_and_tables_are_built_in_it(
    published: Published, tmp_path: Path, spark_address: str
):
    events = in_lake(configured(published, tmp_path), tmp_path / "lake", spark_address)
    this = next(event for event in events if event.name == "graz2026")
    [lake_asset] = build_lake_asset(this, models_of(TABLES), lambda: this)
    assets = build_cross_event_assets(events, NOW, lambda: events, pool=None)
    definitions = dg.Definitions([lake_asset, *assets, *build_archives(events, NOW)])
    parents = definitions.resolve_asset_graph().get(KEYS[0]).parent_keys
    assert {key.to_user_string() for key in parents} >= {"graz2026/lake/tables", "vienna2025/published/warehouse"}
    result = dg.materialize([lake_asset, *assets, *build_archives(events, NOW)])
    found = {
        name: value.value for name, value in _metadata(result, dg.AssetKey(["graz2026", "lake", "tables"])).items()
    }
    assert found["tables_written"] > 20
    assert len(rows(tmp_path / "lake", "summary.event_overview", "graz2026")) == 1
    overview = _metadata(result, KEYS[0])
    assert overview["events"].value == 1
    assert "`vienna2025`: The lake of all events has no rows of it" in overview["missing"].value
    assert build_lake_asset(configured(published, tmp_path)[1], models_of(TABLES), lambda: this) == []


def _metadata(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    [event] = [each for each in result.get_asset_materialization_events() if each.asset_key == key]
    return dict(event.materialization.metadata)
