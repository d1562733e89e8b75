"""Whether a summary is as fresh as what it is made of: a check of each, and the sensor that keeps the checks true.

A model is built when something it reads has changed, so its age says little. What counts is that it was built from its
tables as they are, and that each raw table below it keeps its own promise. When the API is silent that changes without
any run, so the sensor reports it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import dagster as dg
import orjson

from event_assets.assets.versions import Materialisations
from event_assets.automation.clock import is_ahead
from event_assets.automation.conditions import check_with_asset
from event_assets.automation.declare import raw_below
from event_assets.automation.evaluations import is_being_evaluated, shown_result
from event_assets.automation.freshness import current_phase, window_of
from event_assets.automation.state_conditions import load_time
from event_assets.settings import freshness_settings
from event_assets.warehouse import PUBLISHED, RAW

IS_UP_TO_DATE = "is_up_to_date"
_CHECK_DESCRIPTION = (
    "The table is built from what it reads as that is now, and every raw table that it is made of keeps its own "
    "freshness policy."
)
_SENSOR_DESCRIPTION = """\
Keeps the checks `is_up_to_date` of the summaries right between runs: reports when a summary's raw tables break their
freshness policies, or the summary is no longer built from what they hold, and when that is over.
"""


@dataclass(frozen=True)
class Node:
    """An asset as far as its being up to date goes.

    Attributes:
        reads: The assets that it reads directly.
        code_version: The version of its code.
    """

    reads: tuple[dg.AssetKey, ...]
    code_version: str | None


class Graph:
    """Which asset reads which."""

    def __init__(self, assets: Collection[dg.AssetsDefinition]) -> None:
        """Begin.

        Args:
            assets: All assets of the code location.
        """
        self._loaded = datetime.now(timezone.utc)
        self.nodes = {
            spec.key: Node(tuple(dep.asset_key for dep in spec.deps), spec.code_version)
            for each in assets
            for spec in each.specs
        }
        self._deps = {key: node.reads for key, node in self.nodes.items()}
        checks = [spec for each in assets for spec in each.check_specs if spec.blocking]
        self.blocking_checks = {key: [spec.key for spec in checks if spec.asset_key == key] for key in self.nodes}
        """The checks without which nothing may be built from an asset, by asset."""

    def to_build(
        self, latest: Materialisations, warehouse_id: str, fails: Callable[[dg.AssetKey], bool]
    ) -> list[dg.AssetKey]:
        """The models that are not built from what they read as that is now, and all that read them.

        Where one of them reads a model whose blocking check failed, that is built again too: it may have been mended,
        and if not, nothing is built from it. What is made of a table that was never synced into this warehouse cannot
        be built: Dagster remembers those of another one that was there before. Only the published copy is made of what
        there is.

        Args:
            latest: The latest materialisations of all assets.
            warehouse_id: The identity of the warehouse.
            fails: Whether a blocking check of an asset fails.
        """
        models: set[dg.AssetKey] = set()
        impossible: set[dg.AssetKey] = set()

        def lacks(how_many: Callable[[Iterable[bool]], bool], node: Node) -> bool:
            return how_many(read in impossible for read in node.reads)

        for key, node in self.nodes.items():  # each after those that it reads
            if key.path[0] == RAW:
                if not latest.is_in(key, warehouse_id):
                    impossible.add(key)
            elif lacks(all if key.path[0] == PUBLISHED else any, node):
                impossible.add(key)
            elif not models.isdisjoint(node.reads) or not self._is_current(key, latest):
                models |= {key, *filter(fails, node.reads)} - impossible
        return [key for key in self.nodes if key in models]

    def findings(
        self, assets: Iterable[dg.AssetKey], latest: Materialisations, at: datetime
    ) -> dict[dg.AssetKey, dict[str, str]]:
        """Why models are not up to date, as a sentence by what is to blame; empty for one that is.

        Args:
            assets: The models.
            latest: The latest materialisations of all assets.
            at: Now, with a zone.

        Raises:
            SettingsError: A setting cannot be used.
        """
        settings, phase = freshness_settings(), current_phase(at)
        allowed = {key: window_of(key, phase, settings).fails_after for key in self.nodes if key.path[0] == RAW}
        return {asset: self._findings(asset, latest, at, allowed) for asset in assets}

    def _findings(
        self, asset: dg.AssetKey, latest: Materialisations, at: datetime, allowed: Mapping[dg.AssetKey, timedelta]
    ) -> dict[str, str]:
        found = {}
        for model in [asset, *self._models_below(asset)]:
            if not self._is_current(model, latest):
                found[model.to_user_string()] = "is not built from what it reads as that is now"
        for raw in raw_below(asset, self._deps):
            synced = latest.time(raw)
            if synced is None:
                found[raw.to_user_string()] = "was never synced"
            elif is_ahead(synced, at):
                found[raw.to_user_string()] = "was last synced before the clock was set back: its age is not known"
            elif at - synced >= allowed[raw]:
                minutes = allowed[raw].total_seconds() / 60
                found[raw.to_user_string()] = f"was last synced more than {minutes:.0f} minutes ago"
        return found

    def _is_current(self, asset: dg.AssetKey, latest: Materialisations) -> bool:
        node, loaded = self.nodes[asset], load_time(self._loaded, datetime.now(timezone.utc))
        return latest.is_current(asset, node.reads, node.code_version, loaded)

    def below(self, asset: dg.AssetKey) -> set[dg.AssetKey]:
        """Return all that an asset is made of, directly or not."""
        found: set[dg.AssetKey] = set()
        left = [asset]
        while left:
            new = set(self._deps[left.pop()]) - found
            found |= new
            left += new
        return found

    def _models_below(self, asset: dg.AssetKey) -> Iterator[dg.AssetKey]:
        for read in self._deps[asset]:
            if read.path[0] != RAW:
                yield read
                yield from self._models_below(read)


def up_to_date_checks(graph: Graph, summaries: Collection[dg.AssetKey]) -> dg.AssetChecksDefinition:
    """The checks, for the runs that build the summaries.

    Args:
        graph: All assets.
        summaries: Those to check.
    """

    @dg.multi_asset_check(
        name="check_summaries",
        specs=[
            dg.AssetCheckSpec(
                IS_UP_TO_DATE, asset=key, description=_CHECK_DESCRIPTION, automation_condition=check_with_asset()
            )
            for key in summaries
        ],
        can_subset=True,
    )
    def check_summaries(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        latest = Materialisations(context.instance, graph.nodes)
        selected = [check.asset_key for check in context.selected_asset_check_keys]
        for key, found in graph.findings(selected, latest, datetime.now(timezone.utc)).items():
            yield dg.AssetCheckResult(
                passed=not found,
                asset_key=key,
                check_name=IS_UP_TO_DATE,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=_metadata(found),
            )

    return check_summaries


def up_to_date_sensor(graph: Graph, summaries: Collection[dg.AssetKey]) -> dg.SensorDefinition:
    """The sensor.

    Args:
        graph: All assets.
        summaries: Those that have the check.
    """

    @dg.sensor(
        name="report_what_is_out_of_date",
        description=_SENSOR_DESCRIPTION,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def report_what_is_out_of_date(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        instance = context.instance
        latest = Materialisations(instance, graph.nodes)
        checks = {key: dg.AssetCheckKey(key, IS_UP_TO_DATE) for key in summaries if latest.version(key) is not None}
        # What a run is about to say itself is left to it.
        built = [key for key, check in checks.items() if not is_being_evaluated(instance, check)]
        found = graph.findings(built, latest, datetime.now(timezone.utc))
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
            if shown_result(instance, checks[key]) != (not because)
            or state[key.to_user_string()] != known.get(key.to_user_string(), [])
        ]
        return dg.SensorResult(
            asset_events=reports,
            skip_reason=None if reports else "Nothing has changed.",
            cursor=orjson.dumps({**known, **state}).decode(),
        )

    return report_what_is_out_of_date


def _metadata(found: Mapping[str, str]) -> dict[str, dg.MetadataValue]:
    sentences = "\n".join(f"* `{name}` {sentence}" for name, sentence in found.items())
    return {"because": dg.MetadataValue.md(sentences)} if sentences else {}
