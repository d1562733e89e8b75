"""The code location: it loads with nothing, and what it holds."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from event_assets.definitions import build_definitions

LAYERS = {
    "raw": set(),
    "staging": {"raw", "staging"},
    "history": {"staging"},
    "summary": {"staging", "history", "summary"},
    "published": {"raw", "staging", "history", "summary"},
}
LOADS_WITH_NOTHING = """
import socket, sys
def refuse(*_, **__):
    raise AssertionError("loading the definitions must not open a connection")
socket.socket.connect = refuse
socket.getaddrinfo = refuse

from event_assets.definitions import defs
defs().resolve_all_job_defs()
assert "dagster_sling" not in sys.modules and "dagster_embedded_elt" not in sys.modules
assert "faker" not in sys.modules, "the sandbox is not needed to load the definitions"
"""


def test_definitions_load_without_token_network_or_file(tmp_path: Path):
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
    environment |= {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:event_assets", "-c", LOADS_WITH_NOTHING],
        cwd=folder,
        env=environment,
        check=True,
    )

    assert list(folder.iterdir()) == []


def test_the_definitions_fit_together():
    dg.Definitions.validate_loadable(build_definitions())


def test_the_graph_runs_from_raw_to_summary():
    graph = build_definitions().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        layers = {parent.path[0] for parent in graph.get(key).parent_keys}
        allowed = LAYERS[key.path[0]]
        assert layers <= allowed, key
        assert bool(layers) is (key.path[0] != "raw"), key
    assert not graph.external_asset_keys


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
