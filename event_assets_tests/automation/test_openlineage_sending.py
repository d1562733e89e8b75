"""What becomes of events where the OpenLineage server is slow, down or wrong: no run notices, and nothing is lost."""

import sys
from collections.abc import Iterator
from itertools import chain, repeat
from time import perf_counter

import dagster as dg
import pytest

from event_assets.automation import openlineage
from event_assets.definitions import build_definitions
from event_assets.settings import SettingsError, read_event
from event_assets_tests.automation.automation_harness import Automation, reason
from event_assets_tests.automation.openlineage_server import OpenLineageServer, serving_openlineage, validate
from event_assets_tests.source.raw_server import RawServer, serving

SENSOR = "send_lineage"
KEY = "the-key-of-the-server"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenLineageServer]:
    """A server that is configured, with a key."""
    with serving_openlineage() as serving_:
        monkeypatch.setenv("OPENLINEAGE__URL", serving_.address)
        monkeypatch.setenv("OPENLINEAGE__API_KEY", KEY)
        yield serving_


@pytest.fixture
def sending(server: OpenLineageServer, automation: Automation) -> Automation:
    """The sensor has looked once, and there was nothing to send."""
    assert reason(automation.look_once(SENSOR)) == "0 events were sent."
    return automation


def run(automation: Automation, *names: str) -> list[str]:
    """Run a job with steps of these names; what is to be told of it."""

    @dg.job(name="a_job")
    def job() -> None:
        for name in names:
            dg.op(name=name)(lambda: None)()

    assert job.execute_in_process(instance=automation.instance).success
    steps = [f"{state} {name}" for name in names for state in ("START", "COMPLETE")]
    return ["START a_job", *steps, "COMPLETE a_job"]


def told(server: OpenLineageServer) -> list[str]:
    return [f"{event['eventType']} {event['job']['name']}" for event in server.events]


def test_an_outage_loses_nothing_and_repeats_nothing(sending: Automation, server: OpenLineageServer):
    server.status = 503
    expected = [*run(sending, "one", "two"), *run(sending, "three")]
    for _ in range(2):
        said = reason(sending.look_once(SENSOR))
        assert "does not take events (status 503). Runs go on, and the events are kept" in said
        assert "127.0.0.1" not in said
        assert KEY not in said
    assert len(server.requests) == 2, "one attempt at each look"
    server.status = 200
    sending.look_once(SENSOR)
    assert told(server) == expected
    for _ in range(2):
        sending.look_once(SENSOR)
    assert told(server) == expected
    assert {*server.keys} == {f"Bearer {KEY}"}
    for event in server.events:
        validate(event)


def test_an_event_that_is_refused_is_left_out(sending: Automation, server: OpenLineageServer):
    server.refused = "two"
    expected = run(sending, "one", "two", "three")
    assert reason(sending.look_once(SENSOR)) == "8 events were sent."
    assert told(server) == [each for each in expected if not each.endswith(" two")]
    sending.look_once(SENSOR)
    assert len(server.requests) == 8


def test_a_redirect_is_not_followed(sending: Automation, server: OpenLineageServer):
    with serving_openlineage() as other:
        server.status, server.moved_to = 307, other.address
        run(sending, "one")
        assert "does not take events (TooManyRedirects)" in reason(sending.look_once(SENSOR))
        assert other.requests == []


