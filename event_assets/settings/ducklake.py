"""Settings of a DuckLake: where its catalogue is, and where its files are."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.configuration.specs.connection_string_credentials import ConnectionStringCredentials
from dlt.common.exceptions import MissingDependencyException
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials

from event_assets.settings.declaring import Section, SettingsError, setting
from event_assets.settings.paths import run_folder

_CREDENTIALS = ("destination", "ducklake", "credentials")
_POSTGRES = ("postgres://", "postgresql://")
_SQLITE = "sqlite:///"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
"""A name that is the same in PostgreSQL, in DuckDB and in a path, with room for an ending."""
_PUBLISHED = "_published"
_LONGEST = 63
"""Characters of a schema's name in PostgreSQL."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def _catalog(text: str) -> str:
    plain = text.strip()
    if plain.startswith(_SQLITE) and len(plain) > len(_SQLITE) and not {"'", "\0"} & {*plain}:
        return _SQLITE + os.path.abspath(run_folder() / plain.removeprefix(_SQLITE))
    if not plain.startswith(_POSTGRES):
        # Not a DuckDB file: that takes one process at a time, so each reader would keep the runs from the lake.
        raise ValueError(
            'is no catalogue that can be used: write it as "postgresql://user:password@host:5432/database", or, for '
            'one machine, as "sqlite:///data/lake.sqlite".'
        )
    return plain


def _storage(text: str) -> str:
    plain = text.strip().rstrip("/")
    if not plain or "\0" in plain or "'" in plain:
        raise ValueError('is no place for files: write it as "data/lake" or "s3://bucket/folder".')
    return plain if _ADDRESS.match(plain) else os.path.abspath(run_folder() / plain)


@configspec(init=False)
class _Catalog(ConnectionStringCredentials):
    """An address that DuckDB takes as well, whatever the password has in it."""

    def to_url(self) -> Any:
        """Return the address."""
        # Here: whoever reads settings would wait 0.2 seconds for SQLAlchemy.
        from sqlalchemy import URL

        class Url(URL):
            """An address that the PostgreSQL client in DuckDB takes: SQLAlchemy leaves blanks as they are."""

            def render_as_string(self, hide_password: bool = True) -> str:
                """Return the address."""
                return super().render_as_string(hide_password).replace(" ", "%20")

        address: Any = super().to_url()
        return Url(*address)


@dataclass(frozen=True)
class DuckLakeSettings(Section):
    """Where a DuckLake is. All of it is a secret for dlt, which finds no credentials in ``.dlt/config.toml``.

    Attributes:
        catalog: The database that says which files make up each table.
        name: Tells the lake from others in the same catalogue and place.
        storage: The folder or bucket of the files. Its keys are dlt's own settings.
    """

    path = _CREDENTIALS

    catalog: str = setting(
        f"{_SQLITE}data/lake.sqlite",
        "The catalogue, where the warehouse is a DuckLake: a PostgreSQL database, or, for one machine, a SQLite file.",
        raw=str,
        parse=_catalog,
        secret=True,
        shown='"postgresql://user:password@db.example.com:5432/lake"',
        unset=f"{_SQLITE}data/lake.sqlite",
    )
    name: str = setting(
        "ducklake",
        "What a DuckLake is called: its schema in the catalogue, and its folder in the storage. That of an event of "
        "[events] has the event's name after it, and the copy for readers the ending _published.",
        fits=lambda name: _NAME.fullmatch(name) is not None,
        wanted="a name of small letters, digits and underscores",
        secret=True,
        name="ducklake_name",
    )
    storage: str = setting(
        "data/lake",
        "Where a DuckLake has its files: a folder, or an address such as s3://bucket/folder, whose keys are set in the "
        "section [destination.ducklake.credentials.storage.credentials] of .dlt/secrets.toml.",
        raw=str,
        parse=_storage,
        secret=True,
        name="bucket_url",
        path=(*_CREDENTIALS, "storage"),
        unset="data/lake",
    )

    def complete(self, event: str = "", *, published: bool = False) -> DuckLakeCredentials:
        """Return the credentials as dlt takes them, with what else is set of them.

        Args:
            event: The event of [events] whose lake it is; none for that of [event].
            published: Whether it is the lake for readers.

        Raises:
            SettingsError: Some are missing, what the storage needs is not installed, or the name is too long.
        """
        ending = (f"_{event}" if event else "") + (_PUBLISHED if published else "")
        name = self.name + ending
        if len(name) > _LONGEST:
            raise SettingsError(
                f"The lake of the event {event} would be called {name}, and PostgreSQL cuts names after {_LONGEST} "
                "characters: set a shorter `ducklake_name` in the section [destination.ducklake.credentials] of "
                ".dlt/secrets.toml, or give the event a shorter name. Nothing was changed."
            )
        catalog = self.catalog
        if catalog.startswith(_SQLITE) and ending:
            file = Path(catalog.removeprefix(_SQLITE))
            catalog = _SQLITE + str(file.with_name(f"{file.stem}{ending}{file.suffix}"))
        try:
            # By itself: within the credentials of the lake, dlt looks for the keys in another section.
            storage = resolve_configuration(FilesystemConfiguration(self.storage), sections=(*_CREDENTIALS, "storage"))
            given = DuckLakeCredentials(name, name, _Catalog(catalog), storage)
            lake = resolve_configuration(given, sections=_CREDENTIALS)
            # Again, because dlt has put what is configured in their places: the same for both lakes.
            lake.ducklake_name = lake.metadata_schema = name
            lake.catalog = _Catalog(catalog).resolve()
            lake.storage = FilesystemConfiguration(f"{self.storage}/{name}", storage.credentials).resolve()
            return lake
        except MissingDependencyException as error:
            raise SettingsError(
                f"The storage of the DuckLake needs {' and '.join(error.dependencies)}, which is not installed, or its "
                "keys are missing: install it with pip, or set them in the section "
                "[destination.ducklake.credentials.storage.credentials] of .dlt/secrets.toml."
            ) from None
        except ConfigurationException:
            raise SettingsError(
                "The credentials of the DuckLake are not complete: set `catalog` in the section "
                "[destination.ducklake.credentials], and the keys of the storage in the section "
                "[destination.ducklake.credentials.storage.credentials] of .dlt/secrets.toml."
            ) from None
