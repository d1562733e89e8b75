"""One sync of an endpoint: from the API into ``raw``, or a sentence that says why not.

What is asked for is in ``resources``, what becomes of a record in ``records``, what of the rows that are gone in
``ledger``, what is said of a failure in ``failures``; this module runs it in the right order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import dlt
from dlt.destinations.exceptions import DatabaseException
from dlt.extract.exceptions import ResourceExtractionError
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import PipelineStepFailed

from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings, RetrySettings
from event_assets.source.api.recall import Recall
from event_assets.source.api.resources import SOURCE_NAME, event_api, parts_of, resources_by_endpoint
from event_assets.source.api.session import ApiSession
from event_assets.source.errors import SyncError
from event_assets.source.failures import api_failure, warehouse_failure
from event_assets.source.load import ledger
from event_assets.source.load.erasure import Erasure
from event_assets.source.load.load_package import load_package
from event_assets.source.load.remembered import Answer, remember
from event_assets.source.load.removals import Removal, refuse_large_removals
from event_assets.source.load.results import ResourceResult, result, unchanged
from event_assets.source.progress import Progress, count
from event_assets.source.records.intake import Intake, Known
from event_assets.source.records.privacy import Privacy
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import RAW, Warehouse


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
        WarehouseBusyError: Somebody else has the warehouse, or syncs the endpoint. The tables are unchanged.
    """
    # The folder is there for a sync that needs none, too: what a killed one has left in it goes.
    with warehouse.syncing(endpoint) as folder:
        settings, progress = settings or SyncSettings(), Progress(tell_progress)
        results = _Sync(api, warehouse, endpoint, resources, settings, tell, progress).run(folder)
        if settings.privacy.clears:
            warehouse.rewrite_if_erased()
        return results


