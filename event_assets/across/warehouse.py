"""What a place has in common where cross-event tables are built, whichever database it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from event_assets.across.copies import EventCopy
from event_assets.models import Model
from event_assets.settings import Event
from event_assets.warehouse import Session
from event_assets.warehouse.relations import Relation


@dataclass(frozen=True)
class Building:
    """A session in which cross-event models are built.

    Attributes:
        session: Reads what is built.
        replace: Replaces a table with the result of a SELECT.
        missing: Event → why its copy could not be read. The others are there.
    """

    session: Session
    replace: Callable[[Relation, str], None]
    missing: Mapping[str, str]

    def build(self, model: Model) -> None:
        """Build a model.

        Raises:
            DatabaseException: The database rejects it.
        """
        self.replace(model.relation, model.render({}, self.session.dialect))


class CrossEventWarehouse(ABC):
    """Where cross-event tables are: a database with the schema ``events``.

    Attributes:
        kinds: How Dagster shows what is in it.
        dialect: sqlglot's name of its SQL.
    """

    kinds: ClassVar[frozenset[str]]
    dialect: ClassVar[str]

    @classmethod
    @abstractmethod
    def of(cls, events: Sequence[Event]) -> CrossEventWarehouse:
        """Return the place that the settings name.

        Args:
            events: All events, that of [event] first.

        Raises:
            SettingsError: A setting cannot be used.
        """

    @property
    @abstractmethod
    def where(self) -> str:
        """Where the tables are, for people; without user and password."""

    @abstractmethod
    def building(self, copies: Sequence[EventCopy], now: datetime) -> AbstractContextManager[Building]:
        """Open a session in which all inputs are there. At its end readers have what was built.

        Where anything is raised within, they keep what they have.

        Args:
            copies: The copies of all events. One that cannot be read is left out.
            now: The time now, with a zone.

        Raises:
            WarehouseError: The place cannot be written or reached. The tables are as they were.
        """
