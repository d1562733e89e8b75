"""How tests let time pass: ticks of the automation conditions and of sensors, and runs between them."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import dagster as dg
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Run, RunResult

START = datetime(2030, 5, 6, 12, 1, 10, tzinfo=timezone.utc)
"""When tests begin, unless they say otherwise: well before the next minute in which failed attempts are repeated."""


CONDITIONS = "auto_materialize"
"""The sensor that evaluates the conditions."""

REPOSITORY = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("event_assets"), "__repository__")


class Clock:
    """The time of everything that tells it in this process. It goes on while a test runs, and leaps when told."""

    def __init__(self, traveller: Any):  # its class has another name from 3.6 on
        self._traveller = traveller

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.now(timezone.utc)

    def leap(self, **duration: float) -> None:
        """Let time pass: `minutes=5`."""
        self._traveller.shift(timedelta(**duration))

    def move_to(self, when: datetime) -> None:
        """Go to an instant."""
        self._traveller.move_to(when)


class Automation:
    """The code location on an instance: what its conditions and sensors ask for, and runs of it."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance
        self._condition_cursor: Any = None
        self._cursors: dict[str, str | None] = {}
        self.load()

    def load(self, definitions: dg.Definitions | None = None) -> None:
        """Load the definitions, as the code location does when it starts or is reloaded.

        Args:
            definitions: Others than those of the code as it is.
        """
        self.definitions = definitions or shared_definitions()
        self.run = Run(self.definitions, self.instance)

    def tick(self) -> set[str]:
        """The assets that the conditions ask for now."""
        requests = self.evaluate().run_requests or []
        return {key.to_user_string() for request in requests for key in request.asset_selection or ()}

    def evaluate(self) -> Any:
        """What the sensor that evaluates the conditions finds now; keep its cursor."""
        repository = self.definitions.get_repository_def()
        sensor = repository.get_sensor_def(CONDITIONS)
        context = dg.build_sensor_context(
            self.instance, self._condition_cursor, repository_def=repository, sensor_name=CONDITIONS
        )
        found = sensor.evaluate_tick(context)
        self._condition_cursor = found.cursor
        return found

    def reset_conditions(self) -> None:
        """Reset what the conditions keep, as a person can in the UI."""
        self._condition_cursor = None

    def follow(self, *, succeeds: bool = True) -> tuple[set[str], RunResult]:
        """Do what the conditions ask for now; what that was, and what became of it."""
        requested = self.tick()
        assert requested, "nothing is asked for"
        return requested, self.run(*requested, succeeds=succeeds)

    def begin_run(self, *assets: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.QUEUED) -> dg.DagsterRun:
        """A run that is under way, and does nothing in this process: of the assets named, or of everything."""
        selection = frozenset(dg.AssetKey(asset.split("/")) for asset in assets)
        job = self.definitions.resolve_job_def("refresh_everything")
        return self.instance.create_run_for_job(
            job.get_subset(asset_selection=selection) if selection else job,
            asset_selection=selection or None,
            status=status,
            remote_job_origin=RemoteJobOrigin(REPOSITORY, job.name),  # nothing queued is without
        )

    def kill(self, run: dg.DagsterRun) -> None:
        """End a run from outside, as the daemon does with one whose process is gone: it has failed."""
        self.instance.report_run_failed(run)

    def cancel(self, run: dg.DagsterRun) -> None:
        """End a run as a person does."""
        self.instance.report_run_canceled(run)

    def look(self, sensor: str) -> dg.SensorResult:
        """Let a sensor look, and look once more where it has found something to tell: that is when it does."""
        result = self.look_once(sensor)
        known = json.loads(self.cursor(sensor) or "{}")
        if isinstance(known, dict) and known.get("troubles", {}).keys() != known.get("sent", {}).keys():
            self.look_once(sensor)
        return result

    def look_once(self, sensor: str) -> dg.SensorResult:
        """Let a sensor look; keep its cursor, unless it raises, as the daemon does."""
        definition = self.definitions.resolve_sensor_def(sensor)
        needed = {key: (self.definitions.resources or {})[key] for key in definition.required_resource_keys}
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self._cursors.get(sensor),
            definitions=self.definitions,
            resources=needed or None,
        )
        result: Any = definition(context)
        if isinstance(result, dg.SkipReason):
            return dg.SensorResult(skip_reason=result)
        self._cursors[sensor] = result.cursor
        return result

    def cursor(self, sensor: str) -> str:
        """What a sensor keeps."""
        return self._cursors.get(sensor) or ""

    def remember(self, sensor: str, cursor: str) -> None:
        """Give a sensor what it keeps."""
        self._cursors[sensor] = cursor

    def forget(self, sensor: str) -> None:
        """Reset a sensor's cursor, as a person can in the UI."""
        self._cursors.pop(sensor, None)

    def assets(self, selection: str = "*") -> set[str]:
        """The assets of a selection in Dagster's own syntax."""
        keys = dg.AssetSelection.from_string(selection).resolve(self.definitions.resolve_asset_graph())
        return {key.to_user_string() for key in keys}


def reason(result: dg.SensorResult) -> str:
    """Why a sensor asks for nothing."""
    return (result.skip_reason.skip_message if result.skip_reason else None) or ""
