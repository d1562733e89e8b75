"""Resources that are off by default: without them all is as it was, with them each is one more table."""

from typing import Any, cast

import dagster as dg
import pytest

from event_assets.assets.copy_plan import private_columns
from event_assets.assets.raw import build_raw_assets
from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox, faults, generate_event
from event_assets.sandbox.more import MORE
from event_assets.settings import Event, EventApiSettings, ResourceSettings, SettingsError, read_event
from event_assets.source.api.resources import event_api_config, resources_by_endpoint
from event_assets.source.tables.more import ALL_TABLES, MORE_TABLES, tables_of
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import RAW, Warehouse
from event_assets.warehouse.relations import Relation
from event_assets_tests import truth_more
from event_assets_tests.running import Reader, Run
from event_assets_tests.source.syncing import DROP, HASH, KEEP, run_sync

API = EventApiSettings("https://api.example.com/public/v1", "t")
NINE = ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks", "partners", "participants")


def location(*resources: str) -> dg.Definitions:
    """The code location with some of them."""
    sections = {**read_event().sections, ResourceSettings: ResourceSettings(resources)}
    return build_definitions(Event(sections))


def described(definitions: dg.Definitions) -> dict[str, Any]:
    """What a code location is made of, by name, in texts that can be compared."""
    graph, repository = definitions.resolve_asset_graph(), definitions.get_repository_def()
    assets = {
        node.key.to_user_string(): (
            sorted(parent.to_user_string() for parent in node.parent_keys),
            node.code_version,
            node.group_name,
            dict(node.tags),
            sorted(check.name for check in node.check_keys),
            sorted(node.metadata),
        )
        for node in graph.asset_nodes
    }
    names = {
        "jobs": sorted(repository.job_names),
        "sensors": sorted(each.name for each in repository.sensor_defs),
        "schedules": sorted(each.name for each in repository.schedule_defs),
    }
    return {**assets, **names}


def test_the_sandbox_knows_the_resources_that_can_be_switched_on():
    assert tuple(MORE_TABLES) == MORE


def test_without_them_the_configuration_has_the_nine():
    config = cast(dict[str, Any], event_api_config(API))
    assert tuple(each["name"] for each in config["resources"]) == NINE == tuple(TABLES) == tuple(tables_of(()))
    assert resources_by_endpoint() == {
        "content": NINE[:7],
        "partners": ("partners",),
        "participants": ("participants",),
    }
    *nine, last = cast(dict[str, Any], event_api_config(API, more=("groups",)))["resources"]
    assert tuple(each["name"] for each in nine) == NINE
    assert last["endpoint"]["path"] == "/groups"


def test_with_them_each_is_an_asset_with_checks_and_a_job_and_nothing_else_changes():
    without, some = described(location()), described(location("registrations", "groups"))
    new = {name for name in some if name not in without}
    assert new == {"raw/groups", "raw/registrations", "staging/registrations", "summary/registration_funnel"}
    assert {*without} <= {*some}
    changed = {name for name in without if without[name] != some[name]}
    assert changed == {
        "staging/rejected",
        "staging/groups",
        "published/warehouse",
        "site/catalogue",
        "site/files",
        "jobs",
    }
    assert {*some["jobs"]} - {*without["jobs"]} == {"sync_groups", "sync_registrations"}
    assert {*some["staging/rejected"][0]} - {*without["staging/rejected"][0]} == {"raw/groups", "raw/registrations"}
    assert {*some["staging/groups"][0]} - {*without["staging/groups"][0]} == {"raw/groups"}
    assert {*some["published/warehouse"][0]} - {*without["published/warehouse"][0]} == new
    assert some["raw/groups"][4] == some["raw/tracks"][4]
    assert described(location()) == without


def test_a_resource_that_there_is_not_is_refused_in_a_sentence():
    with pytest.raises(SettingsError, match=r"has 'revues', 'x': it may have reviews, groups, registrations\. Nothing"):
        location("x", "reviews", "revues")


def test_raw_assets_are_built_of_the_wanted_tables_alone():
    assert {key.path[1] for each in build_raw_assets(None, tables_of(["reviews"])) for key in each.keys} == {
        *NINE,
        "reviews",
    }


@pytest.fixture
def more_api() -> Any:
    event = generate_event(lectures=12, participants=30, seed=3, more=MORE)
    with Sandbox(event) as api:
        yield api