def hang(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(repeat(b""))


def drip(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([b"HTTP/1.1 200 OK\r\nX-Padding: "], repeat(b"o")))


@pytest.mark.parametrize("script", [hang, drip])
def test_a_server_that_hangs_takes_one_timeout(
    sending: Automation, server: OpenLineageServer, monkeypatch: pytest.MonkeyPatch, script
):
    monkeypatch.setenv("OPENLINEAGE__TIMEOUT_SECONDS", "0.5")
    with serving(script) as hanging:
        monkeypatch.setenv("OPENLINEAGE__URL", f"http://127.0.0.1:{hanging.port}/")
        expected = run(sending, "one")
        began = perf_counter()
        assert "does not take events (TooSlowError)" in reason(sending.look_once(SENSOR))
        assert perf_counter() - began < 3
        assert len(hanging.requests) == 1
    assert "does not take events (ConnectionError)" in reason(sending.look_once(SENSOR)), "now nobody is there"
    monkeypatch.setenv("OPENLINEAGE__URL", server.address)
    sending.look_once(SENSOR)
    assert told(server) == expected


def test_a_look_ends_in_time(sending: Automation, server: OpenLineageServer, monkeypatch: pytest.MonkeyPatch):
    expected = run(sending, "one", "two")
    with monkeypatch.context() as hurried:
        hurried.setattr(openlineage, "SEND_SECONDS", 0)
        assert reason(sending.look_once(SENSOR)) == "0 events were sent; the rest follows at the next look."
    sending.look_once(SENSOR)
    assert told(server) == expected


def test_a_run_is_told_while_it_goes_on_and_when_it_is_ended(sending: Automation, server: OpenLineageServer):
    going_on = sending.begin_run("raw/halls", status=dg.DagsterRunStatus.STARTED)
    for kind, step in ((dg.DagsterEventType.RUN_START, None), (dg.DagsterEventType.STEP_START, "load_content")):
        sending.instance.report_dagster_event(
            dg.DagsterEvent(kind.value, "refresh_everything", step_key=step), run_id=going_on.run_id
        )
    sending.look_once(SENSOR)
    assert told(server) == ["START refresh_everything", "START load_content"]
    sending.cancel(going_on)
    sending.look_once(SENSOR)
    assert told(server)[2:] == ["ABORT load_content", "ABORT refresh_everything"]
    assert server.events[1]["run"] == server.events[2]["run"]
    assert {each["name"] for each in server.events[1]["inputs"]} >= {"halls", "lectures"}
    for event in server.events:
        validate(event)


def test_a_failed_check_is_told_without_the_keys_that_it_found(sending: Automation, server: OpenLineageServer):
    agenda = dg.AssetKey(["summary", "agenda"])

    @dg.asset(key=agenda, check_specs=[dg.AssetCheckSpec("grain_is_unique", asset=agenda, blocking=True)])
    def model() -> dg.MaterializeResult:
        found = {"failing_rows": 1, "sample_keys": ["ada@example.org"]}
        return dg.MaterializeResult(
            metadata={"dagster/row_count": 3},
            check_results=[dg.AssetCheckResult(passed=False, check_name="grain_is_unique", metadata=found)],
        )

    assert not dg.materialize([model], instance=sending.instance, raise_on_error=False).success
    sending.look_once(SENSOR)
    assert told(server)[1:5] == [
        "START summary.agenda",
        "FAIL summary.agenda",
        "START summary.agenda.checks",
        "COMPLETE summary.agenda.checks",
    ]
    failed, checks = server.events[2], server.events[4]
    assert failed["run"]["facets"]["errorMessage"]["message"] == "A blocking check of the table failed."
    assert failed["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 3
    [assertion] = checks["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (assertion["name"], assertion["assertion"], assertion["success"]) == ("grain_is_unique", "unique", False)
    assert "ada@example.org" not in str(server.events)
    for event in server.events:
        validate(event)


def test_a_deleted_run_is_forgotten(sending: Automation, server: OpenLineageServer):
    server.status = 500
    run(sending, "one")
    sending.look_once(SENSOR)
    [gone] = sending.instance.get_runs()
    sending.instance.delete_run(gone.run_id)
    server.status = 200
    expected = run(sending, "two")
    sending.look_once(SENSOR)
    assert told(server) == expected


def test_without_the_client_a_sentence_says_what_to_install(
    server: OpenLineageServer, automation: Automation, monkeypatch: pytest.MonkeyPatch
):
    for name in [name for name in sys.modules if name.partition(".")[0] == "openlineage" or "lineage_events" in name]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("event_assets.export.openlineage")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openlineage", None)
    with pytest.raises(SettingsError, match=r"pip install 'event_assets\[openlineage\]'"):
        automation.look_once(SENSOR)


def test_a_wrong_address_ends_no_sync(automation: Automation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENLINEAGE__URL", "ftp://example.org")
    automation.load(build_definitions(read_event()))
    with pytest.raises(SettingsError, match=r"`url` in the section \[openlineage\] .* must begin with https://"):
        automation.look_once(SENSOR)


def test_who_takes_the_address_away_while_it_looks_is_sent_nothing(
    sending: Automation, server: OpenLineageServer, monkeypatch: pytest.MonkeyPatch
):
    run(sending, "one")
    monkeypatch.delenv("OPENLINEAGE__URL")
    assert "nothing is sent" in reason(sending.look_once(SENSOR))
    assert server.requests == []
