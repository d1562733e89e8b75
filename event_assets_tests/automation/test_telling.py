"""What a look finds and asks for is kept before anybody is told, whatever the webhook does, and whoever dies then."""

import json
from collections.abc import Iterator
from itertools import chain, repeat
from time import perf_counter
from types import SimpleNamespace
from typing import NoReturn

import dagster as dg
import pytest

from event_assets.automation import messages
from event_assets.automation.change_cursor import Cursor
from event_assets.sandbox import Sandbox, faults
from event_assets.settings import AlertSettings
from event_assets_tests.automation.alerting import CHECKS
from event_assets_tests.automation.automation_harness import START, Automation, Clock, reason
from event_assets_tests.automation.looking import SENSOR, change, raw_requested
from event_assets_tests.source.raw_server import RawServer, Script, serving

SOON = 5
"""In seconds: well before the minute that Dagster gives a look, also on a busy machine."""


def dripping_body(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([b"HTTP/1.1 200 OK\r\n\r\n"], repeat(b"o")))


def dripping_header(server: RawServer, _: str) -> Iterator[bytes]:
    return server.drip(chain([b"HTTP/1.1 200 OK\r\nX-Padding: "], repeat(b"o")))


@pytest.fixture(params=[dripping_body, dripping_header], ids=lambda script: script.__name__)
def dripping(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Script, RawServer]]:
    """A webhook that takes a message, and never ends its answer."""
    monkeypatch.setattr(messages, "_SECONDS", 0.5)
    with serving(request.param) as server:
        monkeypatch.setenv("ALERTS__WEBHOOK_URL", f"http://127.0.0.1:{server.port}/hook")
        yield request.param, server


def test_a_webhook_that_drips_holds_up_no_sync(
    watching: Automation,
    api: Sandbox,
    lectures: list[dict],
    clock: Clock,
    dripping: tuple[Script, RawServer],
):
    script, webhook = dripping
    api.fail("participants", faults.status(401))
    change(lectures)
    assert raw_requested(watching.look_once(SENSOR)) == [{"raw/lectures"}]
    assert webhook.requests == [], "what is found is kept before it is told"
    watching.run("raw/lectures")
    change(lectures, "Yet another name")
    clock.leap(minutes=1)
    began = perf_counter()
    asked = raw_requested(watching.look_once(SENSOR))
    if script is dripping_body:
        assert asked == [], "people were told, and that is kept at once"
        clock.leap(minutes=1)
        asked = raw_requested(watching.look_once(SENSOR))
    assert asked == [{"raw/lectures"}]
    watching.run("raw/lectures")
    for _ in range(2):
        clock.leap(minutes=1)
        watching.look_once(SENSOR)
    assert perf_counter() - began < SOON + 10
    assert len(webhook.requests) == (1 if script is dripping_body else 3), "one that has given its status has taken it"


def test_an_alert_is_sent_once_to_a_webhook_that_drips(watched: Automation, dripping: tuple[Script, RawServer]):
    script, webhook = dripping
    check = next(iter(watched.definitions.resolve_asset_graph().asset_check_keys))
    watched.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(asset_key=check.asset_key, check_name=check.name, passed=False)
    )
    watched.look_once(CHECKS)
    assert webhook.requests == []
    for _ in range(3):
        began = perf_counter()
        assert check.name in reason(watched.look_once(CHECKS))
        assert perf_counter() - began < SOON
    assert len(webhook.requests) == (1 if script is dripping_body else 3)


def test_who_dies_while_people_are_told_has_lost_nothing(
    watching: Automation, api: Sandbox, lectures: list[dict], clock: Clock, webhook: SimpleNamespace
):
    def die(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    api.fail("participants", faults.status(401))
    change(lectures)
    assert raw_requested(watching.look_once(SENSOR)) == [{"raw/lectures"}]
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(messages, "_status", die)
        for _ in range(2):
            clock.leap(minutes=1)
            with pytest.raises(KeyboardInterrupt):
                watching.look_once(SENSOR)
    watching.run("raw/lectures")
    for _ in range(4):
        clock.leap(minutes=1)
        assert raw_requested(watching.look_once(SENSOR)) == []
    assert [text.splitlines()[0] for text in webhook.texts] == ["🔴 The event API gives no usable answer"]
    api.mend()
    for _ in range(4):
        clock.leap(minutes=15)
        watching.look_once(SENSOR)
    assert [text[0] for text in webhook.texts] == ["🔴", "🟢"]


def test_a_cursor_of_the_release_before_has_told_what_it_holds():
    trouble = {"/participants": "It fails."}
    cursor = Cursor.read(json.dumps({"epoch": 1, "sequence": 2, "endpoints": {}, "told": trouble}), START)
    assert (cursor.sent, cursor.troubles) == (trouble, trouble)


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://hooks.slack.com/services/x", {"text": "m" * 3000}),
        ("https://chat.example.org/hooks/discord.com", {"text": "m" * 3000}),
        ("https://discord.com/api/webhooks/1/x", {"content": "m" * 2000}),
    ],
)
def test_a_chat_is_sent_what_it_takes(url: str, body: dict[str, str]):
    assert messages.body_for(url, "m" * 3000) == body


@pytest.mark.parametrize(("number", "told"), [(20, 20), (21, 19), (500, 19)])
def test_a_message_says_of_very_many_troubles_how_many_more_there_are(
    number: int, told: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    sent: list[str] = []
    monkeypatch.setattr(messages, "_send", lambda url, message: sent.append(message))
    troubles = {f"clash {n}": f"Clash {n}." for n in range(number)}
    alerts = AlertSettings(webhook_url="http://127.0.0.1/hook")
    messages.announce("Trouble", {}, troubles, alerts)
    messages.announce("Trouble", troubles, {}, alerts)
    started, ended = sent
    assert [f"Clash {n}." in started for n in range(number)] == [n < told for n in range(number)]
    assert ended.count("clash") == told
    rest = f"and {number - told} more, which the log of the sensor has"
    assert [rest in message for message in sent] == [number > 20] * 2
    assert all(f"Clash {n}." in caplog.records[0].getMessage() for n in range(number))
