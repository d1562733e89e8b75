"""What tests of syncs share: a place for a warehouse, and a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader


@pytest.fixture
def place(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb")


@pytest.fixture
def reader(place: Warehouse) -> Reader:
    return Reader(place.path)


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    """The small event, served. Nothing is configured for it: a sync is told what to ask, and reads no settings."""
    with Sandbox(event) as sandbox:
        yield sandbox
