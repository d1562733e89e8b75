"""Makes OpenLineage's events of what a run does: that it, or a step of it, has begun, is done, failed or was ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Literal

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.facet_v2 import error_message_run, job_type_job, parent_run, sql_job
from openlineage.client.uuid import generate_static_uuid

set_producer(f"pkg:pypi/event-assets@{version('event_assets')}")

State = Literal["START", "COMPLETE", "FAIL", "ABORT"]


@dataclass(frozen=True)
class JobRun:
    """One run of a job, in OpenLineage's sense: a run of Dagster, or a step of it.

    Attributes:
        namespace: The job's.
        name: The job's.
        run_id: What identifies the run.
        parent: The run that a step belongs to.
        sql: The SELECT of a model, and its dialect.
    """

    namespace: str
    name: str
    run_id: str
    parent: JobRun | None = None
    sql: tuple[str, str] | None = None

    def child(self, name: str, began: datetime, sql: tuple[str, str] | None = None) -> JobRun:
        """Return a run within this one. It has the same identifier whenever it is asked for.

        Args:
            name: The job's.
            began: When it began.
            sql: The SELECT of a model, and its dialect.
        """
        run_id = generate_static_uuid(began, f"{self.run_id} {name}".encode())
        return JobRun(self.namespace, name, str(run_id), self, sql)


def run_event(
    state: State,
    at: datetime,
    of: JobRun,
    inputs: Sequence[InputDataset] = (),
    outputs: Sequence[OutputDataset] = (),
    error: str | None = None,
) -> RunEvent:
    """Return an event.

    Args:
        state: What the run has come to.
        at: When, with a zone.
        of: The run.
        inputs: What it reads.
        outputs: What it has written.
        error: Why it failed, as a sentence. It must quote no data.
    """
    run_facets: dict[str, Any] = {}
    job_facets: dict[str, Any] = {
        "jobType": job_type_job.JobTypeJobFacet("BATCH", "DAGSTER", "STEP" if of.parent else "RUN")
    }
    if of.parent:
        run_facets["parent"] = parent_run.ParentRunFacet(
            parent_run.Run(of.parent.run_id), parent_run.Job(of.parent.namespace, of.parent.name)
        )
    if of.sql:
        job_facets["sql"] = sql_job.SQLJobFacet(query=of.sql[0], dialect=of.sql[1])
    if error:
        run_facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(error, "python")
    return RunEvent(
        eventTime=at.isoformat(),
        eventType=RunState[state],
        run=Run(of.run_id, run_facets),
        job=Job(of.namespace, of.name, job_facets),
        inputs=[*inputs],
        outputs=[*outputs],
    )
