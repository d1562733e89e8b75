"""Settings of dlt that protect people, with other defaults than dlt's own. An explicit setting wins.

They are code and not a configuration file, because a file can be missing: an installed package has none.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, NamedTuple

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.telemetry import stop_telemetry


class Default(NamedTuple):
    """Another default for a setting of dlt.

    Attributes:
        path: The section in which people set it.
        name: What it is called; no other setting of dlt is called so, so it is looked for by that alone.
        value: The default.
        help: What it is for.
    """

    path: tuple[str, ...]
    name: str
    value: bool
    help: str


DEFAULTS = (
    Default(
        ("runtime",),
        "dlthub_telemetry",
        False,
        "Whether dlt reports its use to its makers. dlt's own default is true.",
    ),
    Default(
        ("load",),
        "truncate_staging_dataset",
        True,
        "Whether the second dataset by way of which dlt merges, _dlt_merge_raw, is emptied after each load, so that no "
        "copy of personal data stays there. dlt's own default is false.",
    ),
    Default(
        ("load",),
        "delete_completed_jobs",
        True,
        "Whether dlt deletes the files that it has loaded from its working folder. dlt's own default is false.",
    ),
)

_NAME = "defaults of event_assets"
_lock = Lock()


class _Defaults(CustomLoaderDocProvider):
    """A place for settings that dlt looks into once for each, and not once for each section that one may be in.

    A run has dlt look for some thousand settings: to look through the sections took a tenth of its time.
    """

    def __init__(self) -> None:
        super().__init__(_NAME, lambda: {each.name: each.value for each in DEFAULTS}, supports_secrets=False)

    def get_value(self, key: str, hint: type[Any], pipeline_name: str | None, *sections: str) -> tuple[Any | None, str]:
        """Return the default of a setting, in whatever section it is looked for."""
        return super().get_value(key, hint, "")

    @property
    def supports_sections(self) -> bool:
        return False

    @property
    def is_writable(self) -> bool:
        return False


def run_context() -> PluggableRunContext:
    """Return dlt's run context, with these defaults as the last place in which dlt looks for a setting."""
    container = Container()
    with _lock:
        if PluggableRunContext not in container:  # dlt starts to report when the context enters the container
            first = PluggableRunContext()
            first.providers.add_provider(_Defaults())
            container[PluggableRunContext] = first
        context = container[PluggableRunContext]
        if _NAME not in context.providers:  # dlt has remade its providers, or was used before this
            context.providers.add_provider(_Defaults())
            stop_telemetry()
            context.context.initialize_runtime()
        return context
