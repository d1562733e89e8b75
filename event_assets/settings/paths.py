"""Folders that are not of an event: where a command runs, and where Dagster keeps its state."""

from __future__ import annotations

import os
from pathlib import Path

from event_assets.settings.defaults import run_context
from event_assets.settings.reading import readable_files


def dagster_home() -> Path:
    """Where Dagster keeps its state: ``DAGSTER_HOME`` where it is set, else ``.dagster_home`` in the run's folder."""
    return Path(os.environ.get("DAGSTER_HOME") or run_folder() / ".dagster_home").resolve()


def run_folder() -> Path:
    """The folder that relative paths start in and that ``.dlt/`` is looked for in: where the command was started.

    Raises:
        SettingsError: A file in ``.dlt/`` cannot be read: dlt looks into them when it is first asked for anything.
    """
    with readable_files():
        return Path(run_context().context.run_dir).resolve()
