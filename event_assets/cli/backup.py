"""`event-assets backup` and `event-assets restore`: what cannot be made again, while everything runs.

That is the warehouse, for its history, and Dagster's records. The published copy, pages and files are made of them.
Settings are the user's own files; the token must not lie beside the data.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import click

from event_assets.cli.home_files import DATABASES, check_databases
from event_assets.settings import Event, dagster_home, read_event, read_events
from event_assets.warehouse import Warehouse

MANIFEST = "backup.json"
HOME = "dagster"
"""The folder of Dagster's databases in a backup."""
EVENTS = "events"
"""The folder of what the events of [events] have in a backup, each in a folder of its name."""
_FILE = "warehouse.duckdb"
_PREFIX = "event-assets-"
_BESIDE = ("-wal", "-shm", ".wal")
"""What SQLite and DuckDB put beside a database: of another database it damages the one that is put in place."""


def back_up(to: Path, keep: int | None = None) -> Path:
    """Write a backup of all events into a folder of its own, and return that. Runs wait while files are copied.

    Dagster's records are copied first, while no run writes: so they know of nothing that the warehouse lacks. What they
    lack is synced again.

    Args:
        to: The folder of all backups.
        keep: How many to keep, the new one included; all, if not given.

    Raises:
        SettingsError: A setting cannot be used.
        WarehouseError: The warehouse is in use for too long, or cannot be read. Nothing is left of the backup.
        click.ClickException: A database of Dagster is damaged.
    """
    warehouses, home = {event.name: Warehouse.of(event) for event in _events()}, dagster_home()
    check_databases(home)
    folder = to / f"{_PREFIX}{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"
    partial = to / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)  # there is personal data in it
    try:
        with ExitStack() as writing:
            for warehouse in warehouses.values():
                writing.enter_context(warehouse.writing())
            for path in _databases(home):
                _copy_database(path, partial / HOME / path.relative_to(home))
            for name, warehouse in warehouses.items():
                if warehouse.engine.is_there():
                    (target := partial / EVENTS / name if name else partial).mkdir(parents=True, exist_ok=True)
                    warehouse.engine.back_up(target, warehouse.wait_seconds)
        _write_manifest(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    if keep:
        for old in sorted(to.glob(f"{_PREFIX}*Z"))[:-keep]:
            shutil.rmtree(old)
    return folder


def restore(folder: Path) -> list[Path]:
    """Put a backup in place of what there is, and return the files that were moved aside for it.

    Args:
        folder: The backup.

    Raises:
        SettingsError: A setting cannot be used.
        WarehouseBusyError: A run writes the warehouse. Nothing was changed.
        click.ClickException: The backup is not complete, or is of a warehouse that no file holds. Nothing was changed.
    """
    files, home = _checked_files(folder), dagster_home()
    if dumps := [folder / name for name in files if name.endswith(".dump")]:
        raise click.ClickException(
            f"The warehouse in {folder} is a dump of PostgreSQL: restore it with `pg_restore --clean --if-exists "
            f"--no-owner --dbname=... {' '.join(map(str, dumps))}`. Nothing was changed."
        )
    events = {_place_of(event): event for event in _events()}
    if unknown := [name for name in files if not name.startswith(HOME) and name not in events]:
        raise click.ClickException(
            f"{', '.join(unknown)} in {folder} is of an event that is not configured: list it in [events] of "
            ".dlt/config.toml again. Nothing was changed."
        )
    targets = {
        name: events[name].warehouse.file if name in events else home / Path(name).relative_to(HOME) for name in files
    }
    stamp, moved = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ"), []
    with ExitStack() as writing:
        for name in events.keys() & files:
            warehouse = Warehouse.of(events[name])
            warehouse.wait_seconds = min(warehouse.wait_seconds, 5)  # nothing may run: a person waits
            writing.enter_context(warehouse.writing())
        for name, target in targets.items():
            for present in (target, *(target.with_name(target.name + suffix) for suffix in _BESIDE)):
                if present.exists():
                    moved.append(present.rename(present.with_name(f"{present.name}.before-{stamp}")))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, target)
    return moved


def report_backup(to: Path, keep: int | None) -> None:
    """Write a backup, and print where it is and what is not in it."""
    folder = back_up(to, keep)
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    size = sum(each["bytes"] for each in files.values())
    click.echo(f"Backup: {folder} ({len(files)} files, {size / 1e6:,.1f} MB)")
    if not any(Path(name).name.startswith("warehouse.") for name in files):
        click.echo("The warehouse is not in it: there is none yet, or its database has tools of its own for that.")
    if not any(name.startswith(HOME) for name in files):
        click.echo(f"Dagster's records are not in it: {dagster_home()} has none. Dump their server's database.")


def report_restore(folder: Path) -> None:
    """Restore a backup, and print what to do next."""
    moved = restore(folder)
    for path in moved:
        click.echo(f"Moved aside: {path}")
    click.echo(
        "Restored. Start `event-assets ui`: what the API has now is synced, and the copy and pages are made again."
    )


def _events() -> Sequence[Event]:
    return read_events(of_the_location=False) or (read_event(),)


def _place_of(event: Event) -> str:
    """Return the file of an event's warehouse in a backup."""
    return f"{EVENTS}/{event.name}/{_FILE}" if event.name else _FILE


def _databases(home: Path) -> Iterator[Path]:
    """Yield Dagster's databases on SQLite: those that say what there is, and the log of each run."""
    for name in DATABASES:
        if (path := home / name).exists():
            yield path
    named = {home / name for name in DATABASES}
    yield from (path for path in sorted((home / "history" / "runs").glob("*.db")) if path not in named)


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database that others write, by SQLite's own means: with what is in its write-ahead log."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=60)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)


def _write_manifest(folder: Path) -> None:
    files = {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "sha256": _digest(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {"version": version("event_assets"), "at": datetime.now(timezone.utc).isoformat(), "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _checked_files(folder: Path) -> list[str]:
    """Return the names of a backup's files.

    Raises:
        click.ClickException: One is missing or is not what was written.
    """
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        raise click.ClickException(
            f"{folder} is no complete backup: it has no {MANIFEST} that can be read. Nothing was changed."
        ) from None
    for name, known in files.items():
        path = folder / name
        if not path.is_file() or _digest(path) != known["sha256"]:
            raise click.ClickException(f"{path} is not as it was backed up: take another backup. Nothing was changed.")
    return [*files]


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
