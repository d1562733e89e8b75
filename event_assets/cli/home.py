"""Dagster's instance: its folder, its settings, and what the environment of a command must say of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import click
from filelock import FileLock

from event_assets.cli.home_files import check_databases
from event_assets.settings import RetentionSettings, dagster_home

if TYPE_CHECKING:
    import dagster as dg

INSTANCE_SETTINGS = Path(__file__).with_name("dagster.yaml")


def prepare_dagster_home(retention: RetentionSettings | None = None, events: int = 1) -> Path:
    """Make the folder that Dagster keeps its state in, and let this process and its children use it.

    A folder of the caller's own, named by ``DAGSTER_HOME``, keeps the settings it has.

    Args:
        retention: How long it keeps its records; as long as where nothing is set, if not given.
        events: How many events there are: runs of several go on at once, one of each.
    """
    home = dagster_home()
    home.mkdir(parents=True, exist_ok=True)
    settings, days = home / "dagster.yaml", (retention or RetentionSettings()).days
    with _alone(home):
        if "DAGSTER_HOME" not in os.environ or not settings.exists():
            template = Template(INSTANCE_SETTINGS.read_text(encoding="utf-8"))
            text = template.substitute(
                DAGSTER_HOME=json.dumps(str(home)), RETENTION_DAYS=days, RUNS=_runs_at_once(events)
            )
            # Not while they are right: Dagster's processes read them without the lock.
            if not settings.exists() or settings.read_text(encoding="utf-8") != text:
                settings.write_text(text, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(home)
    # What a run plans, which is recorded before it begins, is written at once and not event by event.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    return home


def _runs_at_once(events: int) -> str:
    """Return how many runs go on at once, and that one of each event does."""
    if events == 1:
        return "1"
    from event_assets.assets.keys import EVENT_TAG  # with Dagster, which takes seconds

    limit = {"key": EVENT_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    return f"{min(events, max(2, os.cpu_count() or 1))}\n    tag_concurrency_limits: {json.dumps([limit])}"


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """Open Dagster's instance in its prepared home.

    Raises:
        click.ClickException: Its settings cannot be used, or one of its databases cannot, now or within the block.
    """
    import dagster as dg  # here, because it takes seconds
    from sqlalchemy.exc import SQLAlchemyError

    home = dagster_home()
    try:
        with _alone(home):
            instance = dg.DagsterInstance.get()
    except SQLAlchemyError as error:
        raise _unusable_records(home, error) from error
    except Exception as error:  # of whatever kind: it imports what the settings name
        raise click.ClickException(
            f"Dagster's settings in {home / 'dagster.yaml'} cannot be used: {_reason(error)} Correct the file, or move "
            "it away and start again: the settings of this project are put in its place. Nothing was requested and no "
            "table was changed."
        ) from error
    with instance:
        try:
            yield instance
        except SQLAlchemyError as error:
            raise _unusable_records(home, error) from error


def open_records(retention: RetentionSettings, events: int) -> AbstractContextManager[dg.DagsterInstance]:
    """Open Dagster's records; where nothing was ever recorded, empty ones, and no folder is made for them.

    Args:
        retention: How long they are kept.
        events: How many events there are.
    """
    import dagster as dg

    if not (dagster_home() / "dagster.yaml").exists():
        return dg.DagsterInstance.ephemeral()
    prepare_dagster_home(retention, events)
    return open_instance()


def _alone(home: Path) -> AbstractContextManager[object]:
    """Let one process at a time make what is in the home: of two first runs, Dagster fails one.

    Each makes the tables of its databases if it has seen none. Where nobody may write, as in a mounted configuration,
    nothing is made.
    """
    return FileLock(home / "event_assets.lock") if os.access(home, os.W_OK) else nullcontext()


def _unusable_records(home: Path, error: Exception) -> click.ClickException:
    try:
        check_databases(home)
    except click.ClickException as damaged:
        return damaged
    reason = str(getattr(error, "orig", None) or type(error).__name__)
    return click.ClickException(
        f"Dagster's records in {home} cannot be used ({reason}). See to it that the folder can be written and that its "
        "disk is not full, and start again. Tables that were synced or built until then stay so."
    )


def _reason(error: Exception) -> str:
    """What is wrong with the settings; not the value that is, which may be a password."""
    mark = getattr(error, "problem_mark", None)
    if mark:
        return f"line {mark.line + 1}, column {mark.column + 1} is no YAML."
    lines = [line.strip() for line in str(error).splitlines()]
    first = next((line for line in lines if line.startswith("Error 1: ")), lines[0] if lines else type(error).__name__)
    words = first.removeprefix("Error 1: ").removeprefix("Failure condition: ")
    return re.split(r",? (?:Value|Expected:|instead got:) ", words)[0].rstrip(".") + "."
