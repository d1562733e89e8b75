"""What the project needs of a database, whichever it is: an engine opens sessions, a session runs SQL.

An engine of dlt's and sqlglot's does most of it: dlt connects and loads, sqlglot writes the dialect. Here is the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from dlt.common.destination import Destination

from event_assets.settings import Event
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.copy_rows import CopyRows, Wanted
from event_assets.warehouse.engines.explanation import Explanation
from event_assets.warehouse.engines.lock import Lock
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.names import RAW
from event_assets.warehouse.relations import Dataset, Relation

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(ABC):
    """A database, as it is configured.

    Attributes:
        dialect: sqlglot's name of its SQL.
        kinds: How Dagster shows what is in it.
        copy_kinds: How Dagster shows the copy for readers.
        copy_description: What it is, for who browses the assets; where schemas have a name, ``{copy}`` begins it.
    """

    dialect: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    copy_kinds: ClassVar[frozenset[str]]
    copy_description: ClassVar[str]

    @classmethod
    @abstractmethod
    def of(cls, event: Event) -> Engine:
        """Return the database that an event is configured for.

        Raises:
            SettingsError: A setting cannot be used.
        """

    @staticmethod
    @abstractmethod
    def explain(error: BaseException) -> Explanation | None:
        """Return what the database or its driver has said; None of an error that is not of them."""

    @property
    @abstractmethod
    def local_path(self) -> Path:
        """The path that locks, marks of runs and working folders stand beside on this machine."""

    @property
    @abstractmethod
    def where(self) -> str:
        """Where the warehouse is, for people; without user and password."""

    @property
    @abstractmethod
    def copy(self) -> str:
        """Where the copy for readers is, for people, as the end of "All of it is in "."""

    @abstractmethod
    def dataset(self, relation: Relation, *, published: bool = False) -> Dataset:
        """Return what OpenLineage calls a table of the warehouse, or that of the copy for readers."""

    @property
    def raw_dataset(self) -> str:
        """What dlt calls the schema of the raw tables."""
        return RAW

    @abstractmethod
    def destination(self) -> Destination[Any, Any]:
        """Return the warehouse as a dlt destination. It merges by way of the dataset ``MERGE``, not ``raw_staging``."""

    @abstractmethod
    def write_lock(self) -> Lock:
        """Return the lock of the one writer."""

    @abstractmethod
    def sync_lock(self, endpoint: str) -> Lock:
        """Return the lock of an endpoint's sync."""

    @abstractmethod
    def connect(self, wait_seconds: float) -> AbstractContextManager[Session]:
        """Open a session.

        Args:
            wait_seconds: How long to wait for a program that has the database for itself.

        Raises:
            WarehouseBusyError: Another program has it for too long.
            WarehouseUnreadableError: It cannot be opened.
        """

    @abstractmethod
    def is_there(self) -> bool:
        """Return whether there is a warehouse that a run has made. Asks no server: one that is down is not gone."""

    @abstractmethod
    def is_copy_there(self) -> bool:
        """Return the same of the copy for readers."""

    @abstractmethod
    def rewrite(self) -> None:
        """Rewrite the files so that they hold nothing of erased rows; warn if that fails. No session may be open."""

    @abstractmethod
    def publish(self, session: Session, plan: PublishPlan) -> Published:
        """Replace the copy for readers. They see the old one until the new one is complete.

        Raises:
            PublishError: It cannot be written. The old copy stays.
        """

    @abstractmethod
    def read_copy(self, wanted: Sequence[Wanted]) -> list[CopyRows]:
        """Return rows of the copy for readers, without a lock; none of a table that it does not have.

        Raises:
            WarehouseUnreadableError: The copy cannot be opened or reached.
        """

    def back_up(self, folder: Path, wait_seconds: float) -> Path | None:
        """Write a consistent copy into an empty folder and return it; None where the database has tools for that."""
        return None

    @abstractmethod
    def copied_tables(self, *schemas: str) -> Iterator[tuple[Relation, pa.Table]]:
        """Yield the tables of some schemas of the copy for readers, by the names that the warehouse has for them.

        Raises:
            WarehouseUnreadableError: The copy cannot be opened or reached.
        """

    @abstractmethod
    def set_aside(self) -> list[str]:
        """Give tables and copy other names, so that the warehouse is empty, and return them. No session may be open."""
