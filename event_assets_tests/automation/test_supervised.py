"""`event-assets ui` while its processes are killed, its folder vanishes, and it is told to end, in each way there is.

Slow: it is started three times.
"""

import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests
from dagster._core.scheduler.instigation import TickStatus

from event_assets.cli import supervisor
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets_tests.automation.live import Live, until

logger = logging.getLogger(__name__)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

LOCATION = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"""
SCHEDULES = """{ schedulesOrError(repositorySelector: {repositoryName: "__repository__",
    repositoryLocationName: "event_assets"}) { ... on Schedules { results { cronSchedule } } } }"""
RELOAD = """mutation { reloadRepositoryLocation(repositoryLocationName: "event_assets") { __typename } }"""


@pytest.fixture(scope="module")
def event() -> Event:
    return generate_event(lectures=24, participants=50, seed=7)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, event: Event) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("supervised")
    (folder / ".dlt").mkdir()
    with Sandbox(event) as api, Live(folder, api) as live:
        until(lambda: "sync_what_changed" in live.sensors(), 60, "a look of the change sensor")
        time.sleep(supervisor.SHORTEST_LIFE)
        yield live


def listed(columns: str) -> list[list[str]]:
    """What the system says of each process."""
    ps = shutil.which("ps")
    assert ps
    said = subprocess.run([ps, "-eww", "-o", columns], capture_output=True, text=True, check=True).stdout
    return [line.split(None, columns.count(",")) for line in said.splitlines()]


def processes(parent: int) -> dict[int, str]:
    """The names of all processes below one, by their ids."""
    rows = [(int(pid), int(ppid), name) for pid, ppid, name in listed("pid=,ppid=,comm=")]
    found: dict[int, str] = {}
    generation = {parent}
    while generation:
        below = {pid: name for pid, ppid, name in rows if ppid in generation}
        found |= below
        generation = set(below)
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run."""
    states = dict(listed("pid=,stat="))
    return {pid for pid in pids if not states.get(str(pid), "Z").startswith("Z")}


def ask(live: Live, query: str, seconds: float = 10) -> Any:
    with suppress(requests.RequestException, KeyError, ValueError):
        answer = requests.post(f"http://127.0.0.1:{live.port}/graphql", json={"query": query}, timeout=seconds)
        return answer.json()["data"]
    return None


def is_well(live: Live, since: float) -> bool:
    """Whether the webserver has the definitions, and a sensor has looked to the end."""
    looked = [
        tick.status in {TickStatus.SKIPPED, TickStatus.SUCCESS} and tick.timestamp > since
        for tick in live.ticks("alert_on_stale_tables", limit=3)
    ]
    return any(looked) and "'RepositoryLocation'" in str(ask(live, LOCATION))


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("code server", "The code server was killed by signal 9: it is started again."),
        ("webserver", "The webserver was killed by signal 9: it is started again."),
        ("daemon", "The daemon was killed by signal 9: it is started again."),
    ],
)
def test_a_process_that_is_killed_is_brought_back(live: Live, part: str, told: str):
    running = processes(live.pid_of_ui)
    (victim,) = [pid for pid, name in running.items() if name == part]
    os.kill(victim, signal.SIGKILL)
    killed_at = time.time()
    until(lambda: told in live.log.read_text(encoding="utf-8"), 30, told)
    told_at = time.time()
    until(lambda: is_well(live, told_at), 120, f"all well after {part} was killed; see {live.log}")
    logger.info("%s: told after %.0f s, well after %.0f s", part, told_at - killed_at, time.time() - killed_at)
    time.sleep(supervisor.SHORTEST_LIFE)  # what dies sooner is not started again, and the next may be the same


def test_a_reload_reaches_webserver_and_daemon(live: Live):
    assert "0 4 * * *" in str(ask(live, SCHEDULES))
    (live.folder / ".dlt" / "config.toml").write_text('[schedule]\ndaily_sync = "05:30"\nchange_poll_seconds = 5\n')
    assert ask(live, RELOAD, 60) == {"reloadRepositoryLocation": {"__typename": "WorkspaceLocationEntry"}}
    until(lambda: "30 5 * * *" in str(ask(live, SCHEDULES)), 60, "the new time in the webserver")
    reloaded_at = time.time()

    def looks() -> list[float]:
        return [tick.timestamp for tick in live.ticks("sync_what_changed", limit=10) if tick.timestamp > reloaded_at]

    until(lambda: len(looks()) >= 4, 75, "four looks, which the daemon would take four minutes for as before")


def test_who_can_have_it_do_what_is_as_the_docs_say(live: Live):
    """docs/serving.md: a request from a foreign page is executed, but only programs of this machine can send one."""
    address = f"http://127.0.0.1:{live.port}"
    foreign = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
    limit = 'mutation { setConcurrencyLimit(concurrencyKey: "of_a_test", limit: 2) }'
    for answer in (
        requests.get(f"{address}/graphql", params={"query": limit}, headers=foreign, timeout=30),
        requests.post(f"{address}/graphql", params={"query": limit}, headers=foreign, timeout=30),
        requests.post(
            f"{address}/graphql", json={"query": limit}, timeout=30,
            headers=foreign | {"Content-Type": "text/plain; charset=application/json"},
        ),
    ):  # fmt: skip
        assert answer.json() == {"data": {"setConcurrencyLimit": True}}
    another_name = {"Host": "other.example"}
    answer = requests.get(f"{address}/graphql", params={"query": "{ version }"}, headers=another_name, timeout=30)
    assert answer.json()["data"]["version"] == dg.__version__
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", live.port), timeout=5):
        pass


def test_a_signal_ends_all_of_it(live: Live):
    ui = live.pid_of_ui
    below = set(processes(ui))
    assert len(below) >= 3
    os.kill(ui, signal.SIGTERM)
    assert live.wait(60) == 0
    assert alive(below) == set()


def test_it_ends_with_its_folder_and_says_so(tmp_path: Path, event: Event):
    with Sandbox(event) as api, Live(tmp_path, api) as live:
        until(lambda: "sync_what_changed" in live.sensors(), 60, "a look of the change sensor")
        below = set(processes(live.pid_of_ui))
        shutil.rmtree(live.home, ignore_errors=True)
        gone_at = time.monotonic()
        assert live.wait(60) == 1
        assert time.monotonic() - gone_at < 45
        assert alive(below) == set()
    said = live.log.read_text(encoding="utf-8")
    assert said.splitlines()[-1].startswith(f"Error: {live.home}")
    assert "while Dagster keeps its state there. Everything was ended; the tables are as they were." in said


def test_it_ends_where_interrupts_were_ignored_and_leaves_nothing_where_it_is_killed(tmp_path: Path, event: Event):
    """As a script's `nohup ... &` has it."""
    with Sandbox(event) as api:
        live = Live(tmp_path, api)
        for end, code in ((signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            with live:
                signal.signal(signal.SIGINT, before)
                below = set(processes(live.pid_of_ui))
                os.kill(live.pid_of_ui, end)
                assert live.wait(60) == code
                until(lambda below=below: not alive(below), 40, "all of it ended")
