"""The project as a user runs it, with Dagster's daemon and webserver, watched from outside.

What happened is read from where a user would look as well: Dagster's records of runs and the published copy.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

import dagster as dg
import orjson
import requests
from dagster._core.event_api import EventLogRecord
from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick

from event_assets.sandbox import Sandbox
from event_assets.warehouse import RAW
from event_assets_tests.ports import free_port
from event_assets_tests.running import Reader

Found = TypeVar("Found")

UNFINISHED = {"QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING"}


def until(find: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """Wait until something is found (is true), and give it back.

    Raises:
        AssertionError: It was not found in time.
    """
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"after {seconds:.0f} s there is still not {what}"
        time.sleep(0.5)
    return found


@dataclass(frozen=True)
class RunSeen:
    """A run as Dagster has recorded it. All times are timestamps."""

    id: str
    status: str
    created: float
    ended: float | None
    started_by: str
    selection: frozenset[str]
    materialised: Mapping[str, tuple[float, Mapping[str, Any]]]
    """When each asset was, and the values of its metadata."""

    def of(self, layer: str) -> set[str]:
        """The assets of a layer that it has materialised."""
        return {asset for asset in self.materialised if asset.startswith(f"{layer}/")}


class Records:
    """What Dagster has recorded of runs and of looks of sensors.

    Args:
        instance: Where it is recorded.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance

    def runs(self, since: float = 0) -> list[RunSeen]:
        """The runs that were created since an instant, the oldest first."""
        records = self.instance.get_run_records(ascending=True, order_by="id")
        return [self._seen(record) for record in records if record.create_timestamp.timestamp() >= since]

    def is_quiet(self) -> bool:
        """Whether no run waits or is under way."""
        records = self.instance.get_run_records(limit=50)
        return not any(record.dagster_run.status.value in UNFINISHED for record in records)

    def materialisations(self, since: float = 0) -> dict[str, list[float]]:
        """When each asset was materialised, since an instant, by whatever run."""
        times: dict[str, list[float]] = {}
        for run in self.runs():
            for asset, (at, _) in run.materialised.items():
                if at >= since:
                    times.setdefault(asset, []).append(at)
        return {asset: sorted(each) for asset, each in times.items()}

    def pid(self, run: RunSeen) -> int | None:
        """The process of a run, once there is one."""
        for record in self._events(run.id, dg.DagsterEventType.ENGINE_EVENT):
            if found := re.search(r"Started process for run \(pid: (\d+)\)", record.event_log_entry.message):
                return int(found[1])
        return None

    def begun(self, run: RunSeen) -> list[str]:
        """The steps of a run that have begun."""
        records = self._events(run.id, dg.DagsterEventType.STEP_START)
        return [each.event_log_entry.get_dagster_event().step_key or "" for each in records]

    def steps(self, run: RunSeen) -> list[tuple[str, str]]:
        """The steps of a run that ended by themselves, and how: `done` or `failed`."""
        ends = {dg.DagsterEventType.STEP_SUCCESS: "done", dg.DagsterEventType.STEP_FAILURE: "failed"}
        events = [each.event_log_entry.get_dagster_event() for each in self._events(run.id, *ends)]
        return [(event.step_key or "", ends[event.event_type]) for event in events]

    def troubles(self) -> list[str]:
        """What people were told to be wrong, and not yet that it is over."""
        cursors = {state.instigator_name: self._cursor(state) for state in self.instance.all_instigator_state()}
        # What a look finds to be over is told at the next one.
        open_troubles = [
            name for cursor in cursors.values() for key in ("troubles", "sent", "told") for name in cursor.get(key, {})
        ]
        endpoints = cursors.get("sync_what_changed", {}).get("endpoints", {})
        return open_troubles + [name for name, state in endpoints.items() if state["failures"]]

    def sensors(self) -> list[str]:
        """The sensors that have looked."""
        return [state.instigator_name for state in self.instance.all_instigator_state()]

    def ticks(self, sensor: str, limit: int = 500) -> list[InstigatorTick]:
        """The looks of a sensor, the newest first."""
        state = next(state for state in self.instance.all_instigator_state() if state.instigator_name == sensor)
        return list(self.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=limit))

    @staticmethod
    def _cursor(state: InstigatorState) -> dict[str, Any]:
        cursor = getattr(state.instigator_data, "cursor", None)
        # Dagster's own sensor keeps another form.
        return orjson.loads(cursor) if cursor and cursor.startswith("{") else {}

    def _events(self, run_id: str, *types: dg.DagsterEventType) -> Sequence[EventLogRecord]:
        return self.instance.get_records_for_run(run_id, of_type=set(types)).records

    def _seen(self, record: dg.RunRecord) -> RunSeen:
        run, tags = record.dagster_run, record.dagster_run.tags
        materialised = {}
        for event in self._events(run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION):
            if materialisation := event.asset_materialization:
                values = {name: value.value for name, value in materialisation.metadata.items()}
                materialised[materialisation.asset_key.to_user_string()] = (event.timestamp, values)
        return RunSeen(
            run.run_id,
            run.status.value,
            record.create_timestamp.timestamp(),
            record.end_time,
            tags.get("dagster/sensor_name") or tags.get("dagster/schedule_name") or "hand",
            frozenset(asset.to_user_string() for asset in run.asset_selection or ()),
            materialised,
        )


