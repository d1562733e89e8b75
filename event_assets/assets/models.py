"""The models as assets: one factory makes all of them, from their SELECTs and facts."""

import dagster as dg

from event_assets.assets.failures import explained
from event_assets.assets.keys import asset_key, raw_relations
from event_assets.assets.metadata import OWNERS, WAREHOUSE_POOL, table_name, table_state
from event_assets.assets.resources import WarehouseResource
from event_assets.models import Model, load_models
from event_assets.settings import event_timezone
from event_assets.warehouse.relations import replace


def build_model_assets(pool: str | None = WAREHOUSE_POOL) -> list[dg.AssetsDefinition]:
    """The assets of all models, each after those it reads. Needs no configuration, network or file but the models'.

    Args:
        pool: The concurrency pool of the ops.

    Raises:
        ModelError: A model is wrong.
    """
    return [_model_asset(model, pool) for model in load_models(raw_relations()).values()]


def _model_asset(model: Model, pool: str | None) -> dg.AssetsDefinition:
    schema = model.relation.schema

    @dg.asset(
        key=asset_key(model.relation),
        deps=sorted({asset_key(relation) for relation in model.reads}),
        description=model.facts.description,
        group_name=schema,
        owners=OWNERS,
        kinds={"sql", "duckdb", model.kind},
        tags={"layer": schema},
        metadata={
            **table_name(model.relation),
            "grain": ", ".join(model.facts.grain),
            "sql": dg.MetadataValue.md(f"```sql\n{model.path.read_text(encoding='utf-8')}```"),
        },
        pool=pool,
    )
    def model_asset(warehouse: WarehouseResource) -> dg.MaterializeResult:
        with explained(), warehouse.open().connect() as client:
            select = model.render({"event_timezone": event_timezone()})
            replace(client, model.relation, model.kind, select)
            return dg.MaterializeResult(
                metadata=table_state(client, model.relation, model.facts.columns, model.facts.grain)
            )

    return model_asset
