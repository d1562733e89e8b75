"""The first load of a PostgreSQL database, by this project and by the plain dlt script.

``python -m benchmarks.postgres``. On the server of the tests, where no write waits for the disk. Each loads an empty
database.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import click
import psycopg2

from benchmarks.measuring import ContenderError, environment
from benchmarks.plan import CONTENDERS, Size
from benchmarks.serving import CHECKOUT, Server, serving
from event_assets_tests.engines.servers import PostgresServer, postgres_server

COMMANDS = {
    "a: seed": (sys.executable, str(CONTENDERS / "seed.py")),
    "b: this project": (sys.executable, "-m", "event_assets", "run"),
}


class Took(NamedTuple):
    """What a load took: seconds in all, and of the processors, in the program and in the server."""

    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float
    peak_mb: float


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--participants", default=200_000, show_default=True, help="How many participants the event has.")
@click.option("--repeats", default=1, show_default=True, help="How often each loads.")
def main(participants: int, repeats: int) -> None:
    """Compare the first load of a PostgreSQL database with that of a plain dlt script."""
    size = Size("postgres", 900, participants, ("data",))
    with serving(size) as api, postgres_server() as server:
        api.show("first load", "data")
        for _ in range(repeats):
            for name, command in COMMANDS.items():
                took = _load(command, api, server, participants)
                click.echo(
                    f"{name}: {took.seconds:.1f} s, {took.cpu_seconds:.1f} s CPU, "
                    f"{took.server_cpu_seconds:.1f} s CPU of the server, {took.peak_mb:,.0f} MB"
                )


def _load(command: tuple[str, ...], api: Server, server: PostgresServer, participants: int) -> Took:
    with server.database() as database, tempfile.TemporaryDirectory(prefix="event_assets_bench_") as name:
        folder, before = Path(name), server.cpu_seconds()
        with (folder / "output.txt").open("wb") as output:
            began = time.monotonic()
            process = subprocess.Popen(
                command, cwd=folder, env=_environment(api, server.url(database), folder), stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        rows = _rows(server.url(database))
        if process.returncode or rows != participants:
            tail = (folder / "output.txt").read_text(errors="replace")[-2000:]
            raise ContenderError(f"{command[-1]} ended with {process.returncode} and {rows} participants:\n{tail}")
        cpu = usage.ru_utime + usage.ru_stime
        return Took(seconds, cpu, server.cpu_seconds() - before, usage.ru_maxrss * 1024 / 1e6)


def _rows(address: str) -> int:
    connection = psycopg2.connect(address)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from raw.participants")
            [(rows,)] = cursor.fetchall()
            return rows
    finally:
        connection.close()


def _environment(api: Server, address: str, folder: Path) -> Mapping[str, str]:
    return {
        **environment(api, folder),
        "PYTHONPATH": str(CHECKOUT),
        "BENCH_POSTGRES": address,
        "WAREHOUSE__DESTINATION": "postgres",
        "DESTINATION__POSTGRES__CREDENTIALS": address,
        "SITE__FOLDER": str(folder / "site"),
    }


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.postgres")
