"""How tests compare records, or the pages of an answer, with what a table holds: without a server and a warehouse."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from requests import Response

from event_assets.settings import PersonalData, PrivacySettings
from event_assets.source.api.lossless_json import python_json
from event_assets.source.api.pages import Expectation, Page
from event_assets.source.api.responses import read_content, read_listing
from event_assets.source.load.changes import Changes, ExistingRows, Upserts
from event_assets.source.load.diff import diff
from event_assets.source.records.privacy import Privacy
from event_assets.source.records.process import RecordProcessor
from event_assets.source.tables.columns import RECORD_HASH
from event_assets.source.tables.schema import TABLES

SECRET = "a secret of the test suite"


class Compared(NamedTuple):
    """What a diff gives: the rows to write as dictionaries without nulls, and what the answer changes."""

    rows: list[dict[str, Any]]
    changes: Changes


def pages_of(resource: str, *said: Sequence[dict[str, Any]]) -> list[Page]:
    """Pages of records that were decoded with their answer."""
    return [
        Page(resource, Expectation("/x", "a list"), [*records], next_url=None if number == len(said) else "?next")
        for number, records in enumerate(said, 1)
    ]


def compared(
    resource: str,
    *said: Sequence[dict[str, Any]],
    existing: Mapping[str, str | None] | None = None,
    personal_data: PersonalData = "keep",
) -> Compared:
    """Compare records, page by page, with what a table holds: versions by key."""
    return compared_pages(resource, pages_of(resource, *said), existing, personal_data)


def compared_pages(
    resource: str,
    pages: Iterable[Page],
    existing: Mapping[str, str | None] | None = None,
    personal_data: PersonalData = "keep",
) -> Compared:
    """The same, of pages."""
    table, privacy, rows = TABLES[resource], Privacy(PrivacySettings(personal_data, SECRET)), []
    found = diff(table, ExistingRows(existing or {}), pages, RecordProcessor(table, privacy))
    while True:
        try:
            upserts = next(found)
        except StopIteration as end:
            return Compared(rows, end.value)
        rows += [_row(upserts, index, table.key) for index in range(len(upserts))]


def _row(upserts: Upserts, index: int, key: str) -> dict[str, Any]:
    row = upserts.rows[index]
    if isinstance(row, dict):
        return row
    values = {name: value for name, value in msgspec.structs.asdict(row).items() if value is not None}
    return {**values, key: upserts.keys[index], RECORD_HASH: upserts.hashes[index]}


def answered(body: bytes, path: str = "x", **headers: str) -> Response:
    """An answer with status 200."""
    response = Response()
    response.status_code, response.url = 200, f"https://api.example.com/public/v1/{path}"
    response._content = body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def listed(response: Response, resource: str = "participants") -> Page:
    """Read an answer of a list."""
    return read_listing(response, resource)["data"][0]


def content(response: Response, *resources: str) -> dict[str, Page]:
    """Read an answer of ``/content``."""
    return {name: pages[0] for name, pages in read_content(response, resources).items()}


def read(response: Response) -> Any:
    """Read the JSON of an answer, whatever it is: for a session of which only the wire is tested."""
    return python_json(response.content)
