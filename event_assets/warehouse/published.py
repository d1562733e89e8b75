"""The published copy: a plain DuckDB file for readers, so that nobody who looks ever stands in a writer's way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from event_assets.warehouse.connection import Warehouse

READ_ONLY = 0o444
_COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"


def publish(warehouse: Warehouse, target: Path) -> int:
    """Put a copy of the warehouse in the place of the one before, in one step.

    Who has the old copy open goes on reading it; who opens the file reads the old one or the new one, never half of
    one. The file is read-only: DuckDB would keep a reader's changes beside it and take them for those of the next copy.

    Args:
        warehouse: What to copy.
        target: The copy.

    Returns:
        Its size in bytes.

    Raises:
        WarehouseBusyError: Somebody else has the warehouse. The old copy stays.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f".{target.name}.new")
    with warehouse.writing():
        with warehouse.connect() as client:
            client.execute_sql("checkpoint")  # so that everything is in the one file
        new.unlink(missing_ok=True)
        # In a process of its own: where this one closes the file, DuckDB's lock on it would end.
        subprocess.run([sys.executable, "-c", _COPY, str(warehouse.path), str(new)], check=True)  # noqa: S603
        new.chmod(READ_ONLY)
        with new.open("rb") as copy:
            os.fsync(copy.fileno())
        new.replace(target)
    return target.stat().st_size
