"""One sync of an endpoint: from the API into ``raw``, or a sentence that says why not.

What is asked for is in ``resources``, what becomes of a record in ``records``, what of the rows that are gone in
``ledger``, what is said of a failure in ``failures``; this module runs it in the right order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dlt
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract.exceptions import ResourceExtractionError
from dlt.extract.source import DltSource
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import PipelineStepFailed

from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings, RetrySettings
from event_assets.source import ledger
from event_assets.source.failures import SyncError, api_failure, warehouse_failure
from event_assets.source.privacy import Privacy
from event_assets.source.progress import Progress, count
from event_assets.source.recall import Recall
from event_assets.source.records import Intake, Known, Reject
from event_assets.source.resources import SOURCE_NAME, event_api, resources_by_endpoint
from event_assets.source.schema import TABLES
from event_assets.source.session import ApiSession
from event_assets.source.tables import Table
from event_assets.warehouse import RAW, Warehouse

_FEW_ROWS = 10_000
"""Fingerprints of so many rows are read in some ten milliseconds, which is what another connection takes."""


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


@dataclass(frozen=True)
class ResourceResult:
    """What a sync did to the table of one resource.

    Attributes:
        received: Records in the answer. Those that are not rejected are the table's rows that are not removed.
        loaded: Records that were new, changed or back again, and therefore written.
        removed: Rows that are marked as removed because the answer no longer has them.
        rejected: Records that could not be loaded, now in ``raw.rejected``.
        misfits: How often a column got a value that does not fit its type.
        version: A fingerprint of all rows that are not removed: the same for the same records, in whatever order.
        absent: Whether the answer did not have the resource, so that the table was left as it is.
    """

    received: int
    loaded: int
    removed: int
    rejected: int
    misfits: Mapping[str, int]
    version: str
    absent: bool = False


def sync(
    api: EventApiSettings,
    warehouse: Warehouse,
    endpoint: str,
    resources: Sequence[str],
    settings: SyncSettings | None = None,
    tell: Callable[[str], object] = lambda _: None,
    tell_progress: Callable[[str], object] = lambda _: None,
) -> dict[str, ResourceResult]:
    """Ask an endpoint once and bring the tables of the given resources to what it says.

    Every declared table and column exists afterwards, rows or not. What the tables hold already is not written again.

    Args:
        api: Where to ask and with which token.
        warehouse: Where the tables are.
        endpoint: The endpoint's name; keeps the working folders of different endpoints apart.
        resources: Which of the endpoint's resources to sync.
        settings: How to go about it.
        tell: Takes lines for the run's log: what somebody should know of.
        tell_progress: Takes a line every few seconds: how far it is.

    Returns:
        What was done, by resource.

    Raises:
        SyncError: The API could not be asked, did not give a usable answer, or gave one that would remove too much:
            the tables are unchanged. Or the warehouse did not take it.
        WarehouseBusyError: Somebody else has the warehouse. Nothing was requested.
    """
    settings = settings or SyncSettings()
    progress = Progress(tell_progress)
    with warehouse.writing():
        with warehouse.connect() as client:
            held = ledger.read(client, [TABLES[name] for name in resources])
        recall = _recall(endpoint, held, settings.privacy)
        session = ApiSession(api.base_url, resources_by_endpoint()["content"], settings.retry, tell, recall, progress)
        source = event_api(api, session, resources)
        try:
            if _repeats(endpoint, source, session, recall, progress):
                unchanged = {name: _unchanged(each.answer) for name, each in held.items() if each.answer}
                _tell_what_is_absent(tell, [name for name, result in unchanged.items() if result.absent])
                return unchanged
        except ResourceExtractionError as failure:
            raise api_failure(failure, api, endpoint) from None
        with warehouse.connect() as client:
            known = {name: _known(client, warehouse, TABLES[name], held[name]) for name in resources}
        with warehouse.working_folder(endpoint) as folder:
            privacy = Privacy(settings.privacy)
            intakes = {name: Intake(TABLES[name], known[name], privacy, folder, progress, recall) for name in resources}
            pipeline = dlt.pipeline(
                SOURCE_NAME, destination=warehouse.destination(), dataset_name=RAW, pipelines_dir=str(folder)
            )
            new = {name for name in resources if TABLES[name].is_flat and not held[name].rows}
            try:
                load_id = _read(pipeline, source, intakes, new)
            except PipelineStepFailed as failure:
                raise api_failure(failure, api, endpoint) from None
            absent = session.absent & intakes.keys()
            _tell_what_is_absent(tell, absent)
            present = {name: intake for name, intake in intakes.items() if name not in absent}
            gone = {name: intake.gone for name, intake in present.items()}
            for intake in intakes.values():
                intake.forget()
            _refuse_large_removals(gone, held, settings.removals)
            try:
                to_write = sum(intake.passed_on for intake in present.values())
                if to_write or not all(each.complete for each in held.values()):
                    with progress.during(f"Writing {to_write:,} rows of /{endpoint}"):
                        _load(pipeline)
                settlements = {
                    name: ledger.Settlement(
                        gone[name], _new_rejects(intake, held[name]), load_id, _answer(intake, recall)
                    )
                    for name, intake in present.items()
                }
                answers = {name: _absence(held[name], recall) for name in absent}
                _settle(warehouse, settlements, answers, clears=settings.privacy.clears)
            except (PipelineStepFailed, LoadClientJobException, DatabaseException) as failure:
                raise warehouse_failure(failure, endpoint) from None
    return {name: _result(intake, gone.get(name), held[name]) for name, intake in intakes.items()}


def _settle(
    warehouse: Warehouse,
    settlements: Mapping[str, ledger.Settlement],
    absences: Mapping[str, ledger.Answer],
    *,
    clears: bool,
) -> None:
    """Write what the answer changes beside the rows, of all tables together."""
    with warehouse.connect() as client, client.begin_transaction():
        for name, settlement in settlements.items():
            ledger.settle(client, TABLES[name], settlement, clears=clears)
        for name, answer in absences.items():
            ledger.remember(client, TABLES[name], answer)


def _known(
    client: SqlClientBase[Any], warehouse: Warehouse, table: Table, held: ledger.Ledger
) -> Known | Callable[[], Known]:
    """What the table holds: at once where it is little, when it is needed where it is much."""
    if not held.rows:
        return Known({})
    if held.rows <= _FEW_ROWS:
        return ledger.read_known(client, table, held)

    def read() -> Known:
        with warehouse.connect() as later:
            return ledger.read_known(later, table, held)

    return read


def _recall(endpoint: str, held: Mapping[str, ledger.Ledger], privacy: PrivacySettings) -> Recall:
    """What recognises the answer, if all of the tables hold what one and the same answer came to."""
    tables = [TABLES[name] for name in resources_by_endpoint()[endpoint]]
    answers = {each.answer.pages if each.answer and each.complete else () for each in held.values()}
    return Recall(tables, privacy, answers.pop() if len(answers) == 1 else ())


def _repeats(endpoint: str, source: DltSource, session: ApiSession, recall: Recall, progress: Progress) -> bool:
    """Ask, as far as it takes to see whether the endpoint answers as it did last time."""
    with session.looking_ahead():
        pages = iter(source) if recall.may_repeat else iter(())
        while recall.may_repeat and not recall.repeats and next(pages, None) is not None:
            progress.note(lambda _: f"/{endpoint}: the same {count(len(recall.pages), 'page')} as last time so far")
    return recall.repeats


def _read(pipeline: dlt.Pipeline, source: DltSource, intakes: Mapping[str, Intake], new: Collection[str]) -> str | None:
    """Ask for the resources and let their intakes take the answer; what passes goes into a load package.

    Args:
        pipeline: Makes the package.
        source: What is asked for.
        intakes: Take the answer, by resource.
        new: Resources of which the table has no rows, nor others that must fit them. There is nothing to merge with,
            so theirs need not pass through a second table.

    Returns:
        The identifier of the package, if anything is in it.
    """
    for name, intake in intakes.items():
        source.resources[name].add_step(intake)
        if name in new:
            source.resources[name].apply_hints(write_disposition="append")
    pipeline.sync_destination()
    extracted = pipeline.extract(source, loader_file_format="parquet")
    return next(iter(extracted.loads_ids), None)


def _load(pipeline: dlt.Pipeline) -> None:
    """Merge the package into the tables."""
    pipeline.normalize()
    # Not `run()`: it makes only the tables that ever had rows, this makes all that are declared.
    pipeline.sync_schema()
    pipeline.load().raise_on_failed_jobs()


def _tell_what_is_absent(tell: Callable[[str], object], names: Collection[str]) -> None:
    for name in sorted(names):
        tell(f"The answer does not have {name}: raw.{name} stays as it is.")


def _new_rejects(intake: Intake, held: ledger.Ledger) -> Sequence[Reject] | None:
    return None if Counter(intake.rejects) == held.rejects else intake.rejects


def _answer(intake: Intake, recall: Recall) -> ledger.Answer:
    return ledger.Answer(
        tuple(recall.pages), intake.version, intake.received, len(intake.rejects), dict(intake.misfits)
    )


def _absence(held: ledger.Ledger, recall: Recall) -> ledger.Answer:
    return ledger.Answer(tuple(recall.pages), held.version, 0, held.rejects.total(), {}, absent=True)


def _unchanged(answer: ledger.Answer) -> ResourceResult:
    """The result of an answer that is the one before, of which the table holds every record."""
    if answer.absent:
        return ResourceResult(0, 0, 0, 0, {}, answer.version, absent=True)
    return ResourceResult(answer.received, 0, 0, answer.rejected, answer.misfits, answer.version)


def _result(intake: Intake, gone: Sequence[str] | None, held: ledger.Ledger) -> ResourceResult:
    if gone is None:
        return ResourceResult(0, 0, 0, 0, {}, held.version, absent=True)
    rejected, misfits = len(intake.rejects), dict(intake.misfits)
    return ResourceResult(intake.received, intake.passed_on, len(gone), rejected, misfits, intake.version)


def _refuse_large_removals(
    gone: Mapping[str, Sequence[str]], held: Mapping[str, ledger.Ledger], settings: RemovalSettings
) -> None:
    if settings.allowed:
        return
    refused = []
    for name, keys in gone.items():
        live = held[name].live
        too_many = len(keys) >= settings.min_rows and len(keys) > settings.max_share * live
        if keys and (too_many or len(keys) == live):
            refused.append(f"{len(keys):,} of the {live:,} rows of raw.{name}")
    if refused:
        raise SyncError(
            f"The answer no longer has {' and '.join(refused)}, which is more than may be removed unasked. If it is "
            "meant, let it through once: run again with `allow_removals` (make run ALLOW_REMOVALS=yes, or the run's "
            "config in the UI). The tables are unchanged."
        )
