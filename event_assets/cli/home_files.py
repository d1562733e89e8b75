"""The files in which Dagster keeps its state: whether they are sound, and whether they are still there."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

import click

DATABASES = {
    "history/runs.db": "the list of runs is lost",
    "history/runs/index.db": "what Dagster knows of each table is lost, so all are synced and built once more",
    "schedules/schedules.db": "sensors and schedules start from scratch, all switched on, and alerts are sent again",
}
"""What Dagster's SQLite databases are called below its home, and what is lost without each."""

_HEADER = b"SQLite format 3\0"
_PROBE_SECONDS = 5
_PROBES = 3
"""How often in a row writing must fail: a disk may be full for a moment, while a sync has its files there."""


def check_databases(home: Path) -> None:
    """Look through the databases that there are.

    Raises:
        click.ClickException: One is damaged.
    """
    for name, loss in DATABASES.items():
        if (path := home / name).exists() and (damage := _damage(path)):
            raise click.ClickException(_damaged(path, damage, loss))


def _damage(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=5)) as connection:
            found = connection.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError:  # it is in use, or cannot be opened: that is no damage, and is reported elsewhere
        return None
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else "it does not pass SQLite's check"


def _damaged(path: Path, damage: str, loss: str) -> str:
    return (
        f"Dagster's database {path} is damaged ({damage}). The tables are as they were. Put back a copy of it, or move "
        f"it away together with the files beside it whose names begin with {path.name}, and start again: {loss}."
    )


class HomeFiles:
    """Watches Dagster's home while its processes run: they go on without it, and fill the log."""

    def __init__(self, home: Path) -> None:
        """Begin to watch.

        Args:
            home: Dagster's home. It must exist.
        """
        self._home = home
        self._seen: dict[Path, tuple[int, int]] = {}
        self._next_probe = 0.0
        self._failed_probes = 0

    def check(self) -> None:
        """Look whether the home and its databases are the same as before, and can be written.

        Raises:
            click.ClickException: They are not. The message says what to do.
        """
        self._check_identity(self._home)
        for name, loss in DATABASES.items():
            path = self._home / name
            if self._check_identity(path) and not _begins_as_database(path):
                raise click.ClickException(_damaged(path, "it does not begin as one", loss))
        if time.monotonic() >= self._next_probe:
            self._probe()
            self._next_probe = time.monotonic() + _PROBE_SECONDS

    def _check_identity(self, path: Path) -> bool:
        """Return whether it is there and was there before."""
        try:
            state = os.stat(path)
        except FileNotFoundError:
            state = None
        except OSError as error:
            raise click.ClickException(self._lost(f"{path} cannot be read ({error.strerror})")) from None
        if path not in self._seen:
            if state and (path == self._home or _begins_as_database(path)):
                self._seen[path] = (state.st_dev, state.st_ino)
            return False
        if state is None:
            raise click.ClickException(self._lost(f"{path} is gone"))
        if (state.st_dev, state.st_ino) != self._seen[path]:
            raise click.ClickException(self._lost(f"{path} was replaced"))
        return True

    def _probe(self) -> None:
        try:
            with TemporaryFile(dir=self._home) as file:
                file.write(bytes(1 << 16))
        except OSError as error:
            self._failed_probes += 1
            if self._failed_probes >= _PROBES:
                raise click.ClickException(self._lost(f"{self._home} cannot be written ({error.strerror})")) from None
        else:
            self._failed_probes = 0

    @staticmethod
    def _lost(what: str) -> str:
        return (
            f"{what}, while Dagster keeps its state there. Everything was ended; the tables are as they were. See to "
            "the folder, or name another one in DAGSTER_HOME, and start again."
        )


def _begins_as_database(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(_HEADER)) == _HEADER
