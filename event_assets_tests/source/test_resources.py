"""The REST configuration, as it was given, and the data dictionary beside it."""

from typing import Any, cast

import dlt
import pytest

from event_assets.settings import EventApiSettings
from event_assets.source.api.resources import endpoint_of, event_api, event_api_config, resources_by_endpoint
from event_assets.source.load.staging import declared_source
from event_assets.source.tables.schema import TABLES

API = EventApiSettings(base_url="https://api.example.org/public/v1", api_token="secret-token")


def test_the_configuration_is_the_one_the_project_began_with():
    config = cast(dict[str, Any], event_api_config(API))

    assert config["client"]["base_url"] == "https://api.example.org/public/v1"
    assert config["client"]["auth"] == {"type": "bearer", "token": "secret-token"}
    assert config["resource_defaults"] == {"primary_key": "id", "write_disposition": "merge"}
    asked = {
        resource["name"]: (resource["endpoint"]["path"], resource["endpoint"]["data_selector"])
        for resource in config["resources"]
    }
    content = ["halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks"]
    assert asked == {name: ("/content", name) for name in content} | {
        "partners": ("/partners", "data"),
        "participants": ("/participants", "data"),
    }
    assert all("paginator" in resource["endpoint"] for resource in config["resources"]), (
        "dlt must have nothing to guess"
    )


def test_resources_are_grouped_by_what_is_asked_together():
    endpoints = resources_by_endpoint()
    assert list(endpoints) == ["content", "partners", "participants"]
    assert len(endpoints["content"]) == 7
    assert endpoint_of("tracks") == "content"
    assert endpoint_of("participants") == "participants"


def test_everything_is_merged_by_its_key():
    assert set(event_api(API).resources) == set(TABLES)
    source = declared_source({name: iter([]) for name in TABLES}, dict.fromkeys(TABLES, False))
    for name, resource in source.resources.items():
        assert resource.write_disposition == "merge"
        columns = resource.compute_table_schema().get("columns", {})
        keys = [column for column, hints in columns.items() if hints.get("primary_key")]
        assert keys == [TABLES[name].key] == (["email_key"] if name == "participants" else ["id"])


def test_the_key_of_the_configuration_is_that_of_the_data_dictionary():
    config = cast(dict[str, Any], event_api_config(API))
    for resource in config["resources"]:
        assert TABLES[resource["name"]].key_field == resource.get("primary_key", "id")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_declared_names_are_those_that_dlt_gives(table):
    naming = dlt.Schema("any").naming
    names = [column.name for column in table.all_columns]
    assert len(names) == len(set(names))
    for name in names:
        path = naming.make_path(*(naming.normalize_identifier(part) for part in naming.break_path(name)))
        assert naming.normalize_path(name) == path == name


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_and_column_is_described(table):
    assert table.description.startswith("One row per")
    for columns in (table.all_columns, *table.link_tables.values()):
        for column in columns:
            assert column.description.endswith((".", "»")), column.name


def test_personal_data_is_marked():
    pii = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.pii}
    fields = {"email", "first_name", "last_name", "name", "company", "position"}
    assert pii == {("participants", field) for field in fields} | {
        ("speakers", "email"),
        ("speakers", "phone"),
        ("partners", "email"),
        ("partners", "phone"),
    }
    within = {
        (table.name, column.name): column.nested_pii
        for table in TABLES.values()
        for column in table.columns
        if column.nested_pii
    }
    assert within == {(name, "booking_info"): ("booked_attendees",) for name in ("lectures", "workshops")}


def test_the_token_is_in_no_representation():
    assert "secret-token" not in repr(API)
    assert "secret-token" not in repr(event_api(API))
    assert "secret-token" not in str(event_api(API).resources["halls"])
