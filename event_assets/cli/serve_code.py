"""`event-assets code-server`: Dagster's code server on a machine that has the runs of it, as in deploy/compose.yaml.

Such a server has started all runs that go on there. When it starts again after a kill or a reboot, they are gone, and
Dagster's default launcher cannot say so: until they count as orphaned, they would stand in the way of the next ones.
"""

from __future__ import annotations

import os
import sys

from event_assets.cli.code_server import LOCATION
from event_assets.cli.ui import end_orphaned_runs_now
from event_assets.settings import read_events


def serve_code(host: str, port: int) -> None:
    """End the runs of before, and become Dagster's code server, which can reload the definitions. Does not return.

    Args:
        host: The address to listen at.
        port: The port.

    Raises:
        SettingsError: A setting cannot be used.
        click.ClickException: Dagster's records cannot be used.
    """
    end_orphaned_runs_now(read_events())
    sys.stdout.flush()
    command = ["dagster", "code-server", "start", "--host", host, "--port", str(port), "--log-format", "json"]
    os.execv(  # noqa: S606  # no shell is what is wanted
        sys.executable,
        [sys.executable, "-m", *command, "--module-name", "event_assets.definitions", "--location-name", LOCATION],
    )
