"""Whether a summary is as fresh as what it is made of: a check of each, and the sensor that keeps the checks true.

A model is built when something it reads has changed, so its age says little. What counts is that it was built from its
tables as they are, and that each raw table below it is as fresh as its window asks for.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timezone

import dagster as dg
import orjson

from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.automation.evaluations import ShownResult, recorded_results, shown_results
from event_assets.automation.event_log_cache import EventLogCache
from event_assets.automation.facts import read_facts
from event_assets.automation.graph import Graph
from event_assets.automation.reasons import why_not_up_to_date
from event_assets.automation.recorded import kept_recorded
from event_assets.settings import ReadEvent, read_event

IS_UP_TO_DATE = "is_up_to_date"
CHECK_DESCRIPTION = (
    "The table is built from what it reads as that is now, and every raw table that it is made of keeps its own "
    "freshness policy."
)
_NOTHING_SHOWN = ShownResult()
_SENSOR_DESCRIPTION = """\
Keeps the checks `is_up_to_date` of the summaries right between runs: reports when a summary's raw tables break their
freshness policies, or the summary is no longer built from what they hold, and when that is over.
"""


def up_to_date_checks(
    graph: Graph,
    summaries: Collection[dg.AssetKey],
    when: dg.AutomationCondition | None = None,
    read: ReadEvent = read_event,
    names: EventNames = THE_EVENT,
) -> dg.AssetChecksDefinition:
    """The checks, for the runs that build the summaries.

    Args:
        graph: All assets.
        summaries: Those to check.
        when: What starts them by itself.
        read: Reads the event when they are evaluated.
        names: Those of the event.
    """

    @dg.multi_asset_check(
        name=names.of("check_summaries"),
        specs=[
            dg.AssetCheckSpec(IS_UP_TO_DATE, asset=key, description=CHECK_DESCRIPTION, automation_condition=when)
            for key in summaries
        ],
        can_subset=True,
    )
    def check_summaries(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        facts = read_facts(context.instance, graph, read(), datetime.now(timezone.utc))
        for key in sorted(check.asset_key for check in context.selected_asset_check_keys):
            found = why_not_up_to_date(graph, facts, key)
            yield dg.AssetCheckResult(
                passed=not found,
                asset_key=key,
                check_name=IS_UP_TO_DATE,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=_metadata(found),
            )

    return check_summaries


def up_to_date_sensor(
    graph: Graph, summaries: Collection[dg.AssetKey], read: ReadEvent = read_event, names: EventNames = THE_EVENT
) -> dg.SensorDefinition:
    """Return the sensor that reports the checks between runs.

    The checks cannot be right without it: Dagster evaluates a check in a run, and it stops being true without one. When
    the API is silent, raw tables outgrow their windows and no run begins; and after a sync that has brought something
    new, the summaries are out of date until they are built, which a failing model can put off for days. To start a run
    for the check alone would take the place in the queue of one that writes, and its process three seconds.

    Args:
        graph: All assets.
        summaries: Those that have the check.
        read: Reads the event at each look.
        names: Those of the event.
    """
    checks = {key: dg.AssetCheckKey(key, IS_UP_TO_DATE) for key in summaries}
    recorded = kept_recorded(lambda: graph.nodes)
    results = EventLogCache(lambda instance: recorded_results(instance, checks.values()))

    @dg.sensor(
        name=names.of("update_staleness_checks"),
        description=_SENSOR_DESCRIPTION,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def update_staleness_checks(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        facts = read_facts(instance, graph, read(), datetime.now(timezone.utc), read=recorded)
        shown = {check.asset_key: found for check, found in shown_results(instance, results.get(instance)).items()}
        # What a run is about to say itself is left to it.
        built = [
            key
            for key in checks
            if facts.version(key) is not None and not shown.get(key, _NOTHING_SHOWN).is_being_evaluated
        ]
        found = {key: why_not_up_to_date(graph, facts, key) for key in built}
        state = {key.to_user_string(): sorted(because) for key, because in found.items()}
        known: Mapping[str, list[str]] = orjson.loads(context.cursor) if context.cursor else {}
        reports = [
            dg.AssetCheckEvaluation(
                asset_key=key,
                check_name=IS_UP_TO_DATE,
                passed=not because,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=_metadata(because),
            )
            for key, because in found.items()
            if shown.get(key, _NOTHING_SHOWN).passed != (not because)
            or state[key.to_user_string()] != known.get(key.to_user_string(), [])
        ]
        return dg.SensorResult(
            asset_events=reports,
            skip_reason=None if reports else "Nothing has changed.",
            cursor=orjson.dumps({**known, **state}).decode(),
        )

    return update_staleness_checks


def _metadata(found: Mapping[str, str]) -> dict[str, dg.MetadataValue]:
    sentences = "\n".join(f"* `{name}` {sentence}" for name, sentence in found.items())
    return {"because": dg.MetadataValue.md(sentences)} if sentences else {}
