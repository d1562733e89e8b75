"""`make run`: the whole graph once, in this process."""

from __future__ import annotations

from collections.abc import Sequence

import click
import dagster as dg

from event_assets.assets.raw import SyncConfig, sync_op_name
from event_assets.automation.jobs import refresh_everything
from event_assets.cli.api import api_or_sandbox
from event_assets.cli.home import prepare_dagster_home
from event_assets.cli.terminal import AssetRow, print_table, row_count, terminal_logger
from event_assets.definitions import build_definitions
from event_assets.settings import event_api_settings, lock_wait_seconds, published_path, warehouse_path
from event_assets.source.resources import resources_by_endpoint
from event_assets.warehouse import Warehouse


def run_everything(*, allow_removals: bool = False) -> None:
    """Ask the API once and build every table; print how it goes and what came of it.

    Args:
        allow_removals: Let answers through that remove more of a table than the setting allows.

    Raises:
        click.ClickException: Not every asset was materialised; the message says why.
        WarehouseBusyError: Another run did not end in time. Nothing was requested.
    """
    prepare_dagster_home()
    with api_or_sandbox():
        click.echo(f"Event API: {event_api_settings().base_url}\nWarehouse: {warehouse_path()}\n")
        with Warehouse(warehouse_path(), lock_wait_seconds()).writing():
            result = _execute(allow_removals)
    failures = _failures(result)
    if failures:
        raise click.ClickException("\n".join(failures))
    click.echo()
    print_table(_asset_rows(result))
    click.echo(f"\nAll of it is in {published_path()}, a copy that any DuckDB client can query; `make ui` shows it.")


def _execute(allow_removals: bool) -> dg.ExecuteInProcessResult:
    # No pool: a killed command would keep its place in it, and only a running daemon would give that back. The
    # warehouse's own lock goes with the process.
    definitions = dg.Definitions.merge(
        build_definitions(pool=None), dg.Definitions(loggers={"terminal": terminal_logger})
    )
    job = definitions.resolve_job_def(refresh_everything.name)
    config = dg.RunConfig(
        ops={sync_op_name(endpoint): SyncConfig(allow_removals=allow_removals) for endpoint in resources_by_endpoint()},
        loggers={"terminal": {}},
    )
    with dg.DagsterInstance.get() as instance:
        return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


def _failures(result: dg.ExecuteInProcessResult) -> Sequence[str]:
    """Each reason once: where the API is gone, all endpoints tell it."""
    reasons = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            told = data.user_failure_data and data.user_failure_data.description
            reasons.append(told or f"{event.step_key} failed: {data.error.message.strip() if data.error else '?'}")
    return list(dict.fromkeys(reasons))


def _asset_rows(result: dg.ExecuteInProcessResult) -> list[AssetRow]:
    seconds = {
        event.step_key: event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.is_step_success
    }
    return [
        AssetRow(event.materialization.asset_key.to_user_string(), rows, seconds[event.step_key])
        for event in result.get_asset_materialization_events()
        if (rows := row_count(event.materialization)) is not None
    ]
