"""Makes an asset of each model, from its SELECT and facts."""

import hashlib
from collections.abc import Collection, Mapping
from functools import partial

import dagster as dg

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import THE_EVENT, WAREHOUSE_POOL, EventNames, asset_keys, raw_relations
from event_assets.assets.lineage import column_lineage, with_sources
from event_assets.assets.metadata import OWNERS, preview, table_name, table_state, without_addresses
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.assets.resources import WarehouseResource
from event_assets.assets.versions import data_version
from event_assets.models import Model, available_models, build, load_models
from event_assets.models.facts import DataTest
from event_assets.models.lineage import Lineage
from event_assets.source.tables.columns import Table
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import SUMMARY, Session
from event_assets.warehouse.engines import Engine, model_failure
from event_assets.warehouse.relations import Relation

SAMPLE_KEYS = 5
"""How many keys of failing rows a check shows: enough to look them up, few enough to read."""


def project_models(tables: Mapping[str, Table] = TABLES) -> dict[Relation, Model]:
    """Read the project's models, each after those that it reads.

    Args:
        tables: The raw tables of the event's resources: what reads another one is left out.

    Raises:
        ModelError: A model is wrong.
    """
    return available_models(load_models(raw_relations()), raw_relations(tables))


def build_model_assets(
    models: Mapping[Relation, Model],
    timezone: str,
    engine: type[Engine],
    lineage: Lineage,
    pool: str | None = WAREHOUSE_POOL,
    tables: Collection[str] = TABLES,
    names: EventNames = THE_EVENT,
    new_spec: NewSpec = dg.AssetSpec,
) -> list[dg.AssetsDefinition]:
    """Return the assets of all models, upstream ones first. Needs no network and no warehouse.

    Args:
        models: The models, each after those that it reads.
        timezone: The event's, an IANA name.
        engine: What the warehouse is.
        lineage: The column lineage of all models.
        pool: The concurrency pool of the ops.
        tables: The names of the raw tables of resources.
        names: Those of the event.
        new_spec: Makes the specs.
    """
    parameters = {"event_timezone": timezone}
    assets = []
    for model in models.values():
        spec = _spec(model, parameters, engine, tables, names, new_spec)
        assets.append(_model_asset(model, spec, parameters, lineage, pool, names))
    return assets


def _model_asset(
    model: Model,
    spec: dg.AssetSpec,
    parameters: Mapping[str, str],
    lineage: Lineage,
    pool: str | None,
    names: EventNames,
) -> dg.AssetsDefinition:
    schema = model.relation.schema
    failure = partial(model_failure, str(model.relation), f"{schema}/{model.path.name}")

    checks = [
        dg.AssetCheckSpec(test.name, asset=spec.key, description=test.description, blocking=test.severity == "error")
        for test in model.data_tests
    ]

    @one_asset(spec, pool, checks)
    def model_asset(warehouse: WarehouseResource) -> dg.MaterializeResult:
        with as_dagster_failure(failure), warehouse.open(names.event).connect() as client:
            build(client, model, parameters)
            facts, descriptions = model.facts, with_sources(model.facts.columns, lineage.origins(model.relation), names)
            metadata = table_state(client, model.relation, descriptions, facts.grain, facts.not_null, facts.pii)
            metadata |= column_lineage(model.relation, lineage, names)
            if schema == SUMMARY:
                metadata |= preview(client, model.relation)
            return dg.MaterializeResult(
                metadata=metadata,
                check_results=[check_result(client, test) for test in model.data_tests],
                data_version=_data_version(client, model),
            )

    return model_asset


def _spec(
    model: Model,
    parameters: Mapping[str, str],
    engine: type[Engine],
    tables: Collection[str],
    names: EventNames,
    new_spec: NewSpec,
) -> dg.AssetSpec:
    schema = model.relation.schema
    return new_spec(
        names.key(model.relation),
        deps=sorted({key for relation in model.reads for key in asset_keys(relation, tables, names)}),
        description=model.facts.description,
        group_name=names.group(schema),
        owners=[model.facts.owner] if model.facts.owner else OWNERS,
        kinds={"sql", *engine.kinds, model.kind},
        tags={"layer": schema},
        code_version=_code_version(model, parameters, engine.dialect),
        metadata={
            **table_name(names.namespace.relation(model.relation)),
            "grain": ", ".join(model.facts.grain),
            "sql": dg.MetadataValue.md(f"```sql\n{model.text}```"),
        },
    )


def _data_version(client: Session, model: Model) -> dg.DataVersion | None:
    """Return the data version of an incremental model, from its row count; None leaves it to Dagster.

    What it holds does not follow from what it reads: A → B → A leaves it two rows longer.
    """
    if model.kind != "incremental":
        return None
    return data_version(client.identity(), str(client.row_count(model.relation)))


def _code_version(model: Model, parameters: Mapping[str, str], dialect: str) -> str:
    """Return a hash of the SQL that is executed and the data tests: a change of either makes the model stale."""
    data_tests = [f"{test.name} {test.severity} {test.failing_rows}" for test in model.data_tests]
    return hashlib.sha256("\n".join([model.render(parameters, dialect), *data_tests]).encode()).hexdigest()[:16]


def check_result(client: Session, test: DataTest, asset: dg.AssetKey | None = None) -> dg.AssetCheckResult:
    """Run a data test, and return its result as Dagster's.

    Args:
        client: Reads the table.
        test: The test.
        asset: The table's asset, where a step builds several.
    """
    failing = client.query(test.render(client.dialect))
    sample = [without_addresses(" | ".join(map(str, row))) for row in failing[:SAMPLE_KEYS]]
    return dg.AssetCheckResult(
        check_name=test.name,
        asset_key=asset,
        passed=not failing,
        severity=dg.AssetCheckSeverity.ERROR if test.severity == "error" else dg.AssetCheckSeverity.WARN,
        metadata={"failing_rows": len(failing), **({"sample_keys": sample} if sample else {})},
    )
