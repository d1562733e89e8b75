"""An hour of an event in a quarter of one: the daemon as a user starts it, from an empty folder on.

The tests are one story and stand in its order: first load, a change, the opening of the event with a run that is
killed, peace, an API that is down. Each waits for what it expects and reads what happened from Dagster's records.
"""

import logging
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import dagster as dg
import pytest

from event_assets.definitions import build_definitions
from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.settings import read_event
from event_assets_tests import truth
from event_assets_tests.automation.live import Live, RunSeen, Webhook, raw, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
logger = logging.getLogger(__name__)

OPENS_AFTER = timedelta(minutes=4)
"""Time for the first load and a change, before the event opens and promises become tight."""
WINDOW_SECONDS = 60
"""While the event is on: `event_minutes` is 1, the smallest. There is no time to warn within it, so a table is due when
its promise is broken, and "older than promised" is told and taken back again and again: no test counts it in peace."""
TOO_OLD = "was not brought up to date in time."
"""How the alert on a broken promise says it of a table."""
PROMPT = 90
"""Seconds from a reason to its result: what the intervals of half a minute allow, unless the machine is slow."""
CONTENT = raw("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")
TIGHT = CONTENT | raw("participants")


class Story:
    """An event, its API, the project that follows it, and who is told."""

    def __init__(self, api: Sandbox, live: Live, webhook: Webhook, opens: float):
        self.api, self.live, self.webhook, self.opens = api, live, webhook, opens
        self.event: Event = api.event
        self.prompt = float(PROMPT)
        self.graph = build_definitions(read_event()).resolve_asset_graph()

    @property
    def assets(self) -> set[str]:
        return {key.to_user_string() for key in self.graph.get_all_asset_keys()}

    def built_of(self, asset: str) -> set[str]:
        """What reads an asset, directly or not."""
        found: set[str] = set()
        left = [dg.AssetKey(asset.split("/"))]
        while left:
            children = {key for key in self.graph.get(left.pop()).child_keys if key.to_user_string() not in found}
            found |= {key.to_user_string() for key in children}
            left += children
        return found

    def wait_for_quiet(self) -> None:
        until(self.live.is_quiet, 120, "quiet")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    opens = datetime.now(timezone.utc) + OPENS_AFTER
    settings = {
        "EVENT__OPENS": opens.isoformat(),
        "EVENT__CLOSES": (opens + timedelta(days=1)).isoformat(),
        "FRESHNESS__EVENT_MINUTES": str(WINDOW_SECONDS // 60),
        "FRESHNESS__RETRY_MINUTES": "1",
        "SITE__FILES_MINUTES": "0",
        "SCHEDULE__CHANGE_POLL_SECONDS": "10",
        "RUNTIME__REQUEST_MAX_ATTEMPTS": "2",
        "RUNTIME__REQUEST_BACKOFF_FACTOR": "0.5",
    }
    event = generate_event(lectures=24, participants=50, seed=7)
    folder = tmp_path_factory.mktemp("live")
    with Sandbox(event) as api, Webhook() as webhook:
        settings["ALERTS__WEBHOOK_URL"] = webhook.url
        with Live(folder, api, **settings) as live:
            yield Story(api, live, webhook, opens.timestamp())


def test_the_first_start_materialises_everything_once_and_then_nothing(story: Story):
    live = story.live
    until(lambda: live.materialisations().keys() == story.assets, 180, "everything materialised")
    story.wait_for_quiet()
    first_load = time.time() - live.started
    logger.info("first load: %.0f s after the start", first_load)
    story.prompt = max(PROMPT, 1.5 * first_load)  # it takes half a minute where nothing else goes on
    runs, quiet_until = len(live.runs()), min(time.time() + 60, story.opens - 5)
    assert quiet_until - time.time() > 20, "the first load took so long that there is no time to see that it ends"
    while time.time() < quiet_until:
        time.sleep(1)
        assert len(live.runs()) == runs
    times = live.materialisations()
    assert {asset: len(each) for asset, each in times.items()} == dict.fromkeys(story.assets, 1)
    assert {run.status for run in live.runs()} == {"SUCCESS"}
    assert story.webhook.messages == []


def test_a_moved_lecture_is_loaded_alone_and_only_what_reads_it_is_built(story: Story):
    live, lecture = story.live, story.event.content["lectures"][3]
    hall = next(hall for hall in story.event.content["halls"] if hall["id"] != lecture["hall_id"])
    moved_at = time.time()
    lecture |= {"hall_id": hall["id"], **{end: _later(lecture[end]) for end in ("start", "end")}}
    until(lambda: _agenda_is_that_of(story), 180, "the moved lecture in the published agenda")
    logger.info("moved lecture in the published agenda: %.0f s after the change", time.time() - moved_at)
    assert time.time() - moved_at < story.prompt

    story.wait_for_quiet()
    runs = live.runs(moved_at)
    loads = [run for run in runs if "raw/lectures" in run.materialised and run.started_by == "sync_what_changed"]
    assert [run.of("raw") for run in loads] == [{"raw/lectures"}]
    assert loads[0].materialised["raw/lectures"][1]["rows_loaded"] == 1
    built = [asset for run in runs for asset in run.materialised if not asset.startswith("raw/")]
    assert sorted(built) == sorted(story.built_of("raw/lectures"))


def test_the_event_opens_and_a_run_that_is_killed_is_made_up_for(story: Story):
    api, live = story.api, story.live
    until(lambda: time.time() > story.opens - 5, 300, "the opening")
    # Slow for the sensor as well, so that it cannot take the fault away from the run; and before all is quiet, so that
    # no run is quick that begins from now on.
    api.fail("content", faults.slow(25))
    story.wait_for_quiet()
    due_at = max(story.opens, min(max(live.materialisations()[asset]) for asset in CONTENT) + WINDOW_SECONDS)
    run = until(lambda: _unfinished(live, CONTENT), 240, "a run because the tables are too old for an open event")
    assert run.created - due_at < story.prompt
    pid = until(lambda: live.pid(run), 60, "its process")
    # Its request is not told from the sensor's: once a step has begun, the answer is 25 seconds away.
    until(lambda: live.begun(run), 60, "its first step")
    os.kill(pid, signal.SIGKILL)
    killed_at = time.time()
    api.mend("content")

    next_run = until(lambda: _succeeded(live, CONTENT, killed_at), 240, "a run that succeeds after the killed one")
    logger.info("opening: run created %.0f s after the tables were due", run.created - due_at)
    logger.info("killed run: made up for after %.0f s", (next_run.ended or 0) - killed_at)
    assert {seen.id: seen.status for seen in live.runs()}[run.id] == "FAILURE"
    assert next_run.started_by == "auto_materialize"
    until(lambda: _is_clear(live), 240, "an all-clear")
    assert len([line for line in story.webhook.lines("•", killed_at) if "ended before it was done" in line]) == 1


@pytest.mark.nightly
def test_in_peace_promises_are_kept_by_syncs_alone(story: Story):
    live = story.live
    built_at = max(at for asset, times in live.materialisations().items() if asset not in TIGHT for at in times)
    since = min(max(times) for asset, times in live.materialisations().items() if asset in TIGHT)
    until(
        lambda: time.time() > built_at + 300 and max(live.materialisations()["raw/lectures"]) > since + WINDOW_SECONDS,
        600, "five minutes in which nothing changed, with a renewal in them",
    )  # fmt: skip
    story.wait_for_quiet()
    times = live.materialisations(since)
    assert {asset for asset in times if not asset.startswith("raw/")} == set()
    assert times.keys() == TIGHT, "partners need not be as fresh"
    gaps = {asset: [later - earlier for earlier, later in pairwise(times[asset])] for asset in TIGHT}
    logger.info("renewals: %s s apart", sorted({round(gap) for each in gaps.values() for gap in each}))
    assert all(WINDOW_SECONDS - 10 <= gap <= WINDOW_SECONDS + story.prompt for each in gaps.values() for gap in each)
    looks = [tick.skip_reason or "" for tick in live.ticks("reload_on_phase_change")]
    assert [look for look in looks if "has entered the phase event" in look] == [
        "The event has entered the phase event: the definitions are reloaded."
    ]
    assert "in the phase event, and so are the policies" in looks[0]


@pytest.mark.nightly
def test_an_api_that_is_down_is_asked_seldom_told_once_and_caught_up_with(story: Story):
    api, live, webhook = story.api, story.live, story.webhook
    story.wait_for_quiet()
    kinds = ("The event API gives no usable answer", "A run has failed", "Tables are older than their freshness window")
    until(lambda: not live.troubles(), 240, "a moment when all is well")
    down_at = time.time()
    api.reset_requests()
    for endpoint in faults.ENDPOINTS:
        api.fail(endpoint, faults.status(503))
    until(lambda: all(_told(webhook, kind, down_at) for kind in kinds), 360, "an alert of each kind")
    until(
        lambda: time.time() > down_at + 120 and set(live.troubles()) >= TIGHT, 180,
        "two minutes, at the end of which every table is known to be too old",
    )  # fmt: skip
    up_at = time.time()
    api.mend()
    minutes = (up_at - down_at) / 60
    asked = dict(api.requests)

    until(lambda: live.materialisations(up_at).keys() >= TIGHT, 300, "everything synced again")
    logger.info("API down for %.0f s: %s requests", up_at - down_at, asked)
    logger.info("synced again %.0f s after it was up", min(live.materialisations(up_at)["raw/lectures"]) - up_at)
    until(
        lambda: _is_clear(live) and all(_over(webhook, kind, up_at) for kind in kinds), 240, "an all-clear of each kind"
    )
    logger.info("all-clear %.0f s after it was up", time.time() - up_at)
    story.wait_for_quiet()

    failed = [run for run in live.runs(down_at) if run.status == "FAILURE"]
    for endpoint in (CONTENT, raw("participants")):
        assert 1 <= len([run for run in failed if run.selection >= endpoint]) <= minutes + 1
    # Each failed run asks twice; the sensor less and less often.
    assert all(count <= 2 * (minutes + 1) + 6 for count in asked.values()), asked
    # A sync that was under way when the API went down still ends well, so that a promise is kept and broken once more.
    synced_at = max(at for asset in TIGHT for at in live.materialisations()[asset] if at < up_at)
    told = [line for line in webhook.lines("•", down_at, up_at) if not line.endswith(TOO_OLD)]
    too_old = [line for line in webhook.lines("•", synced_at + WINDOW_SECONDS, up_at) if line.endswith(TOO_OLD)]
    assert len(told) == len(set(told)), told
    assert len(too_old) == len(set(too_old)), too_old
    for kind in kinds:
        assert len(_told(webhook, kind, down_at)) <= 3, _told(webhook, kind, down_at)
        assert _over(webhook, kind, up_at)
    assert not any("@" in text or api.token in text for _, text in webhook.messages)
    assert {asset for asset in live.materialisations(down_at) if not asset.startswith("raw/")} == set()


def _is_clear(live: Live) -> bool:
    """Whether nothing is wrong but tables that are seconds too old, which on a slow machine some are at any time."""
    return {*live.troubles()} <= TIGHT


def _agenda_is_that_of(story: Story) -> bool:
    rows = story.live.published.records("select * from summary.agenda")
    shown = {row["entry_key"]: (row["title"], row["hall"], row["starts_local"], row["ends_local"]) for row in rows}
    return shown == {
        entry.key: (entry.title, entry.hall, entry.start_local, entry.end_local) for entry in truth.agenda(story.event)
    }


def _unfinished(live: Live, assets: set[str]) -> RunSeen | None:
    return next((run for run in live.runs() if run.selection >= assets and run.status in {"STARTING", "STARTED"}), None)


def _succeeded(live: Live, assets: set[str], since: float) -> RunSeen | None:
    runs = live.runs(since)
    return next((run for run in runs if run.selection >= assets and run.status == "SUCCESS"), None)


def _told(webhook: Webhook, kind: str, since: float) -> list[str]:
    return [text for at, text in webhook.messages if at >= since and f"🔴 {kind}" in text]


def _over(webhook: Webhook, kind: str, since: float) -> list[str]:
    return [text for at, text in webhook.messages if at >= since and f"🟢 Over: {kind.lower()}" in text]


def _later(moment: str) -> str:
    return (datetime.fromisoformat(moment) + timedelta(minutes=20)).isoformat()
