"""The asset checks of the raw tables, which run after each sync. They warn and block nothing downstream.

The checks of models are their data tests: see ``models.facts``.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, cast

import dagster as dg

from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.assets.resources import WarehouseResource
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.load.checkpoint import SyncCheckpoint, read_checkpoints
from event_assets.source.load.upgrade import upgraded_columns
from event_assets.source.tables.columns import REMOVED_AT, VARIANT, Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import REJECTED, TABLES
from event_assets.warehouse import RAW, Session
from event_assets.warehouse.relations import Relation

DESCRIPTIONS = {
    "no_rejected_records": "Every record of the latest response was loaded. Rejected records are in raw.rejected.",
    "no_undeclared_fields": "Every field is in the data dictionary. Undeclared ones are loaded as text; where personal "
    "data is hashed or dropped, they are left out and counted.",
    "values_match_declared_types": "Every value of the latest response matches the declared type of its column. "
    f"Other values are kept as text in the variant column *__{VARIANT}, or as an entry of the list.",
    "resource_present": "The latest response had the resource. Without it, the table stays unchanged.",
}


def build_raw_checks(
    pool: str | None,
    when: dg.AutomationCondition | None = None,
    tables: Collection[str] = TABLES,
    names: EventNames = THE_EVENT,
) -> list[dg.AssetChecksDefinition]:
    """Return the checks of all raw tables, one op per endpoint.

    Args:
        pool: The concurrency pool of the ops.
        when: The automation condition of each check.
        tables: The names of the tables.
        names: Those of the event.
    """
    endpoints = resources_by_endpoint(tables)
    return [_endpoint_checks(endpoint, resources, pool, when, names) for endpoint, resources in endpoints.items()]


def _endpoint_checks(
    endpoint: str, resources: Sequence[str], pool: str | None, when: dg.AutomationCondition | None, names: EventNames
) -> dg.AssetChecksDefinition:
    keys = {names.raw_key(resource): resource for resource in resources}
    specs = [
        dg.AssetCheckSpec(name, asset=key, description=description, automation_condition=when)
        for key in keys
        for name, description in DESCRIPTIONS.items()
    ]

    @dg.multi_asset_check(name=names.of(f"check_{endpoint}"), specs=specs, can_subset=True, pool=pool)
    def endpoint_checks(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        selected = context.selected_asset_check_keys
        with as_dagster_failure(), warehouse.open(names.event).connect() as client:
            checkpoints = read_checkpoints(client, upgraded_columns(client))
            for key in {check.asset_key for check in selected}:
                findings = raw_findings(client, ALL_TABLES[keys[key]], checkpoints.get(keys[key]))
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


def raw_findings(client: Session, table: Table, checkpoint: SyncCheckpoint | None) -> dict[str, dict[str, Any]]:
    """Return the findings of each check in a raw table; a check without any passes.

    Args:
        client: A connection to the warehouse.
        table: The table.
        checkpoint: What the latest sync saw; None if that is not known.
    """
    relation, rejected = Relation(RAW, table.name), Relation(RAW, REJECTED)
    extra = table.undeclared(column.name for column in client.columns(relation))
    fields = [name for name in extra if not name.endswith(f"__{VARIANT}")]
    # Numbers, no names: the name of a field comes from the response, and may be personal data.
    unknown = {
        "undeclared_columns_with_values": len(_with_values(client, relation, fields)),
        "undeclared_values_left_out": checkpoint.undeclared if checkpoint else 0,
    }
    rejects = client.execute_sql(
        f"select reason, count(*) from {rejected.sql()} where resource = %s group by reason",  # noqa: S608
        table.name,
    )
    return {
        "no_rejected_records": dict(cast(list[tuple[str, int]], rejects)),
        "no_undeclared_fields": {what: number for what, number in unknown.items() if number},
        "values_match_declared_types": dict(checkpoint.type_mismatches) if checkpoint else {},
        "resource_present": {table.name: "not in the response"} if checkpoint and checkpoint.absent else {},
    }


def _with_values(client: Session, relation: Relation, names: Sequence[str]) -> list[str]:
    """Return the columns that have a value in a row that is not removed. The column of a field is never dropped.

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
