"""The model assets: what they read, what they say of themselves, and that they are replaced whole."""

import duckdb
import pytest

from event_assets.assets.keys import raw_columns
from event_assets.assets.models import build_model_assets, project_models
from event_assets.models.lineage import Lineage
from event_assets.sandbox import Sandbox
from event_assets.warehouse.engines.duckdb import DuckDbEngine
from event_assets_tests.assets.conftest import Loaded
from event_assets_tests.assets.programme import PROGRAMME
from event_assets_tests.running import COPY, Reader, Run

TABLES = {"groups", "participants", "sessions"}
"""The staging models that are expensive, and no views."""


@pytest.fixture(scope="module")
def specs():
    models = project_models()
    built = build_model_assets(models, "UTC", DuckDbEngine, Lineage(models, raw_columns()))
    return {spec.key.to_user_string(): spec for assets in built for spec in assets.specs}


def test_dependencies_are_the_tables_that_the_select_names(specs):
    def upstream(asset: str) -> set[str]:
        return {dep.asset_key.to_user_string() for dep in specs[asset].deps}

    assert upstream("staging/sessions") == {"raw/lectures", "raw/workshops", "staging/days"}
    # The link tables are kept by the assets of their parents.
    assert upstream("staging/session_speakers") == {"raw/lectures", "raw/workshops"}
    assert upstream("summary/hall_utilisation") == {
        *("staging/days", "staging/day_spans", "staging/halls", "staging/sessions")
    }


def test_every_model_says_what_a_row_is(specs):
    for asset, spec in specs.items():
        schema, name = asset.split("/")
        assert spec.description.startswith("One row per"), asset
        assert spec.group_name == schema
        assert spec.metadata["dagster/table_name"] == f"{schema}.{name}"
        assert spec.metadata["grain"]
        assert ("view" in spec.kinds) is (schema == "staging" and name not in TABLES)
        assert spec.owners


def test_a_materialisation_shows_rows_and_columns(everything_loaded: Loaded):
    warehouse, metadata = everything_loaded.warehouse, everything_loaded.result.metadata("summary/agenda")

    assert metadata["dagster/row_count"] == warehouse.count("summary.agenda") > 0
    columns = {column.name: column for column in metadata["dagster/column_schema"].columns}
    assert list(columns) == warehouse.columns("summary.agenda")
    assert columns["starts_at"].type == "TIMESTAMP WITH TIME ZONE"
    assert columns["entry_key"].constraints.unique
    assert "Title" in columns["title"].description


def test_only_what_is_never_null_is_shown_as_such(everything_loaded: Loaded):
    warehouse, result = everything_loaded.warehouse, everything_loaded.result
    shown: dict[str, set[str]] = {}
    for asset in result.materialised - COPY:
        columns = result.metadata(asset)["dagster/column_schema"].columns
        shown[asset] = {column.name for column in columns if not column.constraints.nullable}
    for asset, names in shown.items():
        table = asset.replace("/", ".")
        nulls = ", ".join(f'count(*) filter ("{name}" is null)' for name in sorted(names)) or "0"
        assert set(warehouse.rows(f"select {nulls} from {table}")[0]) == {0}, asset
        if asset.startswith("raw/"):
            enforced = warehouse.rows(f"select column_name from (describe {table}) where \"null\" = 'NO'")
            assert names == {name for (name,) in enforced}, asset

    of_each_finding = {"severity", "rule", "resource", "records", "what_to_do"}
    assert shown["summary/data_quality"] == of_each_finding, "id and detail are of the grain, and may be null"
    assert shown["summary/registrations_by_day"] == {"role", "registrations", "registrations_so_far"}, "day may be null"
    assert shown["summary/event_overview"] == set()
    assert shown["staging/halls"] == {"hall_id"}, "a test that only warns lets nulls through"
    assert shown["summary/partners_overview"] == {"partner_id"}


def test_staging_is_views_but_for_participants_and_summaries_are_tables(everything_loaded: Loaded):
    query = "select table_schema, table_name, table_type from information_schema.tables"
    kinds = everything_loaded.warehouse.rows(query)
    assert {name for schema, name, kind in kinds if schema == "staging" and kind != "VIEW"} == TABLES
    assert {kind for schema, _, kind in kinds if schema == "summary"} == {"BASE TABLE"}


def test_a_failing_model_keeps_its_old_rows(run: Run, warehouse: Reader, api: Sandbox):
    run(*PROGRAMME)
    before = warehouse.rows("from summary.agenda")
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "drop table staging.sessions; create view staging.sessions as select error('broken') as session_key"
        )
    result = run("summary/agenda", succeeds=False)

    assert result.materialised == set()
    assert warehouse.rows("from summary.agenda") == before
