"""The whole examination, and how it is printed or sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

import click

from event_assets.automation.messages import UndeliveredError, announce
from event_assets.cli.doctor import machine, services, tables
from event_assets.cli.doctor.findings import Finding, Severity, examined, fault
from event_assets.cli.home_files import DATABASES
from event_assets.definitions import build_all
from event_assets.models import ModelError
from event_assets.settings import Event, SettingsError, dagster_home, read_event, read_events

_HEADING = "The doctor has found faults"
_MARKS = {Severity.OK: "ok", Severity.NOTE: "note", Severity.FAULT: "FAULT"}
_SENT = "doctor.json"
"""In Dagster's home, or beside the warehouse: the faults that people know of, so that each is sent once."""


def examine(events: Sequence[Event], now: datetime, *, offline: bool = False) -> Iterator[Finding]:
    """Examine an installation part by part.

    Args:
        events: As they are configured. Of several, each finding says whose it is.
        now: The time now, with a zone.
        offline: Whether the API is left alone.
    """
    first, several = events[0], len(events) > 1

    def of_each(part: str, examination: Callable[[Event], Iterator[Finding]]) -> Iterator[Finding]:
        for event in events:
            found = examined(part, lambda event=event: _unless_unset(part, examination(event)))
            yield from (replace(each, part=f"{event.label} {each.part}") if several else each for each in found)

    yield from of_each("settings", lambda event: tables.settings(event, now))
    yield from examined("packages", lambda: machine.packages(_extra(first)))
    yield from examined("disk", lambda: _disk(events))
    if not offline:
        yield from examined("clock", lambda: _unless_unset("clock", machine.clock(first)))
        yield from of_each("api", lambda event: iter(()) if event.is_archived(now) else tables.api(event))
    yield from of_each("warehouse", lambda event: tables.warehouse(event, now))
    yield from examined("dagster", lambda: _unless_unset("dagster", _dagster(events, now)))
    yield from of_each("syncs", lambda event: iter(()) if event.is_archived(now) else services.syncs(event, now))
    yield from examined("webserver", lambda: _unless_unset("webserver", services.webserver(first)))


def report(*, offline: bool, as_json: bool, alert: bool) -> bool:
    """Examine the installation and print the findings; return whether nothing is wrong.

    Args:
        offline: Whether the API is left alone.
        as_json: Print one JSON object, for programs.
        alert: Send new faults, and which are over, to the alerts' webhook.
    """
    now = datetime.now(timezone.utc)
    findings = []
    for finding in examine(_events(), now, offline=offline):
        findings.append(finding)
        if not as_json:
            click.echo(_lines(finding))
    faults = [each for each in findings if each.severity is Severity.FAULT]
    if alert:
        _alert(read_event(), faults)
    if as_json:
        body = {"at": now.isoformat(), "ok": not faults, "findings": [asdict(each) for each in findings]}
        click.echo(json.dumps(body, indent=2))
    else:
        click.echo(f"\n{len(faults)} {'fault' if len(faults) == 1 else 'faults'}." if faults else "\nNo fault.")
    return not faults


def _lines(finding: Finding) -> str:
    line = f"{_MARKS[finding.severity]:5}  {finding.part:10} {finding.found}"
    return f"{line}\n{'':18}-> {finding.advice}" if finding.advice else line


def _events() -> Sequence[Event]:
    try:
        return read_events() or (read_event(),)
    except SettingsError:  # which each event of [events] has as its error
        return (read_event(),)


def _disk(events: Sequence[Event]) -> Iterator[Finding]:
    folders, files = list[Path]() if _is_home_mounted() else [dagster_home()], list[Path]()
    for event in events:
        try:
            file, published, site = event.warehouse.file, event.warehouse.published_file, event.site.local_folder
        except SettingsError as error:
            yield fault("disk", str(error))
            continue
        folders += [file.parent, published.parent, *([site] if site else [])]
        files.append(file)
    yield from machine.disk(folders, files)


def _is_home_mounted() -> bool:
    """Return whether Dagster's home is configuration that nobody writes: its records are on a server."""
    home = dagster_home()
    has_databases = any((home / name).exists() for name in DATABASES)
    return (home / "dagster.yaml").exists() and not has_databases and not os.access(home, os.W_OK)


def _extra(event: Event) -> str:
    try:
        return event.destination
    except SettingsError:
        return ""  # the finding `settings` says so


def _unless_unset(part: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Yield findings; where a setting that they need cannot be used, that, in place of an error."""
    try:
        yield from findings
    except SettingsError as error:
        yield fault(part, f"It could not be examined. {str(error).splitlines()[0]}")


def _dagster(events: Sequence[Event], now: datetime) -> Iterator[Finding]:
    try:
        definitions = build_all(events)
    except ModelError as error:
        yield fault("models", str(error))
        return
    yield from services.dagster(events, definitions.get_repository_def(), now)


def _alert(event: Event, faults: Sequence[Finding]) -> None:
    """Send which faults are new and which are over, and remember them.

    Raises:
        click.ClickException: The webhook did not take it. It is sent again the next time.
    """
    sent_file = (event.warehouse.file.parent if _is_home_mounted() else dagster_home()) / _SENT
    sent = json.loads(sent_file.read_text(encoding="utf-8")) if sent_file.exists() else {}
    found: dict[str, str] = {}
    for each in faults:
        found[each.part] = " ".join(filter(None, [found.get(each.part, ""), each.found]))
    try:
        announce(_HEADING, sent, found, event.alerts)
    except (UndeliveredError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    sent_file.parent.mkdir(parents=True, exist_ok=True)
    sent_file.write_text(json.dumps(found), encoding="utf-8")
