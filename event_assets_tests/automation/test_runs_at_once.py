"""Several runs at once and a command line in between, on a warehouse that takes one writer, while somebody reads."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Signal
from threading import Thread

import duckdb
import pytest
from dagster_graphql import DagsterGraphQLClient

from event_assets.automation.jobs import REFRESH_EVERYTHING
from event_assets.automation.phase_sensor import LOCATION
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.responses import CONTENT_PATH, Response
from event_assets_tests.automation.live import Live, until

pytestmark = [pytest.mark.slow, pytest.mark.nightly, pytest.mark.timeout(900)]

RUNS = 5
PLACES = {
    "raw.lectures": "select name from raw.lectures where id = '{lecture}'",
    "raw.halls": "select name from raw.halls where id = '{hall}'",
    "staging.sessions": "select title from staging.sessions where session_key = 'lecture:{lecture}'",
    "summary.agenda": "select title from summary.agenda where entry_key = 'lecture:{lecture}'",
    "its hall": "select hall from summary.agenda where entry_key = 'lecture:{lecture}'",
    "summary.hall_utilisation": "select distinct hall from summary.hall_utilisation where hall_id = '{hall}'",
}
"""Where the number of the latest answer is to be seen."""


class Numbered(Sandbox):
    """An API that numbers its answers: a lecture and its hall say in their names which one it is."""

    answers = 0

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Response:
        if target.partition("?")[0] == CONTENT_PATH:
            self.answers += 1
            for name in ("lectures", "halls"):
                self.event.content[name][0]["name"] = f"Answer {self.answers}"
        return super().respond(method, target, headers)


@dataclass
class Reader:
    """Reads the published copy all the time, as a dashboard would.

    Attributes:
        seen: What the places said, at each look.
        errors: What DuckDB said when it could not be read.
    """

    live: Live
    event: Event
    seen: list[dict[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _stop: Signal = field(default_factory=Signal)

    def __enter__(self) -> "Reader":
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _read(self) -> None:
        names = {"lecture": self.event.content["lectures"][0]["id"], "hall": self.event.content["halls"][0]["id"]}
        while not self._stop.wait(0.1):
            look = {}
            try:
                with duckdb.connect(str(self.live.published.path), read_only=True) as connection:
                    for place, query in PLACES.items():
                        look[place] = str((connection.sql(query.format(**names)).fetchall() or [("nothing",)])[0][0])
            except duckdb.Error as error:
                self.errors.append(str(error))
            self.seen.append(look)


@pytest.fixture
def api() -> Iterator[Numbered]:
    event = generate_event(lectures=24, participants=50, seed=7)
    assert event.content["lectures"][0]["hall_id"] == event.content["halls"][0]["id"]
    api = Numbered(event)
    with api:
        yield api


@pytest.fixture
def live(tmp_path_factory: pytest.TempPathFactory, api: Sandbox) -> Iterator[Live]:
    # The sensor would ask as well, and see another answer each time.
    with Live(tmp_path_factory.mktemp("live"), api, SCHEDULE__CHANGE_POLL_SECONDS="3600") as live:
        until(lambda: "published/warehouse" in live.materialisations() and live.is_quiet(), 240, "the first load")
        yield live


def test_all_succeed_and_who_reads_never_sees_half_of_a_refresh(live: Live, api: Numbered):
    launched_at = time.time()
    client = DagsterGraphQLClient("127.0.0.1", port_number=live.port)
    with Reader(live, api.event) as reader:
        runs = [
            client.submit_job_execution(REFRESH_EVERYTHING, repository_location_name=LOCATION) for _ in range(RUNS // 2)
        ]
        command = live.command("run")
        try:
            runs += [
                client.submit_job_execution(REFRESH_EVERYTHING, repository_location_name=LOCATION)
                for _ in range(RUNS - len(runs))
            ]
            output, _ = command.communicate(timeout=600)
        finally:
            with suppress(ProcessLookupError):
                command.kill()
        assert command.returncode == 0, output
        until(live.is_quiet, 600, "the end of all runs")

    status = {run.id: run.status for run in live.runs(launched_at)}
    assert [status[run] for run in runs] == ["SUCCESS"] * RUNS
    assert set(status.values()) == {"SUCCESS"}
    assert reader.errors == []
    assert [look for look in reader.seen if len(set(look.values())) != 1] == []
    numbers = [int(look["raw.lectures"].removeprefix("Answer ")) for look in reader.seen]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > RUNS // 2, "the reader must have seen refreshes come in"
    assert numbers[-1] == api.answers
