"""The published copy: a plain DuckDB file for readers, so that nobody who looks ever stands in a writer's way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from event_assets.warehouse.connection import Warehouse
from event_assets.warehouse.failures import PublishError

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
        PublishError: The copy cannot be written there. The old copy stays.
    """
    new = target.with_name(f".{target.name}.new")
    with warehouse.writing():
        with warehouse.connect() as client:
            client.execute_sql("checkpoint")  # so that everything is in the one file
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            _copy(warehouse.path, new)
            new.chmod(READ_ONLY)
            with new.open("rb") as copy:
                os.fsync(copy.fileno())
            new.replace(target)
        except OSError as error:
            raise PublishError(
                f"The copy for readers cannot be written to {target}: {error.strerror or error}. The warehouse holds "
                "what was synced, and the copy before it stays as it was. Make room, or let this user write there, and "
                "run it again; `published` in the section [warehouse] puts the copy elsewhere."
            ) from error
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    """Copy a file in a process of its own: where this one closes the file, DuckDB's lock on it would end.

    Raises:
        OSError: It cannot be copied. A part of it is not left behind.
    """
    # -I and -S: without the site's packages, that Python begins in a third of the time.
    command = [sys.executable, "-I", "-S", "-c", _COPY, str(source), str(target)]
    copied = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if copied.returncode:
        target.unlink(missing_ok=True)
        raise OSError(copied.stderr.strip().rpartition("\n")[2] or f"it ended with {copied.returncode}")
