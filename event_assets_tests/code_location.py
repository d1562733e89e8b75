"""The code location as tests share it: loading it takes most of a second, and it stays as it is while tests use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from event_assets.automation.freshness import current_phase
from event_assets.definitions import build_definitions
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import (
    change_poll_seconds,
    daily_sync_time,
    event_timezone,
    freshness_settings,
    published_personal_data,
)


def shared_definitions() -> dg.Definitions:
    """The code location as it loads now: the same one for the same settings and phase of the event.

    Dagster makes a copy of the resources for every run, and keeps nothing else of one in the definitions. That they
    depend on nothing more is tested in ``test_definitions``. A test that changes the models, or what else the
    definitions are made of, builds its own.

    Raises:
        SettingsError: A setting cannot be used.
    """
    return _built(what_definitions_depend_on())


def what_definitions_depend_on() -> tuple[object, ...]:
    """All that is read while the code location loads, beside its own files.

    Raises:
        SettingsError: A setting cannot be used.
    """
    return (
        event_timezone(),
        freshness_settings(),
        current_phase(),
        daily_sync_time(),
        change_poll_seconds(),
        published_personal_data(),
    )


@cache
def _built(depends_on: tuple[object, ...]) -> dg.Definitions:
    return build_definitions()


@contextmanager
def configured(event: Event, folder: Path) -> Iterator[Sandbox]:
    """Serve an event and configure the project for it and a warehouse in a folder: for what many tests share."""
    with Sandbox(event, token="token-of-the-test") as api, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOURCES__EVENT_API__BASE_URL", api.base_url)
        environment.setenv("SOURCES__EVENT_API__API_TOKEN", api.token)
        environment.setenv("EVENT__TIMEZONE", event.timezone)
        environment.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(folder / "warehouse.duckdb"))
        environment.setenv("WAREHOUSE__PUBLISHED", str(folder / "published.duckdb"))
        yield api
