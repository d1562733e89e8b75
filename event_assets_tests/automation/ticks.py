"""Records looks of sensors and schedules as the daemon does, without one."""

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RemoteInstigatorOrigin
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster_shared.error import SerializableErrorInfo

from event_assets_tests.automation.automation_harness import REPOSITORY


def switch_on(
    instance: dg.DagsterInstance, name: str, at: float, kind: InstigatorType = InstigatorType.SENSOR
) -> InstigatorState:
    """Record that a sensor or schedule is on, and has looked at a time."""
    if kind is InstigatorType.SENSOR:
        data = SensorInstigatorData(last_tick_timestamp=at, last_tick_start_timestamp=at, min_interval=30)
    else:
        data = ScheduleInstigatorData("17 3 * * *", at)
    state = InstigatorState(RemoteInstigatorOrigin(REPOSITORY, name), kind, InstigatorStatus.RUNNING, data)
    instance.add_instigator_state(state)
    return state


def record_look(instance: dg.DagsterInstance, state: InstigatorState, at: float, *, fails: bool) -> None:
    """Record a look of a sensor or schedule."""
    error = SerializableErrorInfo("somebody@example.com is no number", [], "ValueError") if fails else None
    instance.create_tick(
        TickData(
            instigator_origin_id=state.instigator_origin_id,
            instigator_name=state.name,
            instigator_type=state.instigator_type,
            status=TickStatus.FAILURE if fails else TickStatus.SKIPPED,
            timestamp=at,
            selector_id=state.selector_id,
            error=error,
        )
    )
    if state.instigator_type is InstigatorType.SENSOR:
        data = SensorInstigatorData(last_tick_timestamp=at, last_tick_start_timestamp=at, min_interval=30)
        instance.update_instigator_state(state.with_data(data))
