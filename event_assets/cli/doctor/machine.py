"""Examines what the machine gives: packages, disk, folders, and the clock."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import requests
from packaging.requirements import Requirement

from event_assets.cli.doctor.findings import Finding, fault, note, ok
from event_assets.settings import Event

PACKAGE = "event_assets"
SHOWN = ("dagster", "dlt", "duckdb", "sqlglot")
"""The packages whose versions a report of an error should have."""

NOT_IMPORTED = {"dagster-embedded-elt"}
"""Packages that setup.cfg names and nothing imports: images and servers leave them out."""

SPARE_BYTES = 1_000_000_000
"""What must be free beside twice the warehouse: a copy for readers and a rewrite after an erasure each take as much as
it, and the load packages of a large event some hundred megabytes."""

CLOCK_NOTE, CLOCK_FAULT = timedelta(seconds=30), timedelta(minutes=5)
"""By how much the clock may differ from the API's. See ``automation.clock`` for what goes wrong."""

HEAD_SECONDS = 10


def packages(extra: str) -> Iterator[Finding]:
    """Yield whether the installed packages are those that this release was tested within.

    Args:
        extra: The extra that the warehouse needs.
    """
    wrong = [line for each in requires(PACKAGE) or () if (line := _unfit(Requirement(each), extra))]
    shown = ", ".join(f"{name} {version(name)}" for name in SHOWN)
    about = f"{PACKAGE} {version(PACKAGE)}, Python {platform.python_version()}, {shown}"
    if wrong:
        advice = "Install the locked set: `pip install --require-hashes -r requirements.lock`."
        yield fault("packages", f"{about}. Outside what this release was tested with: {'; '.join(wrong)}.", advice)
    else:
        yield ok("packages", f"{about}.")


def _unfit(requirement: Requirement, extra: str) -> str | None:
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return None
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return None if requirement.name in NOT_IMPORTED else f"{requirement.name} is not installed"
    if requirement.specifier.contains(installed, prereleases=True):
        return None
    return f"{requirement.name} {installed}, not {requirement.specifier}"


def disk(folders: Sequence[Path], warehouses: Sequence[Path]) -> Iterator[Finding]:
    """Yield whether there is room where the project writes, once for each disk, and whether it may write there.

    Args:
        folders: Where it writes; they need not exist.
        warehouses: The warehouse files, which need not exist.
    """
    needed = SPARE_BYTES + 2 * max((path.stat().st_size for path in warehouses if path.is_file()), default=0)
    disks: dict[int, Path] = {}
    for folder in [*folders, Path(tempfile.gettempdir())]:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(there, os.W_OK):
            yield fault("disk", f"{folder} cannot be written by this user.", "Let this user write there.")
        disks.setdefault(there.stat().st_dev, there)
    for there in disks.values():
        free = shutil.disk_usage(there).free
        said = f"{free / 1e9:.1f} GB are free in {there}"
        if free < needed:
            yield fault("disk", f"{said}; a sync may need {needed / 1e9:.1f} GB.", "Free space, or use a larger disk.")
        else:
            yield ok("disk", f"{said}.")


def clock(event: Event, now: datetime | None = None) -> Iterator[Finding]:
    """Yield how the clock of this machine differs from that of the API. The request has no token.

    Args:
        event: Its API is asked.
        now: The time now, with a zone; that of the clock, if not given.

    Raises:
        SettingsError: The address cannot be used.
    """
    if not event.has_api_token:
        yield ok("clock", f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC. There is no API to compare it with.")
        return
    try:
        answer = requests.head(event.api.base_url, timeout=HEAD_SECONDS, allow_redirects=False)
        theirs = parsedate_to_datetime(answer.headers["Date"])
    except requests.RequestException:
        yield note("clock", "It could not be compared: the API's server does not answer.", "See the finding `api`.")
        return
    except (KeyError, ValueError):
        yield ok("clock", "The API does not say what time it has.")
        return
    difference = (now or datetime.now(timezone.utc)) - theirs
    ahead = "ahead of" if difference > timedelta() else "behind"
    seconds = abs(difference.total_seconds())
    if abs(difference) <= CLOCK_NOTE:
        yield ok("clock", "It agrees with the API's within half a minute.")
        return
    said = f"It is {seconds:,.0f} seconds {ahead} the API's."
    report = fault if abs(difference) > CLOCK_FAULT else note
    yield report("clock", said, "Have this machine set its clock by NTP. Sensors wait or look too early until then.")
