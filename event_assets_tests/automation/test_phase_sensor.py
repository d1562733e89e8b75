"""The definitions are reloaded when the event enters another phase."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin

from event_assets.automation.phase_sensor import NotReloadedError, phase_sensor
from event_assets.automation.phases import Phase
from event_assets.definitions import build_definitions
from event_assets.settings import read_event
from event_assets_tests.automation.automation_harness import START, Clock
from event_assets_tests.automation.posted import taking_posts


@pytest.fixture(autouse=True)
def event_opens_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT__OPENS", START.replace(hour=13).isoformat())
    monkeypatch.setenv("EVENT__CLOSES", "2030-05-07")


def test_it_has_the_definitions_loaded_when_the_event_opens_and_closes(clock: Clock):
    reloads: list[tuple[str, str]] = []
    before = phase_sensor(Phase.APPROACH, lambda *asked: reloads.append(asked))
    assert said(before) == "The event is in the phase approach, and so are the policies."
    assert reloads == []
    clock.leap(hours=1)
    assert said(before) == "The event has entered the phase event: the definitions are reloaded."
    assert len(reloads) == 1
    loaded_anew = phase_sensor(Phase.EVENT, lambda *asked: reloads.append(asked))
    assert "is in the phase event" in said(loaded_anew)
    clock.leap(days=2)
    assert "has entered the phase quiet" in said(loaded_anew)
    assert len(reloads) == 2


def test_the_code_location_that_the_sensor_is_in_is_reloaded(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """On a cluster each shard is a location of its own name."""
    reloads: list[tuple[str, str]] = []
    clock.leap(hours=1)
    said(phase_sensor(Phase.APPROACH, lambda *asked: reloads.append(asked)))
    origin = property(lambda _: RegisteredCodeLocationOrigin("events-a"))
    monkeypatch.setattr(dg.SensorEvaluationContext, "code_location_origin", origin)
    said(phase_sensor(Phase.APPROACH, lambda *asked: reloads.append(asked)))
    assert [location for _, location in reloads] == ["event_assets", "events-a"]


def test_the_policies_are_those_of_the_phase_in_which_definitions_are_loaded(clock: Clock):
    def policy() -> dg.FreshnessPolicy | None:
        return build_definitions(read_event()).resolve_asset_graph().get(dg.AssetKey(["raw", "halls"])).freshness_policy

    def window(*, fails: timedelta, warns: timedelta) -> dg.FreshnessPolicy:
        return dg.FreshnessPolicy.time_window(fail_window=fails, warn_window=warns)

    assert policy() == window(fails=timedelta(minutes=240), warns=timedelta(minutes=180))
    clock.leap(hours=1)
    assert policy() == window(fails=timedelta(minutes=15), warns=timedelta(minutes=11.25))


def test_a_webserver_that_does_not_answer_is_told(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("UI__ADDRESS", address)
    with pytest.raises(NotReloadedError, match=rf"webserver at {address} did not reload .*reload the location"):
        said(phase_sensor(Phase.QUIET))


@pytest.fixture
def webserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A webserver behind a path: the paths that were asked for, and what it says of a reload."""
    server = SimpleNamespace(asked=[], says={})

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        server.asked.append(path)
        return 200, json.dumps({"data": {"reloadRepositoryLocation": server.says}}).encode()

    with taking_posts(answer) as address:
        monkeypatch.setenv("UI__ADDRESS", f"{address}/dagster/")
        yield server


def test_a_webserver_below_a_path_is_found(clock: Clock, webserver: SimpleNamespace):
    loaded = {"__typename": "RepositoryLocation", "isReloadSupported": True, "repositories": []}
    webserver.says = {"__typename": "WorkspaceLocationEntry", "name": "event_assets", "locationOrLoadError": loaded}
    assert "has entered the phase approach" in said(phase_sensor(Phase.QUIET))
    assert webserver.asked == ["/dagster/graphql"]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (
            {"__typename": "RepositoryLocationNotFound", "message": "There is\nno such location."},
            "There is no such loc",
        ),
        (
            {
                "__typename": "WorkspaceLocationEntry",
                "name": "event_assets",
                "locationOrLoadError": {"__typename": "PythonError", "message": "ModelError: agenda.sql is wrong"},
            },
            "ModelError: agenda.sql is wrong",
        ),
        ({"__typename": "UnauthorizedError"}, "neither yes nor why not"),
    ],
    ids=["unknown", "broken", "read-only"],
)
def test_a_webserver_that_does_not_load_them_is_told_with_its_reason(
    clock: Clock, webserver: SimpleNamespace, says: dict, told: str
):
    webserver.says = says
    with pytest.raises(NotReloadedError, match=told):
        said(phase_sensor(Phase.QUIET))


def said(sensor: dg.SensorDefinition) -> str:
    result = sensor(dg.build_sensor_context())
    assert isinstance(result, dg.SkipReason)
    return result.skip_message or ""
