"""The warehouse: its file, its dlt destination, its locks and its connections."""

from __future__ import annotations

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import Destination
from dlt.destinations.exceptions import DestinationConnectionError
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.sql_client import SqlClientBase
from filelock import BaseFileLock, FileLock, Timeout
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_fixed

from event_assets.settings import WarehouseSettings
from event_assets.warehouse.failures import WarehouseBusyError, WarehouseUnreadableError, in_one_line
from event_assets.warehouse.rewrite import is_due, rewrite

RAW = "raw"
STAGING = "staging"
HISTORY = "history"
SUMMARY = "summary"
"""The schemas, which are also the first part of the asset keys. ``raw`` is dlt's dataset."""
MERGE = f"_dlt_merge_{RAW}"
"""The schema by way of which dlt merges."""
PUBLISHED = "published"
"""The first part of the asset key of the copy for readers, which is a file of its own."""

_LOOK_AGAIN_SECONDS = 0.2

_OPEN_ELSEWHERE = ("Could not set lock on file", "being used by another process", "File is already open in")
"""How DuckDB says that another process has a file: on Linux and macOS, and, in the words of the system, on Windows."""

_TRIPS_DLT = frozenset("%'")
"""What the path of dlt's working folder must not have in it: dlt formats its files' names with ``%``, and writes their
paths into SQL between quotes as they are."""

logger = logging.getLogger(__name__)


class _Destination(dlt.destinations.duckdb):
    """dlt's DuckDB destination, with its configuration read once instead of at every step.

    A load asks for them some fifteen times, and dlt then looks for a dozen settings in all places where one may be.
    """

    _for_capabilities: DuckDbClientConfiguration | None = None

    def configuration(
        self, initial_config: DuckDbClientConfiguration, accept_partial: bool = False
    ) -> DuckDbClientConfiguration:
        """Return the resolved configuration; a partial one determines the capabilities."""
        if not accept_partial:
            return super().configuration(initial_config)
        if self._for_capabilities is None:
            self._for_capabilities = super().configuration(initial_config, accept_partial=True)
        return self._for_capabilities

    @property
    def destination_type(self) -> str:
        """The type that dlt knows: settings, state and schemas are those of ``duckdb``."""
        return "dlt.destinations.duckdb"


