"""The process that `event-assets ui` becomes once everything is prepared: it starts Dagster's processes, and no more.

It is a program of its own, so that nothing is left of what was imported to read settings and to open the warehouse.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from event_assets.cli.forked import preload
from event_assets.cli.home_files import HomeFiles
from event_assets.cli.services import (
    COMMANDS,
    MODULES,
    ask_code_server_less_often,
    dagster_services,
    sandbox_service,
    site_service,
)
from event_assets.cli.supervisor import Supervisor

ARENAS = "1"
"""How many arenas glibc's allocator may have: by default eight for each core, each of which keeps what was freed in it.
With one, all processes together took 438 MB while nothing happened; with two, 451 and 478 MB in two trials."""


def become_supervisor(
    home: Path, host: str, port: int, site: tuple[Path, int] | None, sandbox_port: int | None
) -> None:
    """Replace this process by the one that supervises. Does not return.

    Args:
        home: Dagster's.
        host: The address that the webserver listens at.
        port: Its port.
        site: The folder of the pages that people look at, and the port that they are served at; None where they are in
            a bucket.
        sandbox_port: The port of the sandbox; None where an API is configured.
    """
    os.environ.setdefault("MALLOC_ARENA_MAX", ARENAS)
    options = ["--home", str(home), "--host", host, "--port", str(port)]
    if site is not None:
        options += ["--site", str(site[0]), "--site-port", str(site[1])]
    if sandbox_port is not None:
        options += ["--sandbox-port", str(sandbox_port)]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", __name__, *options])  # noqa: S606  # no shell is what is wanted


@click.command()
@click.option("--home", type=click.Path(path_type=Path), required=True)
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--site", type=click.Path(path_type=Path))
@click.option("--site-port", type=int)
@click.option("--sandbox-port", type=int)
def main(home: Path, host: str, port: int, site: Path | None, site_port: int | None, sandbox_port: int | None) -> None:
    """Start Dagster's processes and see to it that they run."""
    preload(COMMANDS, MODULES)
    ask_code_server_less_often()
    with tempfile.TemporaryDirectory(prefix="event_assets_") as folder:
        services = [*dagster_services(Path(folder), home, host, port)]
        if site is not None and site_port is not None:
            services.append(site_service(site, host, site_port))
        if sandbox_port is not None:
            services.insert(1, sandbox_service(host, sandbox_port))  # before the sensors, which ask it
        Supervisor(services, HomeFiles(home).check).run()


if __name__ == "__main__":
    main(prog_name="event-assets ui")
