"""The engines that tests of models run on, each in turn."""

from collections.abc import Iterator

import pytest

from event_assets_tests.engines.databases import ENGINES, Database, DuckDb, Postgres, Spark
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.models.bench import building_on


@pytest.fixture(scope="session")
def on_duckdb() -> Database:
    """Databases of DuckDB."""
    return DuckDb()


@pytest.fixture(scope="session")
def on_postgres(postgres: PostgresServer) -> Iterator[Database]:
    """A database of PostgreSQL."""
    with postgres.database() as name:
        database = Postgres(postgres, name)
        yield database
        database.close()


@pytest.fixture(scope="session")
def on_spark(spark_address: str) -> Iterator[Database]:
    """A session of Spark Connect."""
    database = Spark(spark_address)
    yield database
    database.close()


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Builds the models of a test on each engine."""
    database: Database = request.getfixturevalue(f"on_{request.param}")
    with building_on(database):
        yield database
