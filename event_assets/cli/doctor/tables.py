"""Examines the event's settings, its API, and the warehouse with the copy for readers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from event_assets.automation.phases import phase_at
from event_assets.cli.doctor.findings import Finding, fault, note, ok
from event_assets.settings import Event, SettingsError
from event_assets.source.api.deadline import Deadline
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.probe import ProbeError, probe
from event_assets.source.sync import SyncSettings
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import RAW, Warehouse, WarehouseBusyError, WarehouseError

ENDPOINT_SECONDS = 30
"""How long an endpoint may take to answer, as at a look of the change sensor."""
BUSY_SECONDS = 2.0
"""How long to wait for a run that writes."""


def settings(event: Event, now: datetime) -> Iterator[Finding]:
    """Yield which settings are wrong, and what the rest says of the event's time.

    Args:
        event: As it is configured.
        now: The time now, with a zone.
    """
    try:
        event.check()
    except SettingsError as error:
        for line in str(error).splitlines():
            yield fault("settings", line)
        return
    yield ok("settings", "All can be used.")
    period, zone = event.dates.period, event.dates.timezone
    phase = phase_at(now, period, event.freshness.approach_days).value
    if period is None:
        advice = "Set `opens`, `closes` and `timezone` in the section [event] of .dlt/config.toml."
        yield note("event", f"Its dates are not set: tables may be a day old. Zone: {zone}.", advice)
    else:
        yield ok("event", f"Zone {zone}; {period.opens:%Y-%m-%d %H:%M} to {period.closes:%Y-%m-%d %H:%M}; {phase}.")


def api(event: Event) -> Iterator[Finding]:
    """Yield what each endpoint answers. Nothing is written.

    Args:
        event: Its API is asked, with its token.

    Raises:
        SettingsError: A setting cannot be used.
    """
    if not event.has_api_token:
        yield note("api", "No token is configured: the sandbox's invented event is used.", _API)
        return
    for endpoint in resources_by_endpoint(tables_of(event.resources)):
        try:
            seen = probe(event.api, endpoint, None, SyncSettings.of(event), Deadline(ENDPOINT_SECONDS))
        except ProbeError as error:
            yield fault("api", str(error))
        else:
            yield ok("api", f"/{endpoint} answers with {', '.join(sorted(seen.versions)) or 'none of its resources'}.")


_API = "Set `api_token` in .dlt/secrets.toml and `base_url` in .dlt/config.toml, in the section [sources.event_api]."


def warehouse(event: Event, now: datetime) -> Iterator[Finding]:
    """Yield whether the warehouse can be opened, what it holds, and whether readers have a copy.

    Args:
        event: Its warehouse is opened.
        now: The time now, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
    """
    found = Warehouse(Warehouse.of(event).engine, BUSY_SECONDS)
    engine = found.engine
    if not engine.is_there():
        yield note("warehouse", f"There is none yet ({engine.where}).", "Sync once: `event-assets run`.")
        return
    try:
        with found.connect() as session:
            relations = {name for name in session.column_names(RAW) if not name.name.startswith("_dlt")}
            rows = sum(map(session.row_count, relations))
        yield ok("warehouse", f"{engine.where}: {len(relations)} raw tables, {rows:,} rows.")
    except WarehouseBusyError:
        yield note("warehouse", f"{engine.where} is in use: a run writes, or another program has it open.", _BUSY)
    except WarehouseError as error:
        yield fault("warehouse", str(error))
    if not engine.is_copy_there():
        yield note("copy", "Readers have no published copy yet.", "Build it: `event-assets run`.")


_BUSY = "Nothing, if a run goes on. Else close the program: DuckDB allows one writing process."
