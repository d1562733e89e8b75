"""Marks a run as alive as long as its process is, by a lock that the system releases with the process.

Dagster's records cannot say whether the process of a run is still there, and the write lock cannot either: a run does
not hold that while it waits for a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def marked_as_alive(warehouse: Path, run_id: str) -> Iterator[None]:
    """Mark a run of this process as alive until the block ends, or the process.

    Args:
        warehouse: The file that it writes; the mark stands beside it.
        run_id: Dagster's identifier of the run.
    """
    mark = _mark(warehouse, run_id)
    mark.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(mark):
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def is_alive(warehouse: Path, run_id: str) -> bool:
    """Return whether the process of a run is alive; also remove the mark of a killed one.

    Args:
        warehouse: The file that it writes.
        run_id: Dagster's identifier of the run.
    """
    mark = _mark(warehouse, run_id)
    if not mark.exists():
        return False
    try:
        with FileLock(mark, timeout=0):
            mark.unlink(missing_ok=True)
    except Timeout:
        return True
    return False


def _mark(warehouse: Path, run_id: str) -> Path:
    return warehouse.with_name(f".{warehouse.stem}.runs") / run_id
