"""The run launcher that dagster.yaml names: it has the run server start the process of a run.

Where no run server belongs to the code location, as under `dagster dev`, it is Dagster's default launcher.
"""

from __future__ import annotations

from pathlib import Path

from dagster import DefaultRunLauncher
from dagster._core.launcher import LaunchRunContext
from dagster._core.remote_representation.code_location import GrpcServerCodeLocation
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import serialize_value

from event_assets.cli.run_server import address, ask

RUN_SERVER_TAG = f"{HIDDEN_TAG_PREFIX}event_assets_run_server"
"""The tag of a run that says which run server has started it: the path of a socket."""


class RunLauncher(DefaultRunLauncher):
    """Launches runs as forks of what the code server has loaded."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the process of a run.

        Args:
            context: The run, and the workspace that names its code server.
        """
        run = context.dagster_run
        server = _run_server(context)
        if server is None or run.job_code_origin is None:
            super().launch_run(context)
            return
        arguments = ExecuteRunArgs(run.job_code_origin, run.run_id, self._instance.get_ref())
        try:
            has_started = ask(server, {"start": serialize_value(arguments)})
        except (FileNotFoundError, ConnectionError):
            has_started = False
        if has_started:
            self._instance.add_run_tags(run.run_id, {RUN_SERVER_TAG: str(server)})
        else:  # the server has just ended
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Interrupt the process of a run, and return whether there was one.

        Args:
            run_id: Dagster's identifier of the run.
        """
        run = self._instance.get_run_by_id(run_id)
        server = run.tags.get(RUN_SERVER_TAG) if run else None
        if run is None or run.is_finished or server is None:
            return super().terminate(run_id)
        self._instance.report_run_canceling(run)
        try:
            return ask(Path(server), {"cancel": run_id})
        except OSError:
            gone = "The server that has started this run does not answer: its process could not be interrupted."
            self._instance.report_engine_event(gone, run)
            return False


def _run_server(context: LaunchRunContext) -> Path | None:
    """Return the socket of the run server of the run's code location; None if there is none."""
    origin = context.dagster_run.remote_job_origin
    if context.workspace is None or origin is None:
        return None
    location = context.workspace.get_code_location(origin.repository_origin.code_location_origin.location_name)
    if not isinstance(location, GrpcServerCodeLocation) or not location.client.socket:
        return None
    server = address(Path(location.client.socket))
    return server if server.exists() else None
