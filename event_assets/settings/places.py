"""Settings of where things lie: the warehouse, its published copy, Dagster's state."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import ClassVar

from dlt.common.configuration import configspec
from dlt.common.configuration.specs import BaseConfiguration

from event_assets.settings.defaults import run_context
from event_assets.settings.reading import SettingsError, readable_files, require, resolve

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]+:")
"""How an address begins, or a name that DuckDB opens by an extension. One letter is a drive of Windows."""
_EXAMPLES = {"credentials": "warehouse.duckdb", "published": "published.duckdb"}


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


@configspec
class _ContentSpec(BaseConfiguration):
    """What the copy holds: read while the definitions load, and the places are not."""

    sections: ClassVar[tuple[str, ...]] = ("warehouse",)

    published_personal_data: bool = False


def warehouse_path() -> Path:
    """Read where the warehouse file lies (``destination.duckdb.credentials``: a path, or a ``duckdb:///`` address).

    Returns:
        An absolute path; a relative setting starts in the folder the command was started in. The file need not exist.

    Raises:
        SettingsError: It is no path of a file, or a table, as dlt has it where a destination needs more than one value.
    """
    credentials = resolve(_DuckDbSpec()).credentials
    if credentials.startswith("{"):
        raise SettingsError(
            "The warehouse is a file, and nothing else can be set of it: instead of the section "
            '[destination.duckdb.credentials], write `credentials = "data/warehouse.duckdb"` in the section '
            "[destination.duckdb] of .dlt/config.toml."
        )
    return _file_path("credentials", "destination.duckdb", credentials)


def published_path() -> Path:
    """Read where the copy for readers lies (``warehouse.published``). The file need not exist.

    Raises:
        SettingsError: It is no path of a file, or it is the warehouse itself.
    """
    path = _file_path("published", "warehouse", resolve(_WarehouseSpec()).published)
    if path == warehouse_path():
        raise SettingsError(
            "The published copy cannot be the warehouse itself: set `published` in the section [warehouse] of "
            ".dlt/config.toml to a file of its own."
        )
    return path


def published_personal_data() -> bool:
    """Read whether the copy for readers holds all that the warehouse does (``warehouse.published_personal_data``).

    By default it lacks personal data, what nobody has declared, and the bookkeeping of dlt and of the syncs.
    """
    return resolve(_ContentSpec()).published_personal_data


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


def _file_path(name: str, section: str, text: str) -> Path:
    """The file that a setting names: a path, or a ``duckdb:///`` address of one.

    Raises:
        SettingsError: It names no file. DuckDB would take some of them for something else, and make files of others.
    """
    plain = text.strip().removeprefix("duckdb:///")
    # An absolute path goes to DuckDB, which sees nothing but a file in it, whatever it is called.
    path = Path(os.path.abspath(run_folder() / plain.replace("\0", "")))
    why = None
    if not plain:
        why = "is empty"
    elif plain.startswith(":memory:"):
        why = "is a database that is kept nowhere"
    elif _SCHEME.match(plain) or "\0" in plain:
        why = "is no path of a file on this machine"
    elif plain.endswith(("/", os.sep)) or path.is_dir():
        why = "is a folder and no file"
    elif "?" in str(path):
        why = "has a ? in it, behind which DuckDB reads options"
    if why:
        raise SettingsError(
            f"`{name}` in the section [{section}] of .dlt/config.toml {why}: write the path of a file, such as "
            f'"data/{_EXAMPLES[name]}".'
        )
    return path.resolve()


def dagster_home() -> Path:
    """Where Dagster keeps its state: ``DAGSTER_HOME`` where it is set, else ``.dagster_home`` in the run's folder."""
    return Path(os.environ.get("DAGSTER_HOME") or run_folder() / ".dagster_home").resolve()


def run_folder() -> Path:
    """The folder that relative paths start in and that ``.dlt/`` is looked for in: where the command was started.

    Raises:
        SettingsError: A file in ``.dlt/`` cannot be read: dlt looks into them when it is first asked for anything.
    """
    with readable_files():
        return Path(run_context().context.run_dir).resolve()
