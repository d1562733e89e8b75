"""The sensor that looks whether the API has changed, and has what did synced at once, and nothing else.

What counts is how things are: an asset is asked for while its data version is another than the one that a sync of the
API's answer would give it. So A → B → A ends with A, a failed run is tried again, and a run that somebody else started
counts as well.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from time import monotonic

import dagster as dg

from event_assets.assets.resources import EventApiResource
from event_assets.assets.versions import Materialisations
from event_assets.automation.change_cursor import Cursor, EndpointState
from event_assets.automation.declare import raw_key
from event_assets.automation.messages import is_told, try_to_tell
from event_assets.settings import SettingsError, change_poll_seconds
from event_assets.source.api.deadline import Deadline
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.probe import ProbeError, UnfinishedError, probe
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


def change_sensor() -> dg.SensorDefinition:
    """The sensor. How often it looks is read when the definitions load.

    Raises:
        SettingsError: A setting cannot be used.
    """
    interval = timedelta(seconds=change_poll_seconds())

    @dg.sensor(
        name="sync_what_changed",
        description=_DESCRIPTION,
        asset_selection=dg.AssetSelection.groups(RAW),
        minimum_interval_seconds=int(interval.total_seconds()),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sync_what_changed(context: dg.SensorEvaluationContext, event_api: EventApiResource) -> dg.SensorResult:
        try:
            api, settings = event_api.settings(), _impatient(event_api.sync_settings())
        except SettingsError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        now = datetime.now(timezone.utc)
        cursor = Cursor.read(context.cursor, now)
        if not is_told(cursor.told, cursor.troubles) and not try_to_tell(
            "The event API gives no usable answer", cursor.told, cursor.troubles, context.log
        ):
            cursor.told = cursor.troubles
            return dg.SensorResult(
                skip_reason="People were told what has changed of the API's failures.", cursor=cursor.text()
            )
        requests, asked_as = [], cursor.digest(api)
        endpoints, deadline, has_asked = resources_by_endpoint(), Deadline(LOOK_SECONDS, monotonic), False
        for endpoint in cursor.in_turn(endpoints):
            state = cursor.endpoints.setdefault(endpoint, EndpointState())
            assets = [raw_key(resource) for resource in endpoints[endpoint]]
            if _is_being_synced(context.instance, assets):
                continue
            latest = Materialisations(context.instance, assets)  # after that: a run may just have ended
            if any(latest.version(asset) is None for asset in assets):
                continue
            if state.waits(now, asked_as, [latest.time(asset) for asset in assets]):
                continue
            try:
                state.succeeded(probe(api, endpoint, state.known(now), settings, deadline), now)
                cursor.note_answer(endpoint)
            except ProbeError as error:
                cursor.note_answer(endpoint)
                is_cut = isinstance(error, UnfinishedError)
                if not (is_cut and has_asked):  # then the others have taken the time: next time it has all of it
                    context.log.warning(str(error))
                    state.failed(error, now, interval, asked_as)
                if is_cut:
                    cursor.first = endpoint
                    break
                continue
            finally:
                has_asked = True
            missing = state.missing(latest)
            if state.was_brought_otherwise(missing, latest, now):
                state.note_other(now)
            elif not missing or state.is_due(missing, now):
                state.note_request(missing, now)
                if missing:
                    context.log.info(f"/{endpoint} has changed: {', '.join(missing)}")
                    selection = [raw_key(resource) for resource in missing]
                    requests.append(dg.RunRequest(run_key=cursor.next_run_key(), asset_selection=selection))
        cursor.note_troubles()
        said = [state.trouble for state in cursor.endpoints.values() if state.trouble]
        if cursor.first and not cursor.endpoints[cursor.first].trouble:
            said.append(f"No time was left for /{cursor.first}: it is asked first at the next look.")
        reason = None if requests else " ".join(said) or "Nothing has changed."
        return dg.SensorResult(run_requests=requests, skip_reason=reason, cursor=cursor.text())

    return sync_what_changed


def _impatient(settings: SyncSettings) -> SyncSettings:
    return replace(settings, retry=replace(settings.retry, timeout=min(settings.retry.timeout, PATIENCE_SECONDS)))


def _is_being_synced(instance: dg.DagsterInstance, assets: Collection[dg.AssetKey]) -> bool:
    """Whether a run is under way, or waits, that will sync one of the assets."""
    unfinished = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
    return any(run.asset_selection is None or not run.asset_selection.isdisjoint(assets) for run in unfinished)
