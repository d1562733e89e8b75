"""One sync of an endpoint: from the API into ``raw``, or a sentence that says why not.

An answer is fetched in ``api``, its records are judged in ``records``, and the tables changed in ``load``; this module
is the way through.
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
from event_assets.source.api.resources import resources_by_endpoint
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
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse


@dataclass(frozen=True)
class SyncSettings:
    """How a sync goes about it.

    Attributes:
        retry: How requests are tried again.
        removals: How much an answer may remove.
        privacy: What becomes of personal data.
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
    """Ask an endpoint once and bring the tables of the given resources to what it says.

    Every declared table and column exists afterwards, rows or not. What the tables hold already is not written again.

    Args:
        api: Where to ask and with which token.
        warehouse: Where the tables are.
        endpoint: The endpoint's name; keeps the working folders of different endpoints apart.
        resources: Which of the endpoint's resources to sync.
        settings: How to go about it.
        log_warning: Takes a line that somebody should act on or know of.
        log_progress: Takes a line about the progress every few seconds.

    Returns:
        What was done, by resource.

    Raises:
        SyncError: The API could not be asked, did not give a usable answer, or gave one that would remove too much:
            the tables are unchanged. Or the warehouse did not take it.
        WarehouseBusyError: Somebody else has the warehouse, or syncs the endpoint. The tables are unchanged.
    """
    # Nobody else syncs the endpoint meanwhile, so its tables stay as they were read. Others may write the rest while
    # the server is waited for. The folder is there for a sync that needs none, too: what a killed one has left goes.
    call = _Call(api, endpoint, settings or SyncSettings(), log_warning, Progress(log_progress))
    with warehouse.syncing(endpoint) as folder:
        warehouse.give_back()
        fetched = _fetch(call, resources)
        with warehouse.connect() as client:
            states = read_table_states(client, [TABLES[name] for name in resources])
        if changed_answer := _unless_repeated(call, warehouse, states, fetched):
            results = _load(call, warehouse, folder, states, changed_answer)
        else:
            results = {name: unchanged(state.checkpoint) for name, state in states.items() if state.checkpoint}
            _log_absent_resources(log_warning, results)
        if call.settings.privacy.clears:
            warehouse.rewrite_if_erased()
        return results


class _Call(NamedTuple):
    """What a sync was called with."""

    api: EventApiSettings
    endpoint: str
    settings: SyncSettings
    log_warning: Callable[[str], object]
    progress: Progress

    @property
    def fingerprint(self) -> ResponseFingerprint:
        """What makes digests of the endpoint's answers."""
        tables = [TABLES[name] for name in resources_by_endpoint()[self.endpoint]]
        return ResponseFingerprint(tables, self.settings.privacy)


def _fetch(call: _Call, resources: Sequence[str]) -> Fetched:
    """Ask the endpoint, and wait for the first answer."""
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
    """Return the answer, fetched as far as it takes to see whether the tables hold it; None if they do."""
    held = {each.checkpoint.pages if each.checkpoint and each.as_declared else () for each in states.values()}
    previous = held.pop() if len(held) == 1 else ()  # all tables hold what one and the same answer came to
    if previous and fetched.has_more:
        warehouse.give_back()
    with _failures_of_the_api(call):
        return fetched.unless_repeated(previous, call.progress)


def _load(
    call: _Call, warehouse: Warehouse, folder: Path, states: Mapping[str, TableState], fetched: Fetched
) -> dict[str, ResourceResult]:
    """Read the pages, and change the tables to what they say."""
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
    """Return the diff of each table. Each gives the memory back that it needs as long as records come: see ``diff``."""
    existing = dict.fromkeys(states, ExistingRows())
    if any(state.rows for state in states.values()):
        with warehouse.connect() as client:
            existing |= {
                name: read_existing_rows(client, TABLES[name], state) for name, state in states.items() if state.rows
            }
    return {
        name: diff(
            TABLES[name],
            existing[name],
            pages,
            RecordProcessor(TABLES[name], privacy),
            call.fingerprint,
            call.progress,
        )
        for name, pages in fetched.by_resource().items()
    }


def _removal(name: str, state: TableState, changes: Changes, privacy: Privacy) -> Removal:
    keys = privacy.keys(TABLES[name])
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
    """Log in a sentence why an answer could not be read.

    Raises:
        SyncError: It could not.
    """
    try:
        yield
    except (ResourceExtractionError, PipelineStepFailed) as failure:
        raise api_failure(failure, call.api, call.endpoint) from None


@contextmanager
def _failures_of_the_warehouse(call: _Call) -> Iterator[None]:
    """Log in a sentence why the warehouse did not take an answer.

    Raises:
        SyncError: It did not.
    """
    try:
        yield
    except (PipelineStepFailed, LoadClientJobException, DatabaseException) as failure:
        raise warehouse_failure(failure, call.endpoint) from None
