"""`event-assets ui`: Dagster's UI and daemon, with state that outlives them."""

from __future__ import annotations

import os
import socket
import tempfile
from datetime import timedelta
from pathlib import Path

import click

from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.home_files import HomeFiles, check_databases
from event_assets.cli.naming import command_name
from event_assets.cli.services import dagster_services
from event_assets.cli.supervisor import Supervisor
from event_assets.settings import Event, read_event

HOST = "127.0.0.1"


def serve_ui(port: int) -> None:
    """Serve the UI and run the daemon until Ctrl-C or a signal to end.

    Raises:
        click.ClickException: Another program serves there, Dagster's folder cannot be used any more, or a process has
            died that cannot be brought back. Everything that was started has ended.
    """
    _refuse_a_port_that_is_taken(port)
    has_own_settings = "DAGSTER_HOME" in os.environ
    event = read_event()
    home = prepare_dagster_home(event.retention)
    check_databases(home)
    if has_own_settings or (home / "history").exists():
        _end_orphaned_runs(event)
    with api_or_sandbox(event), tempfile.TemporaryDirectory(prefix="event_assets_") as folder:
        click.echo(f"Dagster UI: http://{HOST}:{port}\nIts state:  {home}\nWarehouse:  {event.warehouse.file}\n")
        os.environ["UI__ADDRESS"] = f"http://{HOST}:{port}"
        Supervisor(dagster_services(Path(folder), HOST, port), HomeFiles(home).check).run()


def _refuse_a_port_that_is_taken(port: int) -> None:
    """Before anything is begun: the daemon would run beside that of another one."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise click.ClickException(
            f"Cannot serve on {HOST}:{port} ({os.strerror(error.errno or 0)}): if `{command_name('ui')}` runs already, "
            f"that is its address. Else name another port: `{command_name('ui', '--port 3001')}`. Nothing was started."
        ) from None


def _end_orphaned_runs(event: Event) -> None:
    """Let no run that a reboot or a kill has ended stand in the way of the next: nothing has been launched yet.

    Nor a look of a sensor that is recorded at a time to come, from before the clock was set back.
    """
    from event_assets.automation.clock import forget_ticks_ahead  # with Dagster, which takes seconds
    from event_assets.automation.orphaned_runs import end_orphaned_runs

    with open_instance() as instance:
        end_orphaned_runs(instance, event.warehouse.file, silent=timedelta())
        forget_ticks_ahead(instance)
