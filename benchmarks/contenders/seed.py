"""The nine-resource REST configuration as a plain dlt script, with dlt's defaults: what the project began with."""

import os

import dlt
from dlt.extract.source import DltSource
from dlt.sources.rest_api import rest_api_source


def nine_resources() -> DltSource:
    """The source, as whoever reads the API's description would declare it."""
    return rest_api_source(
        {
            "client": {
                "base_url": os.environ["BENCH_BASE_URL"],
                "auth": {"type": "bearer", "token": os.environ["BENCH_API_TOKEN"]},
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [
                {"name": "halls", "endpoint": {"path": "/content", "data_selector": "halls"}},
                {"name": "days", "endpoint": {"path": "/content", "data_selector": "days"}},
                {"name": "lectures", "endpoint": {"path": "/content", "data_selector": "lectures"}},
                {"name": "speakers", "endpoint": {"path": "/content", "data_selector": "speakers"}},
                {"name": "workshops", "endpoint": {"path": "/content", "data_selector": "workshops"}},
                {"name": "pauses", "endpoint": {"path": "/content", "data_selector": "pauses"}},
                {"name": "tracks", "endpoint": {"path": "/content", "data_selector": "tracks"}},
                {"name": "partners", "endpoint": {"path": "/partners", "data_selector": "data"}},
                {
                    "name": "participants",
                    "primary_key": "email",
                    "endpoint": {"path": "/participants", "data_selector": "data"},
                },
            ],
        }
    )


def pipeline() -> dlt.Pipeline:
    """The pipeline into a DuckDB file in the working folder, or into a PostgreSQL database."""
    address = os.environ.get("BENCH_POSTGRES")
    destination = dlt.destinations.postgres(address) if address else dlt.destinations.duckdb("warehouse.duckdb")
    return dlt.pipeline("seed", destination=destination, dataset_name="raw", pipelines_dir="pipelines")


if __name__ == "__main__":
    pipeline().run(nine_resources())
