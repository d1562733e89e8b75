"""A DuckLake as the warehouse of a whole run of Dagster: its assets and checks are those of DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from event_assets.assets.copy_plan import descriptions
from event_assets.assets.models import project_models
from event_assets.sandbox import Event, Sandbox
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.engines.lakes import Lake
from event_assets_tests.running import Reader, Run, RunResult


@pytest.fixture
def api(event: Event, use_api) -> Sandbox:
    """The small event, served and configured, with what checks find."""
    lectures = event.content["lectures"]
    lectures[0] |= {"note": "undeclared", "start": "soon", "capacity": "many"}
    lectures.append({"title": "without a key"})
    return use_api(event)


@pytest.mark.nightly
def test_a_run_has_the_assets_and_checks_of_duckdb(
    api: Sandbox, warehouse_path: Path, tmp_path: Path, extensions: Path, monkeypatch: pytest.MonkeyPatch
):
    def run(settings: Mapping[str, str]) -> RunResult:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return Run(shared_definitions())()

    lake = Lake(tmp_path, extensions)
    on_duckdb, on_lake = run({}), run(lake.settings())
    assert on_lake.materialised == on_duckdb.materialised
    assert on_lake.checks == on_duckdb.checks
    assert [name for name, (passed, _) in on_lake.checks.items() if not passed]
    notes = "select relation, column_name, status, why, setting from main.about_this_copy order by all"
    readers = lake.published(), Reader(tmp_path / "published.duckdb")
    assert readers[0].rows(notes) == readers[1].rows(notes)
    # What tables and columns mean is in both copies.
    meant = {
        f"{relation}.{name}": text
        for relation, texts in descriptions(project_models()).items()
        for name, text in texts.items()
        if name
    }
    described = (
        "select schema_name || '.' || table_name || '.' || column_name, comment from duckdb_columns()"
        " where database_name in ('lake', 'published') and schema_name <> 'main' order by all"
    )
    on_both = [dict(reader.rows(described)) for reader in readers]
    assert on_both[0] == on_both[1]
    assert len(on_both[0]) > 300
    assert on_both[0].items() <= meant.items()
