"""The floor: a hand-written fetch with the standard library's HTTP client, and an upsert into DuckDB.

It trusts every answer: no retries, rejects, removals, declared types, descriptions, fingerprints or data versions, and
no summaries. What is above it is what those cost.
"""

import os
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import duckdb
import orjson
import pyarrow as pa

BASE = urlsplit(os.environ["BENCH_BASE_URL"])
TOKEN = os.environ["BENCH_API_TOKEN"]
CONTENT = ("halls", "days", "lectures", "speakers", "workshops", "pauses", "tracks")


def fetch(api: HTTPConnection, target: str) -> Any:
    """The JSON that a GET is answered with."""
    api.request("GET", target, headers={"Authorization": f"Bearer {TOKEN}"})
    return orjson.loads(api.getresponse().read())


def pages(api: HTTPConnection, path: str) -> Iterator[list[dict[str, Any]]]:
    """The records of a list, page by page."""
    target = f"{BASE.path}/{path}"
    while target:
        answer = fetch(api, target)
        yield answer["data"]
        link = urlsplit(answer.get("links", {}).get("next") or "")
        target = link.path and f"{link.path}?{link.query}"


def upsert(warehouse: duckdb.DuckDBPyConnection, table: str, key: str, records: list[dict[str, Any]]) -> None:
    """Put records in the place of those with the same key. Arrow infers the types from the first page."""
    if not records:
        return
    rows = pa.Table.from_pylist(records)  # noqa: F841  # DuckDB finds it by its name
    warehouse.execute(f'create table if not exists "{table}" as from rows limit 0')
    warehouse.execute(f'delete from "{table}" where "{key}" in (select "{key}" from rows)')
    warehouse.execute(f'insert into "{table}" by name from rows')


def main() -> None:
    """Fetch the three endpoints and upsert what they answer, in one transaction."""
    api = HTTPConnection(BASE.netloc)
    with duckdb.connect("warehouse.duckdb") as warehouse:
        warehouse.begin()
        content = fetch(api, f"{BASE.path}/content")
        for name in CONTENT:
            upsert(warehouse, name, "id", content[name])
        for path, key in (("partners", "id"), ("participants", "email")):
            for page in pages(api, path):
                upsert(warehouse, path, key, page)
        warehouse.commit()


main()
