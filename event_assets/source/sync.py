"""Syncs one endpoint: from the API into the schema ``raw``.

``api`` fetches the response, ``records`` processes its records, and ``load`` changes the tables.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from dlt.destinations.exceptions import DatabaseException
from dlt.extract.exceptions import ResourceExtractionError
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import PipelineStepFailed

from event_assets.settings import Event, EventApiSettings, PrivacySettings, RemovalSettings, RetrySettings
from event_assets.source.api.fetch import Fetched, fetch
from event_assets.source.api.fingerprint import ResponseFingerprint
from event_assets.source.api.resources import resources_of
from event_assets.source.failures import api_failure, warehouse_failure
from event_assets.source.load.apply import apply
from event_assets.source.load.changes import Changes, ExistingRows, Upserts
from event_assets.source.load.diff import diff
from event_assets.source.load.erasure_plan import ErasurePlan
from event_assets.source.load.removals import Removal, refuse_large_removals
from event_assets.source.load.results import ResourceResult, changed, unchanged
from event_assets.source.load.staging import open_pipeline, stage
from event_assets.source.load.table_state import TableState, read_existing_rows, read_table_states
from event_assets.source.progress import Progress
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import RecordProcessor
from event_assets.source.tables.more import ALL_TABLES
from event_assets.warehouse import Warehouse


@dataclass(frozen=True)
class SyncSettings:
    """The settings of a sync.

    Attributes:
        retry: How requests are retried.
        removals: How much a response may remove.
        privacy: Whether personal data is kept, hashed or dropped.
    """

    retry: RetrySettings = field(default_factory=RetrySettings)
    removals: RemovalSettings = field(default_factory=RemovalSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)

    @classmethod
    def of(cls, event: Event, *, allow_removals: bool = False) -> SyncSettings:
        """Return how the tables of an event are synced.

        Args:
            event: Its sections of the same names count.
            allow_removals: Let an answer through that would remove too much, whatever the setting says.

        Raises:
            SettingsError: One of the settings cannot be used.
        """
        removals = replace(event.removals, allowed=event.removals.allowed or allow_removals)
        return cls(event.retry, removals, event.privacy)


def sync(
    api: EventApiSettings,
    warehouse: Warehouse,
    endpoint: str,
    resources: Sequence[str],
    settings: SyncSettings | None = None,
    log_warning: Callable[[str], object] = lambda _: None,
    log_progress: Callable[[str], object] = lambda _: None,
) -> dict[str, ResourceResult]:
    """Sync the resources of an endpoint that changed, with one fetch.

    Every declared table and column exists afterwards, with or without rows. Unchanged rows are not written.

    Args:
        api: The address and token of the API.
        warehouse: The warehouse.
        endpoint: The endpoint's name.
        resources: Which of the endpoint's resources to sync.
        settings: The settings of the sync.
        log_warning: Takes a line that somebody should act on or know of.
        log_progress: Takes a line about the progress every few seconds.

    Returns:
        The result by resource.

    Raises:
        SyncError: The request failed, or its response is invalid or would remove too much: the tables are unchanged.
            Or the warehouse could not store it.
        WarehouseBusyError: Another run uses the warehouse, or syncs the endpoint. The tables are unchanged.
    """
    # No other run syncs the endpoint meanwhile, so its tables stay as they were read. Others may write the rest while
    # the server is waited for. The folder is there for a sync that needs none, too: what a killed one has left goes.
    call = _Call(api, endpoint, settings or SyncSettings(), log_warning, Progress(log_progress))
    with warehouse.syncing(endpoint) as folder:
        warehouse.give_back()
        fetched = _fetch(call, resources)
        with warehouse.connect() as session:
            states = read_table_states(session, [ALL_TABLES[name] for name in resources])
        if changed_answer := _unless_repeated(call, warehouse, states, fetched):
            results = _load(call, warehouse, folder, states, changed_answer)
        else:
            results = {name: unchanged(state.checkpoint) for name, state in states.items() if state.checkpoint}
            _log_absent_resources(log_warning, results)
        if call.settings.privacy.clears:
            warehouse.rewrite_if_erased()
        return results


class _Call(NamedTuple):
    """The arguments of a sync."""

    api: EventApiSettings
    endpoint: str
    settings: SyncSettings
    log_warning: Callable[[str], object]
    progress: Progress

    @property
    def fingerprint(self) -> ResponseFingerprint:
        """The fingerprint of the endpoint's responses."""
        tables = [ALL_TABLES[name] for name in resources_of(self.endpoint)]
        return ResponseFingerprint(tables, self.settings.privacy)


