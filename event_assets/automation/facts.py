"""What is known of the assets at one moment, as values: the planner decides by them. ``read_facts`` reads them.

It is the one place that reads them, once for a look, in as few calls as there are kinds of records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial

import dagster as dg

from event_assets.assets.keys import asset_key
from event_assets.assets.site_files import FILES
from event_assets.assets.versions import Materialisation
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.failures import has_ended_by_itself
from event_assets.automation.freshness import FreshnessWindow, current_windows
from event_assets.automation.graph import Graph, is_copy, is_model, is_raw
from event_assets.automation.readers import mended_unpublished
from event_assets.automation.recorded import ReadRecorded, read_recorded
from event_assets.settings import Event, SettingsError
from event_assets.warehouse.engines import configured_engine

_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class AssetState:
    """What is known of one asset.

    Attributes:
        made: Its latest materialisation; None if it was never materialised.
        in_progress: Whether a run is under way, or waits, that will make it.
        failed_at: When the latest run that was to make it failed without having made it; None if it did not fail.
        was_reached: Whether that run was an attempt at it. It was not where a sync before it failed, nor at the copy
            where anything did.
        asked_at: When the run that made it was asked for. None where it is not read: it matters only for what was
            built by other code.
    """

    made: Materialisation | None = None
    in_progress: bool = False
    failed_at: datetime | None = None
    was_reached: bool = True
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What is known at one moment.

    Attributes:
        now: The moment.
        states: What is known of each asset; nothing, where one is not in it.
        windows: How old each asset may become.
        retry_minutes: How far the instants lie apart at which failed attempts are repeated, 1 to 60.
        failing: The tables of which a blocking check failed when it was last evaluated.
        lost_at: When the warehouse was last seen to be gone.
        copy_is_gone: Whether the file of the published copy is not there, though there is something to copy.
        mended: Whether a table that the published copy holds back passes its check again.
        changed: The raw tables that the API is known to have other records of.
        pauses: How long an asset that has just been made is not made again by itself.
    """

    now: datetime
    states: Mapping[dg.AssetKey, AssetState]
    windows: Mapping[dg.AssetKey, FreshnessWindow]
    retry_minutes: int
    failing: frozenset[dg.AssetKey] = frozenset()
    lost_at: datetime | None = None
    copy_is_gone: bool = False
    mended: bool = False
    changed: frozenset[dg.AssetKey] = frozenset()
    pauses: Mapping[dg.AssetKey, timedelta] = field(default_factory=dict)

    def state(self, asset: dg.AssetKey) -> AssetState:
        """Return what is known of an asset."""
        return self.states.get(asset, AssetState())

    def made(self, asset: dg.AssetKey) -> Materialisation | None:
        """Return the latest materialisation of an asset."""
        return self.state(asset).made

    def version(self, asset: dg.AssetKey) -> str | None:
        """Return the data version of what an asset holds; None if it was never materialised."""
        made = self.made(asset)
        return made.data_version if made else None

    def with_failing(self, tables: Iterable[dg.AssetKey]) -> Facts:
        """Return the same with some more tables of which a blocking check failed."""
        return replace(self, failing=self.failing | {*tables})

    def after_all_runs(self) -> Facts:
        """Return the same as if no run were under way."""
        states = {asset: replace(state, in_progress=False) for asset, state in self.states.items()}
        return replace(self, states=states)

    def within(self, graph: Graph, warehouse_id: str) -> Facts:
        """Return the same without what was made in another warehouse: Dagster remembers that, and it is not there.

        Args:
            graph: All assets.
            warehouse_id: The identity of the warehouse.
        """
        states, gone = dict(self.states), set()
        for asset, node in graph.nodes.items():  # each after those that it reads
            made = self.made(asset)
            if is_raw(asset):
                is_gone = not (made and made.warehouse_id == warehouse_id)
            else:
                how_many = all if is_copy(asset) else any  # the copy is made of what there is
                is_gone = how_many(read in gone for read in node.reads)
            if is_gone:
                gone.add(asset)
                states[asset] = replace(self.state(asset), made=None)
        return replace(self, states=states)


def read_facts(
    instance: dg.DagsterInstance,
    graph: Graph,
    event: Event,
    now: datetime,
    lost_at: datetime | None = None,
    read: ReadRecorded | None = None,
) -> Facts:
    """Read what is known of the assets, except of their checks and of the copy's.

    Args:
        instance: Where it is recorded.
        graph: All assets.
        event: Its windows count, and where its warehouse lies.
        now: The time now, with a zone.
        lost_at: When the warehouse was last seen to be gone, as far as an earlier look has recorded.
        read: Reads what the event log says of the assets, where a look keeps that for the next one.

    Raises:
        SettingsError: A setting cannot be used.
    """
    if not configured_engine(event).is_there():
        lost_at = now
    return Facts(
        now,
        _read_states(instance, graph, read or partial(read_recorded, assets=graph.nodes)),
        current_windows(graph.nodes, now, event),
        event.freshness.retry_minutes,
        lost_at=None if lost_at is None else min(lost_at, now),  # whatever the clock was then
        pauses=_pauses(event),
    )


