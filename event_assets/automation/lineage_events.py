"""Reads OpenLineage's events out of Dagster's records of a run.

A run is a job, and so is each step of it. A table has one job that writes it, whichever run did; what the checks of a
step found is a job of its own, since OpenLineage keeps assertions with what a job reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import dagster as dg
from openlineage.client.event_v2 import InputDataset, OutputDataset, RunEvent

from event_assets.assets.keys import relation_of
from event_assets.assets.versions import Materialisation
from event_assets.automation.failures import is_failed_check, step_failure
from event_assets.automation.graph import is_copy
from event_assets.export.openlineage.datasets import (
    Assertion,
    Written,
    copied_dataset,
    input_dataset,
    output_dataset,
)
from event_assets.export.openlineage.events import JobRun, State, run_event
from event_assets.export.openlineage.tables import TableFacts
from event_assets.models.dialects import DIALECT
from event_assets.models.facts import DataTest
from event_assets.warehouse.engines import Engine
from event_assets.warehouse.relations import Dataset, Relation

_KINDS = dg.DagsterEventType
_RUN_ENDS: Mapping[dg.DagsterEventType, State] = {
    _KINDS.RUN_SUCCESS: "COMPLETE",
    _KINDS.RUN_FAILURE: "FAIL",
    _KINDS.RUN_CANCELED: "ABORT",
}
_STEP_ENDS: Mapping[dg.DagsterEventType, State] = {_KINDS.STEP_SUCCESS: "COMPLETE", _KINDS.STEP_FAILURE: "FAIL"}
_EVENTS = {
    _KINDS.RUN_START,
    _KINDS.STEP_START,
    _KINDS.ASSET_MATERIALIZATION,
    _KINDS.ASSET_CHECK_EVALUATION,
    *_STEP_ENDS,
    *_RUN_ENDS,
}


@dataclass(frozen=True)
class Described:
    """What events say of tables and jobs, beside what a run did.

    Attributes:
        namespace: That of the jobs.
        engine: Says what tables are called.
        tables: What is known of each table.
        assets: The tables that each asset stands for.
        steps: The assets that each step makes.
        tests: The data tests by asset and name.
        left_out: The columns that the copy for readers leaves out.
    """

    namespace: str
    engine: Engine
    tables: Mapping[Relation, TableFacts]
    assets: Mapping[dg.AssetKey, Collection[Relation]]
    steps: Mapping[str, Collection[dg.AssetKey]]
    tests: Mapping[tuple[dg.AssetKey, str], DataTest]
    left_out: Mapping[Relation, Collection[str]]

    def job_name(self, step: str) -> str:
        """Return the name of a step's job: that of the table, if it makes one."""
        assets = [*self.steps.get(step, ())]
        return ".".join(assets[0].path) if len(assets) == 1 else step

    def sql(self, step: str) -> tuple[str, str] | None:
        """Return the SELECT of the model that a step builds, and its dialect."""
        tables = [relation for asset in self.steps.get(step, ()) for relation in self.assets.get(asset, ())]
        sql = self.tables[tables[0]].sql if len(tables) == 1 else ""
        return (sql, DIALECT) if sql else None

    def inputs(self, assets: Collection[dg.AssetKey]) -> list[InputDataset]:
        """Return what assets are made of."""
        if any(map(is_copy, assets)):
            return [input_dataset(self.engine.dataset(relation)) for relation in self.tables]
        # Not of the rejected records, which the syncs of all resources add to.
        relations = [relation_of(asset) for asset in assets if asset in self.assets]
        reads = dict.fromkeys(read for relation in relations for read in self.tables[relation].reads)
        return [input_dataset(read) for read in reads]

    def outputs(self, made: dg.EventLogEntry) -> Iterator[OutputDataset]:
        """Yield the tables that were written when an asset was made."""
        materialisation = made.asset_materialization
        if materialisation is None:
            return
        if is_copy(materialisation.asset_key):
            for relation, facts in self.tables.items():
                name, source = self.engine.dataset(relation, published=True), self.engine.dataset(relation)
                yield copied_dataset(name, source, facts, self.left_out.get(relation, ()))
        for relation in self.assets.get(materialisation.asset_key, ()):
            written = Written(relation)
            if relation == relation_of(materialisation.asset_key):
                written = _written(relation, materialisation.metadata, Materialisation.read(made).data_version)
            yield output_dataset(self.engine.dataset(relation), self.tables[relation], written)

    def checked(self, evaluations: Collection[dg.AssetCheckEvaluation]) -> list[InputDataset]:
        """Return the tables that checks have looked at, with what they found."""
        found: dict[Dataset, list[Assertion]] = {}
        for each in evaluations:
            if each.asset_key in self.assets:
                found.setdefault(self.engine.dataset(relation_of(each.asset_key)), []).append(self._assertion(each))
        return [input_dataset(name, assertions) for name, assertions in found.items()]

    def _assertion(self, evaluation: dg.AssetCheckEvaluation) -> Assertion:
        severity = "error" if evaluation.severity is dg.AssetCheckSeverity.ERROR else "warn"
        known = Assertion(evaluation.check_name, evaluation.passed, severity)
        test = self.tests.get((evaluation.asset_key, evaluation.check_name))
        if test is None:
            return known
        column = test.columns[0] if len(test.columns) == 1 else None
        return Assertion(known.name, known.passed, severity, test.kind, test.description, column)


