"""What a run leaves for a person to look at: warnings of checks, each in a line with the table that shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dagster as dg

from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.up_to_date import IS_UP_TO_DATE
from event_assets.source.tables.columns import VARIANT
from event_assets.source.tables.schema import REJECTED
from event_assets.warehouse import RAW


def attention_lines(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> list[str]:
    """Return a line for each check whose latest evaluation warns, sorted by table.

    A blocking check that fails is part of the run's error. Whether a summary is up to date is for the automation.

    Args:
        instance: Where evaluations are recorded.
        checks: The checks of all tables.
    """
    wanted = [check for check in checks if check.name != IS_UP_TO_DATE]
    evaluations = latest_evaluations(instance, wanted).values()
    return sorted(
        attention_line(each) for each in evaluations if not each.passed and each.severity is dg.AssetCheckSeverity.WARN
    )


def attention_line(evaluation: dg.AssetCheckEvaluation) -> str:
    """Return what a failed check found, after the table to look at. Numbers, columns and reasons: no values.

    Args:
        evaluation: A failed evaluation of a check of a raw table or model.
    """
    schema, name = evaluation.asset_key.path[-2:]
    found: dict[str, Any] = {label: value.value for label, value in evaluation.metadata.items()}
    if schema == RAW:
        return _of_raw_table(name, evaluation.check_name, found)
    return f"{schema}.{name}: {_count(found.get('failing_rows', 0), 'row')} that {evaluation.check_name} warns of"


def _of_raw_table(name: str, check: str, found: dict[str, Any]) -> str:
    table = f"{RAW}.{name}"
    if check == "no_rejected_records":
        reasons = "; ".join(f"{reason} ({number:,})" for reason, number in sorted(found.items()))
        return f"{RAW}.{REJECTED}: {_count(sum(found.values()), 'record')} of {name} not loaded: {reasons}"
    if check == "no_undeclared_fields":
        columns = found.get("undeclared_columns_with_values", 0)
        left_out = found.get("undeclared_values_left_out", 0)
        parts = [f"{_count(columns, 'column')} of undeclared fields"] if columns else []
        parts += [f"{_count(left_out, 'value')} of undeclared fields left out"] if left_out else []
        return f"{table}: {', '.join(parts)}"
    if check == "values_match_declared_types":
        columns = ", ".join(f"{column} ({number:,})" for column, number in sorted(found.items()))
        return f"{table}: values of another type than declared, in {columns}: see the columns *__{VARIANT}"
    if check == "resource_present":
        return f"{table}: not in the latest response, so the table is as it was"
    return f"{table}: the check {check} warns"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"
