"""The processes that Dagster consists of here: a code server, and a webserver and a daemon that ask it.

And those beside them: the server of the pages that people look at, and the sandbox where no API is configured.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import yaml
from dagster._daemon import controller
from dagster._grpc import server_watcher

from event_assets.cli.code_server import LOCATION, CodeServer
from event_assets.cli.forked import ForkedService
from event_assets.cli.supervisor import Service

COMMANDS = ("dagster", "dagster-webserver", "dagster-daemon")
"""The console scripts that the processes run."""
MODULES = ("event_assets.cli.event_log", "event_assets.cli.launcher", "event_assets.cli.storage")
"""What dagster.yaml has them import besides."""
WATCH_SECONDS = 5
"""How often webserver and daemon ask whether the code server is another one. Dagster's default of a second takes a
quarter of the processor time of `event-assets ui` while nothing happens."""
RELOAD_SECONDS = 240
"""How often the daemon reads the definitions anew though the code server is the same, in case reading has failed.
Dagster's default of a minute takes a sixth of the processor time while nothing happens. The daemon ends where reading
fails for five minutes."""

_WORKSPACE = "# Written by `event-assets ui`: the code server of the one that runs, for webserver and daemon.\n"


def ask_code_server_less_often() -> None:
    """Let the webserver and the daemon that are forked off this process ask every ``WATCH_SECONDS``.

    And let the daemon read the same definitions only every ``RELOAD_SECONDS``. Both are private, and this is the one
    place that changes them: Dagster has no setting for either.
    """
    server_watcher.WATCH_INTERVAL = WATCH_SECONDS
    controller.RELOAD_WORKSPACE_INTERVAL = RELOAD_SECONDS


def dagster_services(folder: Path, home: Path, host: str, port: int) -> Sequence[Service]:
    """Return what must run, in the order of starting.

    Args:
        folder: A private one, with a short path, for the sockets.
        home: Dagster's, where the workspace file is written that names the code server.
        host: The address that the webserver listens at.
        port: Its port.
    """
    link, workspace = folder / "code", home / "workspace.yaml"
    location = {"grpc_server": {"location_name": LOCATION, "socket": str(link)}}
    workspace.write_text(_WORKSPACE + yaml.safe_dump({"load_from": [location]}), encoding="utf-8")
    of_workspace = ("--workspace", str(workspace))
    return [
        CodeServer(link),
        ForkedService("webserver", ["dagster-webserver", "--host", host, "--port", str(port), *of_workspace]),
        # At "info" it prints a line for each look of each sensor, and one a second while a run waits.
        ForkedService("daemon", ["dagster-daemon", "run", "--log-level", "warning", *of_workspace]),
    ]


def site_service(folder: Path, host: str, port: int) -> Service:
    """Return the server of the pages that people look at. It ends nothing else: where it cannot serve, it says so.

    Args:
        folder: Where they lie.
        host: The address that it listens at.
        port: Its port.
    """

    def serve() -> None:
        from event_assets.cli.site_server import serve_site

        serve_site(folder, host, port)

    return ForkedService("pages", serve)


def sandbox_service(host: str, port: int) -> Service:
    """Return the local event API with invented data, the same each time it is started.

    Args:
        host: The address that it listens at.
        port: Its port.
    """

    def serve() -> None:
        from event_assets.sandbox import Sandbox, generate_event  # only who has no token pays for it

        with Sandbox(generate_event(), port=port):
            Event().wait()

    def answers() -> bool:
        try:
            socket.create_connection((host, port), timeout=5).close()
        except OSError:
            return False
        return True

    return ForkedService("sandbox", serve, answers)
