"""The event's page as an asset and as a command: it is made of the warehouse, with the copy, and alone."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner

from event_assets.__main__ import main
from event_assets.assets.event_page import build_event_page
from event_assets.assets.models import project_models
from event_assets.assets.resources import EventApiResource, WarehouseResource
from event_assets.cli.site_server import SiteHandler
from event_assets.sandbox import Sandbox
from event_assets.site import EVENT_FILE
from event_assets.site.event import PRINTED_FILES
from event_assets_tests.assets.programme import refresh_programme
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader, Run
from event_assets_tests.site.document import Document, Element

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


def page_of(warehouse: Reader) -> Element:
    return Document((warehouse.path.parent / "site" / EVENT_FILE).read_text(encoding="utf-8")).root


def make() -> dg.ExecuteInProcessResult:
    """Make the page alone, of a warehouse that is there."""
    asset = build_event_page(project_models(), "http://127.0.0.1:3001", None)
    resources = {"event_api": EventApiResource(), "warehouse": WarehouseResource()}
    return dg.materialize([asset], resources=resources, raise_on_error=False)


def test_a_folder_that_is_a_file_fails_it_in_a_sentence(
    warehouse: Reader, api: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "site").write_text("a file", encoding="utf-8")
    (failed,) = [event for event in make().all_events if event.is_step_failure]
    assert failed.step_failure_data.user_failure_data
    assert "cannot be written" in str(failed.step_failure_data.user_failure_data.description)


def test_it_is_downstream_of_the_copy_and_links_its_page():
    graph = shared_definitions().resolve_asset_graph()
    node = graph.get(dg.AssetKey(["site", "event"]))
    assert node.parent_keys == {dg.AssetKey(["published", "warehouse"])}
    assert node.child_keys == set()
    assert node.metadata["page"].value == f"http://127.0.0.1:3001/{EVENT_FILE}"
    assert SiteHandler.extensions_map[".html"] == "text/html; charset=utf-8"


def test_a_run_makes_it_and_so_does_the_command(
    run: Run, warehouse: Reader, api: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    result = run()
    path = warehouse.path.parent / "site" / EVENT_FILE
    assert result.metadata("site/event")["path"] == str(path)
    page = page_of(warehouse)
    ((people, here),) = warehouse.rows("select participants, checked_in from summary.event_overview")
    assert f"of {people} registered people have checked in." in page.one("#arrivals").text
    assert page.one("svg.gauge").find("text")[1].text == f"{here}"
    ((as_of,),) = warehouse.rows("select content_as_of from summary.event_overview")
    assert datetime.now(as_of.tzinfo) - as_of < timedelta(minutes=10)
    assert len(page.one(".as-of").find("dd")) == 3
    assert "Not built yet" not in page.text
    for file in (EVENT_FILE, *PRINTED_FILES):
        text = path.with_name(file).read_text(encoding="utf-8")
        assert ADDRESS.findall(text) == []
        path.with_name(file).unlink()

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(main, ["site"], catch_exceptions=False)
    assert done.output.splitlines()[1] == f"Event:          {path}"
    assert page_of(warehouse).one("#programme").text == page.one("#programme").text
    assert "Nothing of the programme has changed" in page_of(warehouse).one("#changes").text

    lecture = api.event.content["lectures"][0]
    old, lecture["name"] = lecture["name"], "A new title <b>"
    refresh_programme(api, warehouse.path, "Europe/Vienna")
    (made,) = make().get_asset_materialization_events()
    (row,) = page_of(warehouse).one("#changes").rows()
    assert row[0].startswith("A new title <b> Lecture, ")
    assert row[1:4] == ["renamed", " ".join(old.split()), "A new title <b>"]
    said = {name: value.value for name, value in made.materialization.metadata.items()}
    assert said == {
        "path": str(path),
        "bytes": path.stat().st_size,
        "printed": [str(path.with_name(file)) for file in PRINTED_FILES],
    }
