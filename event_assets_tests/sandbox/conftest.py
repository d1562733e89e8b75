"""A sandbox with a small event, for the tests of faults; events of two sizes that are invented once."""

from collections.abc import Iterator

import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.sandbox.event import EncodedRecords
from event_assets_tests.sandbox.asking import CONTENT, PARTNERS


@pytest.fixture
def event() -> Event:
    participants = EncodedRecords({"id": number, "name": f"Número {number}"} for number in range(1, 24))
    return Event(content=dict(CONTENT), partners=list(PARTNERS), participants=participants)


@pytest.fixture
def api(event: Event, capfd: pytest.CaptureFixture[str]) -> Iterator[Sandbox]:
    with Sandbox(event) as api:
        yield api
    assert capfd.readouterr().err == "", "a fault is no mistake of the sandbox"


@pytest.fixture(scope="module")
def conference() -> Event:
    return generate_event()


@pytest.fixture(scope="module")
def large() -> Event:
    return generate_event(size="large")