@pytest.mark.parametrize("privacy", [KEEP, HASH, DROP], ids=lambda each: each.personal_data)
def test_records_arrive_and_personal_data_is_protected(more_api: Sandbox, warehouse: Warehouse, privacy: Any):
    reader, served = Reader(warehouse.path), more_api.event.more
    results = {name: run_sync(more_api, warehouse, name, privacy=privacy)[name] for name in MORE}
    for name, result in results.items():
        assert (result.received, result.rejected, result.undeclared) == (len(served[name]), 0, 0), name
        assert result.type_mismatches == {}, name
        assert ALL_TABLES[name].undeclared(reader.columns(f"raw.{name}")) == []
        assert {key for (key,) in reader.rows(f"select id from raw.{name}")} == {str(r["id"]) for r in served[name]}
    rated = reader.rows("select lecture_id, sum(stars)::int, count(*) from raw.reviews group by 1")
    assert {key: (stars, number) for key, stars, number in rated} == {
        str(lecture): (
            sum(r["stars"] for r in served["reviews"] if r["lectureId"] == lecture),
            sum(r["lectureId"] == lecture for r in served["reviews"]),
        )
        for lecture in {review["lectureId"] for review in served["reviews"]}
    }
    tickets = reader.rows("select count(*) from raw.groups__ticket_names")
    assert tickets == [(sum(len(group["ticketNames"]) for group in served["groups"]),)]
    stored = str([reader.rows(f"select * from raw.{name}") for name in ("reviews", "registrations")])
    person = served["registrations"][0]
    for value in (person["email"], served["reviews"][0]["username"]):
        assert (value in stored) is (privacy is KEEP)
    assert run_sync(more_api, warehouse, "registrations", privacy=privacy)["registrations"].loaded == 0


def test_a_single_object_instead_of_a_list_is_a_list_of_one(more_api: Sandbox, warehouse: Warehouse):
    more_api.event.more["registrations"] = more_api.event.more["registrations"][:1]
    answer = more_api.respond

    def alone(method: str, target: str, headers: Any) -> Any:
        response = answer(method, target, headers)
        return faults.single_object.apply(response, target) if target.endswith("/registrations") else response

    more_api.respond = alone
    assert run_sync(more_api, warehouse, "registrations")["registrations"].received == 1


def test_the_published_copy_has_them_without_personal_data(
    more_api: Sandbox, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SOURCES__EVENT_API__BASE_URL", more_api.base_url)
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", more_api.token)
    monkeypatch.setenv("SOURCES__EVENT_API__RESOURCES", '["reviews", "groups", "registrations"]')
    monkeypatch.setenv("EVENT__TIMEZONE", more_api.event.timezone)
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setenv("WAREHOUSE__PUBLISHED", str(tmp_path / "published.duckdb"))
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "site"))
    Run(build_definitions(read_event()))()
    published = Reader(tmp_path / "published.duckdb")
    assert published.count("raw.reviews") == len(more_api.event.more["reviews"])
    private = private_columns(tables_of(["reviews"]))[Relation(RAW, "reviews")]
    assert {"username", "comment"} < private.keys()
    assert private.keys().isdisjoint(published.columns("raw.reviews"))
    assert "comments" not in published.columns("summary.session_ratings")
    page = (tmp_path / "site" / "catalogue.html").read_text(encoding="utf-8")
    assert "raw.reviews" in page
    assert "summary.session_ratings" in page
    event = more_api.event
    for reader in (published, Reader(tmp_path / "warehouse.duckdb")):
        for table, grain, truth in (
            ("session_ratings", ["session_key"], truth_more.session_ratings(event)),
            ("registration_funnel", ["dimension", "value", "status"], truth_more.registration_funnel(event)),
        ):
            rows = {tuple(r[name] for name in grain): r for r in reader.records(f"select * from summary.{table}")}
            assert rows.keys() == truth.keys()
            for key, facts in truth.items():
                shown = {name: value for name, value in facts.items() if name in rows[key]}
                assert len(facts) - len(shown) == (reader is published and table == "session_ratings")
                assert {name: rows[key][name] for name in shown} == pytest.approx(shown), key
        groups = {value for (value,) in reader.rows("select value from summary.no_shows where dimension = 'group'")}
        assert groups == {f"Group {g}" if (g := person["group_id"]) else "(none)" for person in event.participants}
