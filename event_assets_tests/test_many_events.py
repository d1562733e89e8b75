"""Several events in one code location: what is called what, and that none holds up another."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import dagster as dg
import pytest
import yaml

from event_assets.across.duckdb_file import FILE_NAME
from event_assets.assets.keys import EventNames
from event_assets.assets.run_events import event_of, events_of
from event_assets.cli.events import list_events
from event_assets.cli.home import prepare_dagster_home
from event_assets.cli.run import run_everything
from event_assets.definitions import build_all, build_definitions, configured
from event_assets.sandbox import Sandbox, faults, generate_event
from event_assets.settings import SettingsError, read_event, read_events
from event_assets.source.tables.schema import TABLES
from event_assets_tests.running import Reader
from event_assets_tests.site.document import Document

SENSORS = {
    "auto_materialize", "sync_what_changed", "update_staleness_checks", "alert_on_failed_runs", "alert_on_stale_tables",
    "alert_on_failed_checks", "alert_on_failing_sensors", "alert_on_event",
}  # fmt: skip
OF_THE_LOCATION = {"reload_on_phase_change", "end_orphaned_runs"}
JOBS = {"refresh_everything", "sync_content", "sync_partners", "sync_participants"}
PRUNING = {"prune_dagster_records"}
OF_THE_EVENT, OF_GRAZ = dg.AssetKey(["raw", "halls"]), dg.AssetKey(["graz2026", "raw", "halls"])
ACROSS_EVENTS = dg.AssetKey(["events", "events_overview"])
LAYERS = {"raw", "staging", "history", "summary", "published", "site"}


def names_of(definitions: dg.Definitions) -> dict[str, Any]:
    """What the things of a code location are called, and how they are told apart."""
    repository, graph = definitions.get_repository_def(), definitions.resolve_asset_graph()
    assets = {node.key.to_user_string(): node for node in graph.asset_nodes}
    ops = [*(definitions.assets or ()), *(definitions.asset_checks or ())]
    return {
        "groups": {name: node.group_name for name, node in assets.items()},
        "checks": {check.to_user_string() for check in graph.asset_check_keys},
        "jobs": {job.name for job in repository.get_all_jobs()} - {"__ASSET_JOB"},
        "tags": {job.name: dict(job.run_tags) for job in repository.get_all_jobs() if job.run_tags},
        "sensors": {sensor.name for sensor in repository.sensor_defs},
        "schedules": {schedule.name for schedule in repository.schedule_defs},
        "ops": {op.op.name: op.op.pool for op in ops if isinstance(op, dg.AssetsDefinition)},
        "resources": {*repository.get_top_level_resources()},
    }


@pytest.fixture(autouse=True)
def _token_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event of [event] is one of several only with a token."""
    monkeypatch.setenv("SOURCES__EVENT_API__API_TOKEN", "token-of-event")


@pytest.fixture(scope="module")
def of_one() -> dict[str, Any]:
    return names_of(build_definitions(read_event()))


def test_without_events_nothing_is_called_otherwise_than_before(of_one: dict[str, Any]):
    """As the release before had it: what hangs on these names is history."""
    assert {name.count("/") for name in of_one["groups"]} == {1}
    assert {name.partition("/")[0] for name in of_one["groups"]} == LAYERS
    assert all(group == name.partition("/")[0] for name, group in of_one["groups"].items())
    assert {f"raw/{table}" for table in TABLES} <= of_one["groups"].keys()
    assert of_one["jobs"] == JOBS | PRUNING
    assert of_one["tags"] == {}
    assert of_one["sensors"] == SENSORS | OF_THE_LOCATION
    assert of_one["schedules"] == {"sync_everything_daily", "prune_dagster_records_daily"}
    assert {*of_one["ops"].values()} == {"warehouse", None}
    assert {name for name, pool in of_one["ops"].items() if not pool} == {"site__catalogue", "check_summaries"}
    assert of_one["resources"] == {"event_api", "warehouse", "io_manager"}


def test_each_event_has_things_of_its_own(of_one: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "past"]')
    monkeypatch.setenv("EVENTS__PAST__ARCHIVE", "true")
    definitions = build_all(read_events())
    dg.Definitions.validate_loadable(definitions)
    found, graz = names_of(definitions), EventNames("graz2026")
    of_graz = {f"graz2026/{name}": "graz2026" for name in of_one["groups"]}
    assert found["groups"] == {**of_one["groups"], **of_graz, "past/published/warehouse": "past"}
    assert found["checks"] == {*of_one["checks"], *(f"graz2026/{check}" for check in of_one["checks"])}
    assert found["jobs"] == {*JOBS, *PRUNING, *map(graz.of, JOBS)}
    assert found["sensors"] == {*SENSORS, *OF_THE_LOCATION, *map(graz.of, SENSORS)}
    assert found["schedules"] == {*of_one["schedules"], "graz2026__sync_everything_daily"}
    of_graz = {graz.of(name): pool and "warehouse_graz2026" for name, pool in of_one["ops"].items()}
    assert found["ops"] == {**of_one["ops"], **of_graz}
    assert found["tags"] == {
        **{name: {"event": "event"} for name in JOBS}, **{graz.of(name): {"event": "graz2026"} for name in JOBS},
    }  # fmt: skip
    assert found["resources"] == of_one["resources"], "they are the same for all events"


