"""The sensors that alert people when something is wrong and when it is right again.

Each compares what was wrong at its last look with what people know of, both of which its cursor holds, so that they
hear of a trouble once when it starts and once when it ends. How it is sent is in ``messages``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from functools import partial

import dagster as dg
import orjson

from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.assets.versions import Materialisations
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.event_alerts import event_in_trouble
from event_assets.automation.event_log_cache import EventLogCache
from event_assets.automation.failed_runs import failed_runs
from event_assets.automation.graph import Graph, is_copy
from event_assets.automation.messages import is_sent, try_to_send
from event_assets.automation.readers import mended_unpublished
from event_assets.automation.sensor_health import intervals_of, sensors_in_trouble
from event_assets.automation.troubles import Found, Troubles, what_readers_see
from event_assets.settings import ReadEvent, read_event

LOOK_SECONDS = 30
SELDOM_SECONDS = 60
"""Between looks at what no run changes. Each look takes the daemon as long as the sensor."""
OVERLAP = timedelta(seconds=10)
"""How far a look at runs reaches back beyond the one before, so that none falls between two."""


def alert_sensors(
    graph: Graph,
    checks: Collection[dg.AssetCheckKey],
    steps: Mapping[str, Collection[dg.AssetKey]],
    read: ReadEvent = read_event,
    names: EventNames = THE_EVENT,
) -> list[dg.SensorDefinition]:
    """The sensors of an event.

    Args:
        graph: All assets of the event.
        checks: All their checks.
        steps: The assets that each step makes which runs can have, by its name: none, if it is one that checks.
        read: Reads the event at each look.
        names: Those of the event.
    """
    stale = EventLogCache(lambda instance: stale_tables(instance, graph))
    failing = EventLogCache(lambda instance: failed_checks(instance, checks))
    sensor = partial(_alert_sensor, read, names)
    return [
        sensor(
            "alert_on_failed_runs",
            "A run has failed",
            "Alerts people when a step of a run fails or a run is killed, and when all that it left was made.",
            lambda context, before, since: failed_runs(context.instance, before, since, steps, names.event),
        ),
        sensor(
            "alert_on_stale_tables",
            "Tables are older than their freshness window",
            "Alerts people when a freshness policy is broken, and when it is kept again.",
            lambda context, *_: Found(stale.get(context.instance)),
        ),
        sensor(
            "alert_on_failed_checks",
            "A check of a table fails",
            "Alerts people when a check of severity ERROR fails, and when it passes again and readers have the table.",
            lambda context, before, _: Found(
                {**_waiting(context.instance, before, checks), **failing.get(context.instance)}
            ),
        ),
        sensor(
            "alert_on_event",
            "The event needs attention",
            "Alerts people of clashes, and of late changes, full workshops and missing check-ins where that is set.",
            lambda context, before, _: event_in_trouble(context.instance, before, read(), datetime.now(timezone.utc)),
            SELDOM_SECONDS,
        ),
        sensor(
            "alert_on_failing_sensors",
            "A sensor fails or does not look",
            "Alerts people when a sensor or schedule of this project fails at each look, or has stopped to look.",
            lambda context, before, since: _sensors_in_trouble(context, before, since, names),
            SELDOM_SECONDS,
        ),
    ]


def stale_tables(instance: dg.DagsterInstance, graph: Graph) -> Troubles:
    """The tables whose freshness policy is broken, but for those that wait for another one that is in trouble itself.

    What was materialised since Dagster found its policy broken is no longer stale: Dagster looks every half minute.

    Args:
        instance: Where it is recorded.
        graph: All assets.
    """
    states = instance.get_freshness_state_records(list(graph.nodes))
    broken = {asset: state.updated_at for asset, state in states.items() if state.freshness_state.value == "FAIL"}
    latest = Materialisations(instance, broken)
    stale = {asset for asset, at in broken.items() if (made := latest.time(asset)) is None or made <= at}
    blocking = [check for node in graph.nodes.values() for check in node.blocking_checks] if stale else []
    failing = {check.asset_key for check, found in latest_evaluations(instance, blocking).items() if not found.passed}
    first = {
        asset.to_user_string()
        for asset in stale
        # The copy waits for nothing that is in trouble.
        if is_copy(asset) or graph.below(asset).isdisjoint(stale | failing)
    }
    return {name: f"{name} was not brought up to date in time." for name in sorted(first)}


def failed_checks(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Troubles:
    """The checks of severity ERROR that failed when they were last evaluated."""
    failed = {}
    for check, evaluation in latest_evaluations(instance, checks).items():
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            name = _name(check)
            failed[name] = (
                f"{name} fails. {what_readers_see(check.asset_key)} The check's page in the UI shows the rows."
            )
    return failed


def _waiting(instance: dg.DagsterInstance, before: Found, checks: Collection[dg.AssetCheckKey]) -> dict[str, str]:
    """The checks known to have failed that pass again while readers wait for a copy of their tables."""
    known = [check for check in checks if _name(check) in before.troubles]
    return {_name(check): before.troubles[_name(check)] for check in mended_unpublished(instance, known)}


def _sensors_in_trouble(
    context: dg.SensorEvaluationContext, before: Found, since: datetime, names: EventNames
) -> Found:
    """The sensors and schedules of an event that fail, or do not look."""
    all_intervals = intervals_of(context.repository_def) if context.repository_def else {}
    intervals = {name: seconds for name, seconds in all_intervals.items() if names.has(name)}
    origin = context.code_location_origin
    location = origin.location_name if origin else None
    return sensors_in_trouble(context.instance, intervals, location, before, since, datetime.now(timezone.utc))


def _name(check: dg.AssetCheckKey) -> str:
    return f"{check.asset_key.to_user_string()} {check.name}"


def _alert_sensor(
    read: ReadEvent,
    names: EventNames,
    name: str,
    heading: str,
    description: str,
    find: Callable[[dg.SensorEvaluationContext, Found, datetime], Found],
    seconds: int = LOOK_SECONDS,
) -> dg.SensorDefinition:
    @dg.sensor(
        name=names.of(name),
        description=f"{description} To the log, and to `alerts.webhook_url` where it is set.",
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        at = datetime.now(timezone.utc)
        known = orjson.loads(context.cursor) if context.cursor else {}
        since = datetime.fromtimestamp(known.get("since", at.timestamp()), timezone.utc) - OVERLAP
        before = Found(known.get("troubles", {}), known.get("pending", {}), known.get("state", {}))
        sent = known.get("sent", known.get("told", before.troubles))  # as earlier releases call it
        hindrance = ""
        if not is_sent(sent, before.troubles):
            hindrance = try_to_send(read(), names.heading(heading), sent, before.troubles, context.log)
            if not hindrance:
                return _looked(before, before.troubles, known)
        found = find(context, before, since)
        return _looked(found, sent, {"since": at.timestamp()}, hindrance)

    return alert


def _looked(found: Found, sent: Troubles, known: Mapping[str, object], hindrance: str = "") -> dg.SensorResult:
    """What a look ends with: what it has found, what people know of, and from when on to look the next time."""
    said = " ".join([*filter(None, [hindrance]), *found.troubles.values()]) or "Nothing is wrong."
    cursor = orjson.dumps({"since": known.get("since"), **asdict(found), "sent": sent}).decode()
    return dg.SensorResult(skip_reason=said, cursor=cursor)
