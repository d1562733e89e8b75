"""What the tests of assets share: one run of everything, for those that only read what came of it."""

from typing import NamedTuple

import pytest

from event_assets.sandbox import Event, generate_event
from event_assets_tests.code_location import configured, shared_definitions
from event_assets_tests.running import Reader, Run, RunResult


class Loaded(NamedTuple):
    """An event, the warehouse after one run of everything, and what that took."""

    event: Event
    warehouse: Reader
    result: RunResult
    requests: dict[str, int]


def load_everything(event: Event, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Load an event into a warehouse of its own."""
    folder = tmp_path_factory.mktemp("loaded")
    with configured(event, folder) as api:
        result = Run(shared_definitions())()
        return Loaded(event, Reader(folder / "warehouse.duckdb"), result, dict(api.requests))


@pytest.fixture(scope="session")
def everything_loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The small event, loaded once. Only to be read."""
    return load_everything(generate_event(lectures=24, participants=50, seed=7), tmp_path_factory)
