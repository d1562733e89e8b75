"""The sensor that looks whether the API has changed, and has what did synced at once, with all that is made of it.

One run syncs the changed tables, builds what reads them and publishes the copy: a second run would begin half a minute
later, when the conditions look. Where a sync fails in it, what is made of its tables is left out, and follows by the
conditions.

What counts is how things are: an asset is asked for while its data version is another than the one that a sync of the
API's answer would give it. So A → B → A ends with A, a failed run is tried again, and a run that somebody else started
counts as well.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from time import monotonic

import dagster as dg

from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.assets.published import CHANGE_SEEN_AT
from event_assets.assets.run_events import event_of
from event_assets.assets.versions import Materialisations
from event_assets.automation.change_cursor import Cursor, EndpointState
from event_assets.automation.checked_plan import plan_with_checks
from event_assets.automation.facts import failing_tables, read_facts, with_copy
from event_assets.automation.freshness import phase_of, poll_interval
from event_assets.automation.graph import Graph
from event_assets.automation.messages import is_sent, try_to_send
from event_assets.automation.planner import Trigger, requested
from event_assets.settings import Event, EventApiSettings, ReadEvent, SettingsError, read_event
from event_assets.source.api.deadline import Deadline
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.probe import ProbeError, Seen, UnfinishedError, probe
from event_assets.source.sync import SyncSettings

_DESCRIPTION = """\
Asks each endpoint of the event API whether its answer has changed. One run syncs the tables whose records did, builds
what is made of them, and publishes the copy.

An answer is compared by the server's ETag or Last-Modified, else by a digest of its body, so a look at an unchanged
answer costs next to nothing. A list in pages has to be read page by page at every look.

