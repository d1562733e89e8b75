"""One sync of an endpoint: from the API into ``raw``, or a sentence that says why not.

What is asked for is in ``resources``, what a row looks like in ``schema``; this module runs it and explains failures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import dlt
import requests
from dlt.pipeline.exceptions import PipelineStepFailed

from event_assets.settings import EventApiSettings
from event_assets.source.resources import SOURCE_NAME, event_api
from event_assets.source.session import UnusableAnswerError
from event_assets.warehouse import RAW, Warehouse


class SyncError(Exception):
    """A sync did not happen; the message says what was expected, what came, and what to do."""


@dataclass(frozen=True)
class SyncResult:
    """What a sync did.

    Attributes:
        load_ids: dlt's identifiers of the loads, as in ``_dlt_load_id`` and ``raw._dlt_loads``.
        rows_loaded: Rows received and merged, by table (link tables included); a table that got none is absent.
    """

    load_ids: tuple[str, ...]
    rows_loaded: Mapping[str, int]


def sync(api: EventApiSettings, warehouse: Warehouse, endpoint: str, resources: Sequence[str]) -> SyncResult:
    """Ask an endpoint once and merge what it says about the given resources into their tables.

    Every declared table and column exists afterwards, rows or not.

    Args:
        api: Where to ask and with which token.
        warehouse: Where the tables are.
        endpoint: The endpoint's name; keeps the working folders of different endpoints apart.
        resources: Which of the endpoint's resources to sync.

    Raises:
        SyncError: The API could not be asked or did not give a usable answer. The tables are unchanged.
        WarehouseBusyError: Somebody else has the warehouse. Nothing was requested.
        PipelineStepFailed: dlt or the warehouse failed, as dlt tells it.
    """
    source = event_api(api).with_resources(*resources)
    with warehouse.writing(), warehouse.working_folder(endpoint) as folder:
        with warehouse.connect():
            pass  # before anything is asked for: can the answer be written?
        pipeline = dlt.pipeline(
            SOURCE_NAME, destination=warehouse.destination(), dataset_name=RAW, pipelines_dir=str(folder)
        )
        try:
            pipeline.sync_destination()
            pipeline.extract(source, loader_file_format="parquet")
        except PipelineStepFailed as failure:
            sentence = _explain(failure, api, endpoint)
            if sentence is None:
                raise
            raise SyncError(f"{sentence} The tables are unchanged.") from failure
        normalized = pipeline.normalize()
        # Not `run()`: it makes only the tables that ever had rows, this makes all that are declared.
        pipeline.sync_schema()
        loaded = pipeline.load()
        loaded.raise_on_failed_jobs()
    row_counts = normalized.row_counts if normalized else {}
    return SyncResult(
        load_ids=tuple(loaded.loads_ids),
        rows_loaded={table: rows for table, rows in row_counts.items() if not table.startswith("_dlt")},
    )


def _explain(failure: BaseException, api: EventApiSettings, endpoint: str) -> str | None:
    """Why an endpoint could not be read, as a sentence; None where it is not the API's doing."""
    asked = f"GET {api.base_url}/{endpoint}"
    for error in _causes(failure):
        if isinstance(error, UnusableAnswerError):
            return str(error)
        if isinstance(error, requests.HTTPError) and error.response is not None:
            return f"{asked} was answered with {_status(error.response)}"
        if isinstance(error, requests.exceptions.JSONDecodeError):
            return f"{asked} should have been answered with JSON, and was not: is the address right?"
        if isinstance(error, requests.Timeout):
            return f"{asked} was not answered in time, several attempts included."
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
