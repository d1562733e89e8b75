"""Turns the project's own errors into Dagster failures, with the error's message as the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from dlt.destinations.exceptions import DatabaseException

from event_assets.settings import SettingsError
from event_assets.source.errors import SyncError
from event_assets.warehouse import WarehouseError
from event_assets.warehouse.engines import database_failure


@contextmanager
def as_dagster_failure(describe: Callable[[Exception], str] = database_failure) -> Iterator[None]:
    """Raise the project's own errors as Dagster failures without retries.

    The session has already retried the request, and the lock has already waited.

    Args:
        describe: Makes the description where the database rejects a statement.

    Raises:
        Failure: In place of a `SettingsError`, `SyncError`, `WarehouseError` or `DatabaseException`.
    """
    try:
        yield
    except (SettingsError, SyncError, WarehouseError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except DatabaseException as error:
        # Without its cause: Dagster keeps the messages of all causes, and this one's quotes values.
        raise dg.Failure(describe(error), allow_retries=False) from None
