"""This project's `run` with ops that do nothing: what its imports, its definitions and Dagster take of a first load.

The same command, the same assets with the same checks, the same records of both in Dagster's instance; no request, no
row, no model. What `run` takes more than this is the work.
"""

import gc
from collections.abc import Iterator

gc.disable()  # as the command does while it imports, which is here in part before it begins
import dagster as dg  # noqa: E402

from event_assets import __main__, definitions  # noqa: E402
from event_assets.settings import Event  # noqa: E402

build_definitions = definitions.build_definitions


def idle_asset(original: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The same assets and checks; each is materialised and each passes, without anything being done."""

    @dg.multi_asset(
        name=original.op.name,
        specs=list(original.specs),
        check_specs=list(original.check_specs),
        can_subset=original.can_subset,
        config_schema={"allow_removals": dg.Field(bool, is_required=False)},
    )
    def idle() -> Iterator[dg.MaterializeResult]:
        for key in original.keys:
            passed = [idle_result(check) for check in original.check_specs if check.asset_key == key]
            yield dg.MaterializeResult(asset_key=key, check_results=passed)

    return idle


def idle_checks(original: dg.AssetChecksDefinition) -> dg.AssetChecksDefinition:
    """The same checks, all of which pass without looking."""

    @dg.multi_asset_check(name=original.op.name, specs=list(original.check_specs), can_subset=True)
    def idle() -> Iterator[dg.AssetCheckResult]:
        for check in original.check_specs:
            yield idle_result(check)

    return idle


def idle_result(check: dg.AssetCheckSpec) -> dg.AssetCheckResult:
    """A check that passes."""
    return dg.AssetCheckResult(asset_key=check.asset_key, check_name=check.name, passed=True)


def idle_definitions(event: Event, pools: bool) -> dg.Definitions:
    """The code location with idle ops."""
    whole = build_definitions(event, pools)
    return dg.Definitions(
        assets=[idle_asset(each) for each in whole.assets or () if isinstance(each, dg.AssetsDefinition)],
        asset_checks=[
            idle_checks(each) for each in whole.asset_checks or () if isinstance(each, dg.AssetChecksDefinition)
        ],
        jobs=whole.jobs,
        executor=whole.executor,
    )


definitions.build_definitions = idle_definitions
__main__.main(["run"])
