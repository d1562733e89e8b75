"""Fixtures of the sync tests: a warehouse and a served event."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return file_warehouse(tmp_path / "warehouse.duckdb")


@pytest.fixture
def reader(warehouse: Warehouse) -> Reader:
    return Reader(warehouse.path)


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    """The small event, served. Nothing is configured for it: a sync gets its settings as arguments."""
    with Sandbox(event) as sandbox:
        yield sandbox
