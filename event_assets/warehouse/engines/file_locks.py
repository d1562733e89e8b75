"""The locks of a warehouse that this machine alone writes: files beside it."""

from __future__ import annotations

from pathlib import Path

from filelock import BaseFileLock, FileLock


def write_lock(path: Path) -> BaseFileLock:
    """Return the lock of the one writer, the same object for all of this process.

    Args:
        path: What the warehouse's marks stand beside.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{path}.lock", is_singleton=True)


def sync_lock(path: Path, endpoint: str) -> BaseFileLock:
    """Return the lock of an endpoint's sync.

    Args:
        path: What the warehouse's marks stand beside.
        endpoint: The endpoint's name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.with_name(f".{path.stem}.{endpoint}.dlt.lock"))
