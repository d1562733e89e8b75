"""The sensor that sends the lineage of runs as OpenLineage's events, where ``openlineage.url`` is set.

No run waits for the server: the sensor reads what Dagster has recorded of them. What the server did not take is sent
again at the next look, in the same order, so that an outage loses nothing that Dagster still has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING

import dagster as dg
import orjson

from event_assets.assets.copy_plan import publish_plan
from event_assets.assets.keys import EventNames
from event_assets.assets.metadata import OWNERS
from event_assets.assets.run_events import event_of
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.settings import Event, ReadEvent, SettingsError, read_event
from event_assets.source.tables.more import tables_of
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.relations import Relation

if TYPE_CHECKING:
    from event_assets.automation.lineage_events import Described

LOOK_SECONDS = 10
SEND_SECONDS = 25
"""After how long a look sends no further event: Dagster ends one after a minute, and keeps nothing of it."""
RUNS_AT_ONCE = 50
"""How many runs a look reads."""
_OVERLAP = timedelta(seconds=10)
"""How far a look reaches back beyond the one before, so that no run falls between two."""
_FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dataclass
class _Sent:
    """What was sent: the sensor's cursor.

    Attributes:
        since: From when on runs are looked for.
        runs: How many events of each run that goes on were sent.
        ended: The runs of which all were, as far as the next look finds them again.
    """

    since: float
    runs: dict[str, int] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)


def openlineage_sensors(
    event: Event,
    steps: Mapping[str, Collection[dg.AssetKey]],
    models: Mapping[Relation, Model],
    lineage: Lineage,
    read: ReadEvent = read_event,
) -> list[dg.SensorDefinition]:
    """Return the sensor that sends lineage, or none where none is to be sent.

    Args:
        event: As it is configured when the definitions load.
        steps: The assets that each step makes, by its name.
        models: All models.
        lineage: Their column lineage.
        read: Reads the event at each look.
    """
    if not _is_on(event):
        return []
    names = EventNames(event.name)

    @dg.sensor(
        name=names.of("send_lineage"),
        description="Sends the lineage of each run to the OpenLineage server that `openlineage.url` names.",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def send_lineage(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, configured = datetime.now(timezone.utc), read()
        sent = _Sent(**orjson.loads(context.cursor)) if context.cursor else _Sent(now.timestamp())

        if not _is_on(configured):
            return dg.SensorResult(skip_reason="`openlineage.url` is not set: nothing is sent.")
        described = cache(lambda: _described(configured, steps, models, lineage))
        said = _send(context, configured, described, sent, now)
        return dg.SensorResult(skip_reason=said, cursor=orjson.dumps(sent).decode())

    return [send_lineage]


def _is_on(event: Event) -> bool:
    """Return whether lineage is to be sent. A wrong setting is reported by the sensor: it must not end the syncs."""
    try:
        return event.openlineage.url is not None
    except SettingsError:
        return True


def _send(
    context: dg.SensorEvaluationContext,
    event: Event,
    described: Callable[[], Described],
    sent: _Sent,
    now: datetime,
) -> str:
    """Send what runs have done since the look before, and note it. Return what to say of it.

    Raises:
        SettingsError: OpenLineage's client is not installed.
    """
    try:
        from event_assets.automation.lineage_events import run_events
        from event_assets.export.openlineage.sending import RefusedError, Sender, UnreachableError
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"`url` in the section [openlineage] of .dlt/config.toml is set, and the package {error.name} is not "
            "installed: run `pip install 'event_assets[openlineage]'`. Runs go on, and their lineage is kept."
        ) from None
    until, count = monotonic() + SEND_SECONDS, 0
    records = _runs(context.instance, sent, now)
    others = [each.dagster_run.run_id for each in records if event_of(each.dagster_run) != event.name]
    ended = [*others, *(each.dagster_run.run_id for each in records if each.dagster_run.run_id in sent.ended)]
    try:
        with Sender.connected(event.openlineage) as sender:
            for run in (each.dagster_run for each in records if each.dagster_run.run_id not in ended):
                done = sent.runs.setdefault(run.run_id, 0)
                events = run_events(context.instance, run, described())
                for each in events[done:]:
                    if monotonic() > until:
                        return f"{count} events were sent; the rest follows at the next look."
                    try:
                        sender.send(each)
                    except RefusedError as error:
                        context.log.error(str(error))
                    count += 1
                    sent.runs[run.run_id] += 1
                if run.status in _FINISHED:
                    del sent.runs[run.run_id]
                    ended.append(run.run_id)
        all_found = len(records) < RUNS_AT_ONCE
        sent.since = now.timestamp() if all_found else records[-1].update_timestamp.timestamp()
        return f"{count} events were sent."
    except UnreachableError as error:
        context.log.error(str(error))
        return str(error)
    finally:
        sent.ended = ended


def _runs(instance: dg.DagsterInstance, sent: _Sent, now: datetime) -> list[dg.RunRecord]:
    """Return the runs of which there may be something to send: those that go on, and those that changed since."""
    # Where the clock was set back, what lies between was looked at.
    since = min(datetime.fromtimestamp(sent.since, timezone.utc), now) - _OVERLAP
    going_on = instance.get_run_records(dg.RunsFilter(run_ids=[*sent.runs])) if sent.runs else []
    gone = sent.runs.keys() - {each.dagster_run.run_id for each in going_on}
    for run_id in gone:  # it was deleted
        del sent.runs[run_id]
    changed = instance.get_run_records(
        dg.RunsFilter(updated_after=since), order_by="update_timestamp", ascending=True, limit=RUNS_AT_ONCE
    )
    known = {each.dagster_run.run_id for each in changed}
    return [*(each for each in going_on if each.dagster_run.run_id not in known), *changed]


def _described(
    event: Event,
    steps: Mapping[str, Collection[dg.AssetKey]],
    models: Mapping[Relation, Model],
    lineage: Lineage,
) -> Described:
    """Return what events say of tables and jobs.

    Raises:
        SettingsError: A setting of the warehouse cannot be used.
    """
    from event_assets.automation.lineage_events import Described
    from event_assets.export.openlineage.tables import describe_tables

    raw, engine = tables_of(event.resources), configured_engine(event)
    tables = describe_tables(engine, models, raw, lineage, OWNERS[0])
    assets: dict[dg.AssetKey, list[Relation]] = {}
    names = EventNames(event.name)
    for relation in tables:
        assets.setdefault(names.key(relation), []).append(relation)
    tests = {(names.key(each.relation), test.name): test for each in models.values() for test in each.data_tests}
    left_out = publish_plan(models, {}, personal_data=event.published.personal_data, tables=raw).left_out
    return Described(event.openlineage.namespace, engine, tables, assets, steps, tests, left_out)
