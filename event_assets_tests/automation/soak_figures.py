"""What came of a soak: differences from the event at its end, and figures."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from event_assets.sandbox import Event
from event_assets_tests import truth, truth_people
from event_assets_tests.automation.live import Webhook
from event_assets_tests.automation.soak_changes import Change
from event_assets_tests.running import Reader
from event_assets_tests.truth_summaries import OF_PEOPLE_AND_PARTNERS, OF_THE_PROGRAMME

if TYPE_CHECKING:
    from event_assets_tests.automation.soak import Soak


def differences(event: Event, published: Reader) -> Iterator[str]:
    """In which tables the published copy says something else than the event, as sentences."""
    for name, records in {**event.content, "partners": event.partners}.items():
        held = {row[0] for row in published.rows(f"select id from raw.{name} where removed_at is null")}
        if held != {str(record["id"]) for record in records}:
            yield f"raw.{name} has other records than the API"
    lectures = {row["id"]: row for row in published.records("select * from raw.lectures where removed_at is null")}
    for record in event.content["lectures"]:
        row = lectures.get(str(record["id"]), {})
        if any(row.get(name) != record[name] for name in ("name", "start", "end", "description")):
            yield f"raw.lectures has another lecture {record['id']} than the API"
    # Their addresses are not in the copy.
    if published.rows("select count(*) from raw.participants where removed_at is null") != [
        (len(truth.participants(event)),)
    ]:
        yield "raw.participants has not as many people as the API"
    agenda = {row["entry_key"]: row for row in published.records("select * from summary.agenda")}
    expected = {entry.key: (entry.title, entry.hall, entry.start_local) for entry in truth.agenda(event)}
    if {key: (row["title"], row["hall"], row["starts_local"]) for key, row in agenda.items()} != expected:
        yield "summary.agenda is another programme"
    for table, grain, compute in OF_THE_PROGRAMME + OF_PEOPLE_AND_PARTNERS:
        found = {tuple(row[column] for column in grain): row for row in published.records(f"from summary.{table}")}
        facts = compute(event)
        if found.keys() != facts.keys():
            yield f"summary.{table} has other rows: {len(found.keys() ^ facts.keys())} of them"
        for key in found.keys() & facts.keys():
            if any(not _same(found[key][name], value) for name, value in facts[key].items()):
                yield f"summary.{table} says something else of {key}"
    overview = published.records("from summary.event_overview")[0]
    for name, value in truth_people.event_overview(event).items():
        if overview[name] != value:
            yield f"summary.event_overview has {overview[name]} as {name}, and should have {value}"
    if Counter(published.rows("select rule, resource, id from summary.data_quality")) != truth_people.findings(event):
        yield "summary.data_quality has other findings"


def _same(found: Any, expected: Any) -> bool:
    both_numbers = isinstance(found, float) or isinstance(expected, float)
    return abs(found - expected) < 1e-9 if both_numbers and None not in (found, expected) else found == expected


def figures(soak: Soak, webhook: Webhook, wrong: Sequence[str], minutes: float) -> dict[str, Any]:
    """What was seen, as JSON takes it."""
    live, runs = soak.live, soak.live.runs()
    ticks = [tick for sensor in live.sensors() for tick in live.ticks(sensor, limit=100_000)]
    materialised = Counter(asset.partition("/")[0] for run in runs for asset in run.materialised)
    steps = [step for run in runs for step in live.steps(run)]
    return {
        "minutes": round(minutes, 1),
        "changes": dict(Counter(change.kind for change in soak.changes)),
        "changes_not_seen": [f"{change.kind} of {change.record}" for change in soak.waiting],
        "fault_bursts": dict(soak.bursts),
        "fault_minutes": round(soak.burst_seconds / 60, 1),
        "runs_killed": soak.kills,
        "runs": dict(Counter(f"{run.started_by} {run.status.lower()}" for run in runs)),
        "minutes_with_a_run": round(sum((run.ended or run.created) - run.created for run in runs) / 60, 1),
        "materialisations": dict(materialised),
        "sync_attempts": dict(Counter(f"{step} {end}" for step, end in steps if step.startswith("load_"))),
        "models_failed": dict(Counter(step for step, end in steps if end == "failed" and not step.startswith("load_"))),
        "requests": {path.rpartition("/")[2]: count for path, count in soak.api.requests.items()},
        "sensor_looks_failed": dict(Counter(tick.instigator_name for tick in ticks if tick.status.value == "FAILURE")),
        "alerts": len(webhook.lines("🔴")),
        "all_clears": len(webhook.lines("🟢")),
        "looks_at_the_published_copy": soak.looks,
        "unreadable": soak.unreadable,
        "lag_seconds": {
            "undisturbed": lags([change for change in soak.changes if change.undisturbed]),
            "all": lags(soak.changes),
        },
        "different_from_the_event_at_the_end": list(wrong),
    }


def lags(changes: Sequence[Change]) -> dict[str, float]:
    """How many seconds readers waited for the changes that they have seen."""
    seconds = sorted(change.seen_at - change.at for change in changes if change.seen_at)
    if not seconds:
        return {"changes": 0}
    return {
        "changes": len(seconds),
        "median": round(statistics.median(seconds), 1),
        "95th percentile": round(seconds[min(round(0.95 * len(seconds)), len(seconds) - 1)], 1),
        "worst": round(seconds[-1], 1),
    }


def as_markdown(result: dict[str, Any], seed: int) -> str:
    """The figures as a table."""
    lines = ["| figure | value |", "|---|---|", f"| seed | {seed} |"]
    for name, value in result.items():
        if name == "lag_seconds":
            for which, lag in value.items():
                shown = ", ".join(f"{key} {number}" for key, number in lag.items())
                lines.append(f"| seconds from a change to the published summary, {which} | {shown} |")
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
        elif isinstance(value, list):
            value = "; ".join(map(str, value)) or "none"
        lines.append(f"| {name.replace('_', ' ')} | {value} |")
    return "\n".join([*lines, ""])
