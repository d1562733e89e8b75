"""What is known of each table at the moment, for the catalogue: its last build, its tests and its freshness window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Literal, NamedTuple

import dagster as dg

from event_assets.assets.checks import DESCRIPTIONS
from event_assets.assets.keys import asset_key
from event_assets.automation.evaluations import Evaluation, latest_evaluations_with_times
from event_assets.automation.freshness import FreshnessWindow, current_windows
from event_assets.automation.up_to_date import CHECK_DESCRIPTION, IS_UP_TO_DATE
from event_assets.models import Model
from event_assets.settings import Event
from event_assets.site.catalogue import TableStatus, TestResult
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import RAW, SUMMARY
from event_assets.warehouse.relations import Relation


class _Test(NamedTuple):
    name: str
    description: str
    severity: Literal["error", "warn"]


def read_statuses(
    instance: dg.DagsterInstance, models: Iterable[Model], event: Event, now: datetime
) -> dict[str, TableStatus]:
    """Read what is known of the raw tables of resources and of the models, by their names with the schema.

    Of the last builds and evaluations, only what is declared is taken: no value from the API, and no name of a field.

    Args:
        instance: Where it is recorded.
        models: All models.
        event: Its dates and windows count.
        now: The time now, with a zone.

    Raises:
        SettingsError: A setting cannot be used.
    """
    tests = {
        **_tests_of_raw_tables(tables_of(event.resources)),
        **{model.relation: _tests_of(model) for model in models},
    }
    keys = {relation: asset_key(relation, event.key_prefix) for relation in tests}
    built = instance.get_latest_materialization_events([*keys.values()])
    checks = [dg.AssetCheckKey(keys[relation], test.name) for relation, named in tests.items() for test in named]
    evaluations = latest_evaluations_with_times(instance, checks)
    windows = current_windows(keys.values(), now, event)
    return {
        str(relation): _status(built.get(key), tests[relation], key, evaluations, windows[key])
        for relation, key in keys.items()
    }


def _tests_of_raw_tables(tables: Iterable[str]) -> dict[Relation, list[_Test]]:
    tests = [_Test(name, description, "warn") for name, description in DESCRIPTIONS.items()]
    return {Relation(RAW, name): tests for name in tables}


def _tests_of(model: Model) -> list[_Test]:
    tests = [_Test(test.name, test.description, test.severity) for test in model.data_tests]
    is_summary = model.relation.schema == SUMMARY
    return [*tests, _Test(IS_UP_TO_DATE, CHECK_DESCRIPTION, "warn")] if is_summary else tests


def _status(
    event: dg.EventLogEntry | None,
    tests: Iterable[_Test],
    key: dg.AssetKey,
    evaluations: Mapping[dg.AssetCheckKey, Evaluation],
    window: FreshnessWindow,
) -> TableStatus:
    materialisation = event.asset_materialization if event else None
    metadata = materialisation.metadata if materialisation else {}
    rows, schema = metadata.get("dagster/row_count"), metadata.get("dagster/column_schema")
    columns = schema.value.columns if isinstance(schema, dg.TableSchemaMetadataValue) else ()
    return TableStatus(
        built_at=_instant(event.timestamp) if event and materialisation else None,
        rows=int(str(rows.value)) if rows else None,
        data_types={column.name: column.type for column in columns},
        warns_after=window.warns_after,
        fails_after=window.fails_after,
        tests=tuple(_result(test, evaluations.get(dg.AssetCheckKey(key, test.name))) for test in tests),
    )


def _result(test: _Test, evaluation: Evaluation | None) -> TestResult:
    passed, at = (evaluation.found.passed, _instant(evaluation.at)) if evaluation else (None, None)
    return TestResult(test.name, test.description, test.severity, passed, at)


def _instant(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, timezone.utc)