def _fetch(call: _Call, resources: Sequence[str]) -> Fetched:
    """Request the endpoint, and wait for the first response."""
    with _failures_of_the_api(call):
        return fetch(
            call.api,
            call.endpoint,
            resources,
            call.settings.retry,
            call.fingerprint,
            log=call.log_warning,
            progress=call.progress,
        )


def _unless_repeated(
    call: _Call, warehouse: Warehouse, states: Mapping[str, TableState], fetched: Fetched
) -> Fetched | None:
    """Return the response; None if it is unchanged and the tables hold its records."""
    held = {each.checkpoint.pages if each.checkpoint and each.as_declared else () for each in states.values()}
    previous = held.pop() if len(held) == 1 else ()  # all tables hold what one and the same response came to
    if previous and fetched.has_more:
        warehouse.give_back()
    with _failures_of_the_api(call):
        return fetched.unless_repeated(previous, call.progress)


def _load(
    call: _Call, warehouse: Warehouse, folder: Path, states: Mapping[str, TableState], fetched: Fetched
) -> dict[str, ResourceResult]:
    """Read the pages, and load what they change."""
    privacy = Privacy(call.settings.privacy)
    erasure = ErasurePlan(states, privacy)
    lacks_columns = any((each.columns or each.latest) and not each.as_declared for each in states.values())
    with _failures_of_the_warehouse(call), warehouse.writing():
        pipeline = open_pipeline(warehouse, folder, reads_tables=lacks_columns or erasure.drops_columns)
    diffs = _diffs(call, warehouse, states, fetched, privacy)
    if fetched.has_more:
        warehouse.give_back()
    with _failures_of_the_api(call):
        staged = stage(pipeline, call.endpoint, diffs, {name: not state.rows for name, state in states.items()})
    results = {name: changed(changes, states[name]) for name, changes in staged.changes.items()}
    _log_absent_resources(call.log_warning, results)
    refuse_large_removals(
        (_removal(name, states[name], changes, privacy) for name, changes in staged.changes.items()),
        call.settings.removals,
    )
    with _failures_of_the_warehouse(call), warehouse.writing():
        apply(warehouse, pipeline, staged, states, privacy, erasure, call.progress)
    return results


def _diffs(
    call: _Call,
    warehouse: Warehouse,
    states: Mapping[str, TableState],
    fetched: Fetched,
    privacy: Privacy,
) -> dict[str, Generator[Upserts, None, Changes]]:
    """Return the diff of each table, a generator that releases its memory at the end."""
    existing = dict.fromkeys(states, ExistingRows())
    if any(state.rows for state in states.values()):
        with warehouse.connect() as session:
            existing |= {
                name: read_existing_rows(session, ALL_TABLES[name], state)
                for name, state in states.items()
                if state.rows
            }
    with _failures_of_the_api(call):
        answered = fetched.by_resource()
    return {
        name: diff(
            ALL_TABLES[name],
            existing[name],
            pages,
            RecordProcessor(ALL_TABLES[name], privacy),
            call.fingerprint,
            call.progress,
        )
        for name, pages in answered.items()
    }


def _removal(name: str, state: TableState, changes: Changes, privacy: Privacy) -> Removal:
    keys = privacy.keys(ALL_TABLES[name])
    # A checkpoint of an earlier release does not say how keys were made.
    rekeyed = state.latest.keys != keys if state.latest and state.latest.keys else None
    live = 0 if changes.is_absent else state.live
    return Removal(name, live, len(changes.removed_keys), changes.taken, rekeyed if keys else False)


def _log_absent_resources(log_warning: Callable[[str], object], results: Mapping[str, ResourceResult]) -> None:
    for name in sorted(results):
        if results[name].absent:
            log_warning(f"The response has no {name}: raw.{name} is unchanged.")


@contextmanager
def _failures_of_the_api(call: _Call) -> Iterator[None]:
    """Raise a `SyncError` if the response cannot be read.

    Raises:
        SyncError: It could not.
    """
    try:
        yield
    except (ResourceExtractionError, PipelineStepFailed) as failure:
        raise api_failure(failure, call.api, call.endpoint) from None


@contextmanager
def _failures_of_the_warehouse(call: _Call) -> Iterator[None]:
    """Raise a `SyncError` if the warehouse cannot store the response.

    Raises:
        SyncError: It did not.
    """
    try:
        yield
    except (PipelineStepFailed, LoadClientJobException, DatabaseException) as failure:
        raise warehouse_failure(failure, call.endpoint) from None
