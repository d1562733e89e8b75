"""What is checked of the raw tables after each sync. All of it informs; nothing of it stops what comes after.

The checks of models are their data tests: see ``models.facts``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import dagster as dg
from dlt.destinations.sql_client import SqlClientBase

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import asset_key
from event_assets.assets.resources import WarehouseResource
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.load.checkpoint import ANSWERS, SyncCheckpoint, read_checkpoints
from event_assets.source.tables.columns import MISFIT, REMOVED_AT, Table
from event_assets.source.tables.schema import REJECTED, TABLES
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation, column_names, columns

DESCRIPTIONS = {
    "records_have_keys": "Every record of the latest answer could be loaded. The others are in raw.rejected.",
    "fields_are_known": "No record has a field that the data dictionary does not know. New ones are loaded as text; "
    "where personal data is hashed or dropped, they are left out and counted.",
    "values_fit": "Every value of the latest answer fits its column's type. The others are kept as text: in the "
    f"column's variant, *__{MISFIT}; of lists, as an entry.",
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
        with as_dagster_failure(), warehouse.open().connect() as client:
            checkpoints = read_checkpoints(client, column_names(client, ANSWERS.schema))
            for key in {check.asset_key for check in selected}:
                findings = raw_findings(client, TABLES[keys[key]], checkpoints.get(keys[key]))
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


def raw_findings(
    client: SqlClientBase[Any], table: Table, checkpoint: SyncCheckpoint | None
) -> dict[str, dict[str, Any]]:
    """What each check finds in a raw table: nothing, if all is well.

    Args:
        client: A connection to the warehouse.
        table: The table.
        checkpoint: What the latest answer came to in it: only a sync sees all of one. None if that is not known.
    """
    relation, rejected = Relation(RAW, table.name), Relation(RAW, REJECTED)
    extra = table.undeclared(column.name for column in columns(client, relation))
    fields = [name for name in extra if not name.endswith(f"__{MISFIT}")]
    # Numbers, no names: what a field is called comes from the answer, and may be somebody's name or address.
    unknown = {
        "undeclared_columns_with_values": len(_with_values(client, relation, fields)),
        "undeclared_values_left_out": checkpoint.undeclared if checkpoint else 0,
    }
    rejects = client.execute_sql(
        f"select reason, count(*) from {rejected.sql()} where resource = %s group by reason",  # noqa: S608
        table.name,
    )
    return {
        "records_have_keys": dict(cast(list[tuple[str, int]], rejects)),
        "fields_are_known": {what: number for what, number in unknown.items() if number},
        "values_fit": dict(checkpoint.type_mismatches) if checkpoint else {},
        "in_answer": {table.name: "not in the answer"} if checkpoint and checkpoint.absent else {},
    }


def _with_values(client: SqlClientBase[Any], relation: Relation, names: Sequence[str]) -> list[str]:
    """The columns of a raw table in which a row that is not removed has a value: the column of a field stays for ever.

    Args:
        client: A connection to the warehouse.
        relation: The table.
        names: The columns to look through.
    """
    if not names:
        return []
    counts = ", ".join(f'count("{name}")' for name in names)
    rows = client.execute_sql(f"select {counts} from {relation.sql()} where {REMOVED_AT} is null") or []  # noqa: S608
    return [name for name, number in zip(names, rows[0], strict=True) if number]
