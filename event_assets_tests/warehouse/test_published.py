"""The published copy as a file: read-only, and replaced in one step. What it holds is in ``test_copy_content``."""

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from event_assets.warehouse import PublishError, Warehouse, WarehouseBusyError
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets.warehouse.relations import Relation
from event_assets_tests.warehouses import file_warehouse, publish

NUMBERS = Relation("summary", "numbers")
ALL = PublishPlan()


def fill(warehouse: Warehouse, rows: int) -> None:
    with warehouse.connect() as client:
        client.replace(NUMBERS, "table", f"select range as number from range({rows})")
        client.replace(Relation("staging", "even"), "view", f"select * from {NUMBERS.sql()} where number % 2 = 0")


def numbers(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute(
        "select (select count(*) from summary.numbers), (select count(*) from staging.even)"
    ).fetchone()
    assert row
    return row[0], row[1]


def test_it_holds_what_the_warehouse_holds(warehouse: Warehouse, target: Path):
    fill(warehouse, 5000)
    assert publish(warehouse, target, ALL).size == target.stat().st_size > 0
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]
    with duckdb.connect(str(target), read_only=True) as reader:
        assert numbers(reader) == (5000, 2500)


def test_a_reader_goes_on_with_the_old_copy_and_a_new_one_gets_the_new(warehouse: Warehouse, target: Path):
    fill(warehouse, 10)
    publish(warehouse, target, ALL)
    with target.open("rb") as old:
        before = target.read_bytes()
        fill(warehouse, 20)
        publish(warehouse, target, ALL)
        assert old.read() == before
    with duckdb.connect(str(target), read_only=True) as reader:
        assert numbers(reader) == (20, 10)


@pytest.mark.parametrize(("mode", "copied"), [(0o644, 0o444), (0o600, 0o400), (0o640, 0o440), (0o660, 0o440)])
def test_it_has_the_warehouses_mode_and_nobody_may_write_it(warehouse: Warehouse, target: Path, mode: int, copied: int):
    fill(warehouse, 10)
    publish(warehouse, target, ALL)
    warehouse.path.chmod(mode)
    publish(warehouse, target, ALL)
    assert target.stat().st_mode & 0o777 == copied


def test_while_another_writes_the_old_copy_stays(warehouse: Warehouse, target: Path, busy: Callable[[Warehouse], None]):
    fill(warehouse, 10)
    publish(warehouse, target, ALL)
    before = target.read_bytes()
    busy(warehouse)
    with pytest.raises(WarehouseBusyError):
        publish(warehouse, target, ALL)
    assert target.read_bytes() == before


@pytest.fixture
def busy() -> Iterator[Callable[[Warehouse], None]]:
    """Let somebody else be the one writer, until the test ends."""
    begun, end = threading.Event(), threading.Event()

    def write(warehouse: Warehouse) -> None:
        with file_warehouse(warehouse.path).writing():
            begun.set()
            end.wait(30)

    def start(warehouse: Warehouse) -> None:
        threading.Thread(target=write, args=(warehouse,), daemon=True).start()
        assert begun.wait(10)

    yield start
    end.set()


def test_a_disk_that_is_full_is_reported_and_the_old_copy_stays(warehouse: Warehouse, target: Path):
    fill(warehouse, 10)
    publish(warehouse, target, ALL)
    fill(warehouse, 2_000_000)
    before = target.read_bytes()
    said = r"^The published copy cannot be written to .*published\.duckdb: .* Free disk space"
    with files_of_at_most(1_000_000), pytest.raises(PublishError, match=said):
        publish(warehouse, target, ALL)
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]
    assert target.read_bytes() == before
    publish(warehouse, target, ALL)
    with duckdb.connect(str(target), read_only=True) as reader:
        assert numbers(reader) == (2_000_000, 1_000_000)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let this process write no file that is larger: what a full disk comes to, as far as DuckDB can see."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_place_where_nothing_can_be_written_is_reported(warehouse: Warehouse, tmp_path: Path):
    fill(warehouse, 10)
    (tmp_path / "for readers").write_text("a file, where the folder should be")
    with pytest.raises(PublishError, match=r"^The published copy cannot be written to .*: (File exists|Not a dir)"):
        publish(warehouse, tmp_path / "for readers" / "published.duckdb", ALL)
