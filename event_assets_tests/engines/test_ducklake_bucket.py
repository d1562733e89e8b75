"""A DuckLake whose files are in a bucket: syncs, models and the copy for readers, on S3 that is served for real."""

from pathlib import Path

import pytest

from event_assets.models import build
from event_assets.sandbox import Sandbox
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets_tests.engines.buckets import BUCKET, KEY, SECRET, s3_server
from event_assets_tests.engines.lakes import Lake
from event_assets_tests.models.bench import models_of
from event_assets_tests.source.syncing import run_sync


def refresh(api: Sandbox, warehouse: Warehouse) -> None:
    """Sync, build and publish."""
    for resources in resources_by_endpoint().values():
        run_sync(api, warehouse, *resources)
    with warehouse.connect() as session:
        for model in models_of(TABLES).values():
            build(session, model, {"event_timezone": "UTC"})
    warehouse.publish(PublishPlan())


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(600)  # some hundred small files, each written by a request
def test_a_lake_in_a_bucket(api: Sandbox, tmp_path: Path, extensions: Path, monkeypatch: pytest.MonkeyPatch):
    with s3_server() as address:
        import s3fs

        keys = {
            "aws_access_key_id": KEY,
            "aws_secret_access_key": SECRET,
            "endpoint_url": address,
            "region_name": "us-east-1",
        }
        lake = Lake(tmp_path, extensions, storage=f"s3://{BUCKET}/lakes", keys=tuple(keys.items()))
        for name, value in lake.settings().items():
            monkeypatch.setenv(name, value)
        refresh(api, lake.warehouse())
        removed = api.event.content["lectures"].pop(3)
        warehouse = lake.warehouse()
        refresh(api, warehouse)
        sessions = sum(len(api.event.content[name]) for name in ("lectures", "workshops", "pauses"))
        with warehouse.connect() as session:
            assert session.query("select count(*) from summary.agenda") == [(sessions,)]
            # With the same keys, as a reader attaches it.
            session.execute_sql(lake.attach("ducklake_published").replace(" as lake ", " as readers "))
            assert session.query("select count(*) from readers.summary.agenda") == [(sessions,)]
            session.execute_sql("detach readers")
            gone = "select name from raw.lectures where removed_at is not null"
            assert session.query(gone) == [(removed["name"],)]
            assert session.query("select count(*) from raw.participants") == [(len(api.event.participants),)]
        files = s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=address, use_listings_cache=False)
        names = files.find(f"{BUCKET}/lakes")
        assert {name.split("/")[2] for name in names} == {"ducklake", "ducklake_published"}
        assert not [*tmp_path.rglob("*.parquet")]
