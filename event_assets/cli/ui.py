"""`make ui`: Dagster's UI and daemon, with state that outlives them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta

import click

from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import prepare_dagster_home
from event_assets.settings import warehouse_path

HOST = "127.0.0.1"


def serve_ui(port: int) -> int:
    """Serve the UI until Ctrl-C or a signal to end.

    Returns:
        The exit code of Dagster.

    Raises:
        click.ClickException: Another program serves there.
    """
    _refuse_a_port_that_is_taken(port)
    home = prepare_dagster_home()
    if (home / "history").exists():
        _end_dead_runs()
    with api_or_sandbox():
        click.echo(f"Dagster UI: http://{HOST}:{port}\nIts state:  {home}\nWarehouse:  {warehouse_path()}\n")
        os.environ["UI__ADDRESS"] = f"http://{HOST}:{port}"
        # `dagster dev` ends its children only if it can be interrupted; a shell's `&` leaves a command deaf to that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        advice = "ignore:Function `dev_command` is superseded"  # `dg` is another package, and no part of this project
        command = [sys.executable, "-W", advice, "-m", "dagster", "dev", "--host", HOST, "--port", str(port)]
        dagster = subprocess.Popen(command)  # noqa: S603  # our own interpreter and fixed arguments
        signal.signal(signal.SIGTERM, lambda *_: dagster.send_signal(signal.SIGINT))
        while True:
            try:
                return dagster.wait()
            except KeyboardInterrupt:
                continue  # the terminal has sent it to Dagster as well, which ends in its own time


def _refuse_a_port_that_is_taken(port: int) -> None:
    """Before anything is begun: Dagster goes on without its webserver, and its daemon beside that of another one."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise click.ClickException(
            f"Cannot serve on {HOST}:{port} ({os.strerror(error.errno or 0)}): if `make ui` runs already, that is its "
            "address. Else name another port: `.venv/bin/python -m event_assets ui --port 3001`. Nothing was started."
        ) from None


def _end_dead_runs() -> None:
    """Let no run that a reboot or a kill has ended stand in the way of the next: nothing has been launched yet."""
    import dagster as dg  # not where there are no runs: it takes seconds

    from event_assets.automation.dead_runs import end_dead_runs

    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance, warehouse_path(), silent=timedelta())
