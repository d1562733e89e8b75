"""How the footprint is measured."""

import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus

from event_assets_tests.automation.footprint import WRITE_AHEAD, process_tree, size_of, write_looks_of_a_day

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


def test_the_tree_has_all_below_a_process_with_memory_and_time():
    program = "import sys; print(sum(range(3_000_000)), flush=True); block = bytearray(50_000_000); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        child.stdout.readline()
        tree = process_tree(os.getpid())
        assert {os.getpid(), child.pid} <= tree.keys()
        assert tree[child.pid].pss > 1_000_000
        assert tree[child.pid].cpu > 0
        assert process_tree(child.pid).keys() == {child.pid}
        child.kill()


def test_a_folder_is_as_large_as_what_is_in_it(tmp_path: Path):
    (tmp_path / "history" / "runs").mkdir(parents=True)
    for name in ("one", "other"):
        (tmp_path / "history" / "runs" / name).write_bytes(bytes(100_000))
    (tmp_path / "dagster.yaml").write_text("a")
    (tmp_path / "history" / "runs.db-wal").write_bytes(bytes(50_000))
    sizes = size_of(tmp_path)
    assert sizes["history"][1] == 2
    assert sizes["history"][0] >= 200_000
    assert sizes["dagster.yaml"][1] == 1
    assert sizes[WRITE_AHEAD][1] == 1
    assert sizes[WRITE_AHEAD][0] >= 50_000


def test_the_looks_of_a_day_are_those_of_the_last_minutes_again_and_again(tmp_path: Path):
    now, span = datetime(2026, 5, 1, 12, tzinfo=timezone.utc), timedelta(minutes=4)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:

        def look(status: TickStatus, minutes: float) -> None:
            at = (now - timedelta(minutes=minutes)).timestamp()
            instance.create_tick(
                TickData(
                    instigator_origin_id="a", instigator_name="a", instigator_type=InstigatorType.SENSOR,
                    status=status, timestamp=at, selector_id="a", run_ids=[],
                )
            )  # fmt: skip

        look(TickStatus.SKIPPED, 1)
        look(TickStatus.SKIPPED, 3)
        look(TickStatus.SUCCESS, 2)
        look(TickStatus.SKIPPED, 5)
        written = write_looks_of_a_day(tmp_path / "schedules" / "schedules.db", now, span, hours=1)
        ticks = instance.get_ticks("a", "a", limit=100)
        assert written == 2 * 15
        assert len(ticks) == 4 + written
        # Dagster deletes the oldest of them first: it asks by the time that was written.
        instance.purge_ticks("a", "a", (now - timedelta(minutes=31)).timestamp(), [TickStatus.SKIPPED])
        assert len(instance.get_ticks("a", "a", limit=100)) == 4 + 2 * 7
