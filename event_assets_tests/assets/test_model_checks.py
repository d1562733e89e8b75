"""What the models' facts become in Dagster: checks that pass and fail, lineage, previews."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest

from event_assets.assets import models as model_assets
from event_assets.assets.keys import raw_columns, raw_relations
from event_assets.definitions import build_definitions
from event_assets.models import load_models
from event_assets.models.lineage import Lineage
from event_assets.sandbox import Sandbox
from event_assets.settings import read_event
from event_assets.warehouse.engines import engine_class
from event_assets.warehouse.failures import without_values
from event_assets_tests.running import Reader, Run

SQL = 'select id as hall_id, name as hall, event_id, "order" as list_order from raw.halls'
FACTS = """
description: One row per hall.
grain: [hall_id]
columns: {hall_id: The hall., hall: Its name., event_id: The event., list_order: The order.}
"""
TESTS = """
tests:
  - not_null: [hall]
  - unique: [hall, event_id]
  - accepted_values: {event_id: ["4217"]}
    severity: warn
  - expression:
      order_is_positive: list_order > 0
    severity: warn
"""
SUMMARY_SQL = "select hall_id, hall from staging.halls"
SUMMARY_FACTS = """
description: One row per hall.
grain: [hall_id]
columns: {hall_id: The hall., hall: Its name.}
tests:
  - relationships: {hall_id: staging.halls.hall_id}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warehouse: Reader) -> Run:
    """The code location with two models of the test's own."""
    for name, text in {
        "staging/halls.sql": SQL,
        "staging/halls.yml": FACTS + TESTS,
        "summary/places.sql": SUMMARY_SQL,
        "summary/places.yml": SUMMARY_FACTS,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    load = model_assets.load_models
    monkeypatch.setattr(model_assets, "load_models", lambda raw: load(raw, tmp_path))
    return Run(build_definitions(read_event()))


def found(run: Run, *, succeeds: bool = True) -> dict[str, bool]:
    result = run("raw/halls", "staging/halls", "summary/places", succeeds=succeeds)
    return {name: passed for (asset, name), (passed, _) in result.checks.items() if asset == "staging/halls"}


def test_all_checks_pass_on_valid_data(run: Run, api: Sandbox):
    result = run("raw/halls", "staging/halls", "summary/places")
    checks = {
        (asset, name): passed
        for (asset, name), (passed, _) in result.checks.items()
        if not asset.startswith("raw") and name != "is_up_to_date"
    }
    assert checks == {
        ("staging/halls", "grain_is_unique"): True,
        ("staging/halls", "hall_is_not_null"): True,
        ("staging/halls", "hall_event_id_is_unique"): True,
        ("staging/halls", "event_id_is_accepted"): True,
        ("staging/halls", "order_is_positive"): True,
        ("summary/places", "grain_is_unique"): True,
        ("summary/places", "hall_id_refers_to_halls"): True,
    }


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"event_id": 1}, "event_id_is_accepted"),
        ({"order": -1}, "order_is_positive"),
    ],
)
def test_a_failing_warning_blocks_nothing_downstream(run: Run, api: Sandbox, change: dict, check: str):
    hall = api.event.content["halls"][0]
    hall.update(change)
    result = run("raw/halls", "staging/halls", "summary/places")
    assert result.checks["staging/halls", check] == (False, {"failing_rows": 1, "sample_keys": [str(hall["id"])]})
    assert sum(not passed for passed, _ in result.checks.values()) == 1
    assert "summary/places" in result.materialised


@pytest.mark.parametrize(
    ("change", "check"), [({"name": None}, "hall_is_not_null"), ({"name": "the same"}, "hall_event_id_is_unique")]
)
def test_a_failing_error_blocks_what_is_downstream(run: Run, api: Sandbox, change: dict, check: str):
    for hall in api.event.content["halls"][:2]:
        hall.update(change)
    result = run("raw/halls", "staging/halls", "summary/places", succeeds=False)
    passed, metadata = result.checks["staging/halls", check]
    assert not passed
    assert metadata["failing_rows"] == (2 if check == "hall_is_not_null" else 1)
    assert "summary/places" not in result.materialised


