"""The warehouse: one writer at a time, on whichever engine it is."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlt.common.destination import Destination

from event_assets.settings import Event, WarehouseSettings
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.engines.base import Engine, Lock
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import WarehouseBusyError

_TRIPS_DLT = frozenset("%'")
"""What the path of dlt's working folder must not have in it: dlt formats its files' names with ``%``, and writes their
paths into SQL between quotes as they are."""

logger = logging.getLogger(__name__)


@dataclass
class Warehouse:
    """A database that dlt loads into and the models are built in.

    Attributes:
        engine: The database.
        wait_seconds: How long a writer waits for the one before it.
    """

    engine: Engine
    wait_seconds: float = WarehouseSettings.lock_wait_seconds
    _kept: ExitStack | None = field(default=None, init=False, repr=False, compare=False)
    _kept_session: Session | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, event: Event) -> Warehouse:
        """Return the warehouse of an event.

        Raises:
            SettingsError: It cannot be used as it is configured.
        """
        return cls(configured_engine(event), event.warehouse.lock_wait_seconds)

    @property
    def path(self) -> Path:
        """The path that its marks and working folders stand beside on this machine."""
        return self.engine.local_path

    @property
    def raw_dataset(self) -> str:
        """What dlt calls the schema of the raw tables."""
        return self.engine.raw_dataset

    def destination(self) -> Destination[Any, Any]:
        """Return the warehouse as a dlt destination."""
        return self.engine.destination()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, or wait for it. May be nested; ends with the process at the latest.

        Dagster's pools keep the waiting orderly where there is a daemon; this holds for every run, step and command
        line. No run holds it while waiting for a server.

        Raises:
            WarehouseBusyError: The other writer did not end within `wait_seconds`.
            WarehouseUnreadableError: The database cannot be reached.
        """
        lock, where = self.engine.write_lock(), self.engine.where
        self._acquire(lock, f"{where} is being written by another run", f"Another run has been writing {where}")
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def syncing(self, endpoint: str) -> Iterator[Path]:
        """Hold the lock of an endpoint's sync, with an empty temporary folder for dlt's load package.

        A sync holds this for its whole length and `writing` only while it reads or writes the tables, so that a server
        that is slow to answer holds up nobody who wants something else. Each sync begins with nothing of the one
        before: what a killed run left half done is never loaded later, as dlt restores what it needs to know, schema
        and state, from the warehouse.

        Args:
            endpoint: The endpoint's name.

        Raises:
            WarehouseBusyError: The other sync of the endpoint did not end within `wait_seconds`.
            WarehouseUnreadableError: The database cannot be reached.
        """
        beside = self.path.with_name(f".{self.path.stem}.{endpoint}.dlt")
        beside.parent.mkdir(parents=True, exist_ok=True)
        folder, lock = _working_folder(beside), self.engine.sync_lock(endpoint)
        self._acquire(lock, f"/{endpoint} is being synced by another run", f"Another run has been syncing /{endpoint}")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _acquire(self, lock: Lock, waits_because: str, refused_because: str) -> None:
        """Acquire a lock; if another process has it, log that and wait.

        Raises:
            WarehouseBusyError: It was not released within `wait_seconds`.
        """
        try:
            lock.acquire(timeout=0)
            return
        except TimeoutError:
            logger.warning("%s: waiting up to %.0f s.", waits_because, self.wait_seconds)
        self.give_back()  # or two runs could each wait for what the other one has
        try:
            lock.acquire(timeout=self.wait_seconds)
        except TimeoutError:
            raise WarehouseBusyError(
                f"{refused_because} for more than {self.wait_seconds:.0f} s. Check what it is doing, or try again "
                "later. Nothing was changed."
            ) from None

    @contextmanager
    def connect(self) -> Iterator[Session]:
        """Open a session for writing and reading.

        Raises:
            WarehouseBusyError: Another run writes for too long, or another program has the database for itself.
            WarehouseUnreadableError: The database cannot be opened or reached.
        """
        if self._kept is None:
            with self.writing(), self.engine.connect(self.wait_seconds) as session:
                yield session
            return
        if self._kept_session is None:
            self._kept.enter_context(self.writing())
            self._kept_session = self._kept.enter_context(self.engine.connect(self.wait_seconds))
        yield self._kept_session

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Hold the write lock, and keep the first session open for all that need one.

        Otherwise each would have its client made, read the database's catalog, and write a checkpoint in the end. Who
        waits for something else meanwhile, such as a server, calls `give_back` first.

        Raises:
            WarehouseBusyError: The other writer did not end within `wait_seconds`.
        """
        with ExitStack() as kept:
            kept.enter_context(self.writing())
            self._kept = kept
            try:
                yield
            finally:
                if self._kept_session is not None:
                    self.rewrite_if_erased()
                self._kept = self._kept_session = None

    def rewrite_if_erased(self) -> None:
        """Rewrite the files if personal data was erased from them.

        Raises:
            WarehouseBusyError: Another run uses the warehouse.
            WarehouseUnreadableError: The database cannot be opened or reached.
        """
        with self.connect() as session:
            due = session.is_rewrite_due()
        if due:
            self.give_back()  # what is open would be the files as they were
            with self.writing():
                self.engine.rewrite()

    def give_back(self) -> None:
        """Release the write lock until the next session. Only of use within `kept_open`."""
        if self._kept is not None:
            self._kept.close()
            self._kept_session = None

    def publish(self, plan: PublishPlan) -> Published:
        """Replace the copy for readers with a new one; they see the old one until the new one is complete.

        A relation that cannot be read is held back, and the others are published all the same.

        Args:
            plan: What is in it.

        Raises:
            WarehouseBusyError: Another run uses the warehouse. The old copy stays.
            PublishError: The copy cannot be written. The old copy stays.
        """
        with self.writing(), self.connect() as session:
            return self.engine.publish(session, plan)

    def set_aside(self) -> list[str]:
        """Give the tables and the copy other names, so that the warehouse is empty; return these names."""
        with self.writing():
            return self.engine.set_aside()


def _working_folder(beside: Path) -> Path:
    """Return a folder for dlt's load packages: beside the warehouse, unless dlt cannot use that path.

    Then it is in the system's folder for temporary files, for this user alone.
    """
    if not _TRIPS_DLT & set(str(beside)):
        return beside
    known_by = hashlib.sha256(str(beside).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f".event_assets.{known_by}.dlt")
