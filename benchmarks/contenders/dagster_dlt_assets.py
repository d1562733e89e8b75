"""The same configuration as assets of dagster-dlt, as that is shipped: what a Dagster user would otherwise run.

One run of nine assets with Dagster's records, and no summary, check or copy for readers.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dlt import DagsterDltResource, dlt_assets
from dagster_dlt.dlt_event_iterator import DltEventType
from seed import nine_resources, pipeline


@dlt_assets(dlt_source=nine_resources(), dlt_pipeline=pipeline())
def event_api_assets(context: dg.AssetExecutionContext, dlt: DagsterDltResource) -> Iterator[DltEventType]:
    """The nine resources."""
    yield from dlt.run(context=context)


if __name__ == "__main__":
    Path(os.environ["DAGSTER_HOME"]).mkdir(exist_ok=True)
    with dg.DagsterInstance.get() as instance:
        dg.materialize([event_api_assets], resources={"dlt": DagsterDltResource()}, instance=instance)
