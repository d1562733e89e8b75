"""The asset of the published copy, which is downstream of every table in it.

So each picture of the asset graph has its edges: 47 of 173. Without them, a `dagster/priority` below that of all other
steps keeps the order of steps, and so does a blocking check with `additional_deps` on all tables, of an asset that the
copy alone depends on; a check of the copy itself does not. But then Dagster records no version of what the copy was
made of, which the planner compares, and a selection such as `raw/halls+` lacks the copy. With the priority, a table
that fails no longer keeps the copy out of its run.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import dagster as dg

from event_assets.assets.copy_plan import private_columns, publish_plan
from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.held_back import held_back
from event_assets.assets.keys import THE_EVENT, WAREHOUSE_POOL, EventNames, published_copy
from event_assets.assets.metadata import OWNERS
from event_assets.assets.one_asset import NewSpec, one_asset
from event_assets.assets.resources import WarehouseResource
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.models.pii import check_pii
from event_assets.source.tables.columns import Table
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import PUBLISHED
from event_assets.warehouse.copy_plan import Note, Published
from event_assets.warehouse.engines import Engine
from event_assets.warehouse.relations import Relation

PUBLISHED_COPY = published_copy()
CHANGE_SEEN_AT = "event_assets/change_seen_at"
"""The tag of a run that was started because of a change: when that was seen, as a time of ISO 8601."""

_LAG = "`lag_seconds` is the time from the probe that detected a change of the API until readers had it."


def build_published_copy(
    tables: Iterable[dg.AssetKey],
    models: Mapping[Relation, Model],
    code_version: str,
    *,
    engine: type[Engine],
    personal_data: bool = False,
    pool: str | None = WAREHOUSE_POOL,
    raw: Mapping[str, Table] = TABLES,
    names: EventNames = THE_EVENT,
    new_spec: NewSpec = dg.AssetSpec,
) -> dg.AssetsDefinition:
    """Return the asset of the published copy.

    Args:
        tables: The assets that it waits for.
        models: All models, each after those that it reads.
        code_version: See `copy_code_version`.
        engine: What the warehouse is.
        personal_data: Whether it holds personal data as well.
        pool: The concurrency pool of its op.
        raw: The raw tables of resources.
        names: Those of the event.
        new_spec: Makes the spec.
    """
    description = engine.copy_description.format(copy=names.namespace.schema(PUBLISHED))

    spec = new_spec(
        published_copy(names.prefix),
        deps=list(tables),
        description=f"{description}\n\n{_LAG}\n",
        group_name=names.group(PUBLISHED),
        owners=OWNERS,
        kinds=set(engine.copy_kinds),
        tags={"layer": PUBLISHED},
        code_version=code_version,
    )

    @one_asset(spec, pool)
    def copy_for_readers(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
        with as_dagster_failure():
            target = warehouse.open(names.event)
            held = held_back(context.instance, models, names.prefix)
            plan = publish_plan(models, held, personal_data=personal_data, tables=raw)
            published = target.publish(plan)
        for note in published.held_back:
            context.log.warning(f"{note.relation} is held back: {note.why}")
        return dg.MaterializeResult(
            metadata={
                **_place(published),
                "bytes": published.size,
                **_lag(context.run.tags),
                "held_back": dg.MetadataValue.md(_in_markdown(published.held_back)),
            }
        )

    return copy_for_readers


def _place(published: Published) -> dict[str, dg.MetadataValue]:
    """Return where the copy is: the path of a file, or what readers of a server type."""
    where = published.where
    return (
        {"path": dg.MetadataValue.path(str(where))}
        if isinstance(where, Path)
        else {"schemas": dg.MetadataValue.text(where)}
    )


def _lag(tags: Mapping[str, str]) -> dict[str, float]:
    """Return how long it took from a look that saw a change until now; nothing where no change started the run."""
    if CHANGE_SEEN_AT not in tags:
        return {}
    lag = datetime.now(timezone.utc) - datetime.fromisoformat(tags[CHANGE_SEEN_AT])
    return {"lag_seconds": round(lag.total_seconds(), 1)}


def copy_code_version(
    models: Mapping[Relation, Model], lineage: Lineage, raw: Mapping[str, Table], *, personal_data: bool
) -> str:
    """Return a hash of the planned columns: a change of the plan makes the copy stale.

    Args:
        models: All models, each after those that it reads.
        lineage: Their column lineage.
        raw: The raw tables of resources.
        personal_data: Whether the copy holds personal data as well.

    Raises:
        ModelError: A model may show personal data, and does not say so.
    """
    check_pii(models, lineage, private_columns(raw))
    plan = publish_plan(models, {}, personal_data=personal_data, tables=raw)
    columns = sorted((str(relation), sorted(values.items())) for relation, values in (plan.columns or {}).items())
    return hashlib.sha256(repr(columns).encode()).hexdigest()[:16]


def _in_markdown(notes: Sequence[Note]) -> str:
    lines = [f"* `{note.relation}`, since {note.since:%Y-%m-%d %H:%M} UTC: {note.why}" for note in notes]
    return "\n".join(lines) or "Nothing: every table is current."
