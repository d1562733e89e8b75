"""A code location whose clock the test has in hand: fresh, or with everything loaded once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest
import time_machine
from dagster._core.debug import DebugRunPayload

from event_assets.automation import event_log_cache
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.automation.alerting import CHECKS, RUNS, STALE, WELL
from event_assets_tests.automation.automation_harness import START, Automation, Clock, reason
from event_assets_tests.automation.looking import look
from event_assets_tests.automation.posted import taking_posts
from event_assets_tests.code_location import configured, few_models, shared_definitions
from event_assets_tests.running import Reader, Run

_TOLD = {
    dg.DagsterEventType.RUN_START,
    dg.DagsterEventType.STEP_START,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files follow in the same look: what a pause does is tested with the planner."""
    monkeypatch.setenv("SITE__FILES_MINUTES", "0")


@pytest.fixture(autouse=True)
def _kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sensors read of the event log is kept from the first look on, so that all tests of them see kept values."""
    monkeypatch.setattr(event_log_cache, "SETTLED_SECONDS", 0)


@pytest.fixture(autouse=True)
def _few() -> Iterator[None]:
    """When things are built follows the same rules for few models and for all."""
    with few_models():
        yield


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The clock, at `START`."""
    with time_machine.travel(START) as traveller:
        yield Clock(traveller)


@pytest.fixture
def automation(clock: Clock, warehouse: Reader, api: Sandbox) -> Iterator[Automation]:
    """The code location on an instance that knows nothing yet."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Automation(instance)


@pytest.fixture(scope="session")
def everything_loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dg.DagsterInstance]]:
    """A folder with the warehouse that one run of everything at `START` has filled, and what that run has recorded."""
    folder = tmp_path_factory.mktemp("loaded")
    event = generate_event(lectures=24, participants=50, seed=7)
    with (
        few_models(),
        time_machine.travel(START),
        configured(event, folder),
        dg.DagsterInstance.ephemeral() as instance,
    ):
        Run(shared_definitions(), instance)()
        recorded = DebugRunPayload.build(instance, instance.get_runs()[0])
        told = [entry for entry in recorded.event_list if entry.dagster_event and entry.dagster_event_type in _TOLD]
    with dg.DagsterInstance.ephemeral(preload=[recorded._replace(event_list=told)]) as instance:
        yield folder, instance


def copy_records(source: dg.DagsterInstance, target: dg.DagsterInstance) -> None:
    """Copy all that an instance in memory has recorded, as databases: event by event it takes two seconds."""
    for connect in (lambda of: of.event_log_storage.index_connection(), lambda of: of.run_storage.connect()):
        with connect(source) as read, connect(target) as written:
            read.connection.driver_connection.backup(written.connection.driver_connection)


@pytest.fixture
def loaded(
    everything_loaded: tuple[Path, dg.DagsterInstance], clock: Clock, warehouse: Reader, api: Sandbox
) -> Iterator[Automation]:
    """The code location after one run of everything, a minute ago."""
    folder, recorded = everything_loaded
    shutil.copytree(folder, warehouse.path.parent, dirs_exist_ok=True)
    clock.leap(minutes=1)
    with dg.DagsterInstance.ephemeral() as instance:
        copy_records(recorded, instance)
        yield Automation(instance)


@pytest.fixture
def watching(loaded: Automation, api: Sandbox) -> Automation:
    """Everything is loaded, and the sensor has looked once."""
    assert look(loaded) == []
    api.reset_requests()
    return loaded


@pytest.fixture
def lectures(event: Event) -> list[dict]:
    """The lectures that the API serves, to change."""
    return event.content["lectures"]


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A chat's webhook: the texts it took, and the status it answers with."""
    hook = SimpleNamespace(texts=[], status=200)

    def answer(_: str, posted: bytes) -> tuple[int, bytes]:
        body = json.loads(posted)
        if hook.status == 200:
            assert body.keys() == {"text"}
            hook.texts.append(body["text"])
        return hook.status, b""

    with taking_posts(answer) as address:
        monkeypatch.setenv("ALERTS__WEBHOOK_URL", f"{address}/the-secret-place")
        yield hook


@pytest.fixture
def watched(automation: Automation, webhook: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Automation:
    """All alerts have looked once, and there was nothing to tell."""
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
    for sensor in (RUNS, STALE, CHECKS):
        assert reason(automation.look(sensor)) == WELL
    assert webhook.texts == []
    return automation


@pytest.fixture
def during_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event is on, and nobody waits for further attempts at a request."""
    monkeypatch.setenv("EVENT__OPENS", "2030-05-06")
    monkeypatch.setenv("EVENT__CLOSES", "2030-05-07")
    monkeypatch.setenv("RUNTIME__REQUEST_MAX_ATTEMPTS", "1")
