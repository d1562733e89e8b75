"""PyAirbyte with the same nine streams, as a declarative source, merged into DuckDB. Needs ``pip install airbyte``."""

import os
from typing import Any

import airbyte  # pyright: ignore[reportMissingImports]
from airbyte.caches import DuckDBCache  # pyright: ignore[reportMissingImports]

STREAMS = [
    *((name, "/content", name, "id") for name in ("halls", "days", "lectures", "speakers", "workshops")),
    *((name, "/content", name, "id") for name in ("pauses", "tracks")),
    ("partners", "/partners", "data", "id"),
    ("participants", "/participants", "data", "email"),
]


def stream(name: str, path: str, selector: str, key: str) -> dict[str, Any]:
    """One stream of the manifest."""
    return {
        "type": "DeclarativeStream",
        "name": name,
        "primary_key": [key],
        "retriever": {
            "type": "SimpleRetriever",
            "requester": {
                "type": "HttpRequester",
                "url_base": "{{ config['base_url'] }}",
                "path": path,
                "http_method": "GET",
                "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['api_token'] }}"},
            },
            "record_selector": {
                "type": "RecordSelector",
                "extractor": {"type": "DpathExtractor", "field_path": [selector]},
            },
        },
        "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": FIELDS[name]}},
    }


TEXT, NUMBER = {"type": ["null", "string"]}, {"type": ["null", "integer"]}
FIELDS: dict[str, dict[str, Any]] = {name: {"id": NUMBER, "name": TEXT} for name, *_ in STREAMS}
FIELDS["participants"] = {
    **dict.fromkeys(("email", "first_name", "last_name", "name", "company", "position", "role"), TEXT),
    **{"checked_at": TEXT, "registered_at": TEXT, "id": NUMBER, "group_id": NUMBER, "tickets": {"type": "array"}},
}
MANIFEST = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["halls"]},
    "streams": [stream(*each) for each in STREAMS],
    "spec": {
        "type": "Spec",
        "connection_specification": {
            "type": "object",
            "properties": {"base_url": {"type": "string"}, "api_token": {"type": "string"}},
        },
    },
}

source = airbyte.get_source(
    "source-event-api",
    config={"base_url": os.environ["BENCH_BASE_URL"], "api_token": os.environ["BENCH_API_TOKEN"]},
    source_manifest=MANIFEST,
)
source.select_all_streams()
source.read(cache=DuckDBCache(db_path="warehouse.duckdb", schema_name="main"), write_strategy="merge")
