"""The one reader of configuration.

Everything comes from dlt's providers (environment, ``.dlt/secrets.toml``, ``.dlt/config.toml``) and is read when a run
or a tick asks for it, never at import. Nothing else in the package reads the environment or these files; what a setting
is for belongs to whoever uses it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Optional
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dlt
from dlt.common.configuration import configspec, resolve_configuration
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.typing import TSecretStrValue
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which, and where to put it."""


@dataclass(frozen=True)
class EventApiSettings:
    """Where the event API is and the bearer token for it.

    Attributes:
        base_url: Without a trailing slash, e.g. ``https://api.example.com/public/v1``.
        api_token: Belongs to one event; kept out of every representation.
    """

    base_url: str
    api_token: str = field(repr=False)


@configspec
class _EventApiSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("sources", "event_api")

    base_url: Optional[str] = None  # noqa: UP045  # dlt reads the hint at run time
    api_token: Optional[TSecretStrValue] = None  # noqa: UP045


@configspec
class _EventSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("event",)

    timezone: str = "UTC"


@configspec
class _WarehouseSpec(BaseConfiguration):
    sections: ClassVar[tuple[str, ...]] = ("destination", "duckdb")

    credentials: str = "data/warehouse.duckdb"


def event_api_settings() -> EventApiSettings:
    """Read the address and the token of the event API (``sources.event_api``, or plain ``base_url``, ``api_token``).

    Raises:
        SettingsError: One of them is not configured, or the address is not an http address.
    """
    spec = _resolve(_EventApiSpec())
    base_url, api_token = (str(value or "").strip() for value in (spec.base_url, spec.api_token))
    if not (base_url and api_token):
        raise SettingsError(_how_to_configure(token_missing=not api_token, address_missing=not base_url))
    if not base_url.startswith(("http://", "https://")):
        raise SettingsError(
            "The address of the event API must begin with https:// (or http://), and the configured one does not: "
            "correct `base_url` in the section [sources.event_api] of .dlt/config.toml. Nothing was requested."
        )
    return EventApiSettings(base_url=base_url.rstrip("/"), api_token=api_token)


def has_api_token() -> bool:
    """Whether a token of the event API is configured anywhere."""
    return bool(str(_resolve(_EventApiSpec()).api_token or "").strip())


def event_timezone() -> str:
    """Read the event's time zone (``event.timezone``), an IANA name; UTC where it is not set.

    Raises:
        SettingsError: There is no time zone of that name.
    """
    name = str(_resolve(_EventSpec()).timezone)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"There is no time zone {name!r}: set `timezone` in the section [event] of .dlt/config.toml to an IANA "
            "name such as Europe/Vienna."
        ) from None
    return name


def warehouse_path() -> Path:
    """Read where the warehouse file lies (``destination.duckdb.credentials``: a path, or a ``duckdb:///`` address).

    Returns:
        An absolute path; a relative setting starts in the folder the command was started in. The file need not exist.
    """
    credentials = str(_resolve(_WarehouseSpec()).credentials)
    return (run_folder() / str(DuckDbCredentials(credentials).database)).resolve()


def dagster_home() -> Path:
    """Where Dagster keeps its state: ``DAGSTER_HOME`` where it is set, else ``.dagster_home`` in the run's folder."""
    return Path(os.environ.get("DAGSTER_HOME") or run_folder() / ".dagster_home").resolve()


def run_folder() -> Path:
    """The folder that relative paths start in and that ``.dlt/`` is looked for in: where the command was started."""
    return Path(dlt.current.run_context().run_dir).resolve()


def _resolve(spec: Any) -> Any:
    return resolve_configuration(spec, sections=spec.sections)


def _how_to_configure(*, token_missing: bool, address_missing: bool) -> str:
    secrets, config = run_folder() / ".dlt" / "secrets.toml", run_folder() / ".dlt" / "config.toml"
    sentences = []
    if token_missing:
        sentences.append(
            "No API token is configured: put the token of your event into "
            f'{secrets} as `api_token = "..."` under [sources.event_api] (secrets.toml.example beside it shows how), '
            "or into the environment variable SOURCES__EVENT_API__API_TOKEN."
        )
    if address_missing:
        sentences.append(
            f'No API address is configured: put it into {config} as `base_url = "https://..."` under '
            "[sources.event_api], or into the environment variable SOURCES__EVENT_API__BASE_URL."
        )
    return " ".join([*sentences, "Nothing was requested and no table was changed."])
