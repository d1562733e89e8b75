"""What Dagster's UI shows of where a column comes from and what reads it."""

from typing import Any

import dagster as dg
import pytest

from event_assets.definitions import build_definitions
from event_assets.settings import read_event
from event_assets_tests.assets.conftest import Loaded


def described(loaded: Loaded, asset: str) -> dict[str, dg.TableColumn]:
    schema = loaded.result.metadata(asset)["dagster/column_schema"]
    return {column.name: column for column in schema.columns}


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    """The metadata of each asset's definition."""
    graph = build_definitions(read_event()).resolve_asset_graph()
    return {key.to_user_string(): graph.get(key).metadata for key in graph.get_all_asset_keys()}


def rows(table: str) -> dict[str, set[str]]:
    """What a table of two columns in Markdown says, by its first column."""
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {first: set(second.split(", ")) for first, second in cells}


def test_a_description_ends_with_links_to_the_source_columns(everything_loaded: Loaded):
    halls = described(everything_loaded, "staging/halls")
    assert halls["hall"].description is not None
    assert halls["hall"].description.endswith("\n\nFrom [raw.halls.name](/assets/raw/halls).")
    hours = described(everything_loaded, "summary/speaker_load")["minutes"].description or ""
    assert "[staging.sessions.minutes](/assets/staging/sessions)" in hours
    assert "From" not in (described(everything_loaded, "raw/halls")["name"].description or "")


def test_personal_columns_have_a_tag(everything_loaded: Loaded):
    def tagged(asset: str) -> set[str]:
        return {name for name, column in described(everything_loaded, asset).items() if "personal-data" in column.tags}

    of_people = {"email", "email_key", "name", "first_name", "last_name", "company", "position"}
    assert tagged("raw/participants") == of_people
    assert tagged("staging/participants") == {"company", "tickets"}
    assert tagged("raw/halls") == tagged("summary/agenda") == set()


def test_a_column_says_what_reads_it(metadata: dict[str, Any]):
    halls = rows(metadata["raw/halls"]["used_by"].value)
    assert "staging.halls.hall" in halls["name"]
    sessions = rows(metadata["staging/sessions"]["used_by"].value)
    assert "summary.agenda.title" in sessions["title"]
    assert "summary.speaker_load (join)" in sessions["session_key"]
    assert "summary.data_quality (filter and group and join)" in sessions["day_id"]
    assert "used_by" not in metadata["summary/agenda"], "nothing reads it"


def test_every_table_links_its_place_in_the_catalogue(metadata: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    assert metadata["summary/agenda"]["catalogue"].value == "http://127.0.0.1:3001/catalogue.html#summary.agenda"
    assert metadata["raw/halls"]["catalogue"].value == "http://127.0.0.1:3001/catalogue.html#raw.halls"
    monkeypatch.setenv("UI__SITE_ADDRESS", "https://pages.example.org/graz/")
    graph = build_definitions(read_event()).resolve_asset_graph()
    link = graph.get(dg.AssetKey(["summary", "agenda"])).metadata["catalogue"]
    assert link.value == "https://pages.example.org/graz/catalogue.html#summary.agenda"
