"""A sync into PostgreSQL that is killed at any stage: the next one puts the tables right, without a hand."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from event_assets.sandbox import Sandbox
from event_assets.warehouse import Warehouse
from event_assets_tests.source import crash
from event_assets_tests.source.courses import ENDPOINTS, Course, Undisturbed, table_contents, undisturbed_courses
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Course], Undisturbed]:
    return undisturbed_courses(tmp_path_factory.mktemp("courses"))


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "endpoint", "first"), crash.KILLS)
def test_a_killed_sync_is_put_right_by_the_next(
    warehouse: Warehouse,
    undisturbed: Callable[[Course], Undisturbed],
    url: str,
    reader: PostgresReader,
    tmp_path: Path,
    stage: str,
    endpoint: str,
    first: bool,
):
    """In the end there is what an undisturbed DuckDB file holds."""
    course, resources = Course(endpoint, first, before=False, after=False), ENDPOINTS[endpoint]
    events, expected = course.events(), undisturbed(course).contents
    warehouse.wait_seconds = 30  # the server may take a moment to see that the killed one is gone
    if not first:
        with Sandbox(next(events)) as api:
            run_sync(api, warehouse, *resources)
    with Sandbox(next(events)) as api:
        died = crash.killed(partial(postgres_warehouse, url, tmp_path), api, stage, endpoint, resources)
        assert died or stage in ("normalize 0.01", "load 0.02", "load 0.05", "load 0.1", "load 0.2")
        run_sync(api, warehouse, *resources)
    assert table_contents(reader, resources) == expected
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".dlt")]
