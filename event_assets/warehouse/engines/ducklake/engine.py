"""A DuckLake: how it is reached, locked and cleared of remains."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.destination import Destination
from dlt.destinations.exceptions import DatabaseException, DestinationConnectionError
from dlt.destinations.impl.ducklake.configuration import DuckLakeCredentials
from dlt.destinations.impl.ducklake.sql_client import DuckLakeSqlClient

from event_assets.settings import Event, run_folder
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted, read_rows
from event_assets.warehouse.engines.base import Engine, Explanation, Lock
from event_assets.warehouse.engines.duckdb.copy_content import columns_of
from event_assets.warehouse.engines.duckdb.copy_tables import tables_of
from event_assets.warehouse.engines.ducklake.catalogue import CatalogueError, catalogue_of, unreachable
from event_assets.warehouse.engines.ducklake.destination import lake_destination
from event_assets.warehouse.engines.ducklake.failures import explain
from event_assets.warehouse.engines.ducklake.publish import publish
from event_assets.warehouse.engines.ducklake.purge import purge, tidy
from event_assets.warehouse.engines.ducklake.session import REWRITE, DuckLakeSession
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import PublishError, WarehouseError, without_values
from event_assets.warehouse.names import RAW
from event_assets.warehouse.relations import Dataset, Relation, quoted

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger(__name__)


@dataclass
class DuckLakeEngine(Engine):
    """A DuckLake that dlt loads into and the models are built in.

    Attributes:
        credentials: Those of the lake.
        published: Those of the lake for readers.
        folder: Where marks and working folders of this machine stand, if the catalogue is on a server.
        memory_limit: How much memory DuckDB may take before it uses the disk; None for its own choice.
    """

    dialect = "duckdb"
    kinds = frozenset({"duckdb", "ducklake"})
    copy_kinds = frozenset({"duckdb", "ducklake"})
    copy_description = (
        "A copy of the warehouse for readers, without personal data: a second DuckLake, whose name ends with "
        "_published, changed in one snapshot after each refresh.\n\nAttach it read-only with any DuckDB client, at any "
        "time: each query sees one refresh as a whole, and with `snapshot_version` several queries see the same one. "
        "It has the schemas raw, staging, history and summary. Its table `about_this_copy` lists what was left out, "
        "and the tables that were held back because a check failed."
    )

    credentials: DuckLakeCredentials
    published: DuckLakeCredentials
    folder: Path
    memory_limit: str | None = None
    _destination: Destination[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._catalogue = catalogue_of(self.credentials)
        self._readers = catalogue_of(self.published)
        # For every connection, dlt's own ones too.
        self.credentials.global_config = {
            "temp_directory": str(self.local_path.with_name(f".{self.local_path.stem}.spilled")),
            **({"memory_limit": self.memory_limit} if self.memory_limit else {}),
            **(self.credentials.global_config or {}),
        }

    @classmethod
    def of(cls, event: Event) -> DuckLakeEngine:
        """Return the lake that the settings of an event name."""
        own, readers = (event.ducklake.complete(event.name, published=each) for each in (False, True))
        return cls(own, readers, run_folder() / "data", event.warehouse.memory_limit)

    @staticmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what the catalogue, the storage or DuckDB has said."""
        return explain(error)

    @property
    def local_path(self) -> Path:
        """The file of the catalogue, or a path in the folder that no other lake has."""
        return self._catalogue.local_path(self.folder)

    @property
    def where(self) -> str:
        """The name of the lake, its catalogue and its storage."""
        return f"the DuckLake {self.credentials.ducklake_name} ({self._catalogue.where}; {self._storage})"

    @property
    def _storage(self) -> str:
        return self.credentials.storage_url

    @property
    def copy(self) -> str:
        """The lake for readers."""
        return f"the DuckLake {self.published.ducklake_name} ({self._readers.where}), which any DuckDB client can query"

    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return a table of the lake by its catalogue. OpenLineage has no rule for a DuckLake."""
        catalogue, lake = (self._readers, self.published) if published else (self._catalogue, self.credentials)
        return Dataset(f"ducklake:{catalogue.address}", f"{lake.ducklake_name}.{relation}")

    def destination(self) -> Destination[Any, Any]:
        """Return the lake as a dlt destination."""
        self.local_path.parent.mkdir(parents=True, exist_ok=True)
        if self._destination is None:
            self._destination = lake_destination(self.credentials)
        return self._destination

    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""
        return self._catalogue.write_lock()

    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""
        return self._catalogue.sync_lock(endpoint)

    @contextmanager
    def connect(self, wait_seconds: float) -> Iterator[DuckLakeSession]:
        """Attach the lake.

        Raises:
            WarehouseUnreadableError: The catalogue or the storage cannot be reached, or does not let the user in.
        """
        client = dlt.dataset(self.destination(), RAW, schema=dlt.Schema(RAW)).sql_client
        try:
            client.open_connection()
        except (DestinationConnectionError, DatabaseException) as error:
            found = explain(error)
            why, advice = (found.why, found.advice) if found else (_plain(error), "Check the catalogue and the storage")
            # Without its cause: what DuckDB says has the address in it, with user and password.
            raise unreachable(self._catalogue.where, why, advice) from None
        try:
            yield DuckLakeSession(client, self._catalogue)
        finally:
            client.close_connection()

    def is_there(self) -> bool:
        """Return whether the catalogue is there."""
        return self._catalogue.is_there()

    def is_copy_there(self) -> bool:
        """Return whether the catalogue of the lake for readers is there."""
        return self._readers.is_there()

    def rewrite(self) -> None:
        """Rewrite the files of both lakes, and drop their old snapshots, which hold erased rows."""
        try:
            with self.connect(0) as session, self._readers_attached(session):
                for lake in (self.credentials, self.published):
                    purge(session, lake.ducklake_name, lake.metadata_schema if lake.catalog.host else None)
                with session.begin_transaction():
                    session.execute_sql(f"delete from {REWRITE.sql()} where relation is null")  # noqa: S608
                    if not session.row_count(REWRITE):
                        session.execute_sql(f"drop table {REWRITE.sql()}")
            self._catalogue.clear()
            self._readers.clear()
        except (DatabaseException, CatalogueError) as error:
            found = explain(error)
            logger.warning(
                "Personal data was erased from the tables of %s, but its files may still contain remains: they could "
                "not be rewritten (%s). The next run tries again.",
                self.where,
                found.why if found else _plain(error),
            )

    @contextmanager
    def _readers_attached(self, session: Session) -> Iterator[str]:
        """Attach the lake for readers to a session; return its name."""
        lake = self.published
        session.execute_sql(
            DuckLakeSqlClient.build_attach_statement(
                ducklake_name=lake.ducklake_name,
                metadata_schema=lake.metadata_schema,
                catalog=lake.catalog,
                storage_url=lake.storage_url,
            )
        )
        try:
            yield lake.ducklake_name
        finally:
            session.execute_sql(f"detach {quoted(lake.ducklake_name)}")

    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Bring the lake for readers up to date, in one snapshot.

        Raises:
            PublishError: It cannot be written. The old copy stays.
        """
        try:
            with self._readers_attached(session) as name:
                lake = cast(DuckLakeSession, session)
                notes = publish(lake, plan, name)
                lake.published()
                self._tidy(session)
                [(snapshot,)] = session.execute_sql(f"from ducklake_current_snapshot('{name}')") or [(None,)]
                size = "select coalesce(sum(file_size_bytes), 0)::bigint from ducklake_table_info(%s)"
                [(held,)] = session.execute_sql(size, name) or [(0,)]
        except DatabaseException as error:
            found = explain(error)
            why, advice = (found.why, found.advice) if found else (_plain(error), "Check the catalogue and the storage")
            raise PublishError(
                f"The copy for readers cannot be written: {why}. {advice}, then run again. The warehouse has the new "
                "rows, and the previous copy is unchanged."
            ) from None
        return Published(f"{name}, snapshot {snapshot}", held, notes)

    def _tidy(self, session: Session) -> None:
        """Drop what is old from both lakes; warn if that fails, because readers have the new copy all the same."""
        try:
            for lake in (self.credentials, self.published):
                tidy(session, lake.ducklake_name)
        except DatabaseException as error:
            found = explain(error)
            logger.warning(
                "Old snapshots and files of %s could not be deleted (%s). The next run tries again.",
                self.where,
                found.why if found else _plain(error),
            )

    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the lake for readers, all of one snapshot.

        Raises:
            WarehouseUnreadableError: The catalogue or the storage cannot be reached or read.
        """
        with self._readable() as session:
            return read_rows(session, wanted, columns_of(session, self.published.ducklake_name))

    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of the lake for readers, all of one snapshot.

        Raises:
            WarehouseUnreadableError: The catalogue or the storage cannot be reached or read.
        """
        with self._readable() as session:
            yield from tables_of(session.client.native_connection, schemas, self.published.ducklake_name)

    @contextmanager
    def _readable(self) -> Iterator[DuckLakeSession]:
        """Open a session in the lake for readers, which sees one snapshot."""
        readers = replace(self, credentials=self.published)
        try:
            with readers.connect(0) as session, session.client.begin_transaction():
                yield session
        except DatabaseException as error:
            found = explain(error)
            why, advice = (found.why, found.advice) if found else (_plain(error), "Check the catalogue and the storage")
            raise unreachable(self._readers.where, why, advice) from None

    def set_aside(self) -> list[str]:
        """Refuse to: files in a bucket cannot be renamed.

        Raises:
            WarehouseError: Always.
        """
        raise WarehouseError(
            f"{self.where} holds the sandbox's invented data. Set `ducklake_name` in the section "
            "[destination.ducklake.credentials] of .dlt/secrets.toml to another name, then run again: your event "
            "begins with an empty lake beside it. Nothing was changed."
        )


def _plain(error: BaseException) -> str:
    return without_values(str(error)) if isinstance(error, DatabaseException) else str(error)
