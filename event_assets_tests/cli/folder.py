"""A folder to start the commands in, as a newcomer's fresh clone is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from event_assets.sandbox import Sandbox
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.running import Reader


class Folder:
    """A checkout's configuration in a folder of its own, and the command started in it."""

    def __init__(self, path: Path):
        self.path = path
        (path / ".dlt").mkdir()
        shutil.copy(CHECKOUT / ".dlt" / "config.toml", path / ".dlt")
        self.warehouse = Reader(path / "data" / "warehouse.duckdb")

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m event_assets run` there."""
        return self.start("run", *arguments, **settings)

    def start(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m event_assets` there, and wait for its end."""
        return subprocess.run(
            [sys.executable, "-m", "event_assets", *arguments],
            cwd=self.path, env=self.environment(**settings), capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a command: that of the tests without their own settings, and those given."""
        return {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name} | settings


def configuration(api: Sandbox) -> dict[str, str]:
    """The environment that points the commands at a sandbox."""
    return {"SOURCES__EVENT_API__BASE_URL": api.base_url, "SOURCES__EVENT_API__API_TOKEN": api.token}


def row_counts(warehouse: Reader) -> dict[str, int]:
    """How many rows each table and view has that is an asset, by the asset's name."""
    tables = warehouse.rows(
        "select table_schema, table_name from information_schema.tables"
        " where table_schema in ('raw', 'staging', 'history', 'summary')"
        " and not starts_with(table_name, '_dlt') and not contains(table_name, '__')"
        " and (table_schema, table_name) <> ('raw', 'rejected')"
    )
    return {f"{schema}/{table}": warehouse.count(f"{schema}.{table}") for schema, table in tables}