class Live(Records):
    """`make ui` in a folder of its own, with a configuration in the environment.

    Args:
        folder: The folder.
        api: The API of the event of [event]; None where only events of [events] have one.
        settings: What else is configured.
    """

    def __init__(self, folder: Path, api: Sandbox | None, **settings: str):
        self.folder = folder
        self.port = free_port()
        self.log = folder / "ui.log"
        self.home = folder / ".dagster_home"
        self.published = Reader(folder / "data" / "published.duckdb")
        self.started = 0.0
        inherited = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
        of_event = {
            "SOURCES__EVENT_API__BASE_URL": api.base_url,
            "SOURCES__EVENT_API__API_TOKEN": api.token,
            "EVENT__TIMEZONE": api.event.timezone,
        } if api else {}  # fmt: skip
        self.environment = {**inherited, **of_event, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Live:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "event_assets", "ui", "--port", str(self.port)],
                cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.started = time.time()
        try:
            until(self._answers, 120, f"a webserver on port {self.port}; see {self.log}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self._process:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(60)
        with suppress(ProcessLookupError):  # whoever is left of those that were started
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    @property
    def pid_of_ui(self) -> int:
        """The process that was started."""
        assert self._process
        return self._process.pid

    def wait(self, seconds: float) -> int:
        """Wait for its end, and return its exit code."""
        assert self._process
        return self._process.wait(seconds)

    @cached_property
    def instance(self) -> dg.DagsterInstance:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Dagster's records, once they are there."""
        return dg.DagsterInstance.from_config(str(self.home))

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command of the package beside it."""
        return subprocess.Popen(
            [sys.executable, "-m", "event_assets", *arguments],
            cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def _answers(self) -> bool:
        assert self._process
        assert self._process.poll() is None, self.log.read_text(encoding="utf-8")
        with suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/server_info", timeout=5).ok
        return False


class Webhook:
    """A place that takes alerts, as a chat would.

    Attributes:
        messages: When each came, as a timestamp, and its text.
    """

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                webhook.messages.append((time.time(), orjson.loads(body)["text"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Webhook:
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def lines(self, sign: str, since: float = 0, before: float = math.inf) -> list[str]:
        """The single troubles or all-clears of the messages that begin so, between two instants."""
        messages = [text for at, text in self.messages if since <= at < before]
        return [line for text in messages for line in text.splitlines() if sign in line]


def raw(*resources: str) -> set[str]:
    """The raw assets of some resources."""
    return {f"{RAW}/{resource}" for resource in resources}
