"""Settings of dlt that protect people, with other defaults than dlt's own. An explicit setting wins.

They are code and not a configuration file, because a file can be missing: an installed package has none.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.telemetry import stop_telemetry

DEFAULTS: dict[str, Any] = {
    # dlt reports its use to its makers unless it is told not to.
    "runtime": {"dlthub_telemetry": False},
    # dlt merges by way of a second dataset, and keeps the files it has loaded: copies of personal data, both.
    "load": {"truncate_staging_dataset": True, "delete_completed_jobs": True},
}

_NAME = "defaults of event_assets"
_lock = Lock()


def run_context() -> PluggableRunContext:
    """Return dlt's run context, with these defaults as the last place in which dlt looks for a setting."""
    container = Container()
    with _lock:
        if PluggableRunContext not in container:  # dlt starts to report when the context enters the container
            first = PluggableRunContext()
            first.providers.add_provider(_provider())
            container[PluggableRunContext] = first
        context = container[PluggableRunContext]
        if _NAME not in context.providers:  # dlt has made its providers anew, or was used before this
            context.providers.add_provider(_provider())
            stop_telemetry()
            context.context.initialize_runtime()
        return context


def _provider() -> CustomLoaderDocProvider:
    return CustomLoaderDocProvider(_NAME, lambda: DEFAULTS, supports_secrets=False)
