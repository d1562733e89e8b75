"""The services of one server, as processes: people work through the door, readers change nothing, and all come back."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from event_assets.sandbox import generate_event
from event_assets_tests.automation.live import UNFINISHED, until
from event_assets_tests.deploy.door import OPERATOR, READER
from event_assets_tests.deploy.killing import POSTGRES, Course, Kills
from event_assets_tests.deploy.kills import await_first_load
from event_assets_tests.deploy.kills_figures import differences_of, left_open
from event_assets_tests.deploy.one_server import LAUNCH, LOCATIONS, WEBSERVERS, OneServer, open_server

RELOAD = 'mutation { reloadRepositoryLocation(repositoryLocationName: "event_assets") { __typename } }'
WIPE = 'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["raw", "halls"]}}]) { __typename } }'
FORGED = "/report_asset_materialization/raw/halls"
PAGES = ("/", "/overview/activity", "/assets", "/assets/raw/halls", "/runs", "/jobs", "/automation", "/deployment",
         "/locations", "/asset-groups", "/selection")  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OneServer]:
    events = {name: generate_event(lectures=24, participants=50, seed=seed) for seed, name in enumerate(LOCATIONS, 7)}
    with open_server(tmp_path, events) as server:
        yield server


@pytest.mark.slow
@pytest.mark.on_both
@pytest.mark.timeout(900)
def test_people_work_through_the_door_with_two_webservers(server: OneServer):
    await_first_load(server)  # the daemon has synced and built everything, which nobody has asked for

    _readers_change_nothing(server)
    _the_ui_works(server)
    [(zone,)] = server.postgres.execute("show timezone")
    age = "extract(epoch from update_timestamp - now() at time zone 'UTC')"
    [(offset,)] = server.postgres.execute(f"select max(abs({age})) from runs", "dagster")
    assert zone != "UTC"
    assert offset < 3600, "Dagster's times are in UTC, wherever the server is"
    assert "event.html" in {path.name for path in server.services.site.iterdir()}
    assert server.door.request("GET", "/pages/event.html", READER).status_code == 200


@pytest.mark.slow
@pytest.mark.nightly  # on the packages of a laptop; on those of images with each change
@pytest.mark.on_both
@pytest.mark.timeout(1200)
def test_a_power_cut_loses_nothing(server: OneServer):
    await_first_load(server)

    kills, [run, waiting] = _power_cut(server)
    until(lambda: _is_over(kills), 720, "everything back, and each change with readers")
    assert server.runs()[run] == "FAILURE", "it had a process that was killed"
    assert server.runs()[waiting] == "SUCCESS", "it was in the queue, and nobody has launched it again"
    assert differences_of(kills) == []
    # The killed run stays told until all is synced again that it did not come to, which is not due yet.
    assert [each for each in left_open(server.records) if run[:8] not in each] == []
    assert server.services.healthy("daemon")


def _power_cut(server: OneServer) -> tuple[Kills, list[str]]:
    """Kill everything at once, with one run under way and one in the queue, and change both events."""
    kills = Kills(server, Random(7), print, Course(down=(0, 1)))
    runs = [server.launch("refresh_everything"), server.launch("sync_participants")]
    until(lambda: server.runs()[runs[0]] == "STARTED", 120, "a run")
    assert server.runs()[runs[1]] == "QUEUED"
    for part in (*LOCATIONS, "daemon", *WEBSERVERS, POSTGRES):
        kills.kill(part)
    for name in LOCATIONS:
        kills.change(name)
    return kills, runs


def _is_over(kills: Kills) -> bool:
    kills.look()
    is_back = all(each.back_at for each in kills.kills) and not kills.waiting
    return is_back and not UNFINISHED & {*kills.server.runs().values()}


def _readers_change_nothing(server: OneServer) -> None:
    """At the real webservers, with what the door lets through and what it does not."""
    runs = server.runs()
    for query, variables in ((LAUNCH, {"job": "sync_content", "location": "event_assets"}), (RELOAD, {}), (WIPE, {})):
        [answer] = server.ask(query, READER, **variables).values()
        assert answer["__typename"] == "UnauthorizedError", answer
    assert server.door.request("POST", FORGED, READER, json={}).status_code == 403
    assert server.door.request("POST", FORGED, OPERATOR, json={}).status_code == 403
    link = server.door.request("GET", "/graphql", OPERATOR, params={"query": RELOAD})
    assert link.status_code == 405
    assert server.runs() == runs


def _the_ui_works(server: OneServer) -> None:
    """Each page is there for both, with every script that it names."""
    for user in (READER, OPERATOR):
        for path in PAGES:
            answer = server.door.request("GET", path, user)
            assert (answer.status_code, "<html" in answer.text) == (200, True), path
    scripts = set(_scripts(server.door.request("GET", "/", READER).text))
    assert scripts
    for script in scripts:
        assert server.door.request("GET", script, READER).status_code == 200, script


def _scripts(page: str) -> list[str]:
    return [f"/{name.lstrip('./')}" for name in re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page)]
