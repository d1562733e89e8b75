"""Stores a small warehouse, its published copy, Dagster's home and the event's records, made by this release.

``python -m event_assets_tests.upgrade.store event_assets_tests/upgrade/release_X_Y.tar.xz`` writes the archive that
``test_release_X_Y`` upgrades from later on: run it before a release renames what a warehouse holds.
"""

import json
import lzma
import os
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from event_assets.cli.run import run_everything
from event_assets.sandbox import Event, Sandbox, generate_event

STORED = (
    *("event/content.json", "event/partners.json", "event/participants.json", "warehouse.duckdb", "published.duckdb"),
    *("home/history/runs.db", "home/history/runs/index.db", "home/schedules/schedules.db"),
)
"""Not the log of each run: no later run reads it."""


def configure(folder: Path) -> None:
    """Let the commands of this process use a warehouse and a Dagster home in a folder."""
    os.environ["DAGSTER_HOME"] = str(folder / "home")
    os.environ["DESTINATION__DUCKDB__CREDENTIALS"] = str(folder / "warehouse.duckdb")
    os.environ["WAREHOUSE__PUBLISHED"] = str(folder / "published.duckdb")
    os.environ["EVENT__TIMEZONE"] = "Europe/Vienna"


def make(folder: Path) -> None:
    """Sync a small event twice: with a rejected record, a type mismatch, an undeclared field, removals and changes."""
    configure(folder)
    event = generate_event(lectures=6, participants=12, seed=7)
    event.participants.append({**event.participants[0], "id": 990001})
    event.participants[3] = {**event.participants[3], "tickets": "VIP"}
    event.content["halls"][0]["wing"] = "East"
    with Sandbox(event, token="token-of-the-test") as api:
        os.environ["SOURCES__EVENT_API__BASE_URL"] = api.base_url
        os.environ["SOURCES__EVENT_API__API_TOKEN"] = api.token
        run_everything()
        event.content["lectures"][0]["name"] = "Renamed once"
        event.content["lectures"].pop()
        event.content["pauses"][0]["name"] = "Moved coffee"
        del event.participants[5]
        run_everything()
    _save(event, folder / "event")


def _save(event: Event, folder: Path) -> None:
    folder.mkdir()
    (folder / "content.json").write_text(json.dumps(event.content), encoding="utf-8")
    (folder / "partners.json").write_text(json.dumps(event.partners), encoding="utf-8")
    (folder / "participants.json").write_text(json.dumps([*event.participants]), encoding="utf-8")


def store(folder: Path, target: Path) -> None:
    """Pack what is stored; SQLite's write-ahead logs go into their databases first."""
    for name in (name for name in STORED if name.startswith("home/")):
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.execute("pragma journal_mode = delete")
            connection.execute("vacuum")
    with lzma.open(target, "wb", preset=9) as compressed, tarfile.open(fileobj=compressed, mode="w") as archive:
        for name in STORED:
            archive.add(folder / name, name)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        make(Path(made))
        store(Path(made), Path(sys.argv[1]))
