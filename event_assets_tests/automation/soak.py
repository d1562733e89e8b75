"""Hours of an event with a programme that changes and an API that fails, both at random: what comes of it, in figures.

    python -m event_assets_tests.automation.soak --minutes 60 --seed 1

The project runs beside it as a user runs it, with the intervals that it has where nothing is set. At the end faults and
changes stop, everything is given time to come to rest, and every raw table and summary is compared with the event.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from os import kill
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM, signal
from typing import Any

import duckdb
import orjson

from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets_tests import truth, truth_people, truth_programme
from event_assets_tests.automation.live import Live, Webhook
from event_assets_tests.running import Warehouse

CHANGE_EVERY = (20, 40)
FAULTS_EVERY, FAULTS_LAST = (120, 300), (5, 90)
KILL_EVERY = (600, 1200)
"""Seconds between changes of the event, between bursts of faults, of such a burst, and between kills of a run."""
LOOK_EVERY = 0.5
"""Seconds between looks at the published copy: the figures are as exact."""
REST_SECONDS, REST_MINUTES = 120, 40
"""What is rest at the end, and how long to wait for it: twice the longest that a part waits by design, and some."""

FAULTS = [
    faults.status(503),
    faults.status(429, retry_after="5"),
    faults.status(500),
    faults.reset,
    faults.truncated,
    faults.no_answer,
    faults.truncated_json,
    faults.html_page,
    faults.slow(2),
    faults.hang,
]


@dataclass
class Shown:
    """What the published copy shows of what is changed here."""

    agenda: dict[str, tuple[Any, ...]]
    checked_in: int
    booths: dict[str, str | None]

    @classmethod
    def read(cls, published: Path) -> Shown:
        with duckdb.connect(str(published), read_only=True) as connection:
            agenda = connection.sql("select entry_key, title, hall, starts_local from summary.agenda").fetchall()
            there = connection.sql("select checked_in from summary.event_overview").fetchall()
            booths = connection.sql("select partner_id, booth_number from summary.partners_overview").fetchall()
        return cls({key: tuple(rest) for key, *rest in agenda}, int(there[0][0]), dict(booths))


@dataclass
class Change:
    """A change of the event, and whether a reader can see it.

    Attributes:
        kind: What was changed.
        record: Which one; no record is changed again before a reader has seen it.
        is_in: Whether what is shown has it.
        at: When, as a timestamp.
        seen_at: When a reader saw it.
        undisturbed: Whether nothing failed on purpose in between.
    """

    kind: str
    record: str
    is_in: Callable[[Shown], bool]
    at: float = field(default_factory=time.time)
    seen_at: float | None = None
    undisturbed: bool = True


class Organisers:
    """People who change the event while it is on."""

    def __init__(self, event: Event, rng: Random):
        self._event, self._rng = event, rng
        self._ids = iter(range(90_000, 99_999))
        self.checked_in = sum(person["checked_at"] is not None for person in truth_people.participants(event))

    def change(self, untouchable: set[str]) -> Change:
        """Change something at random, but none of the records named."""
        kinds = [self._move, self._rename, self._add, self._remove, self._check_in, self._new_booth]
        return self._rng.choices(kinds, weights=[6, 4, 2, 1, 6, 1])[0](untouchable)

    def _lecture(self, untouchable: set[str]) -> dict[str, Any]:
        lectures = self._event.content["lectures"]
        return self._rng.choice([lecture for lecture in lectures if _key(lecture) not in untouchable])

    def _entry(self, kind: str, lecture: dict[str, Any]) -> Change:
        session = truth.Session("lecture", lecture, self._event)
        expected = (session.title, session.hall, session.start_local)
        return Change(kind, session.key, lambda shown: shown.agenda.get(session.key) == expected)

    def _move(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        by = timedelta(minutes=self._rng.choice([-20, -10, 10, 20, 30]))
        moved = {end: (datetime.fromisoformat(lecture[end]) + by).isoformat() for end in ("start", "end")}
        lecture |= {**moved, "hall_id": self._rng.choice(self._event.content["halls"])["id"]}
        return self._entry("move", lecture)

    def _rename(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        lecture["name"] = f"Renamed {next(self._ids)}"
        return self._entry("rename", lecture)

    def _add(self, untouchable: set[str]) -> Change:
        new = {**self._lecture(untouchable), "id": next(self._ids), "name": "An additional lecture"}
        self._event.content["lectures"].append(new)
        return self._entry("add", new)

    def _remove(self, untouchable: set[str]) -> Change:
        lecture = self._lecture(untouchable)
        self._event.content["lectures"].remove(lecture)
        return Change("remove", _key(lecture), lambda shown: _key(lecture) not in shown.agenda)

    def _check_in(self, _: set[str]) -> Change:
        people = self._event.participants
        absent = [number for number, person in enumerate(people) if person["checked_at"] is None]
        number = self._rng.choice(absent)
        people[number] = {**people[number], "checked_at": datetime.now(timezone.utc).isoformat()}
        self.checked_in += 1
        count = self.checked_in
        return Change("check-in", f"participant:{number}", lambda shown: shown.checked_in >= count)

    def _new_booth(self, untouchable: set[str]) -> Change:
        exhibitors = [
            p for p in self._event.partners if p["exhibitor_info"] and f"partner:{p['id']}" not in untouchable
        ]
        if not exhibitors:
            return self._check_in(untouchable)
        partner, booth = self._rng.choice(exhibitors), f"Z{next(self._ids)}"
        partner["exhibitor_info"] = {**partner["exhibitor_info"], "booth_number": booth}
        key = str(partner["id"])
        return Change("new booth", f"partner:{key}", lambda shown: shown.booths.get(key) == booth)


class Soak:
    """What is done to the project, and what is seen of it."""

    def __init__(self, api: Sandbox, live: Live, rng: Random, say: Callable[[str], object]):
        self.api, self.live, self.rng, self.say = api, live, rng, say
        self.organisers = Organisers(api.event, rng)
        self.changes: list[Change] = []
        self.bursts: Counter[str] = Counter()
        self.burst_seconds = 0.0
        self.kills = 0
        self.looks = 0
        self.unreadable: list[str] = []
        self._seen_copy: tuple[int, int] | None = None
        self._burst_ends: float | None = None
        self._is_killing = False

    @property
    def waiting(self) -> list[Change]:
        """Changes that nobody has seen yet."""
        return [change for change in self.changes if change.seen_at is None]

    def go(self, seconds: float) -> None:
        """Let everything happen for so long, then let it come to rest."""
        ends = time.time() + seconds
        next_change, next_burst, next_kill = (self._soon(each) for each in (CHANGE_EVERY, FAULTS_EVERY, KILL_EVERY))
        while time.time() < ends:
            now = time.time()
            if now >= next_change:
                self._change()
                next_change = self._soon(CHANGE_EVERY)
            if self._burst_ends is None and now >= next_burst:
                self._begin_burst()
            elif self._burst_ends is not None and now >= self._burst_ends:
                self._end_burst(now)
                next_burst = self._soon(FAULTS_EVERY)
            if now >= next_kill and self._kill_a_run():
                next_kill = self._soon(KILL_EVERY)
            self._look()
            time.sleep(LOOK_EVERY)
        self._end_burst(time.time())
        self.say(f"{datetime.now():%H:%M:%S} changes and faults have ended; {len(self.waiting)} changes are under way")
        deadline, rest_since = time.time() + REST_MINUTES * 60, time.time()
        while time.time() < min(deadline, rest_since + REST_SECONDS):
            self._look()
            time.sleep(LOOK_EVERY)
            if self.waiting or not self.live.is_quiet():
                rest_since = time.time()

    def _soon(self, between: tuple[float, float]) -> float:
        return time.time() + self.rng.uniform(*between)

    def _change(self) -> None:
        change = self.organisers.change({change.record for change in self.waiting})
        change.undisturbed = self._burst_ends is None
        self.changes.append(change)
        self.say(f"{datetime.now():%H:%M:%S} {change.kind} of {change.record}")

    def _begin_burst(self) -> None:
        lasting = self.rng.uniform(*FAULTS_LAST)
        self._burst_ends, self._burst_began = time.time() + lasting, time.time()
        self._disturb()
        if self.rng.random() < 0.1:
            name, where = "refused", "everywhere"
            self.api.stop()
        else:
            fault = self.rng.choice(FAULTS)
            endpoints = self.rng.choice([faults.ENDPOINTS, *((endpoint,) for endpoint in faults.ENDPOINTS)])
            for endpoint in endpoints:
                self.api.fail(endpoint, fault)
            name, where = fault.name.partition("=")[0] + fault.name.partition("=")[2][:4], ", ".join(endpoints)
        self.bursts[name] += 1
        self.say(f"{datetime.now():%H:%M:%S} fault for {lasting:.0f} s: {name} at {where}")

    def _end_burst(self, now: float) -> None:
        if self._burst_ends is None:
            return
        self.burst_seconds += now - self._burst_began
        self._burst_ends = None
        self.api.mend()
        with suppress(RuntimeError):  # it serves
            self.api.start()

    def _kill_a_run(self) -> bool:
        run = next((run for run in self.live.runs(time.time() - 120) if run.status == "STARTED"), None)
        pid = self.live.pid(run) if run else None
        if not pid:
            return False
        with suppress(ProcessLookupError):
            kill(pid, SIGKILL)
            self._disturb()
            self.kills += 1
            self.say(f"{datetime.now():%H:%M:%S} a run is killed")
        return True

    def _disturb(self) -> None:
        for change in self.waiting:
            change.undisturbed = False

    def _look(self) -> None:
        self.looks += 1
        try:
            stat = self.live.published.path.stat()
            if (stat.st_ino, stat.st_mtime_ns) == self._seen_copy:
                return
            shown = Shown.read(self.live.published.path)
        except (OSError, duckdb.Error) as error:
            self.unreadable.append(str(error))
            return
        self._seen_copy = (stat.st_ino, stat.st_mtime_ns)
        for change in self.waiting:
            if change.is_in(shown):
                change.seen_at = time.time()


def differences(event: Event, published: Warehouse) -> Iterator[str]:
    """In which tables the published copy says something else than the event, as sentences."""
    for name, records in {**event.content, "partners": event.partners}.items():
        held = {row[0] for row in published.rows(f"select id from raw.{name} where removed_at is null")}
        if held != {str(record["id"]) for record in records}:
            yield f"raw.{name} has other records than the API"
    lectures = {row["id"]: row for row in published.records("select * from raw.lectures where removed_at is null")}
    for record in event.content["lectures"]:
        row = lectures.get(str(record["id"]), {})
        if any(row.get(name) != record[name] for name in ("name", "start", "end", "description")):
            yield f"raw.lectures has another lecture {record['id']} than the API"
    people = dict(published.rows("select email_key, email from raw.participants where removed_at is null"))
    if people != truth.participants(event):
        yield "raw.participants has other people than the API"
    agenda = {row["entry_key"]: row for row in published.records("select * from summary.agenda")}
    expected = {entry.key: (entry.title, entry.hall, entry.start_local) for entry in truth.agenda(event)}
    if {key: (row["title"], row["hall"], row["starts_local"]) for key, row in agenda.items()} != expected:
        yield "summary.agenda is another programme"
    for table, grain, compute in _SUMMARIES:
        found = {tuple(row[column] for column in grain): row for row in published.records(f"from summary.{table}")}
        facts = compute(event)
        if found.keys() != facts.keys():
            yield f"summary.{table} has other rows: {len(found.keys() ^ facts.keys())} of them"
        for key in found.keys() & facts.keys():
            if any(not _same(found[key][name], value) for name, value in facts[key].items()):
                yield f"summary.{table} says something else of {key}"
    overview = published.records("from summary.event_overview")[0]
    for name, value in truth_people.event_overview(event).items():
        if overview[name] != value:
            yield f"summary.event_overview has {overview[name]} as {name}, and should have {value}"
    if Counter(published.rows("select rule, resource, id from summary.data_quality")) != truth_people.findings(event):
        yield "summary.data_quality has other findings"


_SUMMARIES: list[tuple[str, list[str], Callable[[Event], dict[Any, dict[str, Any]]]]] = [
    ("hall_utilisation", ["hall_id", "day"], truth.hall_utilisation),
    ("speaker_load", ["speaker_id"], truth.speaker_load),
    ("track_summary", ["track_id"], truth.track_summary),
    ("hall_conflicts", ["session_key", "other_session_key"], truth_programme.hall_conflicts),
    ("hall_gaps", ["hall_id", "day", "starts_at"], truth_programme.hall_gaps),
    ("speaker_conflicts", ["speaker_id", "session_key", "other_session_key"], truth_programme.speaker_conflicts),
    ("workshop_capacity", ["session_key"], truth_programme.workshop_capacity),
    ("registrations_by_day", ["day", "role"], truth_people.registrations_by_day),
    ("checkin_rate", ["dimension", "value"], truth_people.checkin_rate),
    ("partners_overview", ["partner_id"], truth_people.partners_overview),
]


def _same(found: Any, expected: Any) -> bool:
    both_numbers = isinstance(found, float) or isinstance(expected, float)
    return abs(found - expected) < 1e-9 if both_numbers and None not in (found, expected) else found == expected


def figures(soak: Soak, webhook: Webhook, wrong: Sequence[str], minutes: float) -> dict[str, Any]:
    """What was seen, as JSON takes it."""
    live, runs = soak.live, soak.live.runs()
    ticks = [tick for sensor in live.sensors() for tick in live.ticks(sensor, limit=100_000)]
    materialised = Counter(asset.partition("/")[0] for run in runs for asset in run.materialised)
    steps = [step for run in runs for step in live.steps(run)]
    return {
        "minutes": round(minutes, 1),
        "changes": dict(Counter(change.kind for change in soak.changes)),
        "changes_not_seen": [f"{change.kind} of {change.record}" for change in soak.waiting],
        "fault_bursts": dict(soak.bursts),
        "fault_minutes": round(soak.burst_seconds / 60, 1),
        "runs_killed": soak.kills,
        "runs": dict(Counter(f"{run.started_by} {run.status.lower()}" for run in runs)),
        "minutes_with_a_run": round(sum((run.ended or run.created) - run.created for run in runs) / 60, 1),
        "materialisations": dict(materialised),
        "sync_attempts": dict(Counter(f"{step} {end}" for step, end in steps if step.startswith("load_"))),
        "models_failed": dict(Counter(step for step, end in steps if end == "failed" and not step.startswith("load_"))),
        "requests": {path.rpartition("/")[2]: count for path, count in soak.api.requests.items()},
        "sensor_looks_failed": dict(Counter(tick.instigator_name for tick in ticks if tick.status.value == "FAILURE")),
        "alerts": len(webhook.lines("🔴")),
        "all_clears": len(webhook.lines("🟢")),
        "looks_at_the_published_copy": soak.looks,
        "unreadable": soak.unreadable,
        "lag_seconds": {
            "undisturbed": _lags([change for change in soak.changes if change.undisturbed]),
            "all": _lags(soak.changes),
        },
        "different_from_the_event_at_the_end": list(wrong),
    }


def _lags(changes: Sequence[Change]) -> dict[str, float]:
    lags = sorted(change.seen_at - change.at for change in changes if change.seen_at)
    if not lags:
        return {"changes": 0}
    return {
        "changes": len(lags),
        "median": round(statistics.median(lags), 1),
        "95th percentile": round(lags[min(round(0.95 * len(lags)), len(lags) - 1)], 1),
        "worst": round(lags[-1], 1),
    }


def as_markdown(result: dict[str, Any], seed: int) -> str:
    """The figures as a table."""
    lines = ["| figure | value |", "|---|---|", f"| seed | {seed} |"]
    for name, value in result.items():
        if name == "lag_seconds":
            for which, lag in value.items():
                shown = ", ".join(f"{key} {number}" for key, number in lag.items())
                lines.append(f"| seconds from a change to the published summary, {which} | {shown} |")
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
        elif isinstance(value, list):
            value = "; ".join(map(str, value)) or "none"
        lines.append(f"| {name.replace('_', ' ')} | {value} |")
    return "\n".join([*lines, ""])


def _key(lecture: dict[str, Any]) -> str:
    return f"lecture:{lecture['id']}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        1 if something is wrong at the end: a difference, a change that nobody saw, or a copy that could not be read.
    """
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long changes and faults go on")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other changes and faults")
    parser.add_argument("--folder", type=Path, help="where to put state, log and figures; a new one, if not given")
    options = parser.parse_args(arguments)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="event_assets_soak_"))
    folder.mkdir(parents=True, exist_ok=True)

    signal(SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended as well

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    event, now = generate_event(size="conference", seed=options.seed), datetime.now(timezone.utc)
    say(f"State, log and figures: {folder}")
    with Sandbox(event) as api, Webhook() as webhook:
        settings = {
            "ALERTS__WEBHOOK_URL": webhook.url,
            "EVENT__OPENS": now.isoformat(),
            "EVENT__CLOSES": (now + timedelta(days=30)).isoformat(),
        }
        with Live(folder, api, **settings) as live:
            while "published/warehouse" not in live.materialisations() or not live.is_quiet():
                time.sleep(1)
            say(f"First load: {time.time() - live.started:.0f} s after the start")
            soak = Soak(api, live, Random(options.seed), say)
            began = time.time()
            soak.go(options.minutes * 60)
            result = figures(soak, webhook, list(differences(event, live.published)), (time.time() - began) / 60)
    (folder / "alerts.txt").write_text("\n\n".join(text for _, text in webhook.messages), encoding="utf-8")
    (folder / "figures.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    (folder / "figures.md").write_text(as_markdown(result, options.seed), encoding="utf-8")
    say(as_markdown(result, options.seed))
    return int(bool(result["different_from_the_event_at_the_end"] or soak.waiting or soak.unreadable))


if __name__ == "__main__":
    sys.exit(main())
