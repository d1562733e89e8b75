"""What the tests of PostgreSQL share: a warehouse in a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database."""
    with postgres.database() as name:
        yield postgres.url(name)


@pytest.fixture
def warehouse(url: str, tmp_path: Path) -> Warehouse:
    return postgres_warehouse(url, tmp_path, wait_seconds=0.5)


@pytest.fixture
def reader(url: str) -> PostgresReader:
    return PostgresReader(url)


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    """The small event, served. Nothing is configured for it."""
    with Sandbox(event) as sandbox:
        yield sandbox
