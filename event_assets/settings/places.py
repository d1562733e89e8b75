"""Settings of where things lie: the warehouse, its published copy, Dagster's state."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import ClassVar

import dlt
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from event_assets.settings.reading import SettingsError, readable_files, require, resolve


@configspec
class _DuckDbSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("destination", "duckdb")

    credentials: str = "data/warehouse.duckdb"


@configspec
class _WarehouseSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("warehouse",)

    published: str = "data/published.duckdb"
    lock_wait_seconds: float = 600
    memory_limit: str = "300MB"


def warehouse_path() -> Path:
    """Read where the warehouse file lies (``destination.duckdb.credentials``: a path, or a ``duckdb:///`` address).

    Returns:
        An absolute path; a relative setting starts in the folder the command was started in. The file need not exist.

    Raises:
        SettingsError: It is a table, as dlt has it where a destination needs more than one value.
    """
    credentials = resolve(_DuckDbSpec()).credentials
    if credentials.startswith("{"):
        raise SettingsError(
            "The warehouse is a file, and nothing else can be set of it: instead of the section "
            '[destination.duckdb.credentials], write `credentials = "data/warehouse.duckdb"` in the section '
            "[destination.duckdb] of .dlt/config.toml."
        )
    return (run_folder() / credentials.removeprefix("duckdb:///")).resolve()


def published_path() -> Path:
    """Read where the copy for readers lies (``warehouse.published``). The file need not exist.

    Raises:
        SettingsError: It is the warehouse itself.
    """
    path = (run_folder() / resolve(_WarehouseSpec()).published).resolve()
    if path == warehouse_path():
        raise SettingsError(
            "The published copy cannot be the warehouse itself: set `published` in the section [warehouse] of "
            ".dlt/config.toml to a file of its own."
        )
    return path


def lock_wait_seconds() -> float:
    """Read how long a writer waits for the one before it (``warehouse.lock_wait_seconds``).

    Raises:
        SettingsError: It is negative.
    """
    spec = resolve(_WarehouseSpec())
    require(spec, "0 or more", lock_wait_seconds=spec.lock_wait_seconds >= 0)
    return spec.lock_wait_seconds


def warehouse_memory_limit() -> str:
    """Read how much memory DuckDB may take for its own before it uses the disk (``warehouse.memory_limit``).

    Raises:
        SettingsError: It is no size.
    """
    limit = resolve(_WarehouseSpec()).memory_limit.strip()
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", limit):
        raise SettingsError(
            "`memory_limit` in the section [warehouse] of .dlt/config.toml is no size: write it as 300MB or 2GB."
        )
    return limit


def dagster_home() -> Path:
    """Where Dagster keeps its state: ``DAGSTER_HOME`` where it is set, else ``.dagster_home`` in the run's folder."""
    return Path(os.environ.get("DAGSTER_HOME") or run_folder() / ".dagster_home").resolve()


def run_folder() -> Path:
    """The folder that relative paths start in and that ``.dlt/`` is looked for in: where the command was started.

    Raises:
        SettingsError: A file in ``.dlt/`` cannot be read: dlt looks into them when it is first asked for anything.
    """
    with readable_files():
        return Path(dlt.current.run_context().run_dir).resolve()
