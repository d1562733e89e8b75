"""What starts by itself, and when: the automation conditions of the assets, and the sensor that evaluates them.

A condition is flat: it looks up what the ``planner`` has decided for its asset. The plan is made once for a whole look,
of what was read once, so what is requested now and what goes into the same run with it are decided together.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import dagster as dg

from event_assets.assets.keys import THE_EVENT, EventNames
from event_assets.automation.checked_plan import plan_with_checks
from event_assets.automation.condition_sensor import ConditionSensor
from event_assets.automation.facts import Facts, failing_tables, read_facts, with_copy
from event_assets.automation.graph import Graph, is_copy, is_raw
from event_assets.automation.planner import NOTHING, Decision, Plan, plan, requested
from event_assets.automation.recorded import kept_recorded
from event_assets.settings import ReadEvent, read_event


class Planning:
    """The plans of a code location: one for each look of the condition sensor.

    Args:
        graph: Returns all assets. Asked at a look: when an asset is declared with its condition, others are not yet.
        read: Reads the event at each look.
    """

    def __init__(self, graph: Callable[[], Graph], read: ReadEvent = read_event) -> None:
        self._graph, self._read_event = graph, read
        self._recorded = kept_recorded(lambda: graph().nodes)
        self._plans: WeakKeyDictionary[object, tuple[Plan, datetime | None]] = WeakKeyDictionary()
        self._latest: tuple[Plan, datetime | None] | None = None

    def decision(self, context: dg.AutomationContext[Any], asset: dg.AssetKey) -> Decision:
        """Return what this look has decided for an asset.

        Raises:
            SettingsError: A setting cannot be used.
        """
        return self._looked(context)[0].get(asset, NOTHING)

    def lost_at(self, context: dg.AutomationContext[dg.AssetKey]) -> datetime | None:
        """Return when the warehouse was last seen to be gone. The conditions of raw tables keep it in their cursors."""
        return self._looked(context)[1]

    def _looked(self, context: dg.AutomationContext[Any]) -> tuple[Plan, datetime | None]:
        view = context.asset_graph_view  # one for each look
        if view not in self._plans:
            # Raw tables come first in a look, and their cursors all say the same.
            kept = context.cursor if is_raw(context.key) else None
            lost_at = datetime.fromtimestamp(float(kept), timezone.utc) if kept else None
            self._plans[view] = self._latest = self._look(view.instance, view.effective_dt, lost_at)
        return self._plans[view]

    def is_as_before(self, instance: dg.DagsterInstance, now: datetime) -> bool:
        """Whether a look would find the same plan as the latest one, which requested nothing.

        Args:
            instance: Where everything is recorded.
            now: The time now, with a zone.

        Raises:
            SettingsError: A setting cannot be used.
        """
        if self._latest is None or requested(self._latest[0]):
            return False
        return self._look(instance, now, self._latest[1]) == self._latest

    def _look(
        self, instance: dg.DagsterInstance, now: datetime, lost_at: datetime | None
    ) -> tuple[Plan, datetime | None]:
        facts = self._read(instance, now, lost_at)
        graph = self._graph()
        decisions = plan(graph, facts)
        if requested(decisions):
            # Mostly nothing is. What is, is decided once more by fresh facts, since runs begin and end in the meantime.
            facts = self._read(instance, now, lost_at)
            decisions = plan_with_checks(graph, facts, partial(failing_tables, instance, graph))
        return decisions, facts.lost_at

    def _read(self, instance: dg.DagsterInstance, now: datetime, lost_at: datetime | None) -> Facts:
        event, graph = self._read_event(), self._graph()
        facts = read_facts(instance, graph, event, now, lost_at, self._recorded)
        return with_copy(instance, graph, event, facts)


class _Planned(dg.AutomationCondition[dg.AssetKey]):
    """Holds where the plan requests the asset.

    Args:
        planning: The plans of the code location.
    """

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    @property
    def requires_cursor(self) -> bool:
        """Whether it keeps anything from look to look."""
        return False

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Look the asset up in the plan. A part of the result says why, unless there is nothing to say."""
        decision = self._planning.decision(context, context.key)
        subset = context.candidate_subset if decision.is_request else context.get_empty_subset()
        return dg.AutomationResult(context, subset, self._cursor(context), _because(context, subset, decision))

    def _cursor(self, context: dg.AutomationContext[dg.AssetKey]) -> str | None:
        return None


