"""How what we know to go wrong is told in Dagster: as a failure whose description is the sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg
from dlt.destinations.exceptions import DatabaseException

from event_assets.settings import SettingsError
from event_assets.source.errors import SyncError
from event_assets.warehouse import WarehouseError
from event_assets.warehouse.failures import database_failure


@contextmanager
def explained(describe: Callable[[Exception], str] = database_failure) -> Iterator[None]:
    """Let a step fail with the error's own sentence, and at once.

    Dagster retries none of them: the session has retried what a second request can better, the lock has waited.

    Args:
        describe: Says what it means where DuckDB refuses a statement.
    """
    try:
        yield
    except (SettingsError, SyncError, WarehouseError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    except DatabaseException as error:
        # Without its cause: Dagster keeps the messages of all causes, and this one's quotes values.
        raise dg.Failure(describe(error), allow_retries=False) from None
