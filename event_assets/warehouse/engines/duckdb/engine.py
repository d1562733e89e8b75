"""A DuckDB file: how it is opened, locked and moved."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.destination import Destination
from dlt.destinations.exceptions import DatabaseException, DestinationConnectionError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_fixed

from event_assets.settings import Event, WarehouseSettings
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted, read_rows
from event_assets.warehouse.engines.base import Engine, Explanation, Lock
from event_assets.warehouse.engines.destinations import DuckDbDestination
from event_assets.warehouse.engines.duckdb.copy_tables import tables_of
from event_assets.warehouse.engines.duckdb.reading_apart import ReaderApart, ReadingApartError, reading_apart
from event_assets.warehouse.engines.duckdb.rewrite import rewrite
from event_assets.warehouse.engines.duckdb.session import DuckDbSession
from event_assets.warehouse.engines.file_locks import sync_lock, write_lock
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import WarehouseBusyError, WarehouseUnreadableError, in_one_line, without_values
from event_assets.warehouse.names import MERGE, RAW
from event_assets.warehouse.relations import Dataset, Relation

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_LOOK_AGAIN_SECONDS = 0.2

_OPEN_ELSEWHERE = ("Could not set lock on file", "being used by another process", "File is already open in")
"""How DuckDB says that another process has a file: on Linux and macOS, and, in the words of the system, on Windows."""

logger = logging.getLogger(__name__)


@dataclass
class DuckDbEngine(Engine):
    """A DuckDB file that dlt loads into and the models are built in.

    Attributes:
        path: The file, which the first connection makes.
        published: The copy for readers.
        memory_limit: How much memory DuckDB may take before it uses the disk; None for its own choice, which is most of
            what the machine has.
    """

    dialect = "duckdb"
    kinds = frozenset({"duckdb"})
    copy_kinds = frozenset({"duckdb", "file"})
    copy_description = (
        "A copy of the warehouse for readers, without personal data: a DuckDB file, replaced atomically after each "
        "refresh.\n\nOpen it read-only with any DuckDB client, at any time. It has the schemas raw, staging, history "
        "and summary. Its table `about_this_copy` lists what was left out, and the tables that were held back because "
        "a check failed."
    )

    path: Path
    published: Path = WarehouseSettings.published_file
    memory_limit: str | None = None
    _destination: Destination[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, event: Event) -> DuckDbEngine:
        """Return the file that the settings of an event name."""
        settings = event.warehouse
        return cls(settings.file, settings.published_file, settings.memory_limit)

    @staticmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what DuckDB has said."""
        if not isinstance(error, DatabaseException):
            return None
        import duckdb

        # Not every one: engines that are built on this one have other databases as well.
        if not isinstance(error.dbapi_exception, duckdb.Error):
            return None
        advice = "Free disk space or memory (`memory_limit` in the section [warehouse])"
        return Explanation("DuckDB", without_values(str(error)), advice)

    @property
    def local_path(self) -> Path:
        """The file: what belongs to it stands beside it."""
        return self.path

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    @property
    def copy(self) -> str:
        """The path of the copy for readers, and who can read it."""
        return f"{self.published}, a copy that any DuckDB client can query"

    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return a table of the file by its path, as OpenLineage's own integration with dbt names it."""
        file = self.published if published else self.path
        return Dataset(f"duckdb://{file.as_posix()}", f"{file.stem}.{relation}")

    def destination(self) -> Destination[Any, Any]:
        """Return the file as a dlt destination."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._destination is None:
            self._destination = DuckDbDestination(str(self.path), staging_dataset_name_layout=MERGE)
        return self._destination

    def write_lock(self) -> Lock:
        """Return the lock of the one writer: DuckDB takes one writing process."""
        return write_lock(self.path)

    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""
        return sync_lock(self.path, endpoint)

    @contextmanager
    def connect(self, wait_seconds: float) -> Iterator[DuckDbSession]:
        """Open the file.

        Raises:
            WarehouseBusyError: Another program has had it open for longer than `wait_seconds`.
            WarehouseUnreadableError: DuckDB cannot open it.
        """
        client = dlt.dataset(self.destination(), RAW, schema=dlt.Schema(RAW)).sql_client
        try:
            self._patiently(client.open_connection, wait_seconds)
        except DestinationConnectionError as error:
            if _is_open_elsewhere(error):
                raise WarehouseBusyError(
                    f"Another program has had {self.path} open for more than {wait_seconds:.0f} s. Close it "
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
            yield DuckDbSession(client)
        finally:
            client.close_connection()

    def _patiently(self, open_connection: Callable[[], object], wait_seconds: float) -> None:
        """Open a connection, waiting for another program to close the file."""

        def say_once(state: RetryCallState) -> None:
            if state.attempt_number == 1:
                logger.warning("Another program has %s open: waiting up to %.0f s.", self.path, wait_seconds)

        Retrying(
            retry=retry_if_exception(_is_open_elsewhere),
            wait=wait_fixed(_LOOK_AGAIN_SECONDS),
            stop=stop_after_delay(wait_seconds),
            before_sleep=say_once,
            reraise=True,
        )(open_connection)

    def is_there(self) -> bool:
        """Return whether the file is there."""
        return self.path.exists()

    def is_copy_there(self) -> bool:
        """Return whether the copy for readers is there."""
        return self.published.exists()

    def rewrite(self) -> None:
        """Write the file anew: it keeps remains of deleted rows."""
        rewrite(self.path, self.memory_limit)

    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Replace the file for readers, atomically.

        Raises:
            PublishError: It cannot be written there, or a program has it open for writing. The old copy stays.
        """
        from event_assets.warehouse.engines.duckdb.publish import publish

        return publish(session.client, self.path, self.published, plan, session.identity())

    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the file for readers.

        Raises:
            WarehouseUnreadableError: It is not there, or DuckDB cannot open it.
        """
        # The code server does nothing else with DuckDB, which would take 20 MB of it from then on.
        reading = self._readable if "duckdb" in sys.modules else self._readable_apart
        with reading() as reader:
            named = reader.execute_sql("select schema_name, table_name from duckdb_tables()")
            return read_rows(reader, wanted, {Relation(*name): name for name in named})

    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of the file for readers, all of one refresh.

        Raises:
            WarehouseUnreadableError: It is not there, or DuckDB cannot open it.
        """
        with self._readable() as reader:
            yield from tables_of(reader.connection, schemas)

    @contextmanager
    def _readable(self) -> Iterator[_Reader]:
        """Open the file for readers, which the next copy replaces and does not change."""
        import duckdb

        try:
            with duckdb.connect(str(self.published), read_only=True) as connection:
                connection.execute("set timezone = 'UTC'")
                yield _Reader(connection)
        except duckdb.Error as error:
            raise self._unreadable(str(error)) from error

    @contextmanager
    def _readable_apart(self) -> Iterator[ReaderApart]:
        """Open it in a process of its own."""
        try:
            with reading_apart(self.published) as reader:
                yield reader
        except ReadingApartError as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, said: str) -> WarehouseUnreadableError:
        return WarehouseUnreadableError(
            f"DuckDB cannot read the published copy {self.published} ({without_values(said)}). Nothing was "
            "changed. If another program has it open for writing, close it there; the next refresh makes a new one."
        )

    def back_up(self, folder: Path, wait_seconds: float) -> Path:
        """Copy the file while it is open here, so that no other process writes it, and all is in it.

        Raises:
            WarehouseBusyError: Another program has had it open for longer than `wait_seconds`.
            WarehouseUnreadableError: DuckDB cannot open it.
        """
        with self.connect(wait_seconds) as session:
            session.execute_sql("checkpoint")
            return Path(shutil.copy2(self.path, folder / "warehouse.duckdb"))

    def set_aside(self) -> list[str]:
        """Give the file and the copy names beside them that no earlier ones have."""
        # The copy for readers first: if this ends between the two, the warehouse still says what it holds.
        moved = [str(_move_aside(each)) for each in (self.published, self.path) if each.exists()]
        return moved[::-1]


@dataclass(frozen=True)
class _Reader:
    """Reads with DuckDB alone."""

    connection: duckdb.DuckDBPyConnection

    def execute_sql(self, statement: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a statement."""
        return self.connection.execute(statement.replace("%s", "?"), parameters).fetchall()


def _move_aside(path: Path) -> Path:
    names = (path.with_suffix(f".sandbox{number}{path.suffix}") for number in chain([""], count(2)))
    return path.replace(next(name for name in names if not name.exists()))


def _is_open_elsewhere(error: BaseException) -> bool:
    # Not just the word "lock": what is said of a damaged file has "block" in it.
    return isinstance(error, DestinationConnectionError) and any(words in str(error) for words in _OPEN_ELSEWHERE)
