"""What `make ui` takes while nothing happens: memory and processor time of each process, and growth of Dagster's home.

    python -m event_assets_tests.automation.footprint --minutes 10

It starts `make ui` in an empty folder against a sandbox whose event does not change, waits for the first load, and
measures from then on. The sandbox runs outside of what is measured, as an API does. Linux only: it reads `/proc`.

Looks of sensors that found nothing are kept for a day, so the records of a day are written first: as many as there
were in a few minutes, again and again, each time further back. From then on as many are deleted as come.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from signal import SIGTERM, signal

import click

from event_assets.sandbox import Sandbox, generate_event
from event_assets_tests.automation.live import Live, until

MOST_MEGABYTES, MOST_CPU_SECONDS, MOST_GROWTH = 450, 1.5, 10
"""What there may be: proportional set size, processor seconds a minute, and megabytes that the home grows a day."""

WRITE_AHEAD = "write-ahead logs of SQLite"
FIRST_LOAD_MINUTES = 10
SETTLE_SECONDS = 90
"""From the first load to the first look: what the last run has left, such as its place in the pool, is cleared away."""

LOOKS_SECONDS = 240
"""Of how long the looks are that stand for a day."""

_MEGABYTE = 1_000_000
_TIME = "%Y-%m-%d %H:%M:%S.%f"  # as Dagster's database has it, in UTC


@dataclass(frozen=True)
class Process:
    """A process at one moment.

    Attributes:
        name: What it is.
        pss: Its proportional set size, in bytes: what it shares with others counts in parts.
        cpu: The processor time that it and its children that have ended took, in seconds.
    """

    name: str
    pss: int
    cpu: float


def process_tree(root: int) -> dict[int, Process]:
    """Return a process and all below it, by their ids.

    Args:
        root: The id of the uppermost.
    """
    parents = {int(each.name): _parent(each) for each in Path("/proc").iterdir() if each.name.isdigit()}
    found, generation = [], {root}
    while generation:
        found += sorted(generation)
        generation = {pid for pid, parent in parents.items() if parent in generation}
    tree = {}
    for pid in found:
        try:
            tree[pid] = _process(Path("/proc") / str(pid))
        except (FileNotFoundError, ProcessLookupError):  # it has ended since
            continue
    return tree


def size_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return how much disk each folder right below one takes, in bytes, and how many files there are in it.

    SQLite's write-ahead logs are a part of their own: by SQLite's default each is written over from 4 MB on. So the
    growth of a day is told without them, and theirs stands in the table.
    """
    sizes: dict[str, tuple[int, int]] = {}
    for path in folder.rglob("*"):
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        part = WRITE_AHEAD if path.name.endswith(("-wal", "-shm")) else path.relative_to(folder).parts[0]
        size, files = sizes.get(part, (0, 0))
        sizes[part] = size + state.st_blocks * 512, files + path.is_file()
    return sizes


def write_looks_of_a_day(database: Path, now: datetime, span: timedelta, hours: float = 24) -> int:
    """Add to the looks that found nothing those of the hours before, and return how many looks that are.

    Args:
        database: Dagster's database of looks.
        now: The time now, in UTC.
        span: The looks of that time before now are repeated.
        hours: For how long.
    """
    columns = "job_origin_id, selector_id, status, type, tick_body"
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        looks = connection.execute(
            f"select {columns}, timestamp from job_ticks where status = 'SKIPPED' and timestamp >= ?",
            [(now - span).strftime(_TIME)],
        ).fetchall()
        earlier = [
            (*look, (datetime.strptime(at, _TIME) - times * span).strftime(_TIME))
            for times in range(int(timedelta(hours=hours) / span), 0, -1)
            for *look, at in looks
        ]
        connection.executemany(
            f"insert into job_ticks ({columns}, timestamp) values (?, ?, ?, ?, ?, ?)",
            earlier,
        )
    return len(earlier)


def measure(live: Live, minutes: float, show: bool = True) -> Mapping[str, float]:
    """Measure for some minutes, and return the three sums that there are bars for.

    Args:
        live: What runs.
        minutes: For how long.
        show: Whether to print what each process and folder takes.
    """
    before, grown_from, begun = process_tree(live.pid_of_ui), size_of(live.home), time.monotonic()
    time.sleep(minutes * 60)
    after, home = process_tree(live.pid_of_ui), size_of(live.home)
    minutes = (time.monotonic() - begun) / 60
    cpu = {pid: (each.cpu - before[pid].cpu if pid in before else each.cpu) / minutes for pid, each in after.items()}
    growth = {part: (size - grown_from.get(part, (0, 0))[0]) / minutes * 60 for part, (size, _) in home.items()}
    files = {part: (number - grown_from.get(part, (0, 0))[1]) / minutes * 60 for part, (_, number) in home.items()}
    if show:
        click.echo(f"{'process':28}{'PSS, MB':>10}{'CPU s a minute':>18}")
        for pid, process in after.items():
            click.echo(f"{process.name:28}{process.pss / _MEGABYTE:>10.1f}{cpu[pid]:>18.2f}")
        click.echo(f"\n{'below ' + live.home.name:28}{'MB':>10}{'MB an hour':>18}{'files an hour':>18}")
        for part, (size, _) in sorted(home.items()):
            click.echo(f"{part:28}{size / _MEGABYTE:>10.2f}{growth[part] / _MEGABYTE:>18.3f}{files[part]:>18.1f}")
    return {
        "MB of proportional set size": sum(each.pss for each in after.values()) / _MEGABYTE,
        "CPU seconds a minute": sum(cpu.values()),
        "MB a day that Dagster's home grows": sum(growth[part] for part in growth if part != WRITE_AHEAD)
        * (24 / _MEGABYTE),
    }


def _process(folder: Path) -> Process:
    numbers = (folder / "stat").read_text().rpartition(")")[2].split()
    rollup = (folder / "smaps_rollup").read_text()
    pss = next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    name = (folder / "comm").read_text().strip()
    if name.startswith("python"):  # it has no name of its own
        name = command.partition(" -m ")[2][:27] or command[-27:]
    return Process(name, pss, sum(map(int, numbers[11:15])) / os.sysconf("SC_CLK_TCK"))


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def is_loaded(live: Live) -> bool:
    """Whether everything was loaded and built once, and nothing is under way."""
    return live.published.path.exists() and live.is_quiet()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return how many bars are not kept."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args(arguments)
    signal(SIGTERM, lambda *_: sys.exit("ended by a signal"))
    with (
        tempfile.TemporaryDirectory(prefix="footprint_") as folder,
        Sandbox(generate_event()) as api,
        Live(Path(folder), api) as live,
    ):
        until(lambda: is_loaded(live), FIRST_LOAD_MINUTES * 60, f"a first load; see {live.log}")
        time.sleep(max(SETTLE_SECONDS, LOOKS_SECONDS))
        looks = live.home / "schedules" / "schedules.db"
        now, span = datetime.now(timezone.utc), timedelta(seconds=LOOKS_SECONDS)
        click.echo(f"{write_looks_of_a_day(looks, now, span):,} looks of a day before were written.\n")
        sums = measure(live, options.minutes)
    bars = dict(zip(sums, (MOST_MEGABYTES, MOST_CPU_SECONDS, MOST_GROWTH), strict=True))
    click.echo(f"\n{'in all, over ' + format(options.minutes, 'g') + ' minutes':40}{'is':>10}{'bar':>10}")
    for name, value in sums.items():
        click.echo(f"{name:40}{value:>10.2f}{bars[name]:>10g}")
    return sum(sums[name] > bar for name, bar in bars.items())


if __name__ == "__main__":
    sys.exit(main())
