"""Delta tables in a folder or bucket and a Spark server: how they are reached, locked and moved."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, cast

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.storages import FilesystemConfiguration
from dlt.destinations.exceptions import DatabaseException
from filelock import FileLock

from event_assets.settings import Event, run_folder
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted
from event_assets.warehouse.engines.base import Engine, Explanation, Lock
from event_assets.warehouse.engines.destinations import DuckDbDestination
from event_assets.warehouse.engines.file_locks import sync_lock
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.engines.spark.failures import explain, failed
from event_assets.warehouse.engines.spark.lake import Lake, failures
from event_assets.warehouse.engines.spark.locks import WriterLock
from event_assets.warehouse.engines.spark.publish import NOTES, publish
from event_assets.warehouse.engines.spark.server import SparkServer
from event_assets.warehouse.engines.spark.session import REWRITE, WAREHOUSE, SparkSession
from event_assets.warehouse.engines.spark.workspace import Workspace
from event_assets.warehouse.failures import WarehouseUnreadableError
from event_assets.warehouse.names import COPIES, MERGE, RAW, copy_of
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Dataset, Relation

logger = logging.getLogger(__name__)


@dataclass
class SparkEngine(Engine):
    """Delta tables that syncs load into, and a Spark server that the models are built by.

    Attributes:
        remote: The address of the server, as ``SparkSession.builder.remote`` takes it.
        storage: dlt's configuration of the folder or bucket.
        folder: Where marks and working folders of this machine stand.
        namespace: What the event's schemas are called: its folders, and databases in the server's catalog.
    """

    dialect = "spark"
    kinds = frozenset({"spark", "deltalake"})
    copy_kinds = frozenset({"deltalake"})
    copy_description = (
        "A copy of the warehouse for readers, without personal data: Delta tables in the folders {copy}_raw, "
        "{copy}_staging, {copy}_history and {copy}_summary beside the warehouse, replaced after each refresh."
        "\n\nRead them with Spark, DuckDB, Polars or any other Delta client, at any time: each table is replaced in "
        "one commit. The table `{copy}/refresh` has the version of each table that belongs to the latest refresh, "
        "for those who need several tables of one refresh. The table `{copy}/about_this_copy` lists what was left "
        "out, and the tables that were held back because a check failed."
    )

    remote: str = field(repr=False)
    storage: FilesystemConfiguration = field(repr=False)
    folder: Path
    namespace: EventNamespace = MAIN_NAMESPACE
    _workspace: Workspace = field(init=False, repr=False, compare=False)
    _destination: Destination[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._workspace = Workspace(Lake(self.storage, self.namespace))

    @classmethod
    def of(cls, event: Event) -> SparkEngine:
        """Return the lake and the server that the settings of an event name."""
        remote, storage = event.spark.complete()
        return cls(remote, storage, run_folder() / "data", EventNamespace(event.name))

    @staticmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what delta-rs, the file system or Spark has said."""
        return explain(error)

    @property
    def _lake(self) -> Lake:
        return self._workspace.lake

    @property
    def local_path(self) -> Path:
        """A path in the folder that no other lake or event has."""
        place = self._lake.root + (f"#{self.namespace.event}" if self.namespace.event else "")
        return self.folder / f"spark-{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    @property
    def where(self) -> str:
        """The folder or bucket, and the event's folders in it."""
        return f"the Delta tables in {self._lake.root}{self.namespace.note('folders')}"

    @property
    def copy(self) -> str:
        """The folders for readers."""
        folders = ", ".join(self.namespace.schema(copy_of(schema)) for schema in COPIES)
        return f"the folders {folders} of {self._lake.root}, which any Delta client can read"

    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return a Delta table by its folder, as OpenLineage's own integration with Spark names it."""
        stored = Relation(copy_of(relation.schema), relation.name) if published else relation
        location = self._lake.location(stored)
        if self._lake.is_local:
            return Dataset("file", location)
        scheme, _, rest = location.partition("://")
        bucket, _, key = rest.partition("/")
        return Dataset(f"{scheme}://{bucket}", key)

    def destination(self) -> Destination[Any, Any]:
        """Return the tables in memory as a dlt destination. What dlt loads is committed by the session after it."""
        if self._destination is None:
            self._destination = DuckDbDestination(self._workspace.connection, staging_dataset_name_layout=MERGE)
        return self._destination

    def write_lock(self) -> Lock:
        """Return the lock of the one writer: on this machine, or of all that share the folder.

        In a bucket, a writer on another machine is not kept away, but its commit fails where it was not the first.
        """
        if self._lake.is_local:
            path = Path(self._lake.root, ".".join(["", "event_assets", *filter(None, [self.namespace.event]), "lock"]))
        else:
            path = self.local_path.with_suffix(".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseUnreadableError(
                f"The folder of the warehouse, {path.parent}, cannot be made ({error.strerror}). Correct `bucket_url` "
                "in the section [destination.filesystem] of .dlt/config.toml, or make the folder, then run again. "
                "Nothing was changed."
            ) from None
        return WriterLock(FileLock(path, is_singleton=True), self._refresh)

    def _refresh(self) -> None:
        try:
            self._workspace.refresh()
        except DatabaseException as error:
            why, advice = failed(error)
            raise WarehouseUnreadableError(
                f"The warehouse, {self.where}, cannot be read: {why}. Nothing was changed. {advice}, then run again."
            ) from None  # what is said may have the address in it

    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""
        return sync_lock(self.local_path, endpoint)

    @contextmanager
    def connect(self, wait_seconds: float) -> Iterator[SparkSession]:
        """Open a session, on the tables as they were when the write lock was acquired.

        The server is not asked before a model is built.
        """
        client = dlt.dataset(self.destination(), RAW, schema=dlt.Schema(RAW)).sql_client
        client.open_connection()
        server = SparkServer(self.remote, self._lake)
        try:
            yield SparkSession(client, self._workspace, server)
        finally:
            server.close()
            client.close_connection()

    def is_there(self) -> bool:
        """Return whether there is a warehouse; of a bucket, which is not asked, that it is there."""
        return not self._lake.is_local or Path(self._lake.folder(RAW)).is_dir()

    def is_copy_there(self) -> bool:
        """Return the same of the copy."""
        return not self._lake.is_local or self._lake.has_table(NOTES)

    def rewrite(self) -> None:
        """Delete the earlier versions of all tables, which Delta keeps."""
        try:
            for relation in self._lake.tables(*WAREHOUSE, *map(copy_of, COPIES)):
                self._lake.forget_versions(relation)
            with self.connect(0) as session:
                session.execute_sql(f"delete from {REWRITE.sql()} where relation is null")  # noqa: S608
        except (DatabaseException, OSError) as error:
            logger.warning(
                "Personal data was erased from the tables in %s, but their files may still contain remains: earlier "
                "versions could not be deleted (%s). The next run tries again.",
                self._lake.root,
                failed(error)[0],
            )

    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Replace the copy for readers, table by table.

        Raises:
            PublishError: It cannot be written. The tables not yet replaced stay.
        """
        return publish(cast(SparkSession, session), plan)

    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the folders for readers: of each table as it is when it is read.

        Raises:
            WarehouseUnreadableError: They cannot be read.
        """
        with self._readable():
            return [self._copied(each) for each in wanted]

    def _copied(self, wanted: Wanted) -> CopyRows:
        relation = Relation(copy_of(wanted.relation.schema), wanted.relation.name)
        if not self._lake.has_table(relation):
            return []
        with failures():
            found = self._lake.open(relation).to_pyarrow_table(columns=[*{*wanted.columns, *wanted.where}])
        return [
            {name: row[name] for name in wanted.columns}
            for row in found.to_pylist()
            if all(row[name] == text for name, text in wanted.where.items())
        ]

    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of the folders for readers: each as it is when it is read.

        Raises:
            WarehouseUnreadableError: They cannot be read.
        """
        with self._readable():
            for schema in schemas:
                for table in self._lake.tables(copy_of(schema)):
                    with failures():
                        yield Relation(schema, table.name), self._lake.open(table).to_pyarrow_table()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except DatabaseException as error:
            why, advice = failed(error)
            raise WarehouseUnreadableError(
                f"The copy for readers, {self.copy}, cannot be read: {why}. Nothing was changed. {advice}."
            ) from None  # what is said may have the address in it

    def set_aside(self) -> list[str]:
        """Give the folders names that no earlier ones have."""
        there = self._lake.folders()
        endings = (f"_{number}" if number else "" for number in chain([0], count(2)))
        ending = next(each for each in endings if f"sandbox_{self.namespace.schema(RAW)}{each}" not in there)
        moved = []
        # The copy for readers first: if this ends between the two, the warehouse still says what it holds.
        for name in (*map(copy_of, COPIES), *WAREHOUSE):
            if self._lake.rename_schema(name, target := f"sandbox_{self.namespace.schema(name)}{ending}"):
                moved.append(target)
        self._workspace.refresh()
        return [f"the folder {self._lake.root}/{name}" for name in moved]
