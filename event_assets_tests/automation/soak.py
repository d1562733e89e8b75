"""Hours of an event with a programme that changes and an API that fails, both at random: what comes of it, in figures.

    python -m event_assets_tests.automation.soak --minutes 60 --seed 1
    python -m event_assets_tests.automation.soak --minutes 12 --calm    # how long a change takes to the published copy

The project runs beside it as a user runs it, with the intervals that it has where nothing is set. At the end faults and
changes stop, everything is given time to come to rest, and every raw table and summary is compared with the event.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from os import kill
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM, signal

import duckdb
import orjson

from event_assets.sandbox import Sandbox, faults, generate_event
from event_assets_tests.automation.live import Live, Webhook
from event_assets_tests.automation.soak_changes import Change, Organisers, Shown
from event_assets_tests.automation.soak_figures import as_markdown, differences, figures

FAULTS_LAST = (5, 90)
"""Seconds of a burst of faults."""
NEVER = (math.inf, math.inf)


@dataclass(frozen=True)
class Course:
    """What happens how often: seconds from one to the next, at random between two bounds.

    Attributes:
        change: Changes of the event.
        faults: Bursts of faults.
        kill: Kills of a run.
        partners_fail: Whether `/partners` fails in the second half.
    """

    change: tuple[float, float] = (20, 40)
    faults: tuple[float, float] = (120, 300)
    kill: tuple[float, float] = (600, 1200)
    partners_fail: bool = False


CALM = Course(change=(10, 20), faults=NEVER, kill=NEVER, partners_fail=True)
"""To measure how long a change takes, with a failing endpoint beside it for half of the time."""
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


class Soak:
    """What is done to the project, and what is seen of it."""

    def __init__(self, api: Sandbox, live: Live, rng: Random, say: Callable[[str], object], course: Course):
        self.api, self.live, self.rng, self.say, self.course = api, live, rng, say, course
        self.organisers = Organisers(api.event, rng)
        self.changes: list[Change] = []
        self.bursts: Counter[str] = Counter()
        self.burst_seconds = 0.0
        self.kills = 0
        self.looks = 0
        self.unreadable: list[str] = []
        self._seen_copy: tuple[int, int] | None = None
        self._burst_ends: float | None = None
        self._partners_fail = False

    @property
    def waiting(self) -> list[Change]:
        """Changes that nobody has seen yet."""
        return [change for change in self.changes if change.seen_at is None]

    def go(self, seconds: float) -> None:
        """Let everything happen for so long, then let it come to rest."""
        ends, course = time.time() + seconds, self.course
        next_change, next_burst, next_kill = (self._soon(each) for each in (course.change, course.faults, course.kill))
        partners_fail_at = ends - seconds / 2 if course.partners_fail else math.inf
        while time.time() < ends:
            now = time.time()
            if now >= next_change:
                self._change()
                next_change = self._soon(course.change)
            if self._burst_ends is None and now >= next_burst:
                self._begin_burst()
            elif self._burst_ends is not None and now >= self._burst_ends:
                self._end_burst(now)
                next_burst = self._soon(course.faults)
            if now >= next_kill and self._kill_a_run():
                next_kill = self._soon(course.kill)
            if not self._partners_fail and now >= partners_fail_at:
                self._let_partners_fail()
            self._look()
            time.sleep(LOOK_EVERY)
        self._end_burst(time.time())
        self._partners_fail = False
        self.api.mend()
        self.say(f"{datetime.now():%H:%M:%S} changes and faults have ended; {len(self.waiting)} changes are under way")
        deadline, rest_since = time.time() + REST_MINUTES * 60, time.time()
        while time.time() < min(deadline, rest_since + REST_SECONDS):
            self._look()
            time.sleep(LOOK_EVERY)
            if self.waiting or not self.live.is_quiet():
                rest_since = time.time()

    def _soon(self, between: tuple[float, float]) -> float:
        return math.inf if between == NEVER else time.time() + self.rng.uniform(*between)

    def _change(self) -> None:
        change = self.organisers.change({change.record for change in self.waiting})
        change.undisturbed = self._burst_ends is None and not (self._partners_fail and change.is_of_partners)
        self.changes.append(change)
        self.say(f"{datetime.now():%H:%M:%S} {change.kind} of {change.record}")

    def _let_partners_fail(self) -> None:
        self._partners_fail = True
        self.api.fail("partners", faults.status(503))
        for change in self.waiting:
            change.undisturbed = change.undisturbed and not change.is_of_partners
        self.say(f"{datetime.now():%H:%M:%S} /partners fails until the end")

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it.

    Returns:
        1 if something is wrong at the end: a difference, a change that nobody saw, or a copy that could not be read.
    """
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long changes and faults go on")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other changes and faults")
    parser.add_argument("--calm", action="store_true", help="let nothing fail but /partners, in the second half")
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
            soak = Soak(api, live, Random(options.seed), say, CALM if options.calm else Course())
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
