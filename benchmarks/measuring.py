"""Runs one contender once, in a fresh process, and says what it took."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.plan import PROJECT, Run
from benchmarks.serving import CHECKOUT, Server


@dataclass(frozen=True)
class Measurement:
    """What a run took.

    Attributes:
        seconds: Wall time of the whole process, imports included.
        cpu_seconds: User and system time of the process and its children.
        peak_mb: The largest resident memory of the process or one of its children, in MB of a million bytes.
        requests: HTTP requests.
        rows: Rows of participants afterwards; None of a contender that writes none.
        written: How many of them this run wrote, where the table tells.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    requests: int
    rows: int | None
    written: int | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class ContenderError(Exception):
    """A contender did not do its work; the message has the end of what it printed."""


def measure(run: Run, server: Server, folder: Path) -> Measurement:
    """Run a contender.

    Args:
        run: What to run.
        server: Shows the event as the run's case has it.
        folder: The contender's own, empty at its first load.

    Raises:
        ContenderError: It failed, or its table does not hold the participants.
    """
    folder.mkdir(parents=True, exist_ok=True)
    asked, loads = server.requests(), _loads(run, folder)
    with (folder / "output.txt").open("wb") as output:
        started = time.monotonic()
        process = subprocess.Popen(
            run.contender.command,
            cwd=CHECKOUT if run.contender is PROJECT else folder,
            env=environment(server, folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        # wait4 tells what this child used, and its own children with it.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = (folder / "output.txt").read_text(errors="replace")[-2000:]
        raise ContenderError(f"{run.contender.name} ended with {process.returncode}:\n{tail}")
    table = run.contender.table
    rows = _query(folder, f"select count(*) from {table}") if table else None
    if table and rows != run.size.participants:
        raise ContenderError(f"{run.contender.name} has {rows:,} participants instead of {run.size.participants:,}.")
    return Measurement(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        requests=server.requests() - asked,
        rows=rows,
        written=_query(
            folder,
            f"select count(*) from {table} where _dlt_load_id > '{loads}'",
        )
        if loads is not None
        else None,
    )


def environment(server: Server, folder: Path) -> dict[str, str]:
    """Return what configures all contenders, so that they differ in nothing else. Nobody calls home.

    The project's own runs in the checkout, whose .dlt/config.toml is its user's: what would put results elsewhere or
    have other work done is set here.
    """
    return {
        **os.environ,
        "BENCH_BASE_URL": server.base_url,
        "BENCH_API_TOKEN": server.token,
        "SOURCES__EVENT_API__BASE_URL": server.base_url,
        "SOURCES__EVENT_API__API_TOKEN": server.token,
        "EVENT__TIMEZONE": server.timezone,
        "SOURCES__EVENT_API__PERSONAL_DATA": "keep",
        "ALERTS__WEBHOOK_URL": "",
        "DESTINATION__DUCKDB__CREDENTIALS": str(folder / "warehouse.duckdb"),
        "WAREHOUSE__PUBLISHED": str(folder / "published.duckdb"),
        "SITE__FOLDER": str(folder / "site"),
        "DAGSTER_HOME": str(folder / "dagster_home"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "DO_NOT_TRACK": "1",
        "AIRBYTE_OFFLINE_MODE": "1",
    }


def _loads(run: Run, folder: Path) -> str | None:
    """Dlt's identifier of the latest load so far; they are times, so later loads have greater ones."""
    if run.contender is not PROJECT:
        return None
    exists = (folder / "warehouse.duckdb").exists()
    return _query(folder, "select coalesce(max(_dlt_load_id), '') from raw.participants") if exists else ""


def _query(folder: Path, query: str) -> Any:
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as warehouse:
        row = warehouse.execute(query).fetchone()
    return row[0] if row else None
