"""`make ui`: Dagster's UI and daemon, with state that outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta

import click

from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import prepare_dagster_home
from event_assets.settings import warehouse_path
from event_assets.warehouse import Warehouse

HOST = "127.0.0.1"


def serve_ui(port: int) -> int:
    """Serve the UI until Ctrl-C or a signal to end.

    Returns:
        The exit code of Dagster.
    """
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


def _end_dead_runs() -> None:
    """Let no run that a reboot or a kill has ended stand in the way of the next: nothing has been launched yet."""
    import dagster as dg  # not where there are no runs: it takes seconds

    from event_assets.automation.dead_runs import end_dead_runs

    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance, Warehouse(warehouse_path()), silent=timedelta())
