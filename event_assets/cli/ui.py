"""`event-assets ui`: Dagster's UI and daemon, with state that outlives them."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import timedelta

import click

from event_assets.cli.api import configure_sandbox, prepare_apis
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.home_files import check_databases
from event_assets.cli.naming import command_name
from event_assets.cli.supervise import become_supervisor
from event_assets.settings import Event, read_event, read_events
from event_assets.warehouse.engines import configured_engine

HOST = "127.0.0.1"
_LAST_PORT = 65535


def serve_ui(port: int) -> None:
    """Serve the UI and run the daemon until Ctrl-C or a signal to end: this process becomes the one that does.

    Raises:
        click.ClickException: Another program serves there, or Dagster's folder cannot be used. Nothing was started.
    """
    _refuse_a_port_that_is_taken(port)
    has_own_settings = "DAGSTER_HOME" in os.environ
    events, event = read_events(), read_event()
    home = prepare_dagster_home(event.retention, len(events))
    check_databases(home)
    if has_own_settings or (home / "history").exists():
        end_orphaned_runs_now(events)
    sandbox_port, site_port = _free_port(), _port_beside(port)
    sandbox = prepare_apis(events, sandbox_port)
    if sandbox:
        configure_sandbox(sandbox)
    local_site, site_address = event.site.local_folder, f"http://{HOST}:{site_port}"
    click.echo(
        f"Dagster UI: http://{HOST}:{port}\nPages:      {site_address if local_site else event.site.folder}\n"
        f"Its state:  {home}\nWarehouse:  {configured_engine(event).where}\n"
    )
    os.environ["UI__ADDRESS"] = f"http://{HOST}:{port}"
    if local_site:
        os.environ["UI__SITE_ADDRESS"] = site_address
    site = (local_site, site_port) if local_site else None
    become_supervisor(home, HOST, port, site, sandbox_port if sandbox else None)


def _port_beside(port: int) -> int:
    """Return the port after the UI's, where people look for the pages; a free one where that is taken."""
    if port == _LAST_PORT:
        return _free_port()
    try:
        socket.create_server((HOST, port + 1)).close()
    except OSError:
        return _free_port()
    return port + 1


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        return server.getsockname()[1]


def _refuse_a_port_that_is_taken(port: int) -> None:
    """Before anything is begun: the daemon would run beside that of another one."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise click.ClickException(
            f"Cannot serve on {HOST}:{port} ({os.strerror(error.errno or 0)}): if `{command_name('ui')}` runs already, "
            f"that is its address. Else name another port: `{command_name('ui', '--port 3001')}`. Nothing was started."
        ) from None


def end_orphaned_runs_now(events: Sequence[Event]) -> None:
    """Let no run that a reboot or a kill has ended stand in the way of the next: nothing has been launched yet.

    Nor a look of a sensor that is recorded at a time to come, from before the clock was set back.

    Args:
        events: Their warehouses have the marks of runs that are alive.
    """
    from event_assets.automation.clock import drop_future_ticks  # with Dagster, which takes seconds
    from event_assets.automation.orphaned_runs import end_orphaned_runs, warehouse_paths

    with open_instance() as instance:
        end_orphaned_runs(instance, warehouse_paths(events), silent=timedelta())
        drop_future_ticks(instance)