@dataclass
class Warehouse:
    """A DuckDB file that dlt loads into and the models are built in.

    Attributes:
        path: The file, which the first connection makes.
        wait_seconds: How long a writer waits for the one before it.
        memory_limit: How much memory DuckDB may take before it uses the disk; None for its own choice, which is most of
            what the machine has.
    """

    path: Path
    wait_seconds: float = WarehouseSettings.lock_wait_seconds
    memory_limit: str | None = None
    _destination: Destination[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)
    _kept: ExitStack | None = field(default=None, init=False, repr=False, compare=False)
    _kept_client: SqlClientBase[Any] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, settings: WarehouseSettings) -> Warehouse:
        """Return the warehouse that settings name."""
        return cls(settings.file, settings.lock_wait_seconds, settings.memory_limit)

    def destination(self) -> Destination[Any, Any]:
        """Return the warehouse as a dlt destination.

        dlt merges by way of a second dataset, which it would call ``raw_staging``: too near to ``staging``.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._destination is None:
            self._destination = _Destination(str(self.path), staging_dataset_name_layout=MERGE)
        return self._destination

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, or wait for it. May be nested; ends with the process at the latest.

        DuckDB takes one writing process. Dagster's pools keep the waiting orderly where there is a daemon; this holds
        for every run, step and command line. No run holds it while waiting for a server.

        Raises:
            WarehouseBusyError: The other writer did not end within `wait_seconds`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{self.path}.lock", is_singleton=True)
        self._acquire(lock, f"{self.path} is being written by another run", f"Another run has been writing {self.path}")
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def syncing(self, endpoint: str) -> Iterator[Path]:
        """Hold the lock of an endpoint's sync, with an empty temporary folder for dlt's load package.

        A sync holds this for its whole length and `writing` only while it reads or writes the file, so that a server
        that is slow to answer holds up nobody who wants something else. Each sync begins with nothing of the one
        before: what a killed run left half done is never loaded later, as dlt restores what it needs to know, schema
        and state, from the warehouse.

        Args:
            endpoint: The endpoint's name.

        Raises:
            WarehouseBusyError: The other sync of the endpoint did not end within `wait_seconds`.
        """
        beside = self.path.with_name(f".{self.path.stem}.{endpoint}.dlt")
        beside.parent.mkdir(parents=True, exist_ok=True)
        folder, lock = _working_folder(beside), FileLock(f"{beside}.lock")
        self._acquire(lock, f"/{endpoint} is being synced by another run", f"Another run has been syncing /{endpoint}")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _acquire(self, lock: BaseFileLock, waits_because: str, refused_because: str) -> None:
        """Acquire a lock; if another process has it, log that and wait.

        Raises:
            WarehouseBusyError: It was not released within `wait_seconds`.
        """
        try:
            lock.acquire(timeout=0)
            return
        except Timeout:
            logger.warning("%s: waiting up to %.0f s.", waits_because, self.wait_seconds)
        self.give_back()  # or two runs could each wait for what the other one has
        try:
            lock.acquire(timeout=self.wait_seconds)
        except Timeout:
            raise WarehouseBusyError(
                f"{refused_because} for more than {self.wait_seconds:.0f} s. Check what it is doing, or try again "
                "later. Nothing was changed."
            ) from None

    @contextmanager
    def connect(self) -> Iterator[SqlClientBase[Any]]:
        """Open a connection for writing and reading, through dlt's SQL client.

        Raises:
            WarehouseBusyError: Another run writes for too long, or another program has the file open.
            WarehouseUnreadableError: DuckDB cannot open the file.
        """
        if self._kept is None:
            with self.writing(), self._connection() as client:
                yield client
            return
        if self._kept_client is None:
            self._kept.enter_context(self.writing())
            self._kept_client = self._kept.enter_context(self._connection())
        yield self._kept_client

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """Hold the write lock, and keep the first connection open for all that need one.

        Otherwise each would have its client made, read the file's catalog, and write a checkpoint in the end. Who
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
                if self._kept_client is not None:
                    self.rewrite_if_erased()
                self._kept = self._kept_client = None

    def rewrite_if_erased(self) -> None:
        """Rewrite the file if personal data was erased from it.

        Raises:
            WarehouseBusyError: Another run uses the warehouse.
            WarehouseUnreadableError: DuckDB cannot open the file.
        """
        with self.connect() as client:
            due = is_due(client)
        if due:
            self.give_back()  # what is open would be the file as it was
            with self.writing():
                rewrite(self.path, self.memory_limit)

    def give_back(self) -> None:
        """Release the write lock until the next connection. Only of use within `kept_open`."""
        if self._kept is not None:
            self._kept.close()
            self._kept_client = None

    @contextmanager
    def _connection(self) -> Iterator[SqlClientBase[Any]]:
        client = dlt.dataset(self.destination(), RAW, schema=dlt.Schema(RAW)).sql_client
        try:
            self._patiently(client.open_connection)
        except DestinationConnectionError as error:
            if _is_open_elsewhere(error):
                raise WarehouseBusyError(
                    f"Another program has had {self.path} open for more than {self.wait_seconds:.0f} s. Close it "
                    "there, and read the published copy instead: DuckDB allows one writing process. Nothing was "
                    "changed."
                ) from error
            raise WarehouseUnreadableError(
                f"DuckDB cannot open the warehouse {self.path} ({in_one_line(str(error.inner_exc))}). If the file is "
                "damaged or not a database, restore a backup, or move it away: the next run creates a new one without "
                "the history. Nothing was changed."
            ) from error
        try:
            if self.memory_limit:
                client.execute_sql(f"set memory_limit = '{self.memory_limit}'")
            # A file to load is read once: its bytes are not worth keeping beside the rows made of them.
            client.execute_sql("set enable_external_file_cache = false")
            yield client
        finally:
            client.close_connection()

    def _patiently(self, open_connection: Callable[[], object]) -> None:
        """Open a connection, waiting for another program to close the file."""

        def say_once(state: RetryCallState) -> None:
            if state.attempt_number == 1:
                logger.warning("Another program has %s open: waiting up to %.0f s.", self.path, self.wait_seconds)

        Retrying(
            retry=retry_if_exception(_is_open_elsewhere),
            wait=wait_fixed(_LOOK_AGAIN_SECONDS),
            stop=stop_after_delay(self.wait_seconds),
            before_sleep=say_once,
            reraise=True,
        )(open_connection)


def _working_folder(beside: Path) -> Path:
    """Return a folder for dlt's load packages: beside the warehouse, unless dlt cannot use that path.

    Then it is in the system's folder for temporary files, for this user alone.
    """
    if not _TRIPS_DLT & set(str(beside)):
        return beside
    known_by = hashlib.sha256(str(beside).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f".event_assets.{known_by}.dlt")


def _is_open_elsewhere(error: BaseException) -> bool:
    # Not just the word "lock": what is said of a damaged file has "block" in it.
    return isinstance(error, DestinationConnectionError) and any(words in str(error) for words in _OPEN_ELSEWHERE)
