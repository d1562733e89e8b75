"""The code location as tests share it: loading it takes most of a second, and it stays as it is while tests use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from event_assets import sandbox
from event_assets.automation.freshness import phase_of
from event_assets.automation.phases import Phase
from event_assets.definitions import build_definitions
from event_assets.sandbox import Sandbox
from event_assets.settings import (
    DateSettings,
    DestinationSettings,
    Event,
    FreshnessSettings,
    LakeSettings,
    OpenLineageSettings,
    PublishedSettings,
    ResourceSettings,
    ScheduleSettings,
    SettingsError,
    UiSettings,
    read_event,
)
from event_assets.settings.declaring import Section
from event_assets.settings.event import SECTIONS


def shared_definitions() -> dg.Definitions:
    """The code location as it loads now: the same one for the same settings and phase of the event.

    Dagster makes a copy of the resources for every run, and keeps nothing else of one in the definitions. That they
    depend on nothing more is tested in ``test_definitions``. A test that changes the models, or what else the
    definitions are made of, builds its own.

    Raises:
        SettingsError: A setting cannot be used.
    """
    event = read_event()
    sections = {section: event.sections[section] for section in SECTIONS_OF_THE_DEFINITIONS}
    return _built(tuple(sections.items()), phase_of(event, datetime.now(timezone.utc)))


SECTIONS_OF_THE_DEFINITIONS = (
    ResourceSettings,
    DateSettings,
    FreshnessSettings,
    ScheduleSettings,
    DestinationSettings,
    PublishedSettings,
    OpenLineageSettings,
    LakeSettings,
    UiSettings,
)
"""What of the event counts while the code location loads."""


@cache
def _built(sections: tuple[tuple[type[Section], Section | SettingsError], ...], phase: Phase) -> dg.Definitions:
    unread = dict.fromkeys(SECTIONS, SettingsError("The definitions are not made of this section."))
    return build_definitions(Event({**unread, **dict(sections)}))


@contextmanager
def configured(event: sandbox.Event, folder: Path) -> Iterator[Sandbox]:
    """Serve an event and configure the project for it and a warehouse in a folder: for what many tests share."""
    with Sandbox(event, token="token-of-the-test") as api, pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOURCES__EVENT_API__BASE_URL", api.base_url)
        environment.setenv("SOURCES__EVENT_API__API_TOKEN", api.token)
        environment.setenv("EVENT__TIMEZONE", event.timezone)
        environment.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(folder / "warehouse.duckdb"))
        environment.setenv("WAREHOUSE__PUBLISHED", str(folder / "published.duckdb"))
        environment.setenv("SITE__FOLDER", str(folder / "site"))
        yield api