def test_no_asset_of_an_event_depends_on_another_s(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    definitions = build_all(read_events())
    graph = definitions.resolve_asset_graph()
    for node in graph.asset_nodes:
        assert {tuple(parent.path[:-2]) for parent in node.parent_keys} <= {tuple(node.key.path[:-2])}
    for name, prefix in (("refresh_everything", ()), ("graz2026__refresh_everything", ("graz2026",))):
        keys = definitions.resolve_job_def(name).asset_layer.executable_asset_keys
        assert {tuple(key.path[:-2]) for key in keys} == {prefix}
        sensor = definitions.get_repository_def().get_sensor_def(name.replace("refresh_everything", "auto_materialize"))
        assert sensor.asset_selection is not None
        assert sensor.asset_selection.resolve(graph) == {*keys}


def test_an_event_that_cannot_be_used_holds_up_no_other(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "linz"]')
    monkeypatch.setenv("EVENTS__GRAZ2026__TIMEZONE", "Europe/Graz")
    definitions = build_all(read_events())
    events = {node.key.path[0] for node in definitions.resolve_asset_graph().asset_nodes}
    assert events == {*LAYERS, "linz"}
    sensor = definitions.get_repository_def().get_sensor_def("reload_on_phase_change")
    context = dg.build_sensor_context()
    [said] = [sensor.evaluate_tick(context).skip_message]
    assert "The event linz is in the phase quiet" in str(said)
    assert "The event graz2026 stays as it is: `timezone` in the section [events.graz2026]" in str(said)


@pytest.mark.parametrize(
    ("location", "events", "others"),
    [("event", LAYERS, {"events"}), ("graz2026", {"graz2026"}, set())],
    ids=["first", "second"],
)
def test_an_event_may_have_a_code_location_of_its_own(
    location: str, events: set[str], others: set[str], monkeypatch: pytest.MonkeyPatch
):
    """That of the first event has the tables across all events as well."""
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    monkeypatch.setenv("EVENTS__ONLY", f'["{location}"]')
    definitions = configured.__wrapped__()[1]
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()
    assert {key.path[0] for key in graph.materializable_asset_keys} == events | others


def test_tables_across_events_that_cannot_be_built_hold_up_no_event(monkeypatch: pytest.MonkeyPatch):
    """Of another code location's event, whose settings cannot be used."""
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026"]')
    monkeypatch.setenv("EVENTS__ONLY", '["event"]')
    monkeypatch.setenv("EVENTS__GRAZ2026__WAREHOUSE__DESTINATION", "postgres")
    definitions = configured.__wrapped__()[1]
    dg.Definitions.validate_loadable(definitions)
    assert {key.path[0] for key in definitions.resolve_asset_graph().materializable_asset_keys} >= LAYERS


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Sandbox]]:
    """Three events with sandboxes, tokens and warehouses of their own; that of [event] has no token."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("SITE__FOLDER", str(tmp_path / "site"))
    monkeypatch.delenv("SOURCES__EVENT_API__API_TOKEN", raising=False)
    monkeypatch.setenv("EVENTS__NAMES", '["fine", "down", "garbled"]')
    with ExitStack() as serving:
        apis = {}
        for seed, name in enumerate(("fine", "down", "garbled")):
            event = generate_event(lectures=10 + seed, participants=20, seed=seed)
            apis[name] = serving.enter_context(Sandbox(event, token=f"token-of-{name}"))
            section = f"EVENTS__{name.upper()}__"
            monkeypatch.setenv(f"{section}BASE_URL", apis[name].base_url)
            monkeypatch.setenv(f"{section}API_TOKEN", apis[name].token)
            monkeypatch.setenv(f"{section}TIMEZONE", event.timezone)
            monkeypatch.setenv(f"{section}DESTINATION__DUCKDB__CREDENTIALS", str(tmp_path / name / "warehouse.duckdb"))
            monkeypatch.setenv(f"{section}WAREHOUSE__PUBLISHED", str(tmp_path / name / "published.duckdb"))
        yield apis


@pytest.mark.slow
def test_an_event_whose_api_fails_holds_up_no_other(
    three: dict[str, Sandbox], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for endpoint in ("content", "partners", "participants"):
        three["down"].fail(endpoint, faults.status(500))
        three["garbled"].fail(endpoint, faults.truncated)
    with pytest.raises(click.ClickException) as failed:
        run_everything()
    said, lines = capsys.readouterr().out, failed.value.message.splitlines()
    assert "of 3)" in said, "the event of [event] is not configured"
    assert "1 of 3 events are up to date." in said
    assert any(line.startswith("down: ") for line in lines)
    assert any(line.startswith("garbled: ") for line in lines)
    assert not any(line.startswith("fine: ") for line in lines)
    assert "fine/raw/lectures" in said

    reader = Reader(tmp_path / "fine" / "warehouse.duckdb")
    assert reader.count("raw.participants") == len(three["fine"].event.participants)
    ids = {str(lecture["id"]) for lecture in three["fine"].event.content["lectures"]}
    assert {key for (key,) in reader.rows("select id from raw.lectures")} == ids
    assert (tmp_path / "fine" / "published.duckdb").exists()
    pages = tmp_path / "site" / "fine"
    for file in ("event.html", "catalogue.html", "files/index.html", "../events.html"):
        links = Document((pages / file).read_text(encoding="utf-8")).root.find("a")
        ways = {link.attributes["href"] for link in links if not link.attributes["href"].startswith(("#", "http", "/"))}
        there = {way for way in ways if ((pages / file).parent / way.partition("#")[0]).exists()}
        not_yet = {way for way in ways if way.startswith(("down/", "garbled/"))}
        assert ways == there | not_yet, f"{file}: {ways - there - not_yet}"
        assert file == "../events.html" or any(way.endswith("../events.html") for way in ways)
    for name in ("down", "garbled"):
        path = tmp_path / name / "warehouse.duckdb"
        assert not path.exists() or "raw.lectures" not in Reader(path).tables()

    list_events()
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "fresh" in rows["fine"]
    assert "never" in rows["down"]

    three["down"].mend()
    run_everything(event_name="down")
    reader = Reader(tmp_path / "down" / "warehouse.duckdb")
    assert reader.count("raw.participants") == len(three["down"].event.participants)
    assert reader.count("raw.lectures") == len(three["down"].event.content["lectures"])

    with pytest.raises(click.ClickException):  # the garbled one
        run_everything()
    across = Reader(tmp_path / "fine" / FILE_NAME)
    counts = dict(across.rows("select event, participants from events.events_overview where missing is null"))
    assert counts == {name: len(three[name].event.participants) for name in ("fine", "down")}


def test_an_event_is_named_with_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("EVENTS__NAMES", '["graz2026", "past"]')
    monkeypatch.setenv("EVENTS__PAST__ARCHIVE", "true")
    with pytest.raises(SettingsError, match=r"There is no event graz206\. Did you mean graz2026\?"):
        run_everything(event_name="graz206")
    with pytest.raises(click.ClickException, match="The event past is over for good"):
        run_everything(event_name="past")


def test_runs_of_several_events_go_on_at_once_and_one_of_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    limits = {"max_concurrent_runs": 1}
    for events in (1, 2):
        prepare_dagster_home(events=events)
        found = yaml.safe_load((tmp_path / "dagster.yaml").read_text())["concurrency"]["runs"]
        assert found == limits
        (tmp_path / "dagster.yaml").unlink()
        each = {"key": "event", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
        limits = {"max_concurrent_runs": 2, "tag_concurrency_limits": [each]}


@pytest.mark.parametrize(
    ("run", "events"),
    [
        ({"tags": {"event": "graz2026"}}, ["graz2026"]),
        ({"tags": {"event": "event"}}, [""]),
        ({"job_name": "graz2026__refresh_everything"}, ["graz2026"]),
        ({"job_name": "refresh_everything"}, [""]),
        ({}, [""]),
        ({"asset_selection": {OF_GRAZ}}, ["graz2026"]),
        ({"asset_selection": {OF_THE_EVENT}}, [""]),
        ({"asset_check_selection": {dg.AssetCheckKey(OF_GRAZ, "is_up_to_date")}}, ["graz2026"]),
        ({"asset_selection": {OF_GRAZ, OF_THE_EVENT}}, ["", "graz2026"]),
        ({"asset_selection": {OF_GRAZ, ACROSS_EVENTS}}, ["graz2026"]),
        ({"asset_selection": {ACROSS_EVENTS}}, []),
    ],
)
def test_the_events_of_a_run_are_known_however_it_was_started(run: dict[str, Any], events: list[str]):
    found = dg.DagsterRun(**{"job_name": "__ASSET_JOB", **run})
    assert events_of(found) == events
    assert event_of(found) == max(events, default="")