def _written(relation: Relation, metadata: Mapping[str, Any], version: str | None) -> Written:
    """Return what the metadata of a materialisation says of a table."""
    schema, rows = metadata.get("dagster/column_schema"), metadata.get("dagster/row_count")
    columns = schema.schema.columns if isinstance(schema, dg.TableSchemaMetadataValue) else ()
    count = rows.value if isinstance(rows, dg.IntMetadataValue) else None
    return Written(relation, {column.name: column.type for column in columns}, count, version)


@dataclass
class _Step:
    """A step that has begun.

    Attributes:
        run: What it is in OpenLineage.
        assets: The assets that it makes.
        made: The materialisations that it has reported.
        evaluations: What its checks have found.
    """

    run: JobRun
    assets: Collection[dg.AssetKey]
    made: list[dg.EventLogEntry] = field(default_factory=list)
    evaluations: list[dg.AssetCheckEvaluation] = field(default_factory=list)


def run_events(instance: dg.DagsterInstance, run: dg.DagsterRun, described: Described) -> list[RunEvent]:
    """Return the events of what a run has done so far. Later, the list is the same with more at its end.

    Args:
        instance: Where it is recorded.
        run: The run.
        described: What events say beside that.
    """
    events: list[RunEvent] = []
    steps: dict[str, _Step] = {}
    job = JobRun(described.namespace, run.job_name.strip("_").lower(), run.run_id)
    for record in instance.get_records_for_run(run.run_id, of_type=_EVENTS).records:
        entry = record.event_log_entry
        event, at = entry.get_dagster_event(), datetime.fromtimestamp(entry.timestamp, timezone.utc)
        kind, name = event.event_type, event.step_key or ""
        if kind is _KINDS.RUN_START:
            events.append(run_event("START", at, job))
        elif kind is _KINDS.STEP_START:
            assets = described.steps.get(name, ())
            step = steps[name] = _Step(job.child(described.job_name(name), at, described.sql(name)), assets)
            events.append(run_event("START", at, step.run, described.inputs(assets)))
        elif kind in _RUN_ENDS:
            ended = _RUN_ENDS[kind]
            # A run that is ended from outside says nothing of its steps.
            events += [run_event(ended, at, step.run, described.inputs(step.assets)) for step in steps.values()]
            events.append(run_event(ended, at, job))
        elif name in steps:
            step = steps[name]
            if kind is _KINDS.ASSET_MATERIALIZATION:
                step.made.append(entry)
            elif kind is _KINDS.ASSET_CHECK_EVALUATION:
                step.evaluations.append(event.asset_check_evaluation_data)
            else:
                events += _ended(_STEP_ENDS[kind], at, steps.pop(name), described, _error(event))
    return events


def _ended(state: State, at: datetime, step: _Step, described: Described, error: str | None) -> Iterator[RunEvent]:
    """Yield the events of a step that has ended."""
    checked = described.checked(step.evaluations)
    if not step.assets:  # it only checks
        yield run_event(state, at, step.run, checked, error=error)
        return
    outputs = [output for made in step.made for output in described.outputs(made)]
    yield run_event(state, at, step.run, described.inputs(step.assets), outputs, error)
    if checked:
        checks = step.run.child(f"{step.run.name}.checks", at)
        yield run_event("START", at, checks)
        yield run_event("COMPLETE", at, checks, checked)


def _error(event: dg.DagsterEvent) -> str | None:
    if not event.is_step_failure:
        return None
    if is_failed_check(event):
        return "A blocking check of the table failed."
    failure = step_failure(event)
    # The text of an error that nobody foresaw may quote data.
    return failure.user_message or f"It failed unexpectedly ({failure.error}); the run's log says more."
