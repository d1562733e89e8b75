"""Killed at every stage: the next sync puts the tables right, without duplicates and without a hand."""

import random
import shutil
from collections.abc import Callable
from functools import partial

import pytest

from event_assets.sandbox import Sandbox
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source import crash
from event_assets_tests.source.courses import ENDPOINTS, Course, Undisturbed, table_contents, undisturbed_courses
from event_assets_tests.source.syncing import run_sync
from event_assets_tests.warehouses import file_warehouse


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Course], Undisturbed]:
    return undisturbed_courses(tmp_path_factory.mktemp("courses"))


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "endpoint", "first"), crash.KILLS)
def test_a_killed_sync_is_put_right_by_the_next(
    warehouse: Warehouse, undisturbed: Callable[[Course], Undisturbed], stage: str, endpoint: str, first: bool
):
    numbers, resources = random.Random(f"{stage} of {endpoint}, {first}"), ENDPOINTS[endpoint]
    course = Course(endpoint, first, numbers.random() < 0.5, numbers.random() < 0.5)
    begun, expected = undisturbed(course)
    events = course.events()
    if not first:
        next(events)
        shutil.copy(begun, warehouse.path)
    with Sandbox(next(events)) as api:
        died = crash.killed(partial(file_warehouse, warehouse.path), api, stage, endpoint, resources)
        # Timers may come too late on a quick machine. No machine loads and settles in the first one's time.
        assert died or stage in ("normalize 0.01", "load 0.05", "load 0.1", "load 0.2")
        api.event = next(events)
        run_sync(api, warehouse, *resources)
    seen = table_contents(Reader(warehouse.path), resources)
    # What came and went before the crash may be there as removed, and never have come to the other one.
    extra = {name: [row for row in seen[name] if row not in expected[name]] for name in seen}
    assert all(row.endswith("True)") for name in resources for row in extra[name]), extra
    assert all(row in seen[name] for name in seen for row in expected[name])
    for name in resources:
        key = TABLES[name].key
        keys = Reader(warehouse.path).rows(f"select count(*), count(distinct {key}) from raw.{name}")[0]
        assert keys[0] == keys[1] > 0
    assert not [path for path in warehouse.path.parent.iterdir() if path.name.endswith(".dlt")]


def test_what_a_killed_sync_has_left_goes_with_the_next_though_nothing_has_changed(warehouse: Warehouse, api: Sandbox):
    run_sync(api, warehouse, "participants")
    left = warehouse.path.with_name(f".{warehouse.path.stem}.participants.dlt")
    left.mkdir()
    (left / "rows.parquet").write_text("what a person said")
    assert run_sync(api, warehouse, "participants")["participants"].loaded == 0
    assert not left.exists()
