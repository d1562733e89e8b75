"""What is checked of the raw tables after each sync. All of it informs; nothing of it stops what comes after.

What a model promises is checked by its own facts, not here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import dagster as dg
from dlt.destinations.sql_client import SqlClientBase

from event_assets.assets.failures import explained
from event_assets.assets.keys import asset_key
from event_assets.assets.resources import WarehouseResource
from event_assets.source.records import MISFIT
from event_assets.source.resources import resources_by_endpoint
from event_assets.source.schema import REJECTED, TABLES
from event_assets.source.tables import REMOVED_AT, Table
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation, columns

DESCRIPTIONS = {
    "records_have_keys": "Every record of the latest answer could be loaded. The others are in raw.rejected.",
    "fields_are_known": "The API sends no field that the data dictionary does not know. New ones are loaded as text.",
    "values_fit": f"Every value fits its column's type. The others are in the column's variant, *__{MISFIT}.",
    "in_answer": "The latest answer had the resource. If it had not, the table was left as it is.",
}


def build_raw_checks(pool: str | None, when: dg.AutomationCondition | None = None) -> list[dg.AssetChecksDefinition]:
    """The checks of every endpoint's raw tables.

    Args:
        pool: The concurrency pool of the ops.
        when: What starts them by itself.
    """
    endpoints = resources_by_endpoint()
    return [_endpoint_checks(endpoint, resources, pool, when) for endpoint, resources in endpoints.items()]


def _endpoint_checks(
    endpoint: str, resources: Sequence[str], pool: str | None, when: dg.AutomationCondition | None
) -> dg.AssetChecksDefinition:
    keys = {asset_key(Relation(RAW, resource)): resource for resource in resources}
    specs = [
        dg.AssetCheckSpec(name, asset=key, description=description, automation_condition=when)
        for key in keys
        for name, description in DESCRIPTIONS.items()
    ]

    @dg.multi_asset_check(name=f"check_{endpoint}", specs=specs, can_subset=True, pool=pool)
    def endpoint_checks(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        selected = context.selected_asset_check_keys
        with explained(), warehouse.open().connect() as client:
            for key in {check.asset_key for check in selected}:
                findings = raw_findings(client, TABLES[keys[key]], in_answer=_was_in_answer(context.instance, key))
                for check, found in findings.items():
                    if dg.AssetCheckKey(key, check) in selected:
                        yield dg.AssetCheckResult(
                            passed=not found,
                            asset_key=key,
                            check_name=check,
                            severity=dg.AssetCheckSeverity.WARN,
                            metadata=found,
                        )

    return endpoint_checks


def raw_findings(client: SqlClientBase[Any], table: Table, *, in_answer: bool) -> dict[str, dict[str, Any]]:
    """What each check finds in a raw table: nothing, if all is well.

    Args:
        client: A connection to the warehouse.
        table: The table.
        in_answer: Whether the latest answer had the resource.
    """
    relation, rejected = Relation(RAW, table.name), Relation(RAW, REJECTED)
    declared = {column.name for column in table.all_columns}
    extra = [column.name for column in columns(client, relation) if column.name not in declared]
    variants = [name for name in extra if name.endswith(f"__{MISFIT}")]
    misfits = {
        name: _number(client, f'select count("{name}") from {relation.sql()} where {REMOVED_AT} is null')  # noqa: S608
        for name in variants
    }
    rejects = client.execute_sql(
        f"select reason, count(*) from {rejected.sql()} where resource = %s group by reason",  # noqa: S608
        table.name,
    )
    return {
        "records_have_keys": dict(cast(list[tuple[str, int]], rejects)),
        "fields_are_known": {name: "not in the data dictionary" for name in extra if name not in variants},
        "values_fit": {name: number for name, number in misfits.items() if number},
        "in_answer": {} if in_answer else {table.name: "not in the answer"},
    }


def _was_in_answer(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """What the latest sync said; only it has seen the answer."""
    latest = instance.get_latest_materialization_event(key)
    materialization = latest.asset_materialization if latest else None
    told = materialization.metadata.get("in_answer") if materialization else None
    return told is None or bool(told.value)


def _number(client: SqlClientBase[Any], query: str) -> int:
    rows = client.execute_sql(query)
    return int(rows[0][0]) if rows else 0
