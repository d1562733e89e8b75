"""Delta tables in a bucket: syncs, models and the copy for readers, on S3 that is served for real."""

import pytest

from event_assets.models import build
from event_assets.sandbox import Sandbox
from event_assets.settings import read_event
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse, WarehouseUnreadableError
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.buckets import BUCKET, SECRET, dlt_variables, s3_server, server_variables
from event_assets_tests.engines.servers import spark_server
from event_assets_tests.models.bench import models_of
from event_assets_tests.source.syncing import run_sync


@pytest.mark.slow
@pytest.mark.nightly
def test_a_warehouse_in_a_bucket(api: Sandbox, monkeypatch: pytest.MonkeyPatch):
    with s3_server() as bucket:
        for name, value in {**dlt_variables(bucket), **server_variables(bucket)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("WAREHOUSE__DESTINATION", "spark")
        with spark_server() as remote:
            monkeypatch.setenv("DESTINATION__SPARK__REMOTE", remote)
            refresh(api)
            removed = api.event.content["lectures"].pop(3)
            api.event.content["lectures"][0]["speakers"] = []
            warehouse = refresh(api)
            sessions = sum(len(api.event.content[name]) for name in ("lectures", "workshops", "pauses"))
            with warehouse.connect() as session:
                assert session.query("select count(*) from published_summary.agenda") == [(sessions,)]
                gone = 'select "name" from "raw"."lectures" where removed_at is not null'
                assert session.execute_sql(gone) == [(removed["name"],)]
                assert session.row_count(Relation("raw", "participants")) == len(api.event.participants)
            moved = warehouse.set_aside()
            assert f"the folder s3://{BUCKET}/warehouse/sandbox_raw" in moved
            with warehouse.connect() as session:
                assert not session.has_table(Relation("raw", "lectures"))

            monkeypatch.setenv("DESTINATION__FILESYSTEM__CREDENTIALS__AWS_SECRET_ACCESS_KEY", "another")
            with pytest.raises(WarehouseUnreadableError, match="cannot be read: it does not let this user in") as told:
                refresh(api)
            assert SECRET not in str(told.value)


def refresh(api: Sandbox) -> Warehouse:
    """Sync, build and publish as a new process would."""
    warehouse = Warehouse.of(read_event())
    for resources in resources_by_endpoint().values():
        run_sync(api, warehouse, *resources)
    with warehouse.connect() as session:
        for model in models_of(TABLES).values():
            build(session, model, {"event_timezone": "UTC"})
    warehouse.publish(PublishPlan())
    return warehouse
