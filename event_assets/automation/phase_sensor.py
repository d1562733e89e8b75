"""The sensor that lets the freshness policies follow the event: tighter when it opens, looser when it closes.

A policy is fixed when the definitions load. What starts by itself asks for the phase each time (``conditions``), so it
follows at once; what the UI shows and judges by follows when the webserver has reloaded the definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone

import dagster as dg

from event_assets.automation.freshness import phase_of
from event_assets.automation.phases import Phase
from event_assets.settings import SettingsError, read_event
from event_assets.warehouse.failures import in_one_line

LOCATION = "event_assets"
"""The code location's name in workspace.yaml. On a cluster, each has its own."""

_DESCRIPTION = """\
Reloads the definitions when the event enters another phase (quiet, approach, event), so that the freshness
policies in the UI are those of the phase. Opening and closing are set in `.dlt/config.toml`, section `[event]`.
"""


class NotReloadedError(Exception):
    """The webserver did not reload the definitions; the message says what to do."""


def phase_sensor(
    loaded: Phase | Mapping[str, Phase | None], reload: Callable[[str, str], None] | None = None
) -> dg.SensorDefinition:
    """The sensor.

    Args:
        loaded: The phase whose policies these definitions hold; where there are several events, that of each by its
            name, and None of one that could not be loaded.
        reload: Has the webserver at an address reload the code location of a name.
    """
    reload = reload or _reload_by_webserver
    phases = loaded if isinstance(loaded, Mapping) else {"": loaded}

    @dg.sensor(
        name="reload_on_phase_change",
        description=_DESCRIPTION,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def reload_on_phase_change(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        said = []
        for name, before in phases.items():
            event, called = read_event(name), f"The event {name}".rstrip()
            try:
                phase = phase_of(event, datetime.now(timezone.utc))
            except SettingsError as error:
                if len(phases) == 1:
                    raise
                said.append(f"{called} stays as it is: {error}")
                continue
            if phase is not before:
                origin = context.code_location_origin
                reload(event.ui.address, origin.location_name if origin else LOCATION)
                return dg.SkipReason(f"{called} has entered the phase {phase.value}: the definitions are reloaded.")
            said.append(f"{called} is in the phase {phase.value}, and so are the policies.")
        return dg.SkipReason(" ".join(said))

    return reload_on_phase_change


def _reload_by_webserver(address: str, location: str) -> None:
    """Have the webserver reload the code location.

    Args:
        address: Where it answers.
        location: The name of the code location.

    Raises:
        NotReloadedError: It did not.
    """
    from dagster_graphql import (  # only when the phase changes, and slow
        DagsterGraphQLClient,
        DagsterGraphQLClientError,
        ReloadRepositoryLocationStatus,
    )

    scheme, _, place = address.rpartition("://")
    try:
        # The client has no argument for a path (`dagster-webserver --path-prefix`): it is part of the host's name, as
        # Dagster's documentation writes it for deployments of Dagster+.
        client = DagsterGraphQLClient(place, use_https=scheme == "https")
        reloaded = client.reload_repository_location(location)
        problem = None if reloaded.status is ReloadRepositoryLocationStatus.SUCCESS else reloaded.message
        problem = problem and in_one_line(problem)
    except (DagsterGraphQLClientError, KeyError) as error:  # the latter of an answer that the client has no word for
        problem = "an answer that says neither yes nor why not" if isinstance(error, KeyError) else type(error).__name__
    if problem:
        raise NotReloadedError(
            f"The event has entered another phase, and the webserver at {address} did not reload the definitions "
            f"({problem}): reload the location {location} in the UI (Deployment), or correct `address` in the section "
            "[ui] of .dlt/config.toml. Tables are kept as fresh as the phase asks for all the same."
        )