def test_a_grain_that_is_not_unique_fails(run: Run, api: Sandbox, warehouse: Reader):
    run("raw/halls", "staging/halls", "summary/places")
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(
            "create or replace view staging.halls as"
            " select 1 as hall_id, 'x' as hall from range(3) union all select 2, 'y' union all select 3, 'z'"
        )
    result = run("summary/places", succeeds=False)
    assert result.checks["summary/places", "grain_is_unique"] == (False, {"failing_rows": 1, "sample_keys": ["1"]})


def test_a_missing_reference_fails(tmp_path: Path, run: Run, api: Sandbox, warehouse: Reader):
    run("raw/halls", "staging/halls", "summary/places")
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("create or replace table summary.places as select 'gone' as hall_id, 'x' as hall")
        broken = next(
            test.failing_rows
            for model in model_assets.load_models(model_assets.raw_relations()).values()
            for test in model.data_tests
            if test.name == "hall_id_refers_to_halls"
        )
        assert connection.sql(broken).fetchall() == [("gone",)]


def test_columns_are_traced_to_the_raw_tables(run: Run, api: Sandbox):
    result = run("raw/halls", "staging/halls", "summary/places")
    lineage = result.metadata("staging/halls")["dagster/column_lineage"].deps_by_column
    assert {
        column: [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps] for column, deps in lineage.items()
    } == {
        "hall_id": [("raw/halls", "id")],
        "hall": [("raw/halls", "name")],
        "event_id": [("raw/halls", "event_id")],
        "list_order": [("raw/halls", "order")],
    }
    assert "| hall | raw.halls.name | raw.halls.name |" in result.metadata("staging/halls")["source_columns"]
    lineage = result.metadata("summary/places")["dagster/column_lineage"].deps_by_column
    assert lineage["hall"] == [dg.TableColumnDep(dg.AssetKey(["staging", "halls"]), "hall")]
    assert "| hall | staging.halls.hall | raw.halls.name |" in result.metadata("summary/places")["source_columns"]


def test_a_summary_shows_its_first_rows_and_a_view_does_not(run: Run, api: Sandbox):
    result = run("raw/halls", "staging/halls", "summary/places")
    preview = result.materialisation_metadata("summary/places")["preview"]
    assert isinstance(preview, dg.TableMetadataValue)
    assert [column.name for column in preview.schema.columns] == ["hall_id", "hall"]
    assert len(preview.records) == min(5, len(api.event.content["halls"]))
    halls = {(str(hall["id"]), hall["name"]) for hall in api.event.content["halls"]}
    assert {tuple(record.data.values()) for record in preview.records} <= halls
    assert "preview" not in result.metadata("staging/halls")


MARKDOWN = [
    *("a\\|b", "a|b\\", "![x](http://127.0.0.1:9/x.png)", "<img src='http://127.0.0.1:9/x.png'>"),
    *("[x](javascript:alert(1))", "`code` <b>&amp;</b>", "one\r\n\r\n| two |", "[x]: http://127.0.0.1:9 'y'"),
    *(
        "http://127.0.0.1:9/x",
        "<http://127.0.0.1:9/x>",
        "# one",
        "\\",
        "<script>alert(1)</script>",
        "**a** ~b~",
        "![][y]",
    ),
]


def test_no_title_is_shown_as_markdown(run: Run, api: Sandbox):
    """Dagster shows a table's cells as they are: see the type of the value, which its UI goes by."""
    for shown in (MARKDOWN[:5], MARKDOWN[5:10], MARKDOWN[10:]):
        api.event.content["halls"] = [
            {**api.event.content["halls"][0], "id": number, "name": name} for number, name in enumerate(shown)
        ]
        metadata = run("raw/halls", "staging/halls", "summary/places").materialisation_metadata("summary/places")
        preview = metadata["preview"]
        assert isinstance(preview, dg.TableMetadataValue)
        cells = sorted(str(record.data["hall"]) for record in preview.records)
        assert cells == sorted(" ".join(name.split()) for name in shown)
        markdown = [value.value for value in metadata.values() if isinstance(value, dg.MarkdownMetadataValue)]
        assert [text for text in markdown for name in shown if name in text] == []


