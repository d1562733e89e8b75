"""What a look of the condition sensor leaves on the disk: no log, unless there is something to say."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from event_assets.automation.condition_sensor import ConditionSensor
from event_assets.sandbox import Sandbox
from event_assets_tests.code_location import shared_definitions
from event_assets_tests.running import Reader

NAME = "auto_materialize"
LOG = ["__repository__", NAME, "1"]


def look(home: Path, warning: str | None = None) -> Any:
    """Let the sensor look once, with a log as the code server gives it one."""
    repository = shared_definitions().get_repository_def()
    sensor = repository.get_sensor_def(NAME)
    assert isinstance(sensor, ConditionSensor)
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        dg.SensorEvaluationContext(
            instance.get_ref(),
            last_tick_completion_time=None,
            last_run_key=None,
            cursor=None,
            log_key=LOG,
            repository_name=LOG[0],
            repository_def=repository,
            sensor_name=NAME,
        ) as context,
    ):
        if warning:
            context.log.warning(warning)
        return sensor.evaluate_tick(context)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    return tmp_path


def logs(home: Path) -> list[Path]:
    return [path for path in (home / "storage").rglob("*") if path.is_file()]


def test_a_look_leaves_no_log(home: Path, warehouse: Reader, api: Sandbox):
    found = look(home)
    assert len(found.run_requests) >= 1, "everything is due that was never loaded"
    assert found.automation_condition_evaluations
    assert found.log_key is None
    assert logs(home) == []


def test_a_warning_is_kept(home: Path, warehouse: Reader, api: Sandbox):
    assert look(home, "The clock is odd.").log_key == LOG
    (log,) = logs(home)
    assert [line.count("The clock is odd.") > 0 for line in log.read_text().splitlines()] == [True]
