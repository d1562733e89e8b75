"""What starts by the clock, and what people start."""

import dagster as dg
import pytest

from event_assets.automation.schedules import daily_sync
from event_assets.settings import read_event
from event_assets_tests.code_location import shared_definitions


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return shared_definitions()


def test_everything_is_synced_once_a_day_at_a_local_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENT__TIMEZONE", "Europe/Vienna")
    monkeypatch.setenv("SCHEDULE__DAILY_SYNC", "05:30")
    schedule = daily_sync(read_event())
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 5 * * *", "Europe/Vienna")


def test_it_runs_everything_and_is_on(definitions: dg.Definitions):
    schedule = definitions.resolve_schedule_def("sync_everything_daily")
    assert schedule.job_name == "refresh_everything"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert assets_of(definitions, "refresh_everything") == {
        key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()
    }


def test_each_endpoint_has_a_job(definitions: dg.Definitions):
    assert assets_of(definitions, "sync_partners") == {"raw/partners"}
    assert assets_of(definitions, "sync_participants") == {"raw/participants"}
    assert {"raw/halls", "raw/lectures"} < assets_of(definitions, "sync_content")
    assert {asset.split("/")[0] for asset in assets_of(definitions, "sync_content")} == {"raw"}


def test_all_sensors_are_on(definitions: dg.Definitions):
    for sensor in definitions.sensors or ():
        assert isinstance(sensor, dg.SensorDefinition)
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING, sensor.name


def assets_of(definitions: dg.Definitions, job: str) -> set[str]:
    keys = definitions.resolve_job_def(job).asset_layer.executable_asset_keys
    return {key.to_user_string() for key in keys}
