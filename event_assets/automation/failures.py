"""What Dagster's events say of a failure: the sentence of one that was foreseen, the error behind one that was not.

How the sentence gets there is in ``assets.failures``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import dagster as dg

from event_assets.warehouse.failures import in_one_line


@dataclass(frozen=True)
class Failure:
    """Why a step, or a run outside its steps, failed.

    Attributes:
        user_message: The sentence for the person who must act; None where nobody foresaw the error.
        error: The name of the error's class.
        message: Its own message on one line. It may quote data: for who has started the run, not for a chat.
    """

    user_message: str | None
    error: str
    message: str


def step_failure(event: dg.DagsterEvent) -> Failure:
    """Why a step failed, from the event that says so."""
    data = event.step_failure_data
    return _failure(data.user_failure_data and data.user_failure_data.description, data.error)


def run_failure(event: dg.DagsterEvent) -> Failure | None:
    """Why a run failed, from the event that says so; None where it is that a step did, or that it was killed."""
    data: Any = event.event_specific_data
    error = data and data.error
    if error is None:
        return None
    failure = _failure(None, error)
    return replace(failure, user_message=failure.message) if failure.error == dg.Failure.__name__ else failure


def has_ended_by_itself(event: dg.DagsterEvent) -> bool:
    """Whether a run that failed had come to its end, from the event that says so: steps failed, the others were done.

    What ends a run from outside, be it the daemon, a person or `make ui`, gives another reason or none.
    """
    # Dagster exports the event, and not the reasons: a public `RunFailureReason` would do.
    reason = event.job_failure_data and event.job_failure_data.failure_reason
    return reason is not None and reason.value == "STEP_FAILURE"


def is_failed_check(event: dg.DagsterEvent) -> bool:
    """Whether a step failed only because a blocking check of what it made did."""
    # Dagster exports no such error (a public `DagsterAssetCheckFailedError` would do), and the event has no other sign.
    return event.is_step_failure and step_failure(event).error == "DagsterAssetCheckFailedError"


def _failure(user_message: str | None, error: Any) -> Failure:
    while error and error.cause and (error.cls_name or "").startswith("Dagster"):
        error = error.cause  # Dagster wraps what a step or a resource raises
    name = (error and error.cls_name) or "unknown error"
    message = error.message if error else ""  # which begins with the name and its module
    return Failure(user_message, name, in_one_line(message.partition(f"{name}: ")[2] or message))
