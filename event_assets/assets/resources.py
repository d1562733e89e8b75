"""The Dagster resources of the assets, which are the same for all events. They read the settings when a run needs them.

A step names its event in the code. It is not in the resources' config: a run's config must not fill the tables of one
event with another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg
from pydantic import PrivateAttr

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.run_events import events_of
from event_assets.settings import Event, read_event
from event_assets.warehouse import Warehouse
from event_assets.warehouse.run_marker import marked_as_alive


class EventApiResource(dg.ConfigurableResource):
    """The event API, configured through dlt.

    Address and token are not in the resource's config, because the UI shows that.
    """

    def read(self, event: str = "") -> Event:
        """Read an event as it is configured now.

        Args:
            event: Its name; empty for the event of [event].
        """
        return read_event(event)


class WarehouseResource(dg.ConfigurableResource):
    """The warehouses of all events. A run locks those of its own, except while it waits for a server.

    Paths are not in the resource's config: otherwise anyone with the UI could let a run write any file.
    """

    _of_the_run: dict[str, Warehouse] = PrivateAttr(default_factory=dict)

    def open(self, event: str = "") -> Warehouse:
        """Return the configured warehouse of an event; within a run, the one that the run keeps open.

        Args:
            event: Its name; empty for the event of [event].

        Raises:
            SettingsError: One of the settings cannot be used.
        """
        return self._of_the_run.get(event) or Warehouse.of(read_event(event))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[WarehouseResource]:
        """Lock the warehouses for the length of a run, and mark the run as alive.

        Raises:
            Failure: Another run did not end in time, the file cannot be opened, or a setting cannot be used.
        """
        run_id, events = (context.run.run_id, events_of(context.run)) if context.run else ("no run", [""])
        with as_dagster_failure(), ExitStack() as kept:
            for event in events:
                warehouse = self.open(event)
                kept.enter_context(marked_as_alive(warehouse.path, run_id))
                kept.enter_context(warehouse.kept_open())
                self._of_the_run[event] = warehouse
            yield self
