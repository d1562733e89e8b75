"""What came of the kills: differences from the events at the end, what is left open, and figures."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus

from event_assets_tests.automation.live import UNFINISHED, Records, Webhook
from event_assets_tests.automation.soak_figures import differences, lags

if TYPE_CHECKING:
    from event_assets_tests.deploy.killing import Kills

LONGEST_SILENCE = 300
"""Seconds: each sensor looks every minute or more often."""


def differences_of(kills: Kills) -> list[str]:
    """In which tables the published copies say something else than the events, as sentences."""
    return [
        f"{name}: {wrong}"
        for name, programme in kills.programmes.items()
        for wrong in differences(programme.event, kills.server.published[name])
    ]


def left_open(records: Records) -> Iterator[str]:
    """What is not over though everything has come to rest, as sentences."""
    instance = records.instance
    for run in records.runs():
        if run.status in UNFINISHED:
            yield f"run {run.id[:8]} is {run.status}"
    for state in instance.all_instigator_state():
        [*ticks] = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=2)
        ended = next((tick for tick in ticks if tick.status is not TickStatus.STARTED), None)
        if state.instigator_type.value != "SENSOR":
            continue
        if ended is None or time.time() - ended.timestamp > LONGEST_SILENCE:
            yield f"{state.instigator_name} does not look any more"
        elif ended.status is TickStatus.FAILURE:
            yield f"{state.instigator_name} fails"
    for pool in instance.event_log_storage.get_concurrency_keys():
        info = instance.event_log_storage.get_concurrency_info(pool)
        if info.active_slot_count or info.pending_step_count:
            yield f"the pool {pool} has a step that holds it, or waits for it"
    yield from records.troubles()


def figures(kills: Kills, webhook: Webhook, wrong: Sequence[str], minutes: float) -> dict[str, Any]:
    """What was seen, as JSON takes it."""
    records = kills.server.records
    runs, status = records.runs(), {run.id: run.status for run in records.runs()}
    changes = {name: programme.changes for name, programme in kills.programmes.items()}
    everything = [change for each in changes.values() for change in each]
    return {
        "minutes": round(minutes, 1),
        **{f"changes_of_{name}": dict(Counter(change.kind for change in each)) for name, each in changes.items()},
        "changes_made": len(everything),
        "changes_seen": sum(change.seen_at is not None for change in everything),
        "changes_not_seen_at_the_end": [f"{change.kind} of {change.record}" for change in kills.waiting],
        "kills": dict(Counter(each.part for each in kills.kills)),
        "seconds_until_back": {part: " ".join(map(str, seconds)) for part, seconds in _until_back(kills).items()},
        "not_back_at_the_end": [each.part for each in kills.kills if each.back_at is None],
        "ended_by_themselves_and_started_again": dict(kills.restarted),
        "runs": dict(Counter(f"{run.started_by} {run.status.lower()}" for run in runs)),
        "runs_by_status": dict(Counter(run.status for run in runs)),
        "why_runs_failed": dict(_reasons(records)),
        "jobs_launched_through_the_door": dict(Counter(status.get(run, "LOST") for run in kills.launched)),
        "launches_refused_while_a_part_was_away": dict(kills.refused),
        "looks_of_sensors": dict(_looks(records)),
        "alerts": len(webhook.lines("🔴")),
        "all_clears": len(webhook.lines("🟢")),
        "copy_unreadable_at_the_end": [f"{error}: {times}" for error, times in kills.unreadable.items()],
        "lag_seconds": {
            **{f"of {name}": lags(each) for name, each in changes.items()},
            "undisturbed": lags([change for change in everything if change.undisturbed]),
        },
        "left_open_at_the_end": sorted(left_open(records)),
        "different_from_the_event_at_the_end": list(wrong),
    }


def _until_back(kills: Kills) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for each in kills.kills:
        if each.back_at is not None:
            found.setdefault(each.part, []).append(round(each.back_at - each.at))
    return found


def _reasons(records: Records) -> Counter[str]:
    """Return how often runs failed for which reason, in Dagster's words or the project's."""
    found: Counter[str] = Counter()
    for run in records.runs():
        if run.status != "FAILURE":
            continue
        entries = records.instance.all_logs(run.id, of_type={dg.DagsterEventType.RUN_FAILURE})
        message = entries[-1].get_dagster_event().message if entries else "nothing recorded"
        failed = ", ".join(step for step, end in records.steps(run) if end == "failed")
        found[(message or "nothing recorded").replace(run.id, "RUN")[:160] + (f" ({failed})" if failed else "")] += 1
    return found


def _looks(records: Records) -> Counter[str]:
    """Return how many looks of sensors ended how, and which failed."""
    found: Counter[str] = Counter()
    for state in records.instance.all_instigator_state():
        for tick in records.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=10_000):
            found[tick.status.value.lower()] += 1
            if tick.status is TickStatus.FAILURE:
                found[f"failed of {state.instigator_name}"] += 1
    return found