@pytest.mark.usefixtures("run")
def test_what_a_failing_statement_quotes_is_in_no_event(tmp_path: Path, api: Sandbox, warehouse: Reader):
    api.event.content["halls"][0]["name"] = "Grace Hopper"
    (tmp_path / "summary/places.sql").write_text("select hall_id, cast(hall as integer) as hall from staging.halls")
    definitions = build_definitions(read_event())
    with dg.DagsterInstance.ephemeral() as instance:
        result = Run(definitions, instance)("raw/halls", "staging/halls", "summary/places", succeeds=False)
        log = "".join(
            dg.serialize_value(entry) for run in instance.get_runs() for entry in instance.all_logs(run.run_id)
        )
    (failure,) = result.failures
    assert failure.startswith(
        "The model summary.places could not be built: DuckDB failed (Conversion Error: "
        "Could not convert string '…' to INT32 when casting"
    )
    assert "summary.places and what is downstream of it are unchanged" in failure
    assert failure.endswith("or correct summary/places.sql, then run again.")
    assert "summary__places" in log
    assert "Grace" not in log


@pytest.mark.usefixtures("run")
def test_a_model_that_fails_is_named_and_holds_up_no_other(tmp_path: Path, api: Sandbox, warehouse: Reader):
    for name in ("others", "third"):
        (tmp_path / f"summary/{name}.yml").write_text(SUMMARY_FACTS)
        (tmp_path / f"summary/{name}.sql").write_text(SUMMARY_SQL)
    Run(build_definitions(read_event()))(
        "raw/halls", "staging/halls", "summary/places", "summary/others", "summary/third"
    )
    before = warehouse.rows("from summary.others")
    overflow = "9223372036854775807 - cast('-' || (1 + hall_id::bigint * 0) as bigint)"
    (tmp_path / "summary/others.sql").write_text(f"select hall_id, ({overflow})::varchar as hall from staging.halls")
    result = Run(build_definitions(read_event()))("summary/places", "summary/others", "summary/third", succeeds=False)
    assert result.materialised == {"summary/places", "summary/third"}
    assert warehouse.rows("from summary.others") == before
    (failure,) = result.failures
    assert failure.startswith("The model summary.others could not be built: ")
    assert "Overflow in subtraction of INT64 (… - …)!" in failure


@pytest.mark.parametrize(
    ("message", "redacted"),
    [
        ("Conversion Error: Date out of range: 290309-12-22 (BC)", "Conversion Error: Date out of range: …"),
        ('Conversion Error: field "12 May" of INT64', 'Conversion Error: field "…" of INT64'),
        ("Out of Memory Error: 8.0 MiB (76 MiB/80 MiB used)", "Out of Memory Error: 8.0 MiB (76 MiB/80 MiB used)"),
    ],
)
def test_numbers_of_records_are_in_no_message_and_sizes_are(message: str, redacted: str):
    assert without_values(message) == redacted


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("file", "before", "after", "differs"),
    [
        ("halls.sql", "name as hall", "trim(name) as hall", True),
        ("halls.sql", "name as hall", "name  as  hall", False),
        ("halls.yml", "list_order > 0", "list_order > 1", True),
        ("halls.yml", "order_is_positive", "order_is_more", True),
        ("halls.yml", "Its name.", "The hall's name.", False),
    ],
)
def test_the_code_version_changes_with_the_sql_and_the_data_tests(
    tmp_path: Path, file: str, before: str, after: str, differs: bool
):
    was = _code_versions()
    path = tmp_path / "staging" / file
    path.write_text(path.read_text().replace(before, after))
    now = _code_versions()
    assert (now["staging/halls"] != was["staging/halls"]) is differs
    assert now["summary/places"] == was["summary/places"]


def test_the_code_version_is_of_the_sql_that_the_database_executes():
    """So that a change of another database's macros makes models stale there, and nowhere else."""
    models = load_models(raw_relations())
    found = {
        engine: {
            asset.key.to_user_string(): asset.code_versions_by_key[asset.key]
            for asset in model_assets.build_model_assets(
                models, "Europe/Vienna", engine_class(engine), Lineage(models, raw_columns())
            )
        }
        for engine in ("duckdb", "postgres")
    }
    differ = {name for name, version in found["duckdb"].items() if version != found["postgres"][name]}
    assert "staging/sessions" in differ, "its times"


def _code_versions() -> dict[str, str | None]:
    graph = build_definitions(read_event()).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).code_version for key in graph.materializable_asset_keys}
