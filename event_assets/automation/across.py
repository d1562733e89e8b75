"""What builds the tables across events: they follow the copies of all events.

Their condition looks at how things are, as those of an event do: a copy that was published while a run was under way,
or while the daemon was off, is read by the next one.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from event_assets.assets.versions import Materialisations
from event_assets.automation.condition_sensor import ConditionSensor

LONGEST = timedelta(days=1)
"""How old the tables may become: what is over depends on the day."""


class CopiesHaveChanged(dg.AutomationCondition[dg.AssetKey]):
    """Holds where a table across events was not built from the copies as they are, or is a day old.

    Args:
        copies: What the tables are built from, as assets.
    """

    def __init__(self, copies: Collection[dg.AssetKey]) -> None:
        self._copies = [*copies]

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "copies_have_changed"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "The copy of an event has another data version than the table was built from, or the table is a day old"

    @property
    def requires_cursor(self) -> bool:
        """Whether it keeps anything from look to look."""
        return False

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Compare the versions that are recorded."""
        view, asset = context.asset_graph_view, context.key
        found = Materialisations(view.instance, [asset, *self._copies])
        published = [copy for copy in self._copies if found.version(copy) is not None]
        built = found.time(asset)
        is_due = bool(published) and (
            built is None
            or view.effective_dt - built >= LONGEST
            or not all(found.was_made_of(asset, copy) for copy in published)
        )
        return dg.AutomationResult(context, context.candidate_subset if is_due else context.get_empty_subset())


def automate_across(
    assets: Sequence[dg.AssetsDefinition],
) -> tuple[list[dg.AssetsDefinition], list[dg.SensorDefinition]]:
    """Return the assets of the tables across events with their condition, and the sensor that evaluates it.

    A failed attempt is repeated every quarter of an hour.

    Args:
        assets: Those assets; none where there is one event.
    """
    condition: Any = dg.AutomationCondition
    keys = {key for each in assets for key in each.keys}
    copies = {dep.asset_key for each in assets for spec in each.specs for dep in spec.deps} - keys
    when = (
        CopiesHaveChanged(copies)
        & ~condition.in_progress()
        & (~condition.execution_failed() | condition.cron_tick_passed("*/15 * * * *"))
    )
    automated = [
        each.map_asset_specs(lambda spec: spec.replace_attributes(automation_condition=when)) for each in assets
    ]
    if not keys:
        return automated, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of `use_user_code_server`, at each start and to everybody
        sensor = ConditionSensor(
            "auto_materialize_across",
            target=dg.AssetSelection.assets(*keys),
            use_user_code_server=True,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=60,
            description="Builds the tables across events when the copy of an event is new, and once a day.",
        )
    return automated, [sensor]
