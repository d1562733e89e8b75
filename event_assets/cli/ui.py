"""`make ui`: Dagster's UI and daemon, with state that outlives them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import click

from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import prepare_dagster_home
from event_assets.settings import warehouse_path

HOST = "127.0.0.1"


def serve_ui(port: int) -> int:
    """Serve the UI until Ctrl-C or a signal to end.

    Returns:
        The exit code of Dagster.
    """
    home = prepare_dagster_home()
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
