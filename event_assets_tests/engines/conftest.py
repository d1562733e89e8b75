"""What the tests of engines share: databases on the PostgreSQL server of the tests, and DuckLakes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.engines.lakes import Lake, install_extensions
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


@pytest.fixture(scope="session")
def extensions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DuckDB's extensions, installed from their wheels."""
    return install_extensions(tmp_path_factory.mktemp("extensions"))


@pytest.fixture(params=["postgres", "sqlite"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, extensions: Path) -> Iterator[Lake]:
    """An empty lake, its catalogue on a server or in a file."""
    if request.param == "sqlite":
        yield Lake(tmp_path, extensions)
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield Lake(tmp_path, extensions, server.url(name))


@pytest.fixture
def file_lake(tmp_path: Path, extensions: Path) -> Lake:
    """An empty lake, its catalogue in a file: for what no catalogue decides."""
    return Lake(tmp_path, extensions)


@pytest.fixture
def server_lake(request: pytest.FixtureRequest, tmp_path: Path, extensions: Path) -> Iterator[Lake]:
    """An empty lake, its catalogue on a server."""
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield Lake(tmp_path, extensions, server.url(name))
