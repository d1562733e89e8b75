"""Whether somebody else could use a warehouse now."""

import os
import threading
from pathlib import Path

from event_assets.warehouse import WarehouseBusyError
from event_assets_tests.warehouses import file_warehouse


def somebody_else_can_write(path: Path) -> bool:
    """Return whether another thread gets the write lock; Python's threads share none here."""
    found: list[bool] = []

    def write() -> None:
        try:
            with file_warehouse(path, wait_seconds=0.05).writing():
                found.append(True)
        except WarehouseBusyError:
            found.append(False)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    return found[0]


def is_open_here(path: Path) -> bool:
    """Return whether this process has the file open, so that DuckDB lets no other one write it."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        raise RuntimeError("only Linux tells which files a process has open")
    # One of them is the listing itself, which is gone by now.
    targets = (os.readlink(each) for each in descriptors.iterdir() if each.is_symlink())
    return str(path.resolve()) in targets
