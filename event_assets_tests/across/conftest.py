"""Several events with their published copies, made once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from event_assets.across.copies import EventCopy
from event_assets.sandbox import Event
from event_assets_tests.across.programmes import LAST_YEAR, publish, two_years
from event_assets_tests.conftest import CASES
from event_assets_tests.warehouses import file_warehouse

NOW = datetime(2026, 10, 20, 21, 30, tzinfo=timezone.utc)
"""When cross-event tables are built: last year's event is over, this year's is not, and FOSDEM is."""


@dataclass(frozen=True)
class Published:
    """Events and their copies.

    Attributes:
        events: The events by name.
        copies: Their copies, in DuckDB files.
        changed_on: The days on which a sync has changed them, in their zones.
    """

    events: Mapping[str, Event]
    copies: list[EventCopy]
    changed_on: Mapping[str, date]


@pytest.fixture(scope="session")
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Two invented events, one of them archived, and the real programme of FOSDEM 2026, if it is at hand."""
    events = two_years()
    if (CASES / "fosdem2026").is_dir():
        events["fosdem2026"] = request.getfixturevalue("fosdem")
    return in_files(events, tmp_path_factory.mktemp("events"))


def in_files(events: Mapping[str, Event], folder: Path) -> Published:
    """Publish events, each into a file of its own."""
    copies, began = [], datetime.now(timezone.utc)
    for name, event in events.items():
        warehouse = file_warehouse(folder / name / "warehouse.duckdb")
        publish(event, warehouse)
        copies.append(EventCopy(name, warehouse.engine, event.timezone, is_archived=name == LAST_YEAR))
    days = {name: began.astimezone(ZoneInfo(event.timezone)).date() for name, event in events.items()}
    return Published(events, copies, days)
