"""The published copy of the warehouse as an asset: made anew once the tables it holds are."""

from collections.abc import Iterable

import dagster as dg

from event_assets.assets.failures import explained
from event_assets.assets.metadata import OWNERS, WAREHOUSE_POOL
from event_assets.assets.resources import WarehouseResource
from event_assets.settings import published_path
from event_assets.warehouse import PUBLISHED
from event_assets.warehouse.published import publish

PUBLISHED_COPY = dg.AssetKey([PUBLISHED, "warehouse"])

_DESCRIPTION = """\
A copy of the whole warehouse for readers: a plain DuckDB file, replaced in one step after each refresh.

Open it with any DuckDB client, read-only, whenever you like: no sync waits for you, and you never see half of one.
"""


def build_published_copy(tables: Iterable[dg.AssetKey], pool: str | None = WAREHOUSE_POOL) -> dg.AssetsDefinition:
    """The asset.

    Args:
        tables: The assets that it waits for.
        pool: The concurrency pool of its op.
    """

    @dg.asset(
        key=PUBLISHED_COPY,
        deps=list(tables),
        description=_DESCRIPTION,
        group_name=PUBLISHED,
        owners=OWNERS,
        kinds={"duckdb", "file"},
        tags={"layer": PUBLISHED},
        code_version="1",
        pool=pool,
    )
    def published_copy(warehouse: WarehouseResource) -> dg.MaterializeResult:
        with explained():
            path = published_path()
            size = publish(warehouse.open(), path)
        return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path)), "bytes": size})

    return published_copy
