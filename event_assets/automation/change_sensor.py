"""The sensor that looks whether the API has changed, and has what did synced at once, and nothing else.

What counts is how things are: an asset is asked for while its data version is another than the one that a sync of the
API's answer would give it. So A → B → A ends with A, a failed run is tried again, and a run that somebody else started
counts as well.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from time import monotonic

import dagster as dg

from event_assets.assets.versions import Materialisations
from event_assets.automation.change_cursor import Cursor, EndpointState
from event_assets.automation.declare import raw_key
from event_assets.automation.messages import is_told, try_to_tell
from event_assets.settings import Event, EventApiSettings, ReadEvent, SettingsError, read_event
from event_assets.source.api.deadline import Deadline
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.probe import ProbeError, Seen, UnfinishedError, probe
from event_assets.source.sync import SyncSettings
from event_assets.warehouse import RAW

_DESCRIPTION = """\
Asks each endpoint of the event API whether its answer has changed, and syncs only the tables whose records did.

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
rest is for the last wait to end, and for telling people."""

PATIENCE_SECONDS = 15
"""For one wait for an answer: a silent endpoint must leave time for others."""


def change_sensor(event: Event, read: ReadEvent = read_event) -> dg.SensorDefinition:
    """The sensor.

    Args:
        event: How often it looks counts.
        read: Reads the event at each look.

    Raises:
        SettingsError: A setting cannot be used.
    """
    interval = timedelta(seconds=event.schedule.change_poll_seconds)

    @dg.sensor(
        name="sync_what_changed",
        description=_DESCRIPTION,
        asset_selection=dg.AssetSelection.groups(RAW),
        minimum_interval_seconds=int(interval.total_seconds()),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sync_what_changed(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        current = read()
        try:
            api, settings = current.api, _impatient(SyncSettings.of(current))
        except SettingsError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        now = datetime.now(timezone.utc)
        cursor = Cursor.read(context.cursor, now)
        if not is_told(cursor.told, cursor.troubles) and not try_to_tell(
            current, "The event API gives no usable answer", cursor.told, cursor.troubles, context.log
        ):
            cursor.told = cursor.troubles
            return dg.SensorResult(
                skip_reason="People were told what has changed of the API's failures.", cursor=cursor.text()
            )
        look = _Look(context, api, settings, interval, now, cursor)
        endpoints = resources_by_endpoint()
        requests = [*look.requests({name: endpoints[name] for name in cursor.in_turn(endpoints)})]
        cursor.note_troubles()
        reason = None if requests else look.said()
        return dg.SensorResult(run_requests=requests, skip_reason=reason, cursor=cursor.text())

    return sync_what_changed


class _Look:
    """One look at the API: asks the endpoints one after another, as long as there is time.

    Args:
        context: Dagster's, for its instance and log.
        api: Where to ask.
        settings: How a sync reads an answer.
        interval: The time from look to look.
        now: The time now.
        cursor: What is known of the endpoints; takes what this look finds.
    """

    def __init__(
        self,
        context: dg.SensorEvaluationContext,
        api: EventApiSettings,
        settings: SyncSettings,
        interval: timedelta,
        now: datetime,
        cursor: Cursor,
    ) -> None:
        self._context = context
        self._api = api
        self._settings = settings
        self._interval = interval
        self._now = now
        self._cursor = cursor
        self._asked_as = cursor.digest(api)
        self._deadline = Deadline(LOOK_SECONDS, monotonic)
        self._has_asked = False

    def requests(self, endpoints: Mapping[str, Sequence[str]]) -> Iterator[dg.RunRequest]:
        """Ask endpoints in turn, and yield a request of a run for each whose tables do not hold what it answers.

        Args:
            endpoints: The resources of each.
        """
        for endpoint, resources in endpoints.items():
            state = self._cursor.endpoints.setdefault(endpoint, EndpointState())
            assets = [raw_key(resource) for resource in resources]
            if _is_being_synced(self._context.instance, assets):
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
                selection = [raw_key(resource) for resource in missing]
                yield dg.RunRequest(run_key=self._cursor.next_run_key(), asset_selection=selection)

    def _ask(self, endpoint: str, state: EndpointState) -> Seen:
        """Return what an endpoint answers.

        Raises:
            UnfinishedError: There is no time left.
            ProbeError: It gives no usable answer.
        """
        is_first, self._has_asked = not self._has_asked, True
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
        missing = state.missing(latest)
        if state.was_brought_otherwise(missing, latest, self._now):
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


def _is_being_synced(instance: dg.DagsterInstance, assets: Collection[dg.AssetKey]) -> bool:
    """Whether a run is under way, or waits, that will sync one of the assets."""
    unfinished = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    return any(run.asset_selection is None or not run.asset_selection.isdisjoint(assets) for run in unfinished)
