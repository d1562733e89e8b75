"""The code location as tests share it: loading it takes most of a second, and it stays as it is while tests use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest

from event_assets import sandbox
from event_assets.assets.models import project_models
from event_assets.automation import event_part
from event_assets.automation.freshness import phase_of
from event_assets.automation.phases import Phase
from event_assets.definitions import build_definitions
from event_assets.models import Model
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
from event_assets.source.tables.columns import Table
from event_assets.warehouse.relations import Relation
from event_assets_tests.models.inputs import with_inputs

FEW_MODELS = {
    Relation("history", "entry_versions"),
    *(Relation("summary", name) for name in ("agenda", "data_quality", "event_overview", "partners_overview")),
}
"""What a code location of few models builds, with all that these are made of: some tables of each kind."""


@contextmanager
def few_models() -> Iterator[None]:
    """Let code locations that are built within a block have half of the models, and one page.

    For tests of when things are built and told, and not of what comes of it: a run of everything takes a third.
    """
    pages = event_part._pages
    with (
        patch.object(event_part, "project_models", _few_of),
        patch.object(event_part, "_pages", lambda *given: pages(*given)[:1]),
    ):
        yield


COPY_OF_FEW = {"published/warehouse", "site/catalogue"}
"""The assets of a code location of few models that are made of all tables."""


def _few_of(tables: Mapping[str, Table]) -> dict[Relation, Model]:
    models = project_models(tables)
    needed = with_inputs(models, FEW_MODELS)
    return {relation: model for relation, model in models.items() if relation in needed}


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
    return _built(
        tuple(sections.items()), phase_of(event, datetime.now(timezone.utc)), event_part.project_models is _few_of
    )


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
def _built(
    sections: tuple[tuple[type[Section], Section | SettingsError], ...], phase: Phase, few: bool
) -> dg.Definitions:
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
