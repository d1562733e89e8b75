"""Apache Spark itself, the reference of the dialect that Sail speaks, gives DuckDB's rows in all models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.models import Model
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.apache_spark import apache_spark_server, on_apache_spark, on_duckdb
from event_assets_tests.engines.comparison import differences
from event_assets_tests.engines.programmes import odd_event
from event_assets_tests.models.bench import models, models_of


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a server."""
    with apache_spark_server() as address:
        yield address


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("programme", ["fosdem", "odd"])
def test_every_model_has_the_rows_of_duckdb(
    programme: str, address: str, request: pytest.FixtureRequest, tmp_path: Path
):
    event = odd_event() if programme == "odd" else request.getfixturevalue("fosdem")
    wanted: dict[Relation, Model] = models() if programme == "odd" else models_of(TABLES)
    for engine in ("duckdb", "spark"):
        (tmp_path / engine).mkdir()
    expected = on_duckdb(event, tmp_path / "duckdb")
    found = on_apache_spark(address, event, tmp_path / "spark")
    assert found.tables.keys() & {*map(str, models())} == {*map(str, wanted)}
    assert differences(found.tables, expected.tables) == {}
    assert differences(found.copy, expected.copy) == {}
    assert found.failing == expected.failing
    assert found.troubles == expected.troubles
