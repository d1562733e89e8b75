"""The processes that Dagster consists of here: a code server, and a webserver and a daemon that ask it.

The code server is two processes: one that answers, and one below it that has loaded the definitions and is replaced by
a reload. Where only the lower one dies, Dagster goes on without, so the upper one is asked as webserver and daemon ask.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import grpc
import yaml

from event_assets.cli.supervisor import Service

LOCATION = "event_assets"
"""The code location's name, as in workspace.yaml."""

CHILD = (sys.executable, "-m", "event_assets.cli.child")
"""Begins each command: the process ends with its parent."""

_PING = "/api.DagsterApi/Ping"
"""Dagster's own remote call, which the upper process hands on to the lower one. The public health check is answered by
the upper one alone."""
_PING_SECONDS = 5


def dagster_services(folder: Path, host: str, port: int) -> Sequence[Service]:
    """Return what must run, in the order of starting.

    Args:
        folder: A private one, with a short path, for the socket and the workspace file.
        host: The address that the webserver listens at.
        port: Its port.
    """
    socket, workspace = folder / "code", folder / "workspace.yaml"
    location = {"grpc_server": {"location_name": LOCATION, "socket": str(socket)}}
    workspace.write_text(yaml.safe_dump({"load_from": [location]}), encoding="utf-8")
    of_workspace = ("--workspace", str(workspace))
    return [
        Service(
            "code server",
            [
                *CHILD,
                *("dagster", "code-server", "start", "--socket", str(socket), "--location-name", LOCATION),
                *("--module-name", "event_assets.definitions", "--log-level", "warning"),
                "--use-python-environment-entry-point",
                "--inject-env-vars-from-instance",  # of the file .env in the folder, as `dagster dev` does
            ],
            lambda: _has_loaded_code(socket),
        ),
        Service("webserver", [*CHILD, "dagster-webserver", "--host", host, "--port", str(port), *of_workspace]),
        Service("daemon", [*CHILD, "dagster-daemon", "run", *of_workspace]),
    ]


def _has_loaded_code(socket: Path) -> bool:
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        try:
            channel.unary_unary(_PING)(b"", timeout=_PING_SECONDS)  # an empty message of protobuf is no bytes
        except grpc.RpcError as error:
            # A newer Dagster may know no such call: then there is nothing to be learned from it.
            return isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNIMPLEMENTED
    return True
