"""The whole examination, and how it is printed or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone

import click

from event_assets.automation.messages import UndeliveredError, announce
from event_assets.cli.doctor import machine, services, tables
from event_assets.cli.doctor.findings import Finding, Severity, examined, fault
from event_assets.definitions import build_definitions
from event_assets.models import ModelError
from event_assets.settings import Event, SettingsError, dagster_home, read_event

_HEADING = "The doctor has found faults"
_MARKS = {Severity.OK: "ok", Severity.NOTE: "note", Severity.FAULT: "FAULT"}
_SENT = "doctor.json"
"""In Dagster's home: the faults that people know of, so that each is sent once."""


def examine(event: Event, now: datetime, *, offline: bool = False) -> Iterator[Finding]:
    """Examine an installation part by part.

    Args:
        event: As it is configured.
        now: The time now, with a zone.
        offline: Whether the API is left alone.
    """
    yield from examined("settings", lambda: tables.settings(event, now))
    yield from examined("packages", lambda: machine.packages(_extra(event)))
    yield from examined("disk", lambda: _disk(event))
    if not offline:
        yield from examined("clock", lambda: _unless_unset("clock", machine.clock(event)))
        yield from examined("api", lambda: _unless_unset("api", tables.api(event)))
    yield from examined("warehouse", lambda: _unless_unset("warehouse", tables.warehouse(event, now)))
    yield from examined("dagster", lambda: _unless_unset("dagster", _dagster(event, now)))
    yield from examined("webserver", lambda: _unless_unset("webserver", services.webserver(event)))


def report(*, offline: bool, as_json: bool, alert: bool) -> bool:
    """Examine the installation and print the findings; return whether nothing is wrong.

    Args:
        offline: Whether the API is left alone.
        as_json: Print one JSON object, for programs.
        alert: Send new faults, and which are over, to the alerts' webhook.
    """
    event, now = read_event(), datetime.now(timezone.utc)
    findings = []
    for finding in examine(event, now, offline=offline):
        findings.append(finding)
        if not as_json:
            click.echo(_lines(finding))
    faults = [each for each in findings if each.severity is Severity.FAULT]
    if alert:
        _alert(event, faults)
    if as_json:
        body = {"at": now.isoformat(), "ok": not faults, "findings": [asdict(each) for each in findings]}
        click.echo(json.dumps(body, indent=2))
    else:
        click.echo(f"\n{len(faults)} {'fault' if len(faults) == 1 else 'faults'}." if faults else "\nNo fault.")
    return not faults


def _lines(finding: Finding) -> str:
    line = f"{_MARKS[finding.severity]:5}  {finding.part:10} {finding.found}"
    return f"{line}\n{'':18}-> {finding.advice}" if finding.advice else line


def _disk(event: Event) -> Iterator[Finding]:
    try:
        file, published, site = event.warehouse.file, event.warehouse.published_file, event.site.local_folder
    except SettingsError as error:
        yield fault("disk", str(error))
        return
    yield from machine.disk([dagster_home(), file.parent, published.parent, *([site] if site else [])], file)


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


def _dagster(event: Event, now: datetime) -> Iterator[Finding]:
    try:
        definitions = build_definitions(event)
    except ModelError as error:
        yield fault("models", str(error))
        return
    yield from services.dagster(event, definitions.get_repository_def(), now)


def _alert(event: Event, faults: Sequence[Finding]) -> None:
    """Send which faults are new and which are over, and remember them.

    Raises:
        click.ClickException: The webhook did not take it. It is sent again the next time.
    """
    sent_file = dagster_home() / _SENT
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