class _Sync:
    """One sync under way: is the answer the last one again? If not, it is read, and what is other is written.

    Nobody else syncs the endpoint meanwhile, so its tables stay as they were read. Others may write the rest while the
    server is waited for.
    """

    def __init__(
        self,
        api: EventApiSettings,
        warehouse: Warehouse,
        endpoint: str,
        resources: Sequence[str],
        settings: SyncSettings,
        tell: Callable[[str], object],
        progress: Progress,
    ) -> None:
        self._api = api
        self._warehouse = warehouse
        self._endpoint = endpoint
        self._settings = settings
        self._privacy = Privacy(settings.privacy)
        self._tell = tell
        self._progress = progress
        with warehouse.connect() as client:
            self._held = ledger.read(client, [TABLES[name] for name in resources])
        self._erasure = Erasure(self._held, self._privacy)
        self._recall = _recall(endpoint, self._held, settings.privacy)
        parts = parts_of(endpoint)
        self._session = ApiSession(api.base_url, parts, settings.retry, tell, self._recall, progress)
        self._source = event_api(api, self._session, resources)

    def run(self, folder: Path) -> dict[str, ResourceResult]:
        """See `sync`.

        Args:
            folder: An empty one, for dlt's load package.
        """
        self._warehouse.give_back()
        try:
            repeats = self._repeats()
        except ResourceExtractionError as failure:
            raise api_failure(failure, self._api, self._endpoint) from None
        if repeats:
            again = {name: unchanged(each.answer) for name, each in self._held.items() if each.answer}
            self._tell_what_is_absent(name for name, each in again.items() if each.absent)
            return again
        intakes = {
            name: Intake(TABLES[name], known, self._privacy, folder, self._progress, self._recall)
            for name, known in self._known().items()
        }
        pipeline = dlt.pipeline(
            SOURCE_NAME, destination=self._warehouse.destination(), dataset_name=RAW, pipelines_dir=str(folder)
        )
        load_id = self._read(pipeline, intakes)
        absent = self._session.absent & intakes.keys()
        self._tell_what_is_absent(absent)
        gone = {name: intake.gone for name, intake in intakes.items() if name not in absent}
        for intake in intakes.values():
            intake.forget()
        removals = [self._removal(name, intakes[name], keys) for name, keys in gone.items()]
        refuse_large_removals(removals, self._settings.removals)
        try:
            with self._warehouse.writing():
                self._write(pipeline, load_id, intakes, gone)
        except (PipelineStepFailed, LoadClientJobException, DatabaseException) as failure:
            raise warehouse_failure(failure, self._endpoint) from None
        return {name: result(intake, gone.get(name), self._held[name]) for name, intake in intakes.items()}

    def _repeats(self) -> bool:
        """Ask, as far as it takes to see whether the endpoint answers as it did last time."""
        recall = self._recall
        with self._session.looking_ahead():
            pages = iter(self._source) if recall.may_repeat else iter(())
            while recall.may_repeat and not recall.repeats and next(pages, None) is not None:
                same = f"/{self._endpoint}: the same {count(len(recall.pages), 'page')} as last time so far"
                self._progress.note(lambda _, same=same: same)
        return recall.repeats

    def _known(self) -> dict[str, Known]:
        """What each table holds of each record."""
        if not any(held.rows for held in self._held.values()):
            return dict.fromkeys(self._held, Known({}))
        with self._warehouse.connect() as client:
            return {
                name: ledger.read_known(client, TABLES[name], held) if held.rows else Known({})
                for name, held in self._held.items()
            }

    def _read(self, pipeline: dlt.Pipeline, intakes: Mapping[str, Intake]) -> str | None:
        """Ask for the resources and let their intakes take the answer; what passes goes into a load package.

        Returns:
            The identifier of the package, if anything is in it.
        """
        for name, intake in intakes.items():
            self._source.resources[name].add_step(intake)
            # Nothing to merge with, nor other tables that must fit it: its rows need not pass through a second table.
            if TABLES[name].is_flat and not self._held[name].rows:
                self._source.resources[name].apply_hints(write_disposition="append")
        self._restore_schema(pipeline)
        self._warehouse.give_back()
        try:
            extracted = pipeline.extract(self._source, loader_file_format="parquet")
        except PipelineStepFailed as failure:
            raise api_failure(failure, self._api, self._endpoint) from None
        return next(iter(extracted.loads_ids), None)

    def _restore_schema(self, pipeline: dlt.Pipeline) -> None:
        """Let dlt read from the warehouse what it knows of its tables."""
        try:
            with self._warehouse.writing():
                lacks_columns = any((e.columns or e.latest) and not e.as_declared for e in self._held.values())
                if lacks_columns or self._erasure.drops_columns:
                    with self._warehouse.connect() as client:
                        ledger.forget_schema(client, SOURCE_NAME)
                pipeline.sync_destination()
        except (PipelineStepFailed, DatabaseException) as failure:
            raise warehouse_failure(failure, self._endpoint) from None

    def _write(
        self,
        pipeline: dlt.Pipeline,
        load_id: str | None,
        intakes: Mapping[str, Intake],
        gone: Mapping[str, Sequence[str]],
    ) -> None:
        """Merge the package into the tables, then settle what the answer changes beside its rows.

        Args:
            pipeline: Has the package.
            load_id: Its identifier.
            intakes: Took the answer, by resource.
            gone: The keys that the answer no longer has, by resource; without those that it did not have at all.
        """
        to_write = sum(intakes[name].passed_on for name in gone)
        loads = to_write or not all(each.as_declared for each in self._held.values())
        self._erasure.announce(self._warehouse)
        if loads:
            with self._progress.during(f"Writing {to_write:,} rows of /{self._endpoint}"):
                load_package(pipeline)
        self._erasure.drop_columns(self._warehouse)
        with self._warehouse.connect() as client, client.begin_transaction():
            for name, intake in intakes.items():
                held = self._held[name]
                if name in gone:
                    same = held.keeps_rejects and held.rejects == intake.rejects_number
                    rejects, answer = None if same else intake.rejects, self._answer(name, intake)
                    settlement = ledger.Settlement(gone[name], rejects, load_id if loads else None, answer)
                    ledger.settle(client, TABLES[name], settlement)
                else:
                    remember(client, TABLES[name], _absence(held, self._recall, self._privacy))
            self._erasure.erase(client, gone)
            held_now = ledger.versions(client, [TABLES[name] for name in gone])
        if other := [f"raw.{name}" for name, version in held_now.items() if version != intakes[name].version]:
            raise SyncError(
                f"The answer of /{self._endpoint} was written, and {' and '.join(other)} should now hold its records "
                "and nothing else, but does not: look whether another program writes into the warehouse. The next sync "
                "compares every row again."
            )

    def _removal(self, name: str, intake: Intake, gone: Sequence[str]) -> Removal:
        held, keys = self._held[name], self._privacy.keys(TABLES[name])
        # An answer that an earlier release remembered does not say how keys were made.
        rekeyed = held.latest.keys != keys if held.latest and held.latest.keys else None
        return Removal(name, held.live, len(gone), intake.taken, rekeyed if keys else False)

    def _answer(self, name: str, intake: Intake) -> Answer:
        rejected, keys = len(intake.rejects), self._privacy.keys(TABLES[name])
        pages, misfits = tuple(self._recall.pages), dict(intake.misfits)
        protection, undeclared = self._privacy.personal_data, intake.undeclared
        return Answer(pages, intake.version, intake.received, rejected, misfits, False, keys, protection, undeclared)

    def _tell_what_is_absent(self, names: Iterable[str]) -> None:
        for name in sorted(names):
            self._tell(f"The answer does not have {name}: raw.{name} stays as it is.")


def _recall(endpoint: str, held: Mapping[str, ledger.Ledger], privacy: PrivacySettings) -> Recall:
    """What recognises the answer, if all of the tables hold what one and the same answer came to."""
    tables = [TABLES[name] for name in resources_by_endpoint()[endpoint]]
    answers = {each.answer.pages if each.answer and each.as_declared else () for each in held.values()}
    return Recall(tables, privacy, answers.pop() if len(answers) == 1 else ())


def _absence(held: ledger.Ledger, recall: Recall, privacy: Privacy) -> Answer:
    """What there is to remember of an answer without a resource, of which the table stays as the one before left it."""
    before = held.latest or Answer((), held.version, 0, 0, {})
    # Rows that were protected stay so, also where personal data would be kept now.
    protection = privacy.personal_data if privacy.protects else before.protection
    pages = tuple(recall.pages)
    return replace(before, pages=pages, version=held.version, received=0, absent=True, protection=protection)
