"""A sync into PostgreSQL that is killed at any stage: the next one puts the tables right, without a hand."""

import random
from functools import partial
from pathlib import Path

import pytest

from event_assets.sandbox import Sandbox, generate_event
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source import crash
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.source.test_crash import ENDPOINTS, change, table_contents
from event_assets_tests.warehouses import PostgresReader, file_warehouse, postgres_warehouse


@pytest.mark.slow
@pytest.mark.parametrize("stage", crash.STAGES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later sync"])
def test_a_killed_sync_is_put_right_by_the_next(
    warehouse: Warehouse, url: str, reader: PostgresReader, tmp_path: Path, first: bool, endpoint: str, stage: str
):
    """In the end there is what an undisturbed DuckDB file holds."""
    event, undisturbed = generate_event(lectures=24, participants=50, seed=7), file_warehouse(tmp_path / "w.duckdb")
    resources = ENDPOINTS[endpoint]
    warehouse.wait_seconds = 30  # the server may take a moment to see that the killed one is gone
    with Sandbox(event) as api:
        if not first:
            for each in (warehouse, undisturbed):
                run_sync(api, each, *resources)
            change(event, random.Random(stage))
        died = crash.killed(partial(postgres_warehouse, url, tmp_path), api, stage, endpoint, resources)
        assert died or stage in ("normalize 0.01", "load 0.02", "load 0.05", "load 0.1", "load 0.2")
        for each in (warehouse, undisturbed):
            run_sync(api, each, *resources)
    assert table_contents(reader, resources) == table_contents(Reader(undisturbed.path), resources)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".dlt")]
