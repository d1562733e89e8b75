"""`event-assets run`: the graph of each event once, in this process; models only where they are not up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timezone
from functools import partial

import click
import dagster as dg

from event_assets.assets.keys import EventNames, published_copy
from event_assets.assets.raw import SyncConfig, sync_op_name
from event_assets.assets.versions import Materialisations
from event_assets.automation.checked_plan import plan_with_checks
from event_assets.automation.facts import failing_tables, read_facts, with_copy
from event_assets.automation.failures import is_failed_check, run_failure, step_failure
from event_assets.automation.graph import Graph, is_model, is_page
from event_assets.automation.jobs import REFRESH_EVERYTHING
from event_assets.automation.orphaned_runs import end_orphaned_runs
from event_assets.automation.planner import Trigger, requested
from event_assets.cli.api import api_or_sandbox
from event_assets.cli.attention import attention_lines
from event_assets.cli.home import open_instance, prepare_dagster_home
from event_assets.cli.naming import command_name
from event_assets.cli.run_across import build_across
from event_assets.cli.terminal import AssetRow, print_table, row_count, terminal_logger
from event_assets.definitions import build_definitions
from event_assets.settings import Event, SettingsError, find_event, read_event, read_events
from event_assets.site import EVENT_FILE
from event_assets.site.folder import open_folder
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import Warehouse, WarehouseError
from event_assets.warehouse.engines import configured_engine


def run_everything(*, allow_removals: bool = False, event_name: str | None = None) -> None:
    """Ask the API of each event once and bring every table up to date; print how it goes and what came of it.

    Where there is only one event and no token, the sandbox is asked. An event that fails holds up no other.

    Args:
        allow_removals: Let answers through that remove more of a table than the setting allows.
        event_name: The event to run; all that are not over for good, if not given.

    Raises:
        click.ClickException: Not every asset was materialised; the message says why.
        SettingsError: A setting cannot be used. Nothing was requested.
        WarehouseError: Another run did not end in time, or the warehouse cannot be used. Nothing was requested.
    """
    events = read_events()
    chosen = _chosen(events, event_name)
    prepare_dagster_home(read_event().retention, len(events))
    everywhere = read_events(of_the_location=False)
    if len(everywhere) == 1 or event_name:
        if chosen[0].name:
            _ = chosen[0].api  # of a listed event, none is invented
        _run_event(chosen[0], allow_removals=allow_removals)
        return
    failures = []
    for number, event in enumerate(chosen, start=1):
        click.echo(f"{chr(10) if number > 1 else ''}{event.label} ({number} of {len(chosen)})")
        try:
            event.check()
            _ = event.api  # of several, none is invented
            _run_event(event, allow_removals=allow_removals)
        except (click.ClickException, SettingsError, WarehouseError) as error:
            said = error.message if isinstance(error, click.ClickException) else str(error)
            click.echo(f"\n{event.label}: {said}")
            failures.append(f"{event.label}: {said}")
    click.echo(f"\n{len(chosen) - len(failures)} of {len(chosen)} events are up to date.")
    failures += build_across(everywhere)
    if failures:
        raise click.ClickException("\n".join(failures))


def _chosen(events: Sequence[Event], name: str | None) -> list[Event]:
    """Return the events to run.

    Raises:
        click.ClickException: There is nothing to run.
        SettingsError: There is no such event.
    """
    now = datetime.now(timezone.utc)
    if name:
        event = find_event(name, events)
        if event.is_archived(now):
            raise click.ClickException(
                f"The event {name} is over for good (`archive` or `archive_after_days` in its section of "
                ".dlt/config.toml): its tables stay as they are. Take the setting out to sync it."
            )
        return [event]
    chosen = [event for event in events if not event.is_archived(now)]
    if not chosen:
        raise click.ClickException(
            "Every event is over for good (`archive` or `archive_after_days` in .dlt/config.toml): nothing is synced."
        )
    return chosen


def _run_event(event: Event, *, allow_removals: bool) -> None:
    """Ask the API of one event once and bring every table up to date. See `run_everything`."""
    with api_or_sandbox(event):
        event = read_event(event.name)  # with the sandbox, where there is one
        engine = configured_engine(event)
        section = f"events.{event.name}" if event.name else "event"
        click.echo(
            f"Event API: {event.api.base_url}\nWarehouse: {engine.where}\n"
            f"Time zone: {event.dates.timezone} (`timezone` in the section [{section}])\n"
        )
        with open_instance() as instance:
            end_orphaned_runs(instance, {event.name: engine.local_path})
            # No pool: a killed command would keep its place in it, and only a running daemon would give that back.
            # The warehouse's own lock goes with the process.
            definitions = build_definitions(event, pools=False)
            graph = Graph.of([each for each in definitions.assets or () if isinstance(each, dg.AssetsDefinition)])
            runs = _execute(instance, definitions, graph, event, allow_removals)
            rows = _asset_rows(instance, graph, runs)
            attention = attention_lines(instance, _check_keys(definitions))
    failures = _failures(graph, runs, published_copy(event.key_prefix))
    if not failures:
        click.echo()
        print_table(rows)
        shows = f"`{command_name('ui')}` shows it"
        click.echo(f"\nAll of it is in {engine.copy}; {shows}.")
        click.echo(f"The event on one page: {open_folder(event.site).where(EVENT_FILE)}")
    if attention:
        click.echo("\n".join(["\nPlease look at:", *(f"  {line}" for line in attention)]))
    if failures:
        raise click.ClickException("\n".join(failures))


def _check_keys(definitions: dg.Definitions) -> list[dg.AssetCheckKey]:
    checked = [*(definitions.assets or ()), *(definitions.asset_checks or ())]
    return [key for each in checked if isinstance(each, dg.AssetsDefinition) for key in each.check_keys]


def _execute(
    instance: dg.DagsterInstance, definitions: dg.Definitions, graph: Graph, event: Event, allow_removals: bool
) -> list[dg.ExecuteInProcessResult]:
    """Sync every endpoint, then build what is not built from what the tables hold now, and publish the copy of it.

    The first time that is everything, so one run does it; another one follows where something of it failed and what
    does not need it can be built, and one more for the copy, where something failed in that as well.
    """
    names, copy = EventNames(event.name), published_copy(event.key_prefix)
    with_terminal = dg.Definitions.merge(definitions, dg.Definitions(loggers={"terminal": terminal_logger}))
    job = with_terminal.resolve_job_def(names.of(REFRESH_EVERYTHING))
    loggers = {"terminal": {}}
    tables = tables_of(event.resources)
    config = SyncConfig(allow_removals=allow_removals)
    ops = {sync_op_name(endpoint, names): config for endpoint in resources_by_endpoint(tables)}
    first = not Materialisations(instance, graph.nodes)
    synced = job.execute_in_process(
        instance=instance,
        run_config=dg.RunConfig(ops=ops, loggers=loggers),
        asset_selection=None if first else [names.raw_key(resource) for resource in tables],
        raise_on_error=False,
    )
    if first and synced.success:
        return [synced]

    def build(assets: list[dg.AssetKey]) -> dg.ExecuteInProcessResult:
        config = dg.RunConfig(loggers=loggers)
        return job.execute_in_process(
            instance=instance, run_config=config, asset_selection=assets, raise_on_error=False
        )

    models = _to_build(instance, graph, event)
    if not models:
        if synced.success:
            click.echo("Nothing that the models read has changed: they stay as they are.")
        return [synced]
    built = build(models)
    # A run does not come to what reads something that failed, and the copy reads everything: it has a run of its own.
    if _is_left_out(copy, models, built):
        return [synced, built, build([copy, *filter(is_page, models)])]
    return [synced, built]


def _is_left_out(asset: dg.AssetKey, planned: list[dg.AssetKey], run: dg.ExecuteInProcessResult) -> bool:
    """Return whether a run was to make an asset and did not come to it."""
    made = {event.materialization.asset_key for event in run.get_asset_materialization_events()}
    failed = {event.step_key for event in run.all_events if event.is_step_failure}
    return bool(failed) and asset in planned and asset not in made and asset.to_python_identifier() not in failed


def _to_build(instance: dg.DagsterInstance, graph: Graph, event: Event) -> list[dg.AssetKey]:
    """The models that are not built from what the tables hold now, and the published copy where it lacks something.

    Its file may be gone, or a table that it holds back have passed its check again.
    """
    with Warehouse.of(event).connect() as client:
        warehouse_id = client.identity()
    facts = with_copy(instance, graph, event, read_facts(instance, graph, event, datetime.now(timezone.utc)))
    facts = facts.within(graph, warehouse_id)
    return requested(plan_with_checks(graph, facts, partial(failing_tables, instance, graph), Trigger.PERSON))


def _failures(graph: Graph, runs: Sequence[dg.ExecuteInProcessResult], copy: dg.AssetKey) -> list[str]:
    """Each reason once: where the API is gone, all endpoints say so. Empty only if every run succeeded."""
    reasons = []
    failed = {event.step_key for run in runs for event in run.all_events if event.is_step_failure}
    published = copy.to_python_identifier() not in failed
    for run in runs:
        of_run = [*_broken_promises(graph, run, published), *_failed_steps(graph, run, published)]
        if not (run.success or of_run):
            of_run = [*_failures_outside_steps(run)] or [
                f"The run failed, and does not say why: see its log (`{command_name('ui')}`)."
            ]
        reasons += of_run
    return list(dict.fromkeys(reasons))


def _broken_promises(graph: Graph, run: dg.ExecuteInProcessResult, published: bool) -> Iterator[str]:
    for evaluation in run.get_asset_check_evaluations():
        table, check = evaluation.asset_key, evaluation.asset_check_key
        if check in graph.nodes[table].blocking_checks and not evaluation.passed:
            because = f"{table.to_user_string()} fails its check {check.name}"
            where = f"The check's page in the UI (`{command_name('ui')}`) shows the rows."
            yield f"{_held_back(table, because, published)} {where}"


def _failed_steps(graph: Graph, run: dg.ExecuteInProcessResult, published: bool) -> Iterator[str]:
    models = {key.to_python_identifier(): key for key in graph.nodes if is_model(key)}
    for event in run.all_events:
        if event.is_step_failure and not is_failed_check(event):
            failure = step_failure(event)
            because = failure.user_message or f"{event.step_key} failed: {failure.message or failure.error}"
            model = models.get(event.step_key or "")
            yield _held_back(model, because, published) if model else because


def _held_back(model: dg.AssetKey, because: str, published: bool) -> str:
    """Return what becomes of a model that cannot be had, and why."""
    name, reason = model.to_user_string(), because.rstrip(".")
    if published:
        return (
            f"The copy for readers is published, except {name}, which is held back: {reason}. Readers see its last "
            "good state, and what is made of it stays as it was."
        )
    return f"{name} is held back: {reason}. What is made of it stays as it was."


def _failures_outside_steps(run: dg.ExecuteInProcessResult) -> Iterator[str]:
    """Such as one of the warehouse's resource, without which no step begins."""
    for event in run.all_events:
        if event.event_type is dg.DagsterEventType.RUN_FAILURE and (failure := run_failure(event)):
            yield f"The run failed: {failure.message or failure.error}"


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
    if stay := [key for key in graph.nodes if key not in latest]:
        kept = instance.get_latest_materialization_events(stay)
        latest |= {key: event.asset_materialization for key, event in kept.items() if event}
    return [
        AssetRow(key.to_user_string(), rows, seconds.get(key))
        for key in graph.nodes
        if (materialization := latest.get(key)) and (rows := row_count(materialization)) is not None
    ]
