"""The catalogue as an asset and as a command: what the page says is what is in the warehouse."""

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets.assets.models import project_models
from event_assets.assets.site import build_catalogue, catalogue_page
from event_assets.automation.freshness import current_windows
from event_assets.automation.table_status import read_statuses
from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox
from event_assets.settings import read_event
from event_assets.site import CATALOGUE_FILE
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader, Run

CATALOGUE = dg.AssetKey(["site", "catalogue"])
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


def article(page: str, table: str) -> str:
    """The part of a page about a table, as text."""
    part = page.partition(f'<article id="{table}"')[2].partition("</article>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part)))


def row_count_of(page: str, table: str) -> int:
    found = re.search(r" Rows ([\d,]+) ", article(page, table))
    assert found, table
    return int(found[1].replace(",", ""))


def test_it_is_made_with_everything_and_says_what_the_warehouse_does(run: Run, warehouse: Reader, api: Sandbox):
    result = run()
    path = warehouse.path.parent / "site" / CATALOGUE_FILE
    assert result.metadata("site/catalogue") == {"path": str(path), "bytes": path.stat().st_size}
    page = path.read_text(encoding="utf-8")
    tables = ["raw.lectures", "raw.participants", *(str(relation) for relation in project_models())]
    counts = {table: row_count_of(page, table) for table in tables}
    assert counts == {table: warehouse.count(table) for table in tables}
    types = dict(warehouse.rows("select column_name, column_type from (describe summary.agenda)"))
    rows = re.findall(r'<tr id="summary\.agenda\.(\w+)">.*?<td class="t">(.*?)</td>', page)
    shown = {name: said.upper() for name, said in rows}
    assert {name: said for name, said in shown.items() if name != "minutes"} == {
        name: said for name, said in types.items() if name != "minutes"
    }
    for (asset, check), (passed, _) in result.checks.items():
        said = article(page, asset.replace("/", ".")).partition(" Tests Test Result ")[2]
        outcome = re.search(rf" {check} .*? (passed|failed|not run) (error|warn) ", said)
        assert outcome, (asset, check)
        assert outcome[1] == ("passed" if passed else "failed"), (asset, check)
    assert 'class="state failed"' in page or all(passed for passed, _ in result.checks.values())


def test_no_value_of_the_api_is_in_it(run: Run, warehouse: Reader, api: Sandbox):
    run()
    page = (warehouse.path.parent / "site" / CATALOGUE_FILE).read_text(encoding="utf-8")
    values = {
        str(row[0])
        for query in (
            "select name from raw.lectures", "select name from raw.halls", "select name from raw.speakers",
            "select email from raw.participants", "select last_name from raw.participants where length(last_name) > 5",
        )
        for row in warehouse.rows(query)
    }  # fmt: skip
    assert len(values) > 60
    assert sorted(value for value in values if value in page) == []
    assert ADDRESS.findall(page) == []
    assert ADDRESS.findall("a speaker@example.com b"), "the pattern finds addresses"


def test_without_records_it_has_the_facts_alone(tmp_path: Path):
    with dg.DagsterInstance.ephemeral() as instance:
        now = datetime(2030, 5, 6, 12, tzinfo=timezone.utc)
        page = catalogue_page(instance, project_models(), read_statuses, read_event(), now)
    agenda = article(page, "summary.agenda")
    assert "One row per session or break" in agenda
    assert "never built" in agenda
    assert " grain_is_unique There is one row for each entry_key. not run error " in agenda


def test_a_check_that_fails_is_shown_and_what_passed_later_too(tmp_path: Path):
    models = project_models()
    agenda, check = dg.AssetKey(["summary", "agenda"]), "kind_is_accepted"
    with dg.DagsterInstance.ephemeral() as instance:
        seen: list[bool | None] = []

        @dg.asset(key=agenda, check_specs=[dg.AssetCheckSpec(check, asset=agenda)])
        def made() -> dg.MaterializeResult:
            metadata = {"sample_keys": ["lecture:1 | somebody"], "failing_rows": 3}
            return dg.MaterializeResult(
                metadata={"dagster/row_count": 7},
                check_results=[dg.AssetCheckResult(check_name=check, passed=bool(seen), metadata=metadata)],
            )

        for _ in range(2):
            dg.materialize([made], instance=instance)
            now = datetime.now(timezone.utc)
            status = read_statuses(instance, models.values(), read_event(), now)["summary.agenda"]
            (test,) = (test for test in status.tests if test.name == check)
            assert test.severity == "error", "as the model declares it"
            assert test.at is not None
            assert abs(test.at - now) < timedelta(minutes=1)
            assert status.rows == 7
            seen.append(test.passed)
            page = catalogue_page(instance, models, read_statuses, read_event(), now)
            assert "lecture:1" not in page
        assert seen == [False, True]


def test_windows_are_those_of_the_automation():
    now = datetime(2030, 5, 6, 12, tzinfo=timezone.utc)
    with dg.DagsterInstance.ephemeral() as instance:
        statuses = read_statuses(instance, project_models().values(), read_event(), now)
    keys = [key for key in shared_definitions().resolve_asset_graph().get_all_asset_keys() if key.path[0] != "site"]
    windows = current_windows(keys, now, read_event())
    for key in keys:
        if key.path[0] != "published":
            assert statuses[".".join(key.path)].fails_after == windows[key].fails_after
    checks: dict[str, set[str]] = {}
    for check in shared_definitions().resolve_asset_graph().asset_check_keys:
        checks.setdefault(".".join(check.asset_key.path), set()).add(check.name)
    assert {table: {test.name for test in status.tests} for table, status in statuses.items()} == checks


def test_a_folder_that_is_a_file_fails_the_asset_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "site").write_text("a file", encoding="utf-8")
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "site"))
    asset = build_catalogue(project_models(), read_statuses)
    result = dg.materialize([asset], raise_on_error=False)
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data
    assert "cannot be written" in str(failed.step_failure_data.user_failure_data.description)


def test_a_changed_description_makes_it_stale():
    models = project_models()
    before = build_catalogue(models, read_statuses).code_versions_by_key[CATALOGUE]
    assert before == build_catalogue(project_models(), read_statuses).code_versions_by_key[CATALOGUE]
    relation, model = next(iter(models.items()))
    changed = replace(model, facts=model.facts.model_copy(update={"description": "Something else."}))
    after = build_catalogue({**models, relation: changed}, read_statuses).code_versions_by_key[CATALOGUE]
    assert after != before


def test_the_command_writes_it_without_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "pages"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "warehouse.duckdb"))
    done = CliRunner().invoke(main, ["site"], catch_exceptions=False)
    path = tmp_path / "pages" / CATALOGUE_FILE
    assert done.output.splitlines() == [
        f"Data catalogue: {path}",
        "There is no warehouse yet for the event's page and the files: run a sync, then this command again.",
    ]
    assert "never built" in article(path.read_text(encoding="utf-8"), "summary.agenda")
    assert not (tmp_path / "home").exists(), "it makes nothing but the page"


def test_it_is_downstream_of_the_copy_alone():
    graph = build_definitions(read_event()).resolve_asset_graph()
    assert graph.get(CATALOGUE).parent_keys == {dg.AssetKey(["published", "warehouse"])}
    assert graph.get(CATALOGUE).child_keys == set()
