"""Which event API a command works with: the configured one, or the sandbox for who has no token yet.

Invented people must never mix with real ones, so a warehouse that the sandbox has filled carries a note, and the
commands keep the two apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from dlt.destinations.sql_client import SqlClientBase

from event_assets.settings import Event, WarehouseSettings
from event_assets.warehouse import RAW, Warehouse

if TYPE_CHECKING:
    from event_assets.sandbox import Sandbox

_NOTE = "main.sandbox_note"


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
    if event.has_api_token:
        _ = event.api  # that it is complete, before anything is moved
        _set_sandbox_data_aside(event.warehouse)
        return None

    from event_assets.sandbox import Sandbox, generate_event  # only who has no token pays for it

    _mark_as_sandbox_data(event.warehouse)
    return Sandbox(generate_event(), port=sandbox_port)


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


def _mark_as_sandbox_data(settings: WarehouseSettings) -> None:
    holds_tables = settings.file.exists()
    with Warehouse.of(settings).connect() as client:
        if holds_tables and not _has_table(client, _NOTE) and _has_table(client, f"{RAW}._dlt_loads"):
            raise click.ClickException(
                f"No API token is configured, and {settings.file} holds the tables of a real event: the "
                "sandbox's invented data would mix with them. Configure the token (`api_token` in the section "
                "[sources.event_api] of .dlt/secrets.toml), or move the file away to try the sandbox. Nothing was "
                "changed."
            )
        client.execute_sql(
            f"create table if not exists {_NOTE} as select 'This file was filled by the sandbox: its data is "
            "invented.' as note"
        )


def _set_sandbox_data_aside(settings: WarehouseSettings) -> None:
    if not settings.file.exists():
        return
    warehouse = Warehouse.of(settings)
    with warehouse.writing():
        with warehouse.connect() as client:
            if not _has_table(client, _NOTE):
                return
        # The copy for readers first: if this ends between the two, the warehouse still has the note that says so.
        moved = [str(_move_aside(each)) for each in (settings.published_file, settings.file) if each.exists()]
    click.echo(
        f"The sandbox's invented data was moved to {' and '.join(reversed(moved))}; your event begins with an empty "
        "warehouse.\n"
    )


def _move_aside(path: Path) -> Path:
    """Give a file a name beside it that no earlier one has, and return that."""
    names = (path.with_suffix(f".sandbox{number}{path.suffix}") for number in chain([""], count(2)))
    return path.replace(next(name for name in names if not name.exists()))


def _has_table(client: SqlClientBase[Any], name: str) -> bool:
    schema, table = name.split(".")
    rows = client.execute_sql(
        "select count(*) from information_schema.tables where table_schema = %s and table_name = %s", schema, table
    )
    return bool(rows and rows[0][0])
