"""The package as it is installed from a wheel: in a folder that is no checkout, with nothing of one on the path."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from event_assets_tests.automation.live import until
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.ports import free_port
from event_assets_tests.running import Reader

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ASSETS = {"query": "{ assetNodes { assetKey { path } } }"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `event-assets` of a wheel that is installed alone; what it needs comes from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    source, dist, home = folder / "source", folder / "dist", folder / "venv"
    shutil.copytree(CHECKOUT / "event_assets", source / "event_assets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    quiet: dict[str, Any] = {"check": True, "capture_output": True, "env": environment()}
    subprocess.run([*pip, "wheel", str(source), "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist)], **quiet)
    (wheel,) = dist.glob("event_assets-*.whl")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], **quiet)
    (packages,) = home.glob("lib/python*/site-packages")
    # A line of a .pth file is a further folder of packages, whose own .pth files (an editable install) do not count.
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    where = "import event_assets; print(event_assets.__file__)"
    found = subprocess.run([str(python), "-c", where], cwd=folder, text=True, **quiet).stdout
    assert found == f"{packages / 'event_assets' / '__init__.py'}\n"
    return home / "bin" / "event-assets"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def reports() -> Iterator[tuple[str, list[str]]]:
    """An address that dlt's reports can go to, and those that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", came
        server.shutdown()


def environment(**settings: str) -> dict[str, str]:
    """This one without what points to the checkout or configures dlt."""
    left_out = ("PYTHONPATH", "VIRTUAL_ENV", "DAGSTER_HOME")
    return {
        name: value
        for name, value in os.environ.items()
        if not ("__" in name or "DLT" in name or name in left_out)
    } | settings  # fmt: skip


def rows_in_merge_dataset(warehouse: Reader) -> dict[str, int]:
    """How many rows each table of dlt's own second dataset has."""
    tables = warehouse.rows(
        "select table_name from information_schema.tables where table_schema = '_dlt_merge_raw'"
        " and not starts_with(table_name, '_dlt')"
    )
    return {name: warehouse.count(f"_dlt_merge_raw.{name}") for (name,) in tables}


def test_help_leaves_nothing_behind(program: Path, folder: Path):
    done = subprocess.run([program, "--help"], cwd=folder, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n  {command} " in done.stdout for command in ("run", "ui", "dictionary"))
    assert list(folder.iterdir()) == []


def test_run_keeps_no_copy_of_people_and_reports_nothing(program: Path, folder: Path, reports: tuple[str, list[str]]):
    address, came = reports
    settings = environment(RUNTIME__DLTHUB_TELEMETRY_ENDPOINT=address, DLT_DATA_DIR=str(folder / "dlt"))
    done = subprocess.run([program, "run"], cwd=folder, env=settings, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert came == []
    assert "`event-assets ui` shows it" in done.stdout
    assert not any(word in done.stdout for word in ("make ", ".venv", ".example"))
    warehouse = Reader(folder / "data" / "warehouse.duckdb")
    assert warehouse.count("raw.participants") > 0
    copies = rows_in_merge_dataset(warehouse)
    assert copies.keys() >= {"lectures", "partners"}, "dlt has merged by way of it"
    assert set(copies.values()) == {0}
    assert {path.name for path in folder.iterdir()} <= {"data", ".dagster_home", "dlt"}

    reporting = settings | {"RUNTIME__DLTHUB_TELEMETRY": "true", "SOURCES__EVENT_API__PERSONAL_DATA": "drop"}
    assert subprocess.run([program, "run"], cwd=folder, env=reporting, capture_output=True).returncode == 0
    assert came, "who wants to report can, and this test would see it"


def test_ui_shows_the_assets_and_ends(program: Path, folder: Path):
    port = free_port()
    with (folder / "ui.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "ui", "--port", str(port)], cwd=folder, env=environment(), stdout=log, stderr=log
        )

    def assets() -> set[str]:
        assert process.poll() is None, (folder / "ui.log").read_text(encoding="utf-8")
        with suppress(requests.RequestException):
            found = requests.post(f"http://127.0.0.1:{port}/graphql", json=ASSETS, timeout=10).json()
            return {"/".join(node["assetKey"]["path"]) for node in found["data"]["assetNodes"]}
        return set()

    try:
        assert until(assets, 120, "the list of assets") >= {"raw/participants", "summary/agenda", "published/warehouse"}
        page = requests.get(f"http://127.0.0.1:{port}/", timeout=10)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    finally:
        process.send_signal(signal.SIGTERM)
        ended = process.wait(60)
    assert ended == 0
