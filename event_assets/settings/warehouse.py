"""Settings of the warehouse and of its published copy."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dlt.destinations.impl.postgres.configuration import PostgresCredentials

from event_assets.settings.declaring import Section, SettingsError, setting
from event_assets.settings.paths import run_folder

DESTINATIONS = ("duckdb", "postgres", "ducklake", "spark")
"""What a warehouse can be."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]+:")
"""How an address begins, or a name that DuckDB opens by an extension. One letter is a drive of Windows."""


def _file_in_folder(example: str) -> Callable[[str], Path]:
    """Return what makes a path of a setting that names a file: a path, or a ``duckdb:///`` address of one.

    Args:
        example: A name that such a file may have.
    """

    def parse(text: str) -> Path:
        plain = text.strip().removeprefix("duckdb:///")
        # An absolute path goes to DuckDB, which sees nothing but a file in it, whatever it is called.
        path = Path(os.path.abspath(run_folder() / plain.replace("\0", "")))
        if why := _why_no_file(plain, path):
            raise ValueError(f'{why}: write the path of a file, such as "data/{example}".')
        return path.resolve()

    return parse


def _why_no_file(plain: str, path: Path) -> str | None:
    """Return why a text names no file. DuckDB would take some for something else, and make files of others."""
    if not plain:
        return "is empty"
    if plain.startswith("{"):
        return "is a table of values, and nothing but its path can be set of the warehouse, which is a file"
    if plain.startswith(":memory:"):
        return "is a database that is kept nowhere"
    if _SCHEME.match(plain) or "\0" in plain:
        return "is no path of a file on this machine"
    if plain.endswith(("/", os.sep)) or path.is_dir():
        return "is a folder and no file"
    return "has a ? in it, behind which DuckDB reads options" if "?" in str(path) else None


def _destination(text: str) -> str:
    # Where it is not set, dlt finds the table [destination...] of the same name, whose sections are of dlt.
    return DESTINATIONS[0] if text.lstrip().startswith("{") else text.strip()


def _memory(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)? ?[KMGT]i?B", text.strip()):
        raise ValueError("is no size: write it as 300MB or 2GB.")
    return text.strip()


@dataclass(frozen=True)
class WarehouseSettings(Section):
    """Where the warehouse and its copy for readers lie, and how it is opened.

    Attributes:
        file: The warehouse, relative to the folder the command was started in; it need not exist.
        published_file: The copy for readers, likewise.
        lock_wait_seconds: How long a writer waits for the one before it.
        memory_limit: How much memory DuckDB may take for its own before it uses the disk.
    """

    path = ("warehouse",)

    file: Path = setting(
        Path("data/warehouse.duckdb"),
        "The warehouse file; a relative path starts in the folder that the command is started in.",
        raw=str,
        parse=_file_in_folder("warehouse.duckdb"),
        name="credentials",
        path=("destination", "duckdb"),
        unset="data/warehouse.duckdb",
        for_event=lambda _, name: _file_in_folder("warehouse.duckdb")(f"data/{name}/warehouse.duckdb"),
    )
    published_file: Path = setting(
        Path("data/published.duckdb"),
        "The copy for readers, replaced after each refresh.",
        raw=str,
        parse=_file_in_folder("published.duckdb"),
        name="published",
        unset="data/published.duckdb",
        for_event=lambda _, name: _file_in_folder("published.duckdb")(f"data/{name}/published.duckdb"),
    )
    lock_wait_seconds: float = setting(
        600.0,
        "How long a run waits for the one before it, or for a program that has the warehouse open.",
        fits=lambda seconds: seconds >= 0,
        wanted="0 or more",
    )
    memory_limit: str = setting("300MB", "How much memory DuckDB may take before it uses the disk.", parse=_memory)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.published_file == self.file:
            raise SettingsError(
                "The published copy cannot be the warehouse itself: set `published` in the section [warehouse] of "
                ".dlt/config.toml to a file of its own."
            )


@dataclass(frozen=True)
class DestinationSettings(Section):
    """Which database the warehouse is. A section of its own: the definitions need nothing else of the warehouse.

    Attributes:
        destination: dlt's name of it.
    """

    path = ("warehouse",)

    destination: str = setting(
        "duckdb",
        "Which database the warehouse is: duckdb, a file; postgres, a PostgreSQL server, whose `credentials` are in "
        "the section [destination.postgres] of .dlt/secrets.toml; ducklake, whose `catalog` is in the section "
        "[destination.ducklake.credentials] there; or spark, Delta tables whose `bucket_url` is in the section "
        "[destination.filesystem], with a Spark server, whose `remote` is in [destination.spark] of .dlt/secrets.toml. "
        "What is set of files counts for duckdb only.",
        parse=_destination,
        fits=lambda name: name in DESTINATIONS,
        wanted=" or ".join(DESTINATIONS),
    )


@dataclass(frozen=True)
class PostgresSettings(Section):
    """How to reach the PostgreSQL server.

    Attributes:
        credentials: As dlt resolves them: from an address, or from its parts; None where some are missing.
    """

    path = ("destination", "postgres")

    credentials: PostgresCredentials | None = setting(
        None,
        "The database, where the warehouse is on a PostgreSQL server.",
        raw=PostgresCredentials,
        secret=True,
        shown='"postgresql://user:password@db.example.com:5432/events"',
    )

    def complete(self) -> PostgresCredentials:
        """Return the credentials.

        Raises:
            SettingsError: Some are missing.
        """
        if self.credentials is None:
            raise SettingsError(
                "The warehouse is a PostgreSQL server, and its credentials are missing or not complete: set "
                "`credentials` in the section [destination.postgres] of .dlt/secrets.toml, with user, password, host "
                "and database."
            )
        return self.credentials


@dataclass(frozen=True)
class PublishedSettings(Section):
    """What the copy for readers holds.

    Attributes:
        personal_data: Whether it holds all that the warehouse does.
    """

    path = ("warehouse",)

    personal_data: bool = setting(
        False,
        "Whether the copy for readers holds all that the warehouse does: personal data, fields that are not declared, "
        "and bookkeeping as well.",
        name="published_personal_data",
    )
