"""The tables across events as assets: one op builds them all, from the published copies of all events.

And what a past event is here: its copy as an external asset, which nothing materialises, with its last state.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import partial
from typing import Any, NamedTuple

import dagster as dg

from event_assets.across.copies import EventCopy
from event_assets.across.inputs import CONFIGURED, COPIES, INPUTS, cross_event_models, input_columns
from event_assets.across.places import copies_of, is_in_lake, place_class
from event_assets.across.warehouse import Building
from event_assets.assets.failures import as_dagster_failure
from event_assets.assets.keys import published_copy
from event_assets.assets.lake import lake_key
from event_assets.assets.metadata import OWNERS, preview, table_name, table_state
from event_assets.assets.models import check_result
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.settings import Event, read_events
from event_assets.warehouse import EVENTS
from event_assets.warehouse.engines import model_failure
from event_assets.warehouse.relations import Relation

POOL = "events"
"""The concurrency pool of what builds the tables across events."""

ReadEvents = Callable[[], Sequence[Event]]
_SOURCES = {each.relation: each.source for each in INPUTS}


class _Built(NamedTuple):
    """What came of a build.

    Attributes:
        results: That of each table.
        observed: The last state of past events.
        missing: Event → why its copy could not be read.
        failing: Which blocking checks fail, as parts of a sentence.
    """

    results: Sequence[dg.MaterializeResult]
    observed: Sequence[dg.AssetObservation]
    missing: Mapping[str, str]
    failing: Sequence[str]

    def told(self) -> Iterator[dg.MaterializeResult | dg.AssetObservation | dg.AssetCheckResult]:
        """Yield what Dagster is told.

        Raises:
            Failure: A blocking check fails. No table was replaced.
        """
        if self.failing:
            yield from (check for result in self.results for check in result.check_results or ())
            raise dg.Failure(
                f"{'; '.join(self.failing)}. Readers see the last good state of all tables across events. The check's "
                "page in the UI shows the rows.",
                allow_retries=False,
            )
        yield from self.observed
        yield from self.results


class _ChecksFailedError(Exception):
    """A blocking check fails: what was built is given up, and readers keep what they have."""

    def __init__(self, built: _Built) -> None:
        super().__init__()
        self.built = built


def build_archives(events: Iterable[Event], now: datetime) -> list[dg.AssetSpec]:
    """Return the copies of past events as external assets.

    The key is that of the copy while the event was synced, so its history and what reads it stay. Nothing is read here:
    its last state is the last materialisation, and what the tables across events observe of it.

    Args:
        events: All events.
        now: The time now, with a zone.
    """
    return [
        dg.AssetSpec(
            published_copy(event.key_prefix),
            description=(
                "The published copy of a past event. Nothing of it is synced or built, and it needs no token. Tables "
                "across events read it. It comes back with `archive = false` in its section."
            ),
            group_name=event.name or None,
            owners=OWNERS,
            kinds={"archive"},
            tags={"layer": "published"},
            metadata={"archived": True, **({"closed": str(period.closes)} if (period := event.dates.period) else {})},
        )
        for event in events
        if event.is_archived(now)
    ]


def build_cross_event_assets(
    events: Sequence[Event], now: datetime, read: ReadEvents = read_events, pool: str | None = POOL
) -> list[dg.AssetsDefinition]:
    """Return the assets of the tables across events: none where there is one event.

    Args:
        events: All events, as they are configured when the definitions load.
        now: The time now, with a zone.
        read: Reads them when a run needs them.
        pool: The concurrency pool of the op.

    Raises:
        SettingsError: A setting of the first event cannot be used.
        ModelError: A model is wrong.
    """
    if len(events) < 2:
        return []
    models, kinds, dialect = cross_event_models(), place_class(events).kinds, place_class(events).dialect
    in_lake = is_in_lake(events)
    deps = [
        lake_key(event) if in_lake and not event.is_archived(now) else published_copy(event.key_prefix)
        for event in events
    ]

    @dg.multi_asset(
        name="build_across_events",
        specs=[_spec(model, deps, kinds, dialect) for model in models.values()],
        check_specs=[
            dg.AssetCheckSpec(
                test.name, asset=_key(relation), description=test.description, blocking=test.severity == "error"
            )
            for relation, model in models.items()
            for test in model.data_tests
        ],
        pool=pool,
    )
    def build_across_events(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetObservation | dg.AssetCheckResult]:
        with as_dagster_failure():
            found, at = read(), datetime.now(timezone.utc)
            copies = copies_of(found, _published_at(context.instance, found), at)
            place = place_class(found).of(found)
            try:
                with place.building(copies, at) as building:
                    results = [_build(building, model, place.where, found) for model in models.values()]
                    built = _Built(results, _observed(building, found, copies), building.missing, _failing(results))
                    if built.failing:
                        raise _ChecksFailedError(built)
            except _ChecksFailedError as error:
                built = error.built
        for event, why in built.missing.items():
            context.log.warning(f"The event {event} is missing: {why}")
        yield from built.told()

    return [build_across_events]


def _key(relation: Relation) -> dg.AssetKey:
    return dg.AssetKey([relation.schema, relation.name])


def _spec(model: Model, deps: Sequence[dg.AssetKey], kinds: Iterable[str], dialect: str) -> dg.AssetSpec:
    tests = [f"{test.name} {test.severity} {test.failing_rows}" for test in model.data_tests]
    return dg.AssetSpec(
        _key(model.relation),
        deps=[*deps],
        description=model.facts.description,
        group_name=EVENTS,
        owners=OWNERS,
        kinds={"sql", *kinds},
        tags={"layer": EVENTS},
        code_version=hashlib.sha256("\n".join([model.render({}, dialect), *tests]).encode()).hexdigest()[:16],
        metadata={
            **table_name(model.relation),
            "grain": ", ".join(model.facts.grain),
            "sql": dg.MetadataValue.md(f"```sql\n{model.text}```"),
        },
    )


def _published_at(instance: dg.DagsterInstance, events: Sequence[Event]) -> dict[str, datetime]:
    labels = {published_copy(event.key_prefix): event.label for event in events}
    found = instance.get_latest_materialization_events([*labels])
    return {labels[key]: datetime.fromtimestamp(event.timestamp, timezone.utc) for key, event in found.items() if event}


def _build(building: Building, model: Model, where: str, events: Sequence[Event]) -> dg.MaterializeResult:
    relation, session, facts = model.relation, building.session, model.facts
    with as_dagster_failure(partial(model_failure, str(relation), f"{EVENTS}/{model.path.name}")):
        building.build(model)
        return dg.MaterializeResult(
            asset_key=_key(relation),
            metadata={
                **table_state(session, relation, facts.columns, facts.grain, facts.not_null, facts.pii),
                **_column_lineage(relation, [each for each in events if each.label not in building.missing]),
                **preview(session, relation),
                "where": where,
                "events": len(events) - len(building.missing),
                "missing": dg.MetadataValue.md(_in_markdown(building.missing)),
            },
            check_results=[check_result(session, test, _key(relation)) for test in model.data_tests],
        )


def _failing(results: Iterable[dg.MaterializeResult]) -> list[str]:
    """Return which blocking checks fail, as parts of a sentence."""
    return [
        f"{result.asset_key.to_user_string()} fails its check {check.check_name}"
        for result in results
        if result.asset_key
        for check in result.check_results or ()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    ]


def _column_lineage(relation: Relation, events: Sequence[Event]) -> dict[str, Any]:
    """Return the column lineage: of a column of the copies, that of each event that was read."""
    origins = Lineage(cross_event_models(), input_columns()).origins(relation)
    dependencies = {
        column: [dep for source, name in sorted(sources, key=str) for dep in _deps(source, name, events)]
        for column, sources in origins.items()
    }
    rows = [
        f"| {column} | {', '.join(sorted(f'{_SOURCES.get(source, source)}.{name}' for source, name in sources))} |"
        for column, sources in origins.items()
    ]
    table = "\n".join(["| column | source columns of each event |", "|---|---|", *rows])
    return {"dagster/column_lineage": dg.TableColumnLineage(dependencies), "source_columns": dg.MetadataValue.md(table)}


def _deps(source: Relation, column: str, events: Sequence[Event]) -> list[dg.TableColumnDep]:
    if source.schema != COPIES:
        return [dg.TableColumnDep(_key(source), column)]
    if source == CONFIGURED or column == "event":  # of the settings
        return []
    table = _SOURCES[source]
    return [dg.TableColumnDep(dg.AssetKey([*event.key_prefix, table.schema, table.name]), column) for event in events]


def _observed(building: Building, events: Sequence[Event], copies: Sequence[EventCopy]) -> list[dg.AssetObservation]:
    """Return the last state of past events, as their copies have it."""
    archived = {copy.event for copy in copies if copy.is_archived and copy.event not in building.missing}
    keys = {event.label: published_copy(event.key_prefix) for event in events if event.label in archived}
    if not keys:
        return []
    columns = ("first_day", "last_day", "as_of", "lectures", "workshops", "speakers", "partners", "participants")
    rows = building.session.query(f"select event, {', '.join(columns)} from {EVENTS}.events_overview")  # noqa: S608
    return [
        dg.AssetObservation(keys[event], metadata=_shown(dict(zip(columns, values, strict=True))))
        for event, *values in rows
        if event in keys
    ]


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int) else str(value) for name, value in values.items() if value is not None
    }


def _in_markdown(missing: Mapping[str, str]) -> str:
    return "\n".join(f"* `{event}`: {why}" for event, why in sorted(missing.items())) or "None: every event was read."