An endpoint that fails is asked less and less often, and does not hold up the others; one that a look has no time for is
asked first at the next. What was never loaded is not this sensor's business: the first load comes from the assets' own
conditions.
"""

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

LOOK_SECONDS = 30
"""For a look at all endpoints. Dagster ends one after 60 seconds and keeps neither its cursor nor what it asks for: the
rest is for the last wait to end, and for alerts."""

PATIENCE_SECONDS = 15
"""For one wait for an answer: a silent endpoint must leave time for others."""


def change_sensor(
    graph: Graph,
    event: Event,
    read: ReadEvent = read_event,
    selection: dg.AssetSelection | None = None,
    names: EventNames = THE_EVENT,
) -> dg.SensorDefinition:
    """The sensor.

    Args:
        graph: All assets of the event.
        event: How often it looks counts.
        read: Reads the event at each look.
        selection: All assets of the event; all of the code location, if not given.
        names: Those of the event.

    Raises:
        SettingsError: A setting cannot be used.
    """
    interval = poll_interval(phase_of(event, datetime.now(timezone.utc)), event.schedule)
    endpoints = resources_by_endpoint(event.resources)

    @dg.sensor(
        name=names.of("sync_what_changed"),
        description=_DESCRIPTION,
        asset_selection=selection or dg.AssetSelection.all(),
        minimum_interval_seconds=max(int(interval.total_seconds()) - 1, 1),  # or Dagster's loop misses it by a turn
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sync_what_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        current, now = read(), datetime.now(timezone.utc)
        try:
            api, settings, _ = current.api, _impatient(SyncSettings.of(current)), current.warehouse
            every = _seldom(current, endpoints, now)
        except SettingsError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        cursor = Cursor.read(context.cursor, now)
        if not is_sent(cursor.sent, cursor.troubles) and not try_to_send(
            current, names.heading("The event API gives no usable answer"), cursor.sent, cursor.troubles, context.log
        ):
            cursor.sent = cursor.troubles
            return dg.SensorResult(
                skip_reason="An alert was sent of what has changed in the API's failures.", cursor=cursor.text()
            )
        look = _Look(context, names, api, settings, interval, now, cursor)
        asked = [
            name
            for name in cursor.in_turn(endpoints)
            if name not in every or not cursor.was_just_asked(name, now, every[name])
        ]
        changed = [*look.changed({name: endpoints[name] for name in asked})]
        cursor.note_troubles()
        if not changed:
            return dg.SensorResult(skip_reason=look.said(), cursor=cursor.text())
        selection = _with_what_is_made_of_it(context.instance, graph, current, changed, now)
        tags = {CHANGE_SEEN_AT: now.isoformat(), **names.tags}
        request = dg.RunRequest(run_key=cursor.next_run_key(), asset_selection=selection, tags=tags)
        return dg.SensorResult(run_requests=[request], cursor=cursor.text())

    return sync_what_changed


def _seldom(event: Event, endpoints: Collection[str], now: datetime) -> dict[str, timedelta]:
    """Return the endpoints that are not asked at each look, and how often they are.

    Raises:
        SettingsError: A setting cannot be used.
    """
    phase, schedule = phase_of(event, now), event.schedule
    every = {name: poll_interval(phase, schedule, name) for name in endpoints}
    return {name: interval for name, interval in every.items() if interval > poll_interval(phase, schedule)}


def _with_what_is_made_of_it(
    instance: dg.DagsterInstance, graph: Graph, event: Event, changed: Sequence[dg.AssetKey], now: datetime
) -> list[dg.AssetKey]:
    """Return the tables that have changed and what is to be made of them in the same run, as the planner has it."""
    facts = with_copy(instance, graph, event, read_facts(instance, graph, event, now))
    facts = replace(facts, changed=frozenset(changed))
    return requested(plan_with_checks(graph, facts, partial(failing_tables, instance, graph), Trigger.CHANGE))


class _Look:
    """One look at the API: asks the endpoints one after another, as long as there is time.

    Args:
        context: Dagster's, for its instance and log.
        names: Those of the event.
        api: Where to ask.
        settings: How a sync reads an answer.
        interval: The time from look to look.
        now: The time now.
        cursor: What is known of the endpoints; takes what this look finds.
    """

    def __init__(
        self,
        context: dg.SensorEvaluationContext,
        names: EventNames,
        api: EventApiSettings,
        settings: SyncSettings,
        interval: timedelta,
        now: datetime,
        cursor: Cursor,
    ) -> None:
        self._context, self._names = context, names
        self._api = api
        self._settings = settings
        self._interval = interval
        self._now = now
        self._cursor = cursor
        self._asked_as = cursor.digest(api)
        self._deadline = Deadline(LOOK_SECONDS, monotonic)
        self._has_asked = False

    def changed(self, endpoints: Mapping[str, Sequence[str]]) -> Iterator[dg.AssetKey]:
        """Ask endpoints in turn, and yield the tables that do not hold what they answer.

        Args:
            endpoints: The resources of each.
        """
        for endpoint, resources in endpoints.items():
            state = self._cursor.endpoints.setdefault(endpoint, EndpointState())
            assets = [self._names.raw_key(resource) for resource in resources]
            if _is_being_synced(self._context.instance, assets, self._names.event):
                continue
            latest = Materialisations(self._context.instance, assets)  # after that: a run may just have ended
            if any(latest.version(asset) is None for asset in assets):
                continue
            if state.waits(self._now, self._asked_as, [latest.time(asset) for asset in assets]):
                continue
            try:
                state.succeeded(self._ask(endpoint, state), self._now)
            except UnfinishedError:
                self._cursor.first = endpoint
                return
            except ProbeError:
                continue
            if missing := self._wanted(state, latest):
                self._context.log.info(f"/{endpoint} has changed: {', '.join(missing)}")
                yield from map(self._names.raw_key, missing)

    def _ask(self, endpoint: str, state: EndpointState) -> Seen:
        """Return what an endpoint answers.

        Raises:
            UnfinishedError: There is no time left.
            ProbeError: It gives no usable answer.
        """
        is_first, self._has_asked = not self._has_asked, True
        state.looked_at = self._now.timestamp()
        try:
            return probe(self._api, endpoint, state.known(self._now), self._settings, self._deadline)
        except ProbeError as error:
            # Where others have taken the time, it is no failure: next time it has all of it.
            if is_first or not isinstance(error, UnfinishedError):
                self._context.log.warning(str(error))
                state.failed(error, self._now, self._interval, self._asked_as)
            raise
        finally:
            self._cursor.note_answer(endpoint)

    def _wanted(self, state: EndpointState, latest: Materialisations) -> dict[str, str]:
        """Return the versions of the resources to sync now; none where nothing is missing, or it is asked for."""
        missing = state.missing(latest, self._names)
        if state.was_synced_otherwise(missing, latest, self._now, self._names):
            state.note_other(self._now)
            return {}
        if missing and not state.is_due(missing, self._now):
            return {}
        state.note_request(missing, self._now)
        return missing

    def said(self) -> str:
        """Return what the look has found where nothing is to be synced."""
        endpoints, first = self._cursor.endpoints, self._cursor.first
        said = [state.trouble for state in endpoints.values() if state.trouble]
        if first and not endpoints[first].trouble:
            said.append(f"No time was left for /{first}: it is asked first at the next look.")
        return " ".join(said) or "Nothing has changed."


def _impatient(settings: SyncSettings) -> SyncSettings:
    return replace(settings, retry=replace(settings.retry, timeout=min(settings.retry.timeout, PATIENCE_SECONDS)))


def _is_being_synced(instance: dg.DagsterInstance, assets: Collection[dg.AssetKey], event: str) -> bool:
    """Whether a run of the event is under way, or waits, that will sync one of the assets."""
    unfinished = [run for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED)) if event_of(run) == event]
    return any(run.asset_selection is None or not run.asset_selection.isdisjoint(assets) for run in unfinished)
