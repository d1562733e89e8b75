"""Which event API a command works with: the configured one, or the sandbox for who has no token yet.

Invented people must never mix with real ones, so a warehouse that the sandbox has filled carries a note, and the
commands keep the two apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click

from event_assets.settings import Event, SettingsError
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import RAW, Warehouse, WarehouseError
from event_assets.warehouse.relations import Relation

if TYPE_CHECKING:
    from event_assets.sandbox import Sandbox

_NOTE = "sandbox_note"


def prepare_api(event: Event, sandbox_port: int = 0) -> Sandbox | None:
    """Make the warehouse ready for the configured API; where no token is configured, return the sandbox, not started.

    Args:
        event: Its address and token count, and where its tables lie.
        sandbox_port: The port of the sandbox; 0 takes a free one.

    Raises:
        click.ClickException: No token is configured, and the warehouse holds what no sandbox has written.
        SettingsError: A token is configured, and no address that it could be for.
        WarehouseError: The warehouse cannot be used.
    """
    tables_of(event.resources)  # that they are there, before anything is invented
    if event.has_api_token:
        _ = event.api  # that it is complete, before anything is moved
        _set_sandbox_data_aside(Warehouse.of(event))
        return None

    from event_assets.sandbox import Sandbox, generate_event  # only who has no token pays for it

    _mark_as_sandbox_data(Warehouse.of(event))
    return Sandbox(generate_event(more=event.resources), port=sandbox_port)


def prepare_apis(events: Sequence[Event], sandbox_port: int = 0) -> Sandbox | None:
    """Make the warehouses of all events ready; return the sandbox, not started, where one event has no token.

    Of several events, those without a token stay as they are: invented data beside real would mislead.

    Args:
        events: All events.
        sandbox_port: The port of the sandbox; 0 takes a free one.

    Raises:
        click.ClickException: No token is configured, and the warehouse holds what no sandbox has written.
        SettingsError: A setting of the only event cannot be used.
        WarehouseError: The warehouse of the only event cannot be used.
    """
    if len(events) == 1 and not events[0].name:
        return prepare_api(events[0], sandbox_port)
    now = datetime.now(timezone.utc)
    for event in events:
        with suppress(SettingsError, WarehouseError):  # which the event's own runs report
            if event.has_api_token and not event.is_archived(now):
                prepare_api(event)
    return None


def configure_sandbox(sandbox: Sandbox) -> None:
    """Set the sandbox in the environment, for this process and those that it starts, and say so.

    An event that is read afterwards is another one.

    Args:
        sandbox: One whose port is known.
    """
    click.echo(
        "No API token is configured: using the sandbox, a local event API with invented data.\n"
        "To use your own event, set `api_token` in .dlt/secrets.toml and `base_url` in .dlt/config.toml, both in "
        "the section [sources.event_api].\n"
    )
    os.environ["SOURCES__EVENT_API__BASE_URL"] = sandbox.base_url
    os.environ["SOURCES__EVENT_API__API_TOKEN"] = sandbox.token
    os.environ["EVENT__TIMEZONE"] = sandbox.event.timezone


@contextmanager
def api_or_sandbox(event: Event) -> Iterator[None]:
    """Work with the configured API; where no token is configured, with a sandbox that lives as long as the block.

    The sandbox is set in the environment, so an event that is read within the block is another one.

    Args:
        event: Its address and token count, and where its tables lie.

    Raises:
        click.ClickException: No token is configured, and the warehouse holds what no sandbox has written.
        SettingsError: A token is configured, and no address that it could be for.
        WarehouseError: The warehouse cannot be used.
    """
    sandbox = prepare_api(event)
    if sandbox is None:
        yield
        return
    with sandbox:
        configure_sandbox(sandbox)
        yield


def _mark_as_sandbox_data(warehouse: Warehouse) -> None:
    holds_tables = warehouse.engine.is_there()
    with warehouse.connect() as session:
        note = Relation(session.own_schema, _NOTE)
        if holds_tables and not session.has_table(note) and session.has_table(Relation(RAW, "_dlt_loads")):
            raise click.ClickException(
                f"No API token is configured, and {warehouse.engine.where} holds the tables of a real event: the "
                "sandbox's invented data would mix with them. Configure the token (`api_token` in the section "
                "[sources.event_api] of .dlt/secrets.toml), or use another warehouse to try the sandbox. Nothing was "
                "changed."
            )
        session.execute_sql(f"create schema if not exists {note.schema}")
        session.execute_sql(
            f"create table if not exists {note.sql()} as select 'This warehouse was filled by the sandbox: its data is "
            "invented.' as note"
        )


def _set_sandbox_data_aside(warehouse: Warehouse) -> None:
    if not warehouse.engine.is_there():
        return
    with warehouse.writing():
        with warehouse.connect() as session:
            if not session.has_table(Relation(session.own_schema, _NOTE)):
                return
        moved = warehouse.set_aside()
    click.echo(
        f"The sandbox's invented data was moved to {' and '.join(moved)}; your event begins with an empty warehouse.\n"
    )
