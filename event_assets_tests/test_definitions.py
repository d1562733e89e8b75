"""The code location: it loads with nothing, and what it holds."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_assets.definitions import build_definitions
from event_assets.settings import Event, LakeSettings, OpenLineageSettings, SettingsError, read_event
from event_assets.settings.declaring import Section
from event_assets_tests.code_location import SECTIONS_OF_THE_DEFINITIONS, shared_definitions

LAYERS = {
    "raw": set(),
    "staging": {"raw", "staging"},
    "history": {"staging"},
    "summary": {"staging", "history", "summary"},
    "published": {"raw", "staging", "history", "summary"},
    "site": {"published"},
}
LOADS_WITH_NOTHING = """
import gc, socket, sys
def refuse(*_, **__):
    raise AssertionError("loading the definitions must not open a connection")
socket.socket.connect = refuse
socket.getaddrinfo = refuse

from event_assets.definitions import defs
defs().resolve_all_job_defs()
assert "dagster_sling" not in sys.modules and "dagster_embedded_elt" not in sys.modules
assert "faker" not in sys.modules, "the sandbox is not needed to load the definitions"
heavy = {"pyarrow", "numpy", "duckdb", "pandas"} & sys.modules.keys()
assert not heavy, f"imports are most of what loading costs, and each stays in the code server: {heavy}"
assert gc.isenabled() and gc.get_freeze_count() > 100_000, "what stays is not looked through for garbage"
"""


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"EVENTS__NAMES": '["graz", "vienna"]'},
        {"WAREHOUSE__DESTINATION": "postgres", "DESTINATION__POSTGRES__CREDENTIALS": "postgresql://a:b@127.0.0.1/c"},
    ],
    ids=["one event", "several", "PostgreSQL"],
)
def test_definitions_load_without_token_network_or_file(tmp_path: Path, settings: dict[str, str]):
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
    environment |= {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[1]), **settings}
    subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:event_assets", "-c", LOADS_WITH_NOTHING],
        cwd=folder,
        env=environment,
        check=True,
    )

    assert list(folder.iterdir()) == []


def test_the_definitions_fit_together():
    dg.Definitions.validate_loadable(build_definitions(read_event()))


def test_the_graph_runs_from_raw_to_summary():
    graph = build_definitions(read_event()).resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        layers = {parent.path[0] for parent in graph.get(key).parent_keys}
        allowed = LAYERS[key.path[0]]
        assert layers <= allowed, key
        assert bool(layers) is (key.path[0] != "raw"), key
    assert not graph.external_asset_keys


REPORTED_LATER = {OpenLineageSettings, LakeSettings}
"""A wrong setting of these is reported by the sensor or the step that needs it, and stops nothing else."""


@pytest.mark.parametrize(
    ("destination", "shown"),
    [
        ("duckdb", {"duckdb"}),
        ("postgres", {"postgres"}),
        ("ducklake", {"duckdb", "ducklake"}),
        ("spark", {"spark", "deltalake"}),
    ],
)
def test_every_table_is_shown_as_one_of_its_warehouse(
    monkeypatch: pytest.MonkeyPatch, destination: str, shown: set[str]
):
    monkeypatch.setenv("DESTINATION", destination)
    definitions = build_definitions(read_event())
    kinds = {node.key.path[0]: node.kinds for node in definitions.resolve_asset_graph().asset_nodes}
    ours = {"dlt", "sql", "view", "table", "incremental", "file"}
    assert {layer: found - ours for layer, found in kinds.items() if layer in ("raw", "staging", "summary")} == {
        "raw": shown, "staging": shown, "summary": shown,
    }  # fmt: skip


@pytest.mark.parametrize("section", [each for each in SECTIONS_OF_THE_DEFINITIONS if each not in REPORTED_LATER])
def test_the_definitions_depend_on_these_sections(section: type[Section]):
    """And on no other one: ``shared_definitions`` makes them of an event that has only these."""
    assert shared_definitions() is shared_definitions()
    with pytest.raises(SettingsError, match="of no use"):
        build_definitions(Event({section: SettingsError("of no use")}))


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"warehouse": {"config": {"path": "/anywhere"}}}},
        {"resources": {"event_api": {"config": {"base_url": "http://elsewhere.example"}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/anywhere"}}}},
        {"ops": {"load_partners": {"config": {"path": "/anywhere"}}}},
    ],
)
def test_a_run_config_names_no_place_to_write_to_or_to_ask(config: dict[str, object]):
    for job in build_definitions(read_event()).resolve_all_job_defs():
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, config)


def test_of_a_run_config_a_sync_takes_only_that_removals_are_meant():
    def places(of: Any, at: tuple[str, ...] = ()) -> Iterator[str]:
        """Every field that is no choice of a step, and holds no value."""
        fields = getattr(of, "fields", None) or {}
        for name, field in fields.items():
            yield from places(field.config_type, (*at, name))
        if not (fields or isinstance(of, dg.Shape)):
            yield ".".join(at)

    offered = set(places(shared_definitions().resolve_job_def("refresh_everything").run_config_schema.config_type))
    removals = {f"ops.load_{endpoint}.config.allow_removals" for endpoint in ("content", "partners", "participants")}
    # A model's op takes any config, and reads none.
    layers = ("staging", "history", "summary", "published", "site")
    offered -= {name for name in offered if name.startswith(tuple(f"ops.{layer}" for layer in layers))}
    assert {name for name in offered if name.startswith(("ops.", "resources."))} == removals


def test_the_source_is_pure_dlt():
    program = "import sys, event_assets.source.sync; sys.exit('dagster' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("forbidden", ["import dagster", "from dagster_dlt import dlt_assets"])
def test_the_linter_keeps_dagster_out_of_the_source(forbidden: str):
    checkout = Path(__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "event_assets/source/probe.py", "-"],
        input=f"{forbidden}\n",
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in result.stdout
