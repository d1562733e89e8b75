"""How the footprint is measured."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from event_assets_tests.automation.footprint import WRITE_AHEAD, process_tree, size_of

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
