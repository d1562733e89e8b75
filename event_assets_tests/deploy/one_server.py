"""One server of two events: its services, its door, and the APIs of the events. A test and a program start it.

The event of ``[event]`` is in the code location of compose, on PostgreSQL; a second event has a code server of its own
and is kept in DuckDB.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import requests

from event_assets.sandbox import Event, Sandbox
from event_assets_tests.automation.live import Records, until
from event_assets_tests.deploy.door import OPERATOR, Door, open_door
from event_assets_tests.deploy.services import Services
from event_assets_tests.engines.servers import PostgresServer, postgres_server
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import PostgresReader

SECOND = "graz2026"
"""The second event, its code location and the service of that."""
WEBSERVERS = ("webserver", "webserver-reader")
LOCATIONS = {"code": "event_assets", SECOND: SECOND}
"""Service → code location."""
_RUNS = "query { runsOrError(limit: 500) { ... on Runs { results { runId status } } } }"
LAUNCH = """mutation ($job: String!, $location: String!) { launchRun(executionParams: {selector: {jobName: $job,
  repositoryLocationName: $location, repositoryName: "__repository__"}}) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_LOCATIONS = """query { workspaceOrError { ... on Workspace { locationEntries {
  name locationOrLoadError { __typename } } } } }"""


class PublishedSchemas(PostgresReader):
    """Reads the published copy on PostgreSQL, by the names that its tables have in a copy that is a file."""

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        for schema in ("raw", "staging", "history", "summary"):
            query = query.replace(f" {schema}.", f" published_{schema}.")
        return super().records(query)


@dataclass
class OneServer:
    """The server.

    Attributes:
        services: What runs.
        door: What people come through.
        apis: The API of each event, by the service that syncs it.
        postgres: The PostgreSQL server.
        records: Dagster's records.
        published: The published copy of each event, by the service that writes it.
    """

    services: Services
    door: Door
    apis: Mapping[str, Sandbox]
    postgres: PostgresServer
    records: Records
    published: Mapping[str, Reader] = field(init=False)

    def __post_init__(self) -> None:
        file = self.services.folder / "srv" / "event" / "data" / SECOND / "published.duckdb"
        self.published = {"code": PublishedSchemas(self.services.events_url()), SECOND: Reader(file)}

    def ask(self, query: str, user: str = OPERATOR, **variables: Any) -> dict[str, Any]:
        """Send GraphQL through the door, as the UI does."""
        answer = self.door.request(
            "POST", "/graphql", user, json={"query": query, "variables": variables},
            headers={"Origin": self.door.origin},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text[:300]
        assert answer.json().get("data"), answer.text[:300]
        return answer.json()["data"]

    def runs(self) -> dict[str, str]:
        """The status of each run."""
        return {run["runId"]: run["status"] for run in self.ask(_RUNS)["runsOrError"]["results"]}

    def launch(self, job: str, location: str = "event_assets") -> str:
        """Launch a job, and return the run."""
        launched = self.ask(LAUNCH, job=job, location=location)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def loaded(self, user: str = OPERATOR) -> set[str]:
        """Return the code locations that a webserver has loaded. It may have loaded them long ago."""
        entries = self.ask(_LOCATIONS, user)["workspaceOrError"]["locationEntries"]
        loaded = [entry for entry in entries if entry["locationOrLoadError"]]
        return {entry["name"] for entry in loaded if entry["locationOrLoadError"]["__typename"] == "RepositoryLocation"}

    def await_health(self, *names: str) -> None:
        """Wait until the health checks pass."""
        for name in names:
            until(lambda name=name: _quietly(lambda: self.services.healthy(name)), 600, f"a healthy {name}")


def _quietly(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except requests.ConnectionError:
        return False


@contextmanager
def open_server(folder: Path, events: Mapping[str, Event], **settings: str) -> Iterator[OneServer]:
    """Start everything, with an event that is on.

    Args:
        folder: For its files.
        events: The events, by the service that syncs each.
        settings: Further settings of both, in the environment.
    """
    first, second = events["code"], events[SECOND]
    dates = {"OPENS": time.time(), "CLOSES": time.time() + 2 * 86400}
    dates = {name: time.strftime("%Y-%m-%d", time.gmtime(at)) for name, at in dates.items()}
    of_second = f"EVENTS__{SECOND.upper()}__"
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        apis = {name: stack.enter_context(Sandbox(event, token=f"token-of-{name}")) for name, event in events.items()}
        settings = {
            "SOURCES__EVENT_API__BASE_URL": apis["code"].base_url,
            "SOURCES__EVENT_API__API_TOKEN": apis["code"].token,
            "EVENT__TIMEZONE": first.timezone,
            "EVENTS__NAMES": f'["{SECOND}"]',
            "EVENTS__ONLY": '["event"]',
            f"{of_second}BASE_URL": apis[SECOND].base_url,
            f"{of_second}API_TOKEN": apis[SECOND].token,
            f"{of_second}TIMEZONE": second.timezone,
            **{f"EVENT__{name}": day for name, day in dates.items()},
            **{f"{of_second}{name}": day for name, day in dates.items()},
            **settings,
        }
        shard = {"EVENTS__ONLY": f'["{SECOND}"]', "WAREHOUSE__DESTINATION": "duckdb"}
        services = Services(folder / "services", postgres, settings, {SECOND: shard})
        services.create_databases()
        stack.callback(services.stop)
        (folder / "door").mkdir()
        operator, reader = map(services.address, WEBSERVERS)
        door = stack.enter_context(open_door(folder / "door", operator, reader, services.site))
        records = Records(stack.enter_context(_instance(services)))
        server = OneServer(services, door, apis, postgres, records)
        for name in LOCATIONS:
            services.start(name)
        server.await_health(*LOCATIONS)
        for name in (*WEBSERVERS, "daemon"):
            services.start(name)
        server.await_health(*WEBSERVERS)
        yield server


@contextmanager
def _instance(services: Services) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's records as the services do."""
    of_records = ("DAGSTER_PG_", "EVENT_ASSETS_LOGS")
    environment = {key: value for key, value in services.environment("daemon").items() if key.startswith(of_records)}
    with patch.dict(os.environ, environment), dg.DagsterInstance.from_config(str(services.home)) as instance:
        instance.get_runs(limit=1)  # what is read of the environment is read now
        instance.all_instigator_state()
        instance.get_latest_materialization_events([])
        yield instance