class SyncWhenDue(_Planned):
    """The condition of the raw assets of an endpoint."""

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "sync_when_due"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "A table of the endpoint was never loaded, is as old as it may become, or is lost with its warehouse"

    @property
    def requires_cursor(self) -> bool:
        """It keeps when the warehouse was last seen to be gone."""
        return True

    def _cursor(self, context: dg.AutomationContext[dg.AssetKey]) -> str | None:
        lost_at = self._planning.lost_at(context)
        return str(lost_at.timestamp()) if lost_at else None


class BuildWhenOutdated(_Planned):
    """The condition of a model."""

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "build_when_outdated"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "What it reads has another data version than it was built from, its SQL has changed, or it is overdue"


class PublishWhenOutdated(_Planned):
    """The condition of the published copy."""

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "publish_when_outdated"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "What it holds has changed, its file is gone, or it is overdue"


class CheckWithAsset(dg.AutomationCondition[dg.AssetCheckKey]):
    """The condition of a check that is an op of its own: it runs whenever a condition has its asset materialised.

    Runs that a person, a schedule or a sensor starts have the checks of their assets with them anyway.

    Args:
        planning: The plans of the code location.
    """

    def __init__(self, planning: Planning) -> None:
        self._planning = planning

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "check_with_asset"

    @property
    def description(self) -> str:
        """How the UI describes it."""
        return "Its table is brought up to date now"

    @property
    def requires_cursor(self) -> bool:
        """Whether it keeps anything from look to look."""
        return False

    def evaluate(self, context: dg.AutomationContext[dg.AssetCheckKey]) -> dg.AutomationResult[dg.AssetCheckKey]:
        """Look its asset up in the plan."""
        is_request = self._planning.decision(context, context.key.asset_key).is_request
        return dg.AutomationResult(context, context.candidate_subset if is_request else context.get_empty_subset())


def condition_of(asset: dg.AssetKey, planning: Planning) -> dg.AutomationCondition[dg.AssetKey]:
    """Return the condition of an asset.

    Args:
        asset: One of ours.
        planning: The plans of the code location.
    """
    if is_raw(asset):
        return SyncWhenDue(planning)
    return PublishWhenOutdated(planning) if is_copy(asset) else BuildWhenOutdated(planning)


def auto_materialize(
    planning: Planning, selection: dg.AssetSelection | None = None, names: EventNames = THE_EVENT
) -> dg.AutomationConditionSensorDefinition:
    """Return the sensor that evaluates the conditions: in the code location, because they are ours.

    Args:
        planning: The plans of the event.
        selection: The assets; all assets of the code location, if not given. Dagster takes 500 at most, with checks.
        names: Those of the event.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # of `use_user_code_server`, at each start and to everybody
        return ConditionSensor(
            names.of("auto_materialize"),
            target=selection or dg.AssetSelection.all(),
            use_user_code_server=True,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            run_tags=names.tags or None,
            is_as_before=planning.is_as_before,
            description=(
                "Looks at every asset's automation condition, and starts what is overdue by its freshness policy, was "
                "never loaded, or is no longer built from what it reads."
            ),
        )


class _Because(dg.AutomationCondition[dg.AssetKey]):
    """The part of an evaluation that says in words why it came out as it did.

    Args:
        sentence: Why.
    """

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    @property
    def name(self) -> str:
        """How the UI calls it."""
        return "because"

    @property
    def description(self) -> str:
        """The sentence: evaluations are stored where it is another one than before."""
        return self._sentence

    @property
    def requires_cursor(self) -> bool:
        """Whether it keeps anything from look to look."""
        return False

    def get_label(self) -> str | None:
        """Return the sentence: the UI shows the label of a part in its tree."""
        return self._sentence

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Hold: it is never asked by itself."""
        return dg.AutomationResult(context, context.candidate_subset)


def _because(
    context: dg.AutomationContext[dg.AssetKey], subset: Any, decision: Decision
) -> list[dg.AutomationResult[dg.AssetKey]]:
    if decision is NOTHING:
        return []  # the condition's own description says as much
    part = context.for_child_condition(_Because(decision.because), [0], context.candidate_subset)
    return [dg.AutomationResult(part, subset)]
