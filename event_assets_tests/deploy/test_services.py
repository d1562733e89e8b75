"""The services of one server, as processes: people work through the door, and readers change nothing."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from event_assets.sandbox import Sandbox, generate_event
from event_assets_tests.automation.live import until
from event_assets_tests.deploy.door import OPERATOR, READER, Door, open_door
from event_assets_tests.deploy.services import Services
from event_assets_tests.engines.servers import PostgresServer, postgres_server

pytest.importorskip("dagster_postgres", reason="the packages of a server are not installed")
RUNS = "query { runsOrError(limit: 50) { ... on Runs { results { runId status } } } }"
LAUNCH = """mutation ($job: String!) { launchRun(executionParams: {selector: {jobName: $job,
  repositoryLocationName: "event_assets", repositoryName: "__repository__"}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RELOAD = 'mutation { reloadRepositoryLocation(repositoryLocationName: "event_assets") { __typename } }'
WIPE = 'mutation { wipeAssets(assetPartitionRanges: [{assetKey: {path: ["raw", "halls"]}}]) { __typename } }'
FORGED = "/report_asset_materialization/raw/halls"
PAGES = ("/", "/overview/activity", "/assets", "/assets/raw/halls", "/runs", "/jobs", "/automation", "/deployment",
         "/locations", "/asset-groups", "/selection")  # fmt: skip
UNDER_WAY = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}


class Server:
    """One server: services, door, and the event that its API serves."""

    def __init__(self, services: Services, door: Door, api: Sandbox, postgres: PostgresServer):
        self.services, self.door, self.api, self.postgres = services, door, api, postgres

    def ask(self, query: str, user: str = OPERATOR, **variables: Any) -> dict[str, Any]:
        """Send GraphQL through the door, as the UI does."""
        answer = self.door.request(
            "POST", "/graphql", user, json={"query": query, "variables": variables},
            headers={"Origin": self.door.origin},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text[:300]
        return answer.json()["data"]

    def runs(self) -> dict[str, str]:
        """The status of each run."""
        return {run["runId"]: run["status"] for run in self.ask(RUNS)["runsOrError"]["results"]}

    def launch(self, job: str) -> str:
        """Launch a job, and return the run."""
        launched = self.ask(LAUNCH, job=job)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def published(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse; none while a table is missing."""
        try:
            with self.services.connect() as connection, connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall()
        except (psycopg2.errors.UndefinedTable, psycopg2.OperationalError):
            return []

    def wait_for(self, name: str, seconds: float = 240) -> None:
        """Wait until readers have the new name."""
        query = f"select count(*) from published_staging.halls where hall = '{name}'"
        until(lambda: self.published(query) == [(1,)], seconds, f"the hall {name} in the copy")

    def await_health(self, *names: str) -> None:
        """Wait until the health checks pass."""
        for name in names:
            until(lambda name=name: _quietly(lambda: self.services.healthy(name)), 240, f"a healthy {name}")


def _quietly(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except requests.ConnectionError:
        return False


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    event = generate_event(lectures=24, participants=50, seed=7)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        api = stack.enter_context(Sandbox(event, token="token-of-the-test"))
        settings = {
            "SOURCES__EVENT_API__BASE_URL": api.base_url,
            "SOURCES__EVENT_API__API_TOKEN": api.token,
            "EVENT__TIMEZONE": event.timezone,
            "EVENT__OPENS": today,
            "EVENT__CLOSES": time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400)),
        }
        services = Services(tmp_path / "services", postgres, settings)
        services.create_databases()
        stack.callback(services.stop)
        folder = tmp_path / "door"
        folder.mkdir()
        door = stack.enter_context(
            open_door(folder, services.address("webserver"), services.address("webserver-reader"), services.site)
        )
        server = Server(services, door, api, postgres)
        services.start("code")
        server.await_health("code")
        for name in ("webserver", "webserver-reader", "daemon"):
            services.start(name)
        server.await_health("webserver", "webserver-reader")
        yield server


@pytest.mark.slow
@pytest.mark.on_both
@pytest.mark.timeout(900)
def test_people_work_through_the_door_with_two_webservers(server: Server):
    before = server.api.event.content["halls"][0]["name"]
    server.wait_for(before, 600)  # the daemon has synced and built everything, which nobody has asked for

    _readers_change_nothing(server)
    _the_ui_works(server)
    [(zone,)] = server.postgres.execute("show timezone")
    age = "extract(epoch from update_timestamp - now() at time zone 'UTC')"
    [(offset,)] = server.postgres.execute(f"select max(abs({age})) from runs", "dagster")
    assert zone != "UTC"
    assert offset < 3600, "Dagster's times are in UTC, wherever the server is"
    run = server.launch("sync_content")
    until(lambda: server.runs()[run] == "SUCCESS", 240, "the run that an operator has launched")

    until(lambda: not UNDER_WAY & set(server.runs().values()), 120, "the end of all runs")
    names = sorted(hall["name"] for hall in server.api.event.content["halls"])
    assert sorted(name for (name,) in server.published("select name from raw.halls")) == names
    lectures = server.published("select count(*), count(distinct id) from raw.lectures where removed_at is null")
    assert lectures == [(24, 24)]
    assert server.services.healthy("daemon")
    assert "event.html" in {path.name for path in server.services.site.iterdir()}
    assert server.door.request("GET", "/pages/event.html", READER).status_code == 200


def _readers_change_nothing(server: Server) -> None:
    """At the real webservers, with what the door lets through and what it does not."""
    runs = server.runs()
    for query, variables in ((LAUNCH, {"job": "sync_content"}), (RELOAD, {}), (WIPE, {})):
        [answer] = server.ask(query, READER, **variables).values()
        assert answer["__typename"] == "UnauthorizedError", answer
    assert server.door.request("POST", FORGED, READER, json={}).status_code == 403
    assert server.door.request("POST", FORGED, OPERATOR, json={}).status_code == 403
    link = server.door.request("GET", "/graphql", OPERATOR, params={"query": RELOAD})
    assert link.status_code == 405
    assert server.runs() == runs


def _the_ui_works(server: Server) -> None:
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
