"""Dagster's instance: its folder, its settings, and what the environment of a command must say of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from string import Template

from event_assets.settings import dagster_home

INSTANCE_SETTINGS = Path(__file__).with_name("dagster.yaml")


def prepare_dagster_home() -> Path:
    """Make the folder that Dagster keeps its state in, and let this process and its children use it.

    A folder of the caller's own, named by ``DAGSTER_HOME``, keeps the settings it has.
    """
    home = dagster_home()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if "DAGSTER_HOME" not in os.environ or not settings.exists():
        template = Template(INSTANCE_SETTINGS.read_text(encoding="utf-8"))
        text = template.substitute(DAGSTER_HOME=json.dumps(str(home)))
        # Not while they are right: a run that begins at the same moment beside this would read half of them.
        if not settings.exists() or settings.read_text(encoding="utf-8") != text:
            settings.write_text(text, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    # What a run intends, which is told before it begins, is written at once and not event by event.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    return home
