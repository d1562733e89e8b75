"""What stands beside the published copy, and who has it open, spoils no later copy."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from event_assets.warehouse import PublishError, Warehouse
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets.warehouse.engines.duckdb import copy_file
from event_assets.warehouse.relations import Relation
from event_assets_tests.warehouses import publish

NUMBERS = Relation("summary", "numbers")
ALL = PublishPlan()
WRITES_AND_IS_KILLED = """
connection.execute("pragma disable_checkpoint_on_shutdown")
connection.execute("update summary.numbers set number = -1")
os.kill(os.getpid(), signal.SIGKILL)
"""
KEEPS_IT_OPEN = "print('ready', flush=True); sys.stdin.read()"


@pytest.fixture
def put(warehouse: Warehouse, target: Path) -> Callable[[int], None]:
    """Publish numbers up to one."""

    def publish_numbers(rows: int) -> None:
        with warehouse.connect() as client:
            client.replace(NUMBERS, "table", f"select range as number from range({rows})")
        publish(warehouse, target, ALL)

    return publish_numbers


def numbers(target: Path) -> tuple[int, int]:
    """How many numbers the copy has, and their sum, for a reader who opens it now."""
    with duckdb.connect(str(target), read_only=True) as reader:
        row = reader.execute("select count(*), sum(number) from summary.numbers").fetchone()
    assert row
    return row


def command(program: str, target: Path, mode: str = "rw") -> list[str]:
    prelude = (
        "import duckdb, os, signal, sys; connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'ro')\n"
    )
    return [sys.executable, "-c", prelude + program, str(target), mode]


@contextmanager
def somebody_has_it_open(target: Path, mode: str) -> Iterator[None]:
    with subprocess.Popen(
        command(KEEPS_IT_OPEN, target, mode), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.stdin.close()


def test_what_somebody_wrote_into_the_copy_and_was_killed_is_in_no_later_one(put: Callable[[int], None], target: Path):
    put(10)
    target.chmod(0o644)
    subprocess.run(command(WRITES_AND_IS_KILLED, target), check=False)
    wal = target.with_name("published.duckdb.wal")
    assert wal.exists()
    assert numbers(target) == (10, -10), "the old copy is spoilt already"
    put(20)
    assert not wal.exists()
    assert numbers(target) == (20, 190)
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]


def test_a_held_back_table_has_nothing_of_it_either(put: Callable[[int], None], warehouse: Warehouse, target: Path):
    put(10)
    target.chmod(0o644)
    subprocess.run(command(WRITES_AND_IS_KILLED, target), check=False)
    with warehouse.connect() as client:
        client.execute_sql("drop table summary.numbers")
        client.execute_sql("create view summary.numbers as select error('broken')::int as number")
    publish(warehouse, target, ALL)
    assert numbers(target) == (10, 45)


def test_while_somebody_has_the_copy_open_for_writing_no_new_one_is_made(
    put: Callable[[int], None], target: Path, monkeypatch: pytest.MonkeyPatch
):
    put(10)
    monkeypatch.setattr(copy_file, "_WAIT_SECONDS", 0.2)
    target.chmod(0o644)
    logged = r"Another program has the published copy .* open for writing\. Close it there, and open it read-only"
    with somebody_has_it_open(target, "rw"), pytest.raises(PublishError, match=logged):
        put(20)
    assert numbers(target) == (10, 45)
    put(20)
    assert numbers(target) == (20, 190)


def test_who_has_it_open_for_writing_only_shortly_is_waited_for(put: Callable[[int], None], target: Path):
    put(10)
    target.chmod(0o644)
    with somebody_has_it_open(target, "rw"):
        publishing = threading.Thread(target=put, args=(20,))
        publishing.start()
    publishing.join(30)
    assert numbers(target) == (20, 190)


def test_readers_hold_nobody_up_and_keep_what_they_spill(put: Callable[[int], None], target: Path):
    put(10)
    spilled = target.with_name("published.duckdb.tmp") / "duckdb_temp_storage-0.tmp"
    spilled.parent.mkdir()
    spilled.write_bytes(b"rows")
    with somebody_has_it_open(target, "ro"):
        put(20)
    assert numbers(target) == (20, 190)
    assert spilled.exists()


def test_what_a_killed_reader_has_spilled_goes_after_a_day(put: Callable[[int], None], target: Path):
    put(10)
    spilled = target.with_name("published.duckdb.tmp") / "duckdb_temp_storage-0.tmp"
    spilled.parent.mkdir()
    spilled.write_bytes(b"rows")
    yesterday = time.time() - 25 * 3600
    for path in (spilled, spilled.parent):
        os.utime(path, (yesterday, yesterday))
    put(20)
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]


@pytest.mark.parametrize("name", ["published.duckdb.wal", "published.duckdb.wal.checkpoint", "published.duckdb.wal/x"])
def test_whatever_duckdb_would_add_is_removed_and_nothing_else(put: Callable[[int], None], target: Path, name: str):
    target.parent.mkdir(parents=True)
    others = {"published.duckdb.backup", "published.wal", "my_published.duckdb.wal", "published.duckdb2"}
    for other in others:
        (target.parent / other).write_text("not ours")
    for there in (False, True):  # also beside a first copy
        assert target.exists() is there
        path = target.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("rubbish")
        put(10)
        assert {path.name for path in target.parent.iterdir()} == {"published.duckdb", *others}


@pytest.mark.parametrize("leave", [lambda path: path.write_text("half"), lambda path: (path / "x").mkdir(parents=True)])
def test_what_a_killed_run_has_left_goes_with_the_next_copy(
    put: Callable[[int], None], target: Path, leave: Callable[[Path], object]
):
    put(10)
    leave(target.with_name(".published.duckdb.new"))
    put(20)
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]


def test_a_run_that_is_killed_leaves_the_old_copy_and_one_hidden_folder(
    put: Callable[[int], None], warehouse: Warehouse, target: Path
):
    put(10)
    program = (
        "from pathlib import Path; from event_assets.warehouse.engines.duckdb import publish as module\n"
        "from event_assets_tests.warehouses import file_warehouse, publish\n"
        "module.put_in_place = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "publish(file_warehouse(Path(sys.argv[3])), Path(sys.argv[1]), module.PublishPlan())"
    )
    killed = subprocess.run(
        [sys.executable, "-c", f"import os, signal, sys\n{program}", str(target), "", str(warehouse.path)], check=False
    )
    assert killed.returncode == -9
    assert {path.name for path in target.parent.iterdir()} == {"published.duckdb", ".published.duckdb.new"}
    assert target.with_name(".published.duckdb.new").stat().st_mode & 0o777 == 0o700
    assert numbers(target) == (10, 45)
    put(20)
    assert [path.name for path in target.parent.iterdir()] == ["published.duckdb"]
    assert numbers(target) == (20, 190)
