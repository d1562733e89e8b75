"""A process that is stopped (SIGSTOP) while it has the warehouse: the others wait, say so, and go on after it."""

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep

import dagster as dg
import pytest

from event_assets.automation.orphaned_runs import end_orphaned_runs
from event_assets.warehouse import WarehouseBusyError
from event_assets_tests.warehouses import file_warehouse

_WRITER = """
import sys
from pathlib import Path
from event_assets_tests.warehouses import file_warehouse
from event_assets.warehouse import Warehouse
from event_assets.warehouse.run_marker import marked_as_alive
path = Path(sys.argv[1])
with marked_as_alive(path, "5f0c7a52-3f54-4f0a-9a55-0d2f6f1f6a11"), file_warehouse(path).writing():
    print("has it", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def stopped(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A stopped process that has the warehouse. A line makes it end once it goes on."""
    command = [sys.executable, "-c", _WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "has it\n"
        process.send_signal(signal.SIGSTOP)
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.usefixtures("stopped")
def test_who_waits_too_long_is_told_so(path: Path):
    sentence = r"^Another run has been writing .* Nothing was changed\.$"
    with pytest.raises(WarehouseBusyError, match=sentence), file_warehouse(path, wait_seconds=0.1).writing():
        pass


def test_who_waits_says_so_and_goes_on_after_it(
    path: Path, stopped: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING)

    def write() -> bool:
        with file_warehouse(path, wait_seconds=60).writing():
            return True

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(write)
        for _ in range(100):
            if "is being written by another run: waiting" in caplog.text:
                break
            sleep(0.05)
        assert not waiting.done()
        assert stopped.stdin
        stopped.stdin.write("\n")
        stopped.stdin.flush()
        sleep(0.2)
        assert not waiting.done(), "it is still stopped"
        stopped.send_signal(signal.SIGCONT)
        assert waiting.result(timeout=30)
    assert "is being written by another run: waiting up to 60 s" in caplog.text


@pytest.mark.usefixtures("stopped")
def test_its_run_is_not_told_to_have_failed(path: Path):
    @dg.job
    def everything() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            everything, run_id="5f0c7a52-3f54-4f0a-9a55-0d2f6f1f6a11", status=dg.DagsterRunStatus.STARTED
        )
        end_orphaned_runs(instance, {"": path}, timedelta())
        found = instance.get_run_by_id(run.run_id)
    assert found
    assert found.status is dg.DagsterRunStatus.STARTED
