"""The Dagster resources of the assets. They read the settings when a run needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import isgeneratorfunction, signature
from typing import Any, TypeVar, cast

import dagster as dg
from pydantic import PrivateAttr

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import EventNames
from event_assets.settings import Event, ReadEvent, read_event
from event_assets.warehouse import Warehouse
from event_assets.warehouse.run_marker import marked_as_alive

EVENT_API, WAREHOUSE = "event_api", "warehouse"
"""What the resources are called, but for the event's name."""

_Step = TypeVar("_Step", bound=Callable[..., Any])


class EventApiResource(dg.ConfigurableResource):
    """The event API, configured through dlt.

    Address and token are not in the resource's config, because the UI shows that. Nor is the event: a run's config
    must not fill the tables of one with another.
    """

    _read: ReadEvent | None = PrivateAttr(default=None)

    def read(self) -> Event:
        """Read the event as it is configured now."""
        return (self._read or read_event)()


class WarehouseResource(dg.ConfigurableResource):
    """The warehouse of all tables. A run locks it, except while it waits for a server.

    Its path is not in the resource's config: otherwise anyone with the UI could let a run write any file.
    """

    _of_the_run: Warehouse | None = PrivateAttr(default=None)
    _read: ReadEvent | None = PrivateAttr(default=None)

    def open(self) -> Warehouse:
        """Return the configured warehouse; within a run, the one that the run keeps open.

        Raises:
            SettingsError: One of the settings cannot be used.
        """
        return self._of_the_run or Warehouse.of((self._read or read_event)())

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


def resources_of(names: EventNames, read: ReadEvent) -> dict[str, object]:
    """Return the resources of an event, by their names.

    Args:
        names: The event's.
        read: Reads the event.
    """
    if not names.event:
        return {EVENT_API: EventApiResource(), WAREHOUSE: WarehouseResource()}

    def event_api(_: dg.InitResourceContext) -> EventApiResource:
        resource = EventApiResource()
        resource._read = read
        return resource

    def warehouse(context: dg.InitResourceContext) -> Iterator[WarehouseResource]:
        resource = WarehouseResource()
        resource._read = read
        with resource.yield_for_execution(context) as opened:
            yield opened

    return {
        names.of(EVENT_API): dg.ResourceDefinition(event_api, config_schema={}),
        names.of(WAREHOUSE): dg.ResourceDefinition(warehouse, config_schema={}),
    }


def of_event(names: EventNames) -> Callable[[_Step], _Step]:
    """Return a decorator of a step: it gets the resources of its event, whose names begin with the event's.

    Dagster takes the resources of a step from the names of its parameters, and `@dlt_assets` takes no others.

    Args:
        names: The event's.
    """

    def decorate(step: _Step) -> _Step:
        if not names.event:
            return step
        renamed = {names.of(name): name for name in (EVENT_API, WAREHOUSE)}
        own = {name: given for given, name in renamed.items()}

        def called(*given: Any, **named: Any) -> Any:
            return step(*given, **{renamed.get(name, name): value for name, value in named.items()})

        def generated(*given: Any, **named: Any) -> Iterator[Any]:
            yield from called(*given, **named)

        # Dagster asks of a function that generates its results whether it is one.
        with_own_resources = wraps(step)(generated if isgeneratorfunction(step) else called)
        declared = signature(step)
        parameters = [each.replace(name=own.get(each.name, each.name)) for each in declared.parameters.values()]
        with_own_resources.__annotations__ = {own.get(name, name): hint for name, hint in step.__annotations__.items()}
        vars(with_own_resources)["__signature__"] = declared.replace(parameters=parameters)
        return cast(_Step, with_own_resources)

    return decorate
