"""The Dagster resources of the assets. They read the settings when a run needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import PrivateAttr

from event_assets.assets.failures import as_dagster_failure
from event_assets.settings import Event, read_event
from event_assets.warehouse import Warehouse
from event_assets.warehouse.run_marker import marked_as_alive


class EventApiResource(dg.ConfigurableResource):
    """The event API, configured through dlt.

    Address and token are not in the resource's config, because the UI shows that.
    """

    def read(self) -> Event:
        """Read the event as it is configured now."""
        return read_event()


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse of all tables. A run locks it, except while it waits for a server.

    Its path is not in the resource's config: otherwise anyone with the UI could let a run write any file.
    """

    _of_the_run: Warehouse | None = PrivateAttr(default=None)

    def open(self) -> Warehouse:
        """Return the configured warehouse; within a run, the one that the run keeps open.

        Raises:
            SettingsError: One of the settings cannot be used.
        """
        return self._of_the_run or Warehouse.of(read_event())

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WarehouseResource]:
        """Lock the warehouse for the length of a run, and mark the run as alive.

        Raises:
            Failure: Another run did not end in time, the file cannot be opened, or a setting cannot be used.
        """
        with as_dagster_failure():
            warehouse, run_id = self.open(), context.run.run_id if context.run else "no run"
            with marked_as_alive(warehouse.path, run_id), warehouse.kept_open():
                self._of_the_run = warehouse
                yield self
