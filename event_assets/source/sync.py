"""One sync of an endpoint: from the API into ``raw``, or a sentence that says why not.

What is asked for is in ``resources``, what becomes of a record in ``records``, what of the rows that are gone in
``ledger``; this module runs it in the right order and explains failures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

import dlt
import requests
from dlt.pipeline.exceptions import PipelineStepFailed

from event_assets.settings import EventApiSettings, PrivacySettings, RemovalSettings, RetrySettings
from event_assets.source import ledger
from event_assets.source.answers import UnusableAnswerError
from event_assets.source.privacy import Privacy
from event_assets.source.records import Intake
from event_assets.source.resources import SOURCE_NAME, event_api, resources_by_endpoint
from event_assets.source.schema import TABLES
from event_assets.source.session import ApiSession
from event_assets.warehouse import RAW, Warehouse


class SyncError(Exception):
    """A sync did not happen; the message says what was expected, what came, and what to do."""


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
) -> dict[str, ResourceResult]:
    """Ask an endpoint once and bring the tables of the given resources to what it says.

    Every declared table and column exists afterwards, rows or not. What the tables hold already is not written again.

    Args:
        api: Where to ask and with which token.
        warehouse: Where the tables are.
        endpoint: The endpoint's name; keeps the working folders of different endpoints apart.
        resources: Which of the endpoint's resources to sync.
        settings: How to go about it.
        tell: Takes lines for the run's log.

    Returns:
        What was done, by resource.

    Raises:
        SyncError: The API could not be asked, did not give a usable answer, or gave one that would remove too much.
            The tables are unchanged.
        WarehouseBusyError: Somebody else has the warehouse. Nothing was requested.
        PipelineStepFailed: dlt or the warehouse failed, as dlt tells it.
    """
    settings = settings or SyncSettings()
    privacy = Privacy(settings.privacy)
    with warehouse.writing(), warehouse.working_folder(endpoint) as folder:
        with warehouse.connect() as client:
            held = {name: ledger.read(client, TABLES[name]) for name in resources}
        intakes = {name: Intake(TABLES[name], held[name].fingerprints, privacy) for name in resources}
        session = ApiSession(api.base_url, resources_by_endpoint()["content"], settings.retry, tell)
        source = event_api(api, session).with_resources(*resources)
        for name, intake in intakes.items():
            source.resources[name].add_step(intake)
        pipeline = dlt.pipeline(
            SOURCE_NAME, destination=warehouse.destination(), dataset_name=RAW, pipelines_dir=str(folder)
        )
        try:
            pipeline.sync_destination()
            extracted = pipeline.extract(source, loader_file_format="parquet")
        except PipelineStepFailed as failure:
            sentence = _explain(failure, api, endpoint)
            if sentence is None:
                raise
            raise SyncError(f"{sentence} The tables are unchanged.") from failure
        present = {name: intake for name, intake in intakes.items() if name not in session.absent}
        for name in session.absent & intakes.keys():
            tell(f"The answer does not have {name}: raw.{name} stays as it is.")
        gone = {name: intake.gone for name, intake in present.items()}
        _refuse_large_removals(gone, held, settings.removals)

        to_settle = [
            name
            for name, intake in present.items()
            if gone[name] or Counter(intake.rejects) != held[name].rejects or privacy.personal_data != "keep"
        ]
        if any(intake.passed_on for intake in present.values()) or not all(held[name].complete for name in resources):
            pipeline.normalize()
            # Not `run()`: it makes only the tables that ever had rows, this makes all that are declared.
            pipeline.sync_schema()
            pipeline.load().raise_on_failed_jobs()
        if to_settle:
            load_id = extracted.loads_ids[0] if extracted.loads_ids else None
            with warehouse.connect() as client, client.begin_transaction():
                for name in to_settle:
                    ledger.settle(
                        client,
                        TABLES[name],
                        gone=gone[name],
                        rejects=intakes[name].rejects,
                        load_id=load_id,
                        now=datetime.now(timezone.utc),
                        privacy=privacy,
                    )
    return {name: _result(intake, gone.get(name)) for name, intake in intakes.items()}


def _result(intake: Intake, gone: Sequence[str] | None) -> ResourceResult:
    if gone is None:
        return ResourceResult(0, 0, 0, 0, {}, intake.held_version, absent=True)
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


def _explain(failure: BaseException, api: EventApiSettings, endpoint: str) -> str | None:
    """Why an endpoint could not be read, as a sentence; None where it is not the API's doing."""
    asked = f"GET {api.base_url}/{endpoint}"
    for error in _causes(failure):
        if isinstance(error, UnusableAnswerError):
            return str(error)
        if isinstance(error, requests.HTTPError) and error.response is not None:
            return f"{asked} was answered with {_status(error.response)}"
        if isinstance(error, requests.Timeout):
            return f"{asked} was not answered in time, several attempts included."
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"{asked} was answered with a body that is cut short, several attempts included."
        if isinstance(error, requests.RequestException):
            return (
                f"{asked} found no server that answers ({type(error).__name__}), several attempts included: "
                "check `base_url` and the network."
            )
    return None


def _status(response: requests.Response) -> str:
    advice = {
        401: "the token is not accepted. Check `api_token`: making a new token for an event revokes the old one.",
        403: "the token may not read this. Check that `api_token` belongs to this event.",
        404: "there is no such address. Check `base_url`.",
    }
    code = response.status_code
    return f"{code} {response.reason}: {advice.get(code, 'the server has a problem; the next sync tries again.')}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
