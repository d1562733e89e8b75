"""Twenty events in one daemon: what is wrong with four of them is told once, and holds up none of the others.

One story: the first load of all, and then a minute in which the busy event changes every five seconds and each of the
quiet ones once.
"""

import json
import logging
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

import duckdb
import pytest

from event_assets.sandbox import Sandbox, faults, generate_event
from event_assets_tests import truth, truth_people
from event_assets_tests.automation.live import Live, Webhook, until
from event_assets_tests.automation.soak_changes import Change, Organisers, Shown

pytestmark = [pytest.mark.slow, pytest.mark.nightly, pytest.mark.timeout(900)]
logger = logging.getLogger(__name__)

TROUBLED = {"refusing": faults.status(500), "hanging": faults.hang, "revoked": None, "garbled": faults.html_page}
REASONS = {
    "refusing": "500 Internal Server Error",
    "hanging": "timed out",
    "revoked": "the token is not accepted",
    "garbled": "returned HTML",
}
BUSY = "busy"
QUIET = [f"quiet{number:02}" for number in range(1, 16)]
PROMISED_MINUTES = 10
"""How fresh the tables of each event are to be while it is on."""
CHANGING_SECONDS, CHANGE_EVERY = 60, 5


class Story:
    """The events, their APIs, the daemon that follows them all, and who is told."""

    def __init__(self, apis: dict[str, Sandbox], live: Live, webhook: Webhook) -> None:
        self.apis, self.live, self.webhook = apis, live, webhook

    def published(self, name: str) -> Path:
        return self.live.folder / "data" / name / "published.duckdb"

    def shown(self, name: str) -> Shown | None:
        """What readers see of an event; None before there is a copy."""
        try:
            return Shown.read(self.published(name))
        except duckdb.Error:
            return None

    def is_right(self, name: str) -> bool:
        """Whether readers see an event as its API has it: entries, check-ins, booths."""
        event, shown = self.apis[name].event, self.shown(name)
        entries = {entry.key: (entry.title, entry.hall, entry.start_local) for entry in truth.agenda(event)}
        here = sum(person["checked_at"] is not None for person in truth_people.participants(event))
        booths = {str(each["id"]): (each["exhibitor_info"] or {}).get("booth_number") for each in event.partners}
        return shown == Shown(entries, here, booths)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    opened = datetime.now(timezone.utc) - timedelta(hours=1)
    names = [*TROUBLED, BUSY, *QUIET]
    settings = {
        "EVENTS__NAMES": json.dumps(names),
        "FRESHNESS__EVENT_MINUTES": str(PROMISED_MINUTES),
        "SCHEDULE__CHANGE_POLL_SECONDS": "20",
        f"EVENTS__{BUSY.upper()}__SCHEDULE__CHANGE_POLL_SECONDS": str(CHANGE_EVERY),
        "RUNTIME__REQUEST_MAX_ATTEMPTS": "1",
        "RUNTIME__REQUEST_TIMEOUT": "10",
        "RUNTIME__REQUEST_MAX_TOTAL_WAIT": "20",
    }
    folder = tmp_path_factory.mktemp("twenty")
    with ExitStack() as stack:
        apis, webhook = {}, stack.enter_context(Webhook())
        settings["ALERTS__WEBHOOK_URL"] = webhook.url
        for number, name in enumerate(names):
            event = generate_event(lectures=12, participants=30, seed=number)
            apis[name] = stack.enter_context(Sandbox(event, token=f"token-of-{name}"))
            own = {
                "BASE_URL": apis[name].base_url,
                "API_TOKEN": "a-token-that-was-revoked" if name == "revoked" else apis[name].token,
                "TIMEZONE": event.timezone,
                "OPENS": opened.isoformat(),
                "CLOSES": (opened + timedelta(days=1)).isoformat(),
            }
            settings |= {f"EVENTS__{name.upper()}__{key}": value for key, value in own.items()}
            if fault := TROUBLED.get(name):
                for endpoint in faults.ENDPOINTS:
                    apis[name].fail(endpoint, fault)
        live = stack.enter_context(Live(folder, None, **settings))
        yield Story(apis, live, webhook)
        for at, text in webhook.messages:
            logger.info("told %.0f s after the start: %s", at - live.started, text)


def test_the_others_are_loaded_within_what_is_promised(story: Story):
    for name in (*QUIET, BUSY):
        until(lambda name=name: story.is_right(name), PROMISED_MINUTES * 60, f"{name} as its API has it")
    logger.info("sixteen events are loaded %.0f s after the start", time.time() - story.live.started)
    assert time.time() - story.live.started < PROMISED_MINUTES * 60
    assert not any(story.published(name).exists() for name in TROUBLED)


def test_changes_of_the_others_are_seen_within_what_is_promised(story: Story):
    rng = Random(1)
    organisers = {name: Organisers(story.apis[name].event, rng) for name in (*QUIET, BUSY)}
    changes: dict[str, list[Change]] = {name: [] for name in organisers}
    began, left = time.time(), [*QUIET]
    while time.time() < began + CHANGING_SECONDS:
        for name in (BUSY, *(left.pop() for _ in range(2) if left)):
            waiting = {change.record for change in changes[name] if not change.seen_at}
            changes[name].append(organisers[name].change(waiting))
        until_next = time.time() + CHANGE_EVERY
        while time.time() < until_next:
            _look(story, changes)
            time.sleep(0.5)
    until(lambda: _look(story, changes), PROMISED_MINUTES * 60, "every change in what readers see")
    lags = {name: [change.seen_at - change.at for change in each if change.seen_at] for name, each in changes.items()}
    others = [lag for name in QUIET for lag in lags[name]]
    logger.info("busy: median %.0f s, worst %.0f s", statistics.median(lags[BUSY]), max(lags[BUSY]))
    logger.info("quiet: median %.0f s, worst %.0f s", statistics.median(others), max(others))
    assert len(others) == len(QUIET)
    assert max(lags[BUSY] + others) < PROMISED_MINUTES * 60
    assert statistics.median(lags[BUSY]) <= statistics.median(others) + CHANGE_EVERY, "the one that is looked at most"
    for name in (*QUIET, BUSY):
        assert story.is_right(name), name


def test_each_trouble_is_told_once_and_under_its_name(story: Story):
    until(lambda: {name for name, _ in _told(story)} >= TROUBLED.keys(), 120, "an alert of each of the four")
    told = Counter(_told(story))
    assert {name for name, _ in told} == TROUBLED.keys(), "and of no other event"
    assert [each for each, times in told.items() if times > 1] == []
    for name, reason in REASONS.items():
        assert any(who == name and reason in line for who, line in told), reason
    assert not any("token-of" in text or "a-token" in text for _, text in story.webhook.messages)


def _look(story: Story, changes: dict[str, list[Change]]) -> bool:
    """Note which changes readers see by now; whether they see all."""
    for name, each in changes.items():
        if waiting := [change for change in each if not change.seen_at]:
            shown = story.shown(name)
            for change in waiting:
                if shown and change.is_in(shown):
                    change.seen_at = time.time()
    return all(change.seen_at for each in changes.values() for change in each)


def _told(story: Story) -> list[tuple[str, str]]:
    """The troubles that people were told of, each with the event that its heading names."""
    found, event = [], ""
    for line in (line for _, text in story.webhook.messages for line in text.splitlines()):
        if heading := re.match(r"(🔴|🟢 Over:) (\w+): ", line):
            event = heading[2] if heading[1] == "🔴" else ""
        elif event:
            found.append((event, line))
    return found
