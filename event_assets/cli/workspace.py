"""`event-assets workspace`: the events on several code locations, as a workspace.yaml for webservers and daemon."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

import click
import yaml

from event_assets.cli.code_server import LOCATION
from event_assets.cli.naming import command_name

NUMBER = "{}"
"""Stands in a host's name for the number of the code location."""


def workspace_yaml(events: Sequence[str], shards: int, host: str, port: int) -> str:
    """Return a workspace.yaml of code servers, and in its comments the command of each.

    Events go to the locations in turns: one that is added at the end leaves the others where they are. The first
    location has the first event, and so the tables across events.

    Args:
        events: What the events are called, in their order.
        shards: The number of code locations.
        host: Where the code servers are; with ``{}`` a host for each, by its number.
        port: The port of each host, or the first one of the only host.

    Raises:
        click.ClickException: There are fewer events than code locations.
    """
    if shards > len(events):
        how_many = "is 1 event" if len(events) == 1 else f"are {len(events)} events"
        raise click.ClickException(f"There {how_many}: for {shards} code locations, list as many in [events].")
    several_hosts = NUMBER in host
    servers, commands = [], []
    for number in range(shards):
        only, its_host = json.dumps(events[number::shards]), host.replace(NUMBER, str(number + 1))
        its_port = port if several_hosts else port + number
        listen = f"--host 0.0.0.0 --port {its_port}" if several_hosts else f"--port {its_port}"
        server = {"location_name": f"{LOCATION}_{number + 1}", "host": its_host, "port": its_port}
        servers.append({"grpc_server": server})
        commands.append(f"#   EVENTS__ONLY={shlex.quote(only)} {command_name('code-server', listen)}")
    about = ["# Start the code servers first, each with the settings of all events:", *commands]
    return "\n".join([*about, yaml.safe_dump({"load_from": servers}, sort_keys=False)])
