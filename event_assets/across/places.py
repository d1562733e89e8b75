"""Which events there are, where their copies are, and where tables across them are built: from the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module

from event_assets.across.copies import EventCopy
from event_assets.across.warehouse import CrossEventWarehouse
from event_assets.settings import Event, SettingsError
from event_assets.warehouse.engines import configured_engine

_PLACES = {
    "duckdb": ("event_assets.across.duckdb_file", "CrossEventFile"),
    "postgres": ("event_assets.across.postgres_schemas", "CrossEventSchema"),
    "spark": ("event_assets.across.spark_lake", "CrossEventLake"),
}
"""Where tables across events are built → module and class. Imported when needed, because each brings a driver."""


def place_class(events: Sequence[Event]) -> type[CrossEventWarehouse]:
    """Return what tables across events are built in.

    In the lake of all events, where there is one and a Spark server; on the PostgreSQL server, where all events are on
    it; else in a DuckDB file, which reads the copies of events in any database.

    Args:
        events: All events, that of [event] first.

    Raises:
        SettingsError: A setting cannot be used, or what the place needs is not installed.
    """
    module, name = _PLACES[_kind(events)]
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"Tables across events are to be built in {_kind(events)}, and the package {error.name} is not installed: "
            f"run `pip install 'event_assets[{_kind(events)}]'`."
        ) from None


def _kind(events: Sequence[Event]) -> str:
    if is_in_lake(events):
        return "spark"
    return "postgres" if all(event.destination == "postgres" for event in events) else "duckdb"


def is_in_lake(events: Sequence[Event]) -> bool:
    """Return whether tables across events are built in the lake of all events."""
    return bool(events[0].lake.storage and events[0].spark.remote)


def copies_of(events: Sequence[Event], published_at: Mapping[str, datetime], now: datetime) -> list[EventCopy]:
    """Return the copies of all events. One whose settings cannot be used is there with the error.

    Args:
        events: All events.
        published_at: Event, by its label → when its copy was published, as far as that is known.
        now: The time now, with a zone.
    """
    return [_copy_of(event, published_at.get(event.label), now) for event in events]


def _copy_of(event: Event, published_at: datetime | None, now: datetime) -> EventCopy:
    try:
        return EventCopy(
            event=event.label,
            engine=configured_engine(event),
            timezone=event.dates.timezone,
            period=event.dates.period,
            is_archived=event.is_archived(now),
            published_at=published_at,
        )
    except SettingsError as error:
        return EventCopy(event.label, error, is_archived=event.is_archived(now), published_at=published_at)