def with_copy(instance: dg.DagsterInstance, graph: Graph, event: Event, facts: Facts) -> Facts:
    """Return the same with what is known of the published copy besides its materialisation.

    Args:
        instance: Where it is recorded.
        graph: All assets.
        event: Where its copy lies counts.
        facts: What is known.
    """
    made_at = {asset: made.number for asset in graph.nodes if (made := facts.made(asset))}
    copied_at = max((number for asset, number in made_at.items() if is_copy(asset)), default=None)
    # Only what was made after the copy can have passed its check since.
    later = [asset for asset, number in made_at.items() if copied_at is not None and number > copied_at]
    checks = [check for asset in later for check in graph.nodes[asset].blocking_checks]
    is_gone = False
    with suppress(SettingsError):  # a setting that names no path is reported by the step, and not by each look
        engine = configured_engine(event)
        is_gone = engine.is_there() and not engine.is_copy_there()
    return replace(facts, copy_is_gone=is_gone, mended=bool(checks and mended_unpublished(instance, checks)))


def _pauses(event: Event) -> Mapping[dg.AssetKey, timedelta]:
    try:
        return {asset_key(FILES, event.key_prefix): timedelta(minutes=event.site.files_minutes)}
    except SettingsError:  # which the step reports
        return {}


def _read_states(instance: dg.DagsterInstance, graph: Graph, read: ReadRecorded) -> dict[dg.AssetKey, AssetState]:
    """Read what has become of the assets.

    The runs that are under way are read first: one that ends in the meantime then counts as one that goes on, and what
    it has made is not asked for again. One that begins in the meantime is the latest run of its assets.

    Args:
        instance: Where it is recorded.
        graph: All assets.
        read: Reads what the event log says of them.
    """
    in_progress = _in_progress(instance)
    recorded = read(instance)
    runs, made = recorded.runs, recorded.made
    # What the latest run that was to make it has made cannot have failed in it.
    unmade = {asset: run for asset, run in runs.items() if run and run != (made[asset].run_id if asset in made else "")}
    changed = {
        asset: latest.run_id
        for asset, latest in made.items()
        if not is_raw(asset) and not _is_of_this_code(graph, asset, latest) and latest.run_id
    }
    records = _run_records(instance, {*unmade.values(), *changed.values()})
    status = {run: record.dagster_run.status for run, record in records.items()}
    in_progress |= {asset for asset, run in unmade.items() if status.get(run) in _UNDER_WAY}
    failed = {asset: records[run] for asset, run in unmade.items() if status.get(run) is dg.DagsterRunStatus.FAILURE}
    failed_steps = {run: _failed_steps(instance, run) for run in {unmade[asset] for asset in failed}}
    return {
        asset: AssetState(
            made.get(asset),
            asset in in_progress,
            _end(failed[asset]) if asset in failed else None,
            asset not in failed or is_raw(asset) or _was_reached(graph, asset, failed_steps[unmade[asset]]),
            records[changed[asset]].create_timestamp if changed.get(asset) in records else None,
        )
        for asset in {*in_progress, *runs} & graph.nodes.keys()
    }


def failing_tables(instance: dg.DagsterInstance, graph: Graph, tables: Iterable[dg.AssetKey]) -> frozenset[dg.AssetKey]:
    """Read of which tables a blocking check failed when it was last evaluated.

    Not the opposite of Dagster's ``check_passed()``: neither holds of a check that a run has planned and did not come
    to, because a step before it failed or the run was killed. Then the table is as it was, and so is the result.

    Args:
        instance: Where it is recorded.
        graph: All assets.
        tables: The tables to look at.
    """
    checks = [check for table in tables for check in graph.nodes[table].blocking_checks]
    return frozenset(
        check.asset_key for check, found in latest_evaluations(instance, checks).items() if not found.passed
    )


def _in_progress(instance: dg.DagsterInstance) -> set[dg.AssetKey]:
    """What runs that are under way, or wait, will still make."""
    found: set[dg.AssetKey] = set()
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED, dg.DagsterEventType.ASSET_MATERIALIZATION}
    for run in instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
        planned, made = set(), set()
        for record in instance.get_records_for_run(run.run_id, of_type=kinds).records:
            event = record.event_log_entry.get_dagster_event()
            (made if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION else planned).add(event.asset_key)
        found |= {asset for asset in planned - made if asset}
    return found


def _run_records(instance: dg.DagsterInstance, runs: Collection[str]) -> dict[str, dg.RunRecord]:
    records = instance.get_run_records(dg.RunsFilter(run_ids=sorted(runs))) if runs else []
    return {record.dagster_run.run_id: record for record in records}


def _end(record: dg.RunRecord) -> datetime:
    if record.end_time is None:
        return record.update_timestamp
    return datetime.fromtimestamp(record.end_time, timezone.utc)


def _is_of_this_code(graph: Graph, asset: dg.AssetKey, latest: Materialisation) -> bool:
    node = graph.nodes[asset]
    return latest.code_version == node.code_version and latest.inputs.keys() >= {*node.reads}


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> frozenset[str]:
    """The steps that failed in a run that has ended by itself; none of one that was ended."""
    ends = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    records = instance.get_records_for_run(run_id, of_type=ends).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    ended = any(each.event_type is dg.DagsterEventType.RUN_FAILURE and has_ended_by_itself(each) for each in events)
    return frozenset(each.step_key for each in events if ended and each.is_step_failure and each.step_key)


def _was_reached(graph: Graph, asset: dg.AssetKey, failed_steps: frozenset[str]) -> bool:
    """Whether a failed run counts as an attempt at a model or the copy, because it came to it.

    Of a model also where one that it is made of has failed: it is held back with that. A sync that has failed holds
    back nothing, since its tables are as they were. A page comes after the copy, as soon as there is one.
    """
    if not failed_steps or asset.to_python_identifier() in failed_steps:
        return True
    return is_model(asset) and any(each.to_python_identifier() in failed_steps for each in graph.below(asset))
