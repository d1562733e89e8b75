"""Fixtures of the sync tests: a warehouse and a served event."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.running import Reader
from event_assets_tests.warehouses import file_warehouse, postgres_warehouse, reader_of


@pytest.fixture
def warehouse(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty warehouse: a file, or on another engine where a test asks for it."""
    if engine == "duckdb":
        yield file_warehouse(tmp_path / "warehouse.duckdb")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as name:
        yield postgres_warehouse(server.url(name), tmp_path)


@pytest.fixture
def reader(warehouse: Warehouse) -> Reader:
    return reader_of(warehouse)


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    """The small event, served. Nothing is configured for it: a sync gets its settings as arguments."""
    with Sandbox(event) as sandbox:
        yield sandbox
