"""`event-assets events`: which events there are, and how each is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

import click
import dagster as dg
from rich.console import Console
from rich.table import Table

from event_assets.assets.held_back import held_back
from event_assets.assets.keys import EventNames
from event_assets.assets.models import project_models
from event_assets.assets.versions import Materialisations
from event_assets.automation.freshness import current_windows, phase_of
from event_assets.cli.home import open_records
from event_assets.cli.naming import command_name
from event_assets.settings import Event, SettingsError, read_event, read_events
from event_assets.source.tables.more import tables_of
from event_assets.warehouse.engines import configured_engine


@dataclass(frozen=True)
class EventState:
    """How an event is, as the list shows it.

    Attributes:
        event: What it is called.
        phase: The phase that it is in; `archive` if it is over for good.
        synced: When the table that was synced longest ago was, in the event's zone.
        freshness: Whether all tables of the API are as fresh as their windows ask for.
        where: Where its warehouse is.
        wrong: What is wrong, as sentences.
    """

    event: str
    phase: str = ""
    synced: str = ""
    freshness: str = ""
    where: str = ""
    wrong: tuple[str, ...] = ()


def list_events() -> None:
    """Print the events.

    Raises:
        SettingsError: It cannot be said which events there are.
    """
    events, now = read_events(), datetime.now(timezone.utc)
    with open_records(read_event().retention, len(events)) as instance:
        states = [event_state(event, instance, now) for event in events]
    table = Table("event", "phase", "last sync", "freshness", "warehouse", box=None)
    for state in states:
        table.add_row(state.event, state.phase, state.synced, state.freshness, state.where)
    Console(soft_wrap=True).print(table)
    if wrong := [f"  {state.event}: {sentence}" for state in states for sentence in state.wrong]:
        click.echo("\n".join(["\nPlease look at:", *wrong]))


def event_state(event: Event, instance: dg.DagsterInstance, now: datetime) -> EventState:
    """Return how an event is.

    Args:
        event: The event.
        instance: Where its syncs are recorded.
        now: The time now, with a zone.
    """
    try:
        where = configured_engine(event).where
        if event.is_archived(now):
            return EventState(event.label, "archive", where=where)
        names = EventNames(event.name)
        windows = current_windows([names.raw_key(name) for name in tables_of(event.resources)], now, event)
    except SettingsError as error:
        return EventState(event.label, "unknown", wrong=tuple(str(error).splitlines()))
    made = Materialisations(instance, windows)
    times = {key: made.time(key) for key in windows}
    never = sorted(key.to_user_string() for key, time in times.items() if time is None)
    stale = sorted(
        key.to_user_string() for key, time in times.items() if time and now - time >= windows[key].fails_after
    )
    synced = [time for time in times.values() if time]
    return EventState(
        event.label,
        phase_of(event, now).value,
        _shown(min(synced), now) if synced else "never",
        "stale" if stale else "incomplete" if never else "fresh",
        where,
        (*_settings_that_are_wrong(event), *_tables_that_are_wrong(never, stale), *_held_back(instance, event)),
    )


def _settings_that_are_wrong(event: Event) -> tuple[str, ...]:
    try:
        event.check()
        _ = event.api
    except SettingsError as error:
        return tuple(str(error).splitlines())
    return ()


def _tables_that_are_wrong(never: Sequence[str], stale: Sequence[str]) -> Iterator[str]:
    if never:
        yield f"{', '.join(never)} {'was' if len(never) == 1 else 'were'} never synced: `{command_name('run')}` does."
    if stale:
        yield f"{', '.join(stale)} {'is' if len(stale) == 1 else 'are'} older than the freshness window."


def _held_back(instance: dg.DagsterInstance, event: Event) -> Iterator[str]:
    held = held_back(instance, project_models(tables_of(event.resources)), event.key_prefix)
    for relation, found in sorted(held.items(), key=str):
        yield f"{relation} is held back: {found.why}"


def _shown(at: datetime, now: datetime) -> str:
    minutes = int((now - at).total_seconds() // 60)
    hours = f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
    ago = f"{minutes} minutes" if minutes < 120 else hours
    return f"{at:%Y-%m-%d %H:%M} UTC ({ago} ago)"
