"""The sensors that tell people when something is wrong and when it is right again: runs, freshness, checks.

Each compares what was wrong at its last look with what people know of, both of which its cursor holds, so that they
hear of a trouble once when it starts and once when it ends. How it is told is in ``messages``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

import dagster as dg
import orjson

from event_assets.assets.published import PUBLISHED_COPY
from event_assets.assets.versions import Materialisations
from event_assets.automation.clock import is_ahead
from event_assets.automation.evaluations import latest_evaluations
from event_assets.automation.failures import Failure
from event_assets.automation.graph import Graph
from event_assets.automation.messages import is_told, try_to_tell
from event_assets.automation.outcomes import Outcome, outcome
from event_assets.automation.readers import mended_unpublished, readers_lack
from event_assets.warehouse import PUBLISHED, RAW

Troubles: TypeAlias = Mapping[str, str]
"""What is wrong: a sentence by identifier."""

LOOK_SECONDS = 30
OVERLAP = timedelta(seconds=10)
"""How far a look at runs reaches back beyond the one before, so that none falls between two."""

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_NO_RUN = "runs"
"""The trouble that no run can begin, whichever."""
_STARTS_AGAIN = "What it left undone starts again by itself: at the latest with the daily sync."
_REACHES_BACK = timedelta(hours=1)
"""How far a look at runs reaches back after the clock was set back: nobody knows how long ago the last look was."""


@dataclass
class Found:
    """What a look has found, for the next one to go on from. Names and sentences, nobody's data.

    Attributes:
        troubles: What is wrong.
        undone: The assets that a killed run was to make and that no later one has made, by the run's trouble. An
            earlier run that waits for nothing else waits for a later one, which stands here by its trouble: runs that
            are killed over and over do not each keep a list.
    """

    troubles: Mapping[str, str] = field(default_factory=dict)
    undone: Mapping[str, Collection[str]] = field(default_factory=dict)

    def only(self, steps: Collection[str], assets: Collection[str]) -> "Found":
        """The same without steps and assets that a later version of the code no longer has: nobody can mend those.

        Args:
            steps: The names of those that there are.
            assets: Likewise.
        """
        undone = {
            trouble: {name for name in names if name in assets or name in self.undone}
            for trouble, names in self.undone.items()
        }
        over = _made_up_for(undone, set())
        lasting = {
            trouble: sentence
            for trouble, sentence in self.troubles.items()
            if trouble in undone or (trouble in steps and trouble not in over)
        }
        return Found(lasting, {trouble: sorted(names) for trouble, names in undone.items()})


def alert_sensors(
    graph: Graph, checks: Collection[dg.AssetCheckKey], steps: Mapping[str, Collection[dg.AssetKey]]
) -> list[dg.SensorDefinition]:
    """The sensors.

    Args:
        graph: All assets of the code location.
        checks: All their checks.
        steps: The assets that each step makes which runs can have, by its name: none, if it is one that checks.
    """
    names = {asset.to_user_string() for asset in graph.nodes}
    models = {step: key for step, keys in steps.items() for key in keys if key.path[0] not in (RAW, PUBLISHED)}
    return [
        _alert_sensor(
            "alert_on_failed_runs",
            "A run has failed",
            "Tells people when a step of a run fails or a run is killed, and when that is made up for.",
            lambda instance, before, since: failed_steps(instance, before, since, models).only([*steps], names),
        ),
        _alert_sensor(
            "alert_on_stale_tables",
            "Tables are older than they promise to be",
            "Tells people when a freshness policy is broken, and when it is kept again.",
            lambda instance, *_: Found(stale_tables(instance, graph)),
        ),
        _alert_sensor(
            "alert_on_failed_checks",
            "A promise of a table is broken",
            "Tells people when a check of severity ERROR fails, and when it passes again and readers have the table.",
            lambda instance, before, _: Found(_held_back(instance, before, checks)),
        ),
    ]


def failed_steps(
    instance: dg.DagsterInstance, before: Found, since: datetime, models: Mapping[str, dg.AssetKey]
) -> Found:
    """The steps whose last attempt failed, and the runs that broke off outside their steps, with the reason.

    Such a run is over once later runs, whatever job they are of, have made all the assets that it did not come to. A
    step that failed to build a model is, once it has built it and the copy that readers have was made of that.

    Args:
        instance: Where runs are recorded.
        before: What was known.
        since: From when on to look.
        models: What each step makes that builds a model.
    """
    now, undone = dict(before.troubles), {trouble: set(steps) for trouble, steps in before.undone.items()}
    for record in _ended_runs(instance, since):
        run = record.dagster_run
        came_to = outcome(instance, run)
        lacking = {step for step in came_to.done & now.keys() & models.keys() if readers_lack(instance, models[step])}
        undone |= {step: {PUBLISHED_COPY.to_user_string()} for step in lacking}
        for over in [*(came_to.done - lacking), *_made_up_for(undone, came_to.made)]:
            now.pop(over, None)
        if run.status is dg.DagsterRunStatus.CANCELED:
            continue  # who has cancelled it knows, and what a step says that was broken off for that is no trouble
        for step, failure in came_to.failed.items():
            now[step] = " ".join([f"{step}: {_sentence(failure)}", *_what_readers_see(models.get(step))])
            undone.pop(step, None)
        if came_to.broke_off and came_to.left:
            trouble, sentence = _broken_off(run, came_to)
            now[trouble] = sentence
            if trouble == _NO_RUN:
                undone[trouble] = undone.get(trouble, set()) | came_to.left
            elif trouble not in undone:  # a look reaches back, and sees some runs twice
                waiting = [
                    each for each, left in undone.items() if each not in (_NO_RUN, *models) and left <= came_to.left
                ]
                undone |= {trouble: came_to.left, **{each: {trouble} for each in waiting}}
    return Found(now, {trouble: sorted(steps) for trouble, steps in undone.items()})


def _ended_runs(instance: dg.DagsterInstance, since: datetime) -> list[dg.RunRecord]:
    """The runs that have ended since an instant, as they did.

    What ended at a time that lies ahead did so before the clock was set back, and no look but the first one after that
    has `since` so far ahead.
    """
    now = datetime.now(timezone.utc)
    back = is_ahead(since, now)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, updated_after=now - _REACHES_BACK if back else since),
        order_by="update_timestamp",
        ascending=True,
    )
    ahead = [record for record in records if is_ahead(record.update_timestamp, now)]
    return [
        *(each for each in ahead if back and each.update_timestamp > since),
        *(each for each in records if each not in ahead),
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
        if asset == PUBLISHED_COPY or graph.below(asset).isdisjoint(stale | failing)
    }
    return {name: f"{name} was not brought up to date in time." for name in sorted(first)}


def failed_checks(instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckKey]) -> Troubles:
    """The checks of severity ERROR that failed when they were last evaluated."""
    failed = {}
    for check, evaluation in latest_evaluations(instance, checks).items():
        if not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            name = _name(check)
            readers = "".join(f" {sentence}" for sentence in _what_readers_see(check.asset_key))
            failed[name] = f"{name} fails.{readers} The check's page in the UI shows the rows."
    return failed


def _held_back(instance: dg.DagsterInstance, before: Found, checks: Collection[dg.AssetCheckKey]) -> Troubles:
    """The checks that fail, and those known that pass again while readers wait for a copy of their tables."""
    known = [check for check in checks if _name(check) in before.troubles]
    waiting = {_name(check): before.troubles[_name(check)] for check in mended_unpublished(instance, known)}
    return {**waiting, **failed_checks(instance, checks)}


def _what_readers_see(model: dg.AssetKey | None) -> list[str]:
    if model is None:
        return []
    name = model.to_user_string()
    return [f"Readers see the last good state of {name} and of what is made of it; all else is published."]


def _name(check: dg.AssetCheckKey) -> str:
    return f"{check.asset_key.to_user_string()} {check.name}"


def _alert_sensor(
    name: str,
    heading: str,
    description: str,
    find: Callable[[dg.DagsterInstance, Found, datetime], Found],
) -> dg.SensorDefinition:
    @dg.sensor(
        name=name,
        description=f"{description} To the log, and to `alerts.webhook_url` where it is set.",
        minimum_interval_seconds=LOOK_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def alert(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        at = datetime.now(timezone.utc)
        known = orjson.loads(context.cursor) if context.cursor else {}
        since = datetime.fromtimestamp(known.get("since", at.timestamp()), timezone.utc) - OVERLAP
        before = Found(known.get("troubles", {}), known.get("undone", {}))
        told = known.get("told", before.troubles)  # an earlier release has told what it has found
        hindrance = ""
        if not is_told(told, before.troubles):
            hindrance = try_to_tell(heading, told, before.troubles, context.log)
            if not hindrance:
                return _looked(before, before.troubles, known)
        found = find(context.instance, before, since)
        return _looked(found, told, {"since": at.timestamp()}, hindrance)

    return alert


def _looked(found: Found, told: Troubles, known: Mapping[str, object], hindrance: str = "") -> dg.SensorResult:
    """What a look ends with: what it has found, what people know of, and from when on to look the next time."""
    said = " ".join([*filter(None, [hindrance]), *found.troubles.values()]) or "Nothing is wrong."
    cursor = orjson.dumps({"since": known.get("since"), **asdict(found), "told": told}).decode()
    return dg.SensorResult(skip_reason=said, cursor=cursor)


def _made_up_for(undone: dict[str, set[str]], made: set[str]) -> list[str]:
    """The killed runs of which nothing is undone any more. Takes them, and what was made, out of what is undone."""
    for steps in undone.values():
        steps -= made
    over: list[str] = []
    while done := [trouble for trouble, steps in undone.items() if not steps]:
        over += done
        for trouble in done:
            del undone[trouble]
        for steps in undone.values():  # a run may wait for a later one
            steps -= {*done}
    return over


def _broken_off(run: dg.DagsterRun, outcome: Outcome) -> tuple[str, str]:
    """What a run that broke off is called, and what is said of it.

    What keeps runs from beginning keeps the next one as well, and is told once. Each that is killed is told.
    """
    if outcome.failure:
        return _NO_RUN, f"A run could not begin: {_sentence(outcome.failure)}"
    name = f"{run.run_id[:8]} of {run.job_name.strip('_').lower()}"
    return f"run {name}", f"Run {name} was ended before it was done. {_STARTS_AGAIN}"


def _sentence(failure: Failure) -> str:
    # The text of an error that nobody foresaw may quote data.
    return failure.told or f"failed unexpectedly ({failure.error}); the run's log says more."
