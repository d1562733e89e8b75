"""Finds the models that the published copy holds back, because a check or build of theirs failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone

import dagster as dg

from event_assets.assets.keys import asset_key
from event_assets.models import Model
from event_assets.warehouse.copy_plan import HeldBack
from event_assets.warehouse.relations import Relation

_RUNS_BACK = 5
"""How many runs may have planned a check and not come to it, before its result is no longer looked for."""


def held_back(
    instance: dg.DagsterInstance, models: Mapping[Relation, Model], prefix: Sequence[str] = ()
) -> dict[Relation, HeldBack]:
    """Return the models whose latest blocking check or build failed, and the views that read them.

    And the views that read one of them, which show what it shows. A table that reads one was not built from it.

    Args:
        instance: Where it is recorded.
        models: All models, each after those that it reads.
        prefix: What the keys of the event begin with.
    """
    held = _failed_builds(instance, models, prefix) | _failed_checks(instance, models.values(), prefix)
    for relation, model in models.items():
        reads = sorted((read for read in model.reads if read in held), key=str)
        if model.kind == "view" and reads and relation not in held:
            held[relation] = HeldBack(f"It reads {reads[0]}, which is held back.", held[reads[0]].since)
    return held


def _failed_checks(
    instance: dg.DagsterInstance, models: Iterable[Model], prefix: Sequence[str]
) -> dict[Relation, HeldBack]:
    checks = {
        dg.AssetCheckKey(asset_key(model.relation, prefix), test.name): model.relation
        for model in models
        for test in model.data_tests
        if test.severity == "error"
    }
    # Of all at once: mostly each was evaluated when it was last planned, and has passed.
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks))
    failed: dict[Relation, HeldBack] = {}
    for check, relation in checks.items():
        event = latest[check].event if check in latest else None
        if event is not None and not _is_evaluation(event):  # a run has planned it, and did not come to it
            history = instance.event_log_storage.get_asset_check_execution_history(check, limit=_RUNS_BACK)
            event = next((each.event for each in history if each.event and _is_evaluation(each.event)), None)
        if event and event.dagster_event and not event.dagster_event.asset_check_evaluation_data.passed:
            failed.setdefault(relation, HeldBack(f"Its check {check.name} failed.", _instant(event.timestamp)))
    return failed


def _is_evaluation(event: dg.EventLogEntry) -> bool:
    return event.dagster_event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION


def _failed_builds(
    instance: dg.DagsterInstance, models: Iterable[Relation], prefix: Sequence[str]
) -> dict[Relation, HeldBack]:
    """Return the models that the latest run started and did not finish, checks included."""
    relations = {asset_key(relation, prefix): relation for relation in models}
    failed = {}
    for record in instance.get_asset_records(list(relations)):
        entry = record.asset_entry
        made = entry.last_materialization_record
        if not entry.last_run_id or (made and made.event_log_entry.run_id == entry.last_run_id):
            continue
        # None of a step that was skipped: then its table is as it was.
        for step in instance.get_run_step_stats(entry.last_run_id, [entry.asset_key.to_python_identifier()]):
            if step.start_time:
                since = _instant(step.end_time or step.start_time)
                failed[relations[entry.asset_key]] = HeldBack("Its latest build failed.", since)
    return failed


def _instant(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)
