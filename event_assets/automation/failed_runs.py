"""Which failed attempts are not resolved yet: steps that failed, and runs that broke off, asset by asset.

A trouble is over once each asset whose attempt failed has been made, in whatever run, and readers have what a model was
made of. How people hear of it is in ``alerts`` and ``messages``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta, timezone

import dagster as dg

from event_assets.assets.run_events import event_of
from event_assets.automation.clock import is_ahead
from event_assets.automation.failures import Failure
from event_assets.automation.graph import is_model
from event_assets.automation.readers import readers_lack
from event_assets.automation.run_results import RunResult, run_result
from event_assets.automation.troubles import Found, what_readers_see

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_NO_RUN = "runs"
"""The trouble that no run can begin, whichever."""
_STARTS_AGAIN = "What is still pending starts again by itself: at the latest with the daily sync."
_REACHES_BACK = timedelta(hours=1)
"""How far a look at runs reaches back after the clock was set back: nobody knows how long ago the last look was."""


def failed_runs(
    instance: dg.DagsterInstance,
    before: Found,
    since: datetime,
    steps: Mapping[str, Collection[dg.AssetKey]],
    event: str = "",
) -> Found:
    """Find the failed attempts that are not resolved, with the reason of each.

    A step that fails is reported by its name, once, however often it fails. So is that no run can begin, and that a run
    was killed; another one that is killed is reported only if it leaves assets that no killed one before it has left.

    Args:
        instance: Where runs are recorded.
        before: What was known.
        since: From when on to look.
        steps: The assets that each step makes which runs can have, by its name: none, if it is one that checks.
        event: Whose runs count.
    """
    attempts = _Attempts(before, steps)
    for record in _ended_runs(instance, since):
        run = record.dagster_run
        if event_of(run) != event:
            continue
        attempts.note(run, run_result(instance, run))
    return attempts.found(instance)


class _Attempts:
    """The failed attempts, as one ended run after another is noted.

    Args:
        before: What was known. What the code no longer has is over: nobody can mend it.
        steps: The assets that each step makes.
    """

    def __init__(self, before: Found, steps: Mapping[str, Collection[dg.AssetKey]]) -> None:
        self._steps = {step: {asset.to_user_string() for asset in assets} for step, assets in steps.items()}
        self._models = {step: asset for step, assets in steps.items() for asset in assets if is_model(asset)}
        assets: set[str] = set().union(*self._steps.values())
        self._troubles = {each: said for each, said in before.troubles.items() if each in steps or not _is_step(each)}
        self._pending = {each: assets & {*before.pending.get(each, ())} for each in self._troubles}

    def note(self, run: dg.DagsterRun, result: RunResult) -> None:
        """Note what a run that has ended came to."""
        for pending in self._pending.values():
            pending -= result.made
        for step in result.done & self._troubles.keys():
            if not self._steps.get(step):  # one that only checks
                del self._troubles[step], self._pending[step]
        if run.status is dg.DagsterRunStatus.CANCELED:
            return  # who has cancelled it knows, and what a step says that was broken off for that is no trouble
        for step, failure in result.failed.items():
            readers = [what_readers_see(self._models[step])] if step in self._models else []
            self._troubles[step] = " ".join([f"{step}: {_sentence(failure)}", *readers])
            assets = self._steps.get(step, set())
            self._pending[step] = assets & result.left or assets & result.planned
        if result.broke_off:
            self._note_broken_off(run, result)

    def found(self, instance: dg.DagsterInstance) -> Found:
        """Return the troubles that are not over."""
        lasting = {trouble: said for trouble, said in self._troubles.items() if self._lasts(instance, trouble)}
        return Found(lasting, {trouble: sorted(self._pending.get(trouble, ())) for trouble in lasting})

    def _lasts(self, instance: dg.DagsterInstance, trouble: str) -> bool:
        if self._pending.get(trouble):
            return True
        if trouble in self._models:
            return readers_lack(instance, self._models[trouble])
        return _is_step(trouble) and self._steps.get(trouble) == set()  # one that checks: over once it has succeeded

    def _note_broken_off(self, run: dg.DagsterRun, result: RunResult) -> None:
        """Note a run that ended in failure before it was done.

        What keeps runs from beginning keeps the next one as well, and is reported once.
        """
        failed = set().union(*(self._steps.get(step, set()) for step in result.failed))
        left = result.left - failed
        if result.failure:
            if left:
                self._troubles[_NO_RUN] = f"A run could not begin: {_sentence(result.failure)}"
                self._pending[_NO_RUN] = self._pending.get(_NO_RUN, set()) | left
            return
        known = [names for trouble, names in self._pending.items() if trouble != _NO_RUN and not _is_step(trouble)]
        if left := left.difference(*known):
            name = f"{run.run_id[:8]} of {run.job_name.strip('_').lower()}"
            self._troubles[f"run {name}"] = f"Run {name} was ended before it was done. {_STARTS_AGAIN}"
            self._pending[f"run {name}"] = left | self._pending.get(f"run {name}", set())


def _is_step(trouble: str) -> bool:
    """Whether a trouble is that of a step: it bears its name, which has no space."""
    return trouble != _NO_RUN and " " not in trouble


def _ended_runs(instance: dg.DagsterInstance, since: datetime) -> list[dg.RunRecord]:
    """The runs that have ended since an instant, as they did.

    What ended at a time that lies ahead did so before the clock was set back, and no look but the first one after that
    has `since` so far ahead.
    """
    now = datetime.now(timezone.utc)
    back = is_ahead(since, now)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_FINISHED, updated_after=now - _REACHES_BACK if back else since),
        order_by="update_timestamp",
        ascending=True,
    )
    ahead = [record for record in records if is_ahead(record.update_timestamp, now)]
    return [
        *(each for each in ahead if back and each.update_timestamp > since),
        *(each for each in records if each not in ahead),
    ]


def _sentence(failure: Failure) -> str:
    # The text of an error that nobody foresaw may quote data.
    return failure.user_message or f"failed unexpectedly ({failure.error}); the run's log says more."
