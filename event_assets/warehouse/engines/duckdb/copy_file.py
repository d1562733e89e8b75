"""Replaces the file of the published copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep, time

from event_assets.warehouse.failures import PublishError

try:
    import fcntl
except ImportError:  # Windows lets nobody replace a file that is open
    fcntl = None

_WRITE_BITS = 0o222
_WAIT_SECONDS = 5.0
"""How long to wait for a program that has the copy open for writing: long enough for a query of a client that does not
say `read_only`, short enough to hold up no sync."""
_LOOK_AGAIN_SECONDS = 0.1
_SPILLED_SECONDS = 24 * 3600
"""For how long nothing has changed in a folder that DuckDB has put rows into, before it is taken for one that a killed
reader has left. A living one may need it, of an older copy as well."""


@contextmanager
def kept_from_writers(target: Path) -> Iterator[None]:
    """Keep the copy from being opened for writing, and remove what writers have left beside it.

    DuckDB reads a `.wal` beside a file as what has to be added to it, whatever file it was written for. Who has the old
    copy open for writing would put one beside the new copy. DuckDB's readers hold a shared lock and its writers an
    exclusive one, on the file itself: with a shared one here, readers go on and no writer begins.

    Args:
        target: The copy, which need not be there.

    Raises:
        PublishError: A program still has it open. The copy is unchanged.
        OSError: What is beside it cannot be removed.
    """
    try:
        copy = target.open("rb")
    except FileNotFoundError:
        remove_beside(target)
        yield
        return
    with copy:
        for left in range(round(_WAIT_SECONDS / _LOOK_AGAIN_SECONDS), -1, -1):
            if _is_shared(copy.fileno()):
                break
            if not left:
                raise PublishError(
                    f"Another program has the published copy {target} open for writing. Close it there, and open it "
                    "read-only, then run again. The copy is unchanged."
                )
            sleep(_LOOK_AGAIN_SECONDS)
        remove_beside(target)
        yield


def _is_shared(descriptor: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # which of both is left to the system
        return False
    return True


def remove_beside(target: Path) -> None:
    """Remove the write-ahead log of the copy (`.wal`), and the spilled rows of a killed reader (`.tmp`).

    Raises:
        OSError: Something of it cannot be removed.
    """
    if not target.parent.is_dir():
        return
    for path in target.parent.iterdir():
        ending = path.name[len(target.name) :] if path.name.startswith(f"{target.name}.") else ""
        is_added = "wal" in ending.split(".")  # also ".wal.checkpoint" and the like, as DuckDB's versions have them
        if is_added or (ending == ".tmp" and _unchanged_since(path) > _SPILLED_SECONDS):
            _remove(path)


def _unchanged_since(folder: Path) -> float:
    return time() - max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Return the path of the next copy, in a temporary hidden folder beside it for this user alone.

    One that a killed run has left goes first.

    Raises:
        OSError: Nothing can be written there.
    """
    folder = target.with_name(f".{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(folder)
    folder.mkdir(mode=0o700)
    try:
        yield folder / target.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(new: Path, target: Path, like: Path) -> None:
    """Replace the copy with a file atomically, and make it read-only.

    Args:
        new: The file, on the same disk.
        target: The copy.
        like: Whose mode it gets, without leave to write.

    Raises:
        OSError: It cannot be put there. The copy stays as it was.
    """
    new.chmod(like.stat().st_mode & 0o777 & ~_WRITE_BITS)
    descriptor = os.open(new, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    remove_beside(target)
    new.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
