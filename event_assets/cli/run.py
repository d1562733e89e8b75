"""`make run`: the whole graph once, in this process; of the models, what is not built from what the tables hold now."""

from __future__ import annotations

from collections.abc import Iterable

import click
import dagster as dg

from event_assets.assets.raw import SyncConfig, sync_op_name
from event_assets.assets.versions import Materialisations
from event_assets.automation.alerts import failed_checks, is_failed_check
from event_assets.automation.declare import raw_key
from event_assets.automation.jobs import refresh_everything
from event_assets.automation.up_to_date import Graph
from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import prepare_dagster_home
from event_assets.cli.terminal import AssetRow, print_table, row_count, terminal_logger
from event_assets.definitions import build_definitions
from event_assets.settings import event_api_settings, lock_wait_seconds, published_path, warehouse_path
from event_assets.source.resources import resources_by_endpoint
from event_assets.source.schema import TABLES
from event_assets.warehouse import Warehouse


def run_everything(*, allow_removals: bool = False) -> None:
    """Ask the API once and bring every table up to date; print how it goes and what came of it.

    Args:
        allow_removals: Let answers through that remove more of a table than the setting allows.

    Raises:
        click.ClickException: Not every asset was materialised; the message says why.
        WarehouseBusyError: Another run did not end in time. Nothing was requested.
    """
    prepare_dagster_home()
    with api_or_sandbox():
        click.echo(f"Event API: {event_api_settings().base_url}\nWarehouse: {warehouse_path()}\n")
        with Warehouse(warehouse_path(), lock_wait_seconds()).writing(), dg.DagsterInstance.get() as instance:
            # No pool: a killed command would keep its place in it, and only a running daemon would give that back. The
            # warehouse's own lock goes with the process.
            definitions = build_definitions(pool=None)
            graph = Graph([each for each in definitions.assets or () if isinstance(each, dg.AssetsDefinition)])
            runs = _execute(instance, definitions, graph, allow_removals)
            rows = _asset_rows(instance, graph, runs)
    if failures := _failures(graph, runs):
        raise click.ClickException("\n".join(failures))
    click.echo()
    print_table(rows)
    click.echo(f"\nAll of it is in {published_path()}, a copy that any DuckDB client can query; `make ui` shows it.")


def _execute(
    instance: dg.DagsterInstance, definitions: dg.Definitions, graph: Graph, allow_removals: bool
) -> list[dg.ExecuteInProcessResult]:
    """Sync every endpoint, then build what is not built from what the tables hold now.

    The first time that is everything, so one run does it; another one follows where something of it failed and what
    does not need it can be built.
    """
    with_terminal = dg.Definitions.merge(definitions, dg.Definitions(loggers={"terminal": terminal_logger}))
    job = with_terminal.resolve_job_def(refresh_everything.name)
    loggers = {"terminal": {}}
    ops = {sync_op_name(endpoint): SyncConfig(allow_removals=allow_removals) for endpoint in resources_by_endpoint()}
    first = not Materialisations(instance, graph.nodes)
    synced = job.execute_in_process(
        instance=instance,
        run_config=dg.RunConfig(ops=ops, loggers=loggers),
        asset_selection=None if first else [raw_key(resource) for resource in TABLES],
        raise_on_error=False,
    )
    models = graph.to_build(
        Materialisations(instance, graph.nodes),
        fails=lambda asset: bool(failed_checks(instance, graph.blocking_checks[asset])),
    )
    if not models:
        if not first:
            click.echo("Nothing that the models read has changed: they stay as they are.")
        return [synced]
    built = job.execute_in_process(
        instance=instance,
        run_config=dg.RunConfig(loggers=loggers),
        asset_selection=models,
        raise_on_error=False,
    )
    return [synced, built]


def _failures(graph: Graph, runs: Iterable[dg.ExecuteInProcessResult]) -> list[str]:
    """Each reason once: where the API is gone, all endpoints tell it."""
    reasons = []
    for run in runs:
        for evaluation in run.get_asset_check_evaluations():
            table, check = evaluation.asset_key, evaluation.asset_check_key
            if check in graph.blocking_checks[table] and not evaluation.passed:
                reasons.append(
                    f"{table.to_user_string()} does not keep its promise {check.name}, so nothing is built from it: "
                    "what is made of it stays as it was. The check's page in the UI (`make ui`) shows the rows."
                )
        for event in run.all_events:
            if event.is_step_failure and not is_failed_check(event):
                data = event.step_failure_data
                told = data.user_failure_data and data.user_failure_data.description
                reasons.append(told or f"{event.step_key} failed: {data.error.message.strip() if data.error else '?'}")
    return list(dict.fromkeys(reasons))


def _asset_rows(
    instance: dg.DagsterInstance, graph: Graph, runs: Iterable[dg.ExecuteInProcessResult]
) -> list[AssetRow]:
    """Every table: how many rows it has, and how long it took if it was made now."""
    seconds, latest = {}, {}
    for run in runs:
        events = run.all_events
        of_step = {e.step_key: e.step_success_data.duration_ms / 1000 for e in events if e.is_step_success}
        for event in run.get_asset_materialization_events():
            key = event.materialization.asset_key
            seconds[key], latest[key] = of_step.get(event.step_key), event.materialization
    stay = [key for key in graph.nodes if key not in latest]
    kept = instance.get_latest_materialization_events(stay)
    latest |= {key: event.asset_materialization for key, event in kept.items() if event}
    return [
        AssetRow(key.to_user_string(), rows, seconds.get(key))
        for key in graph.nodes
        if (materialization := latest.get(key)) and (rows := row_count(materialization)) is not None
    ]
