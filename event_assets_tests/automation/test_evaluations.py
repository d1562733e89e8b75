"""Which result of a check counts, where runs were planned in another order than they went."""

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run

from event_assets.automation.evaluations import latest_evaluations

CHECK = dg.AssetCheckKey(dg.AssetKey("halls"), "fits")


@pytest.mark.parametrize("passes_last", [True, False])
def test_the_check_that_was_planned_last_is_not_the_one_that_was_made_last(passes_last: bool):
    passed: list[bool] = []

    @dg.asset(check_specs=[dg.AssetCheckSpec(CHECK.name, asset=CHECK.asset_key)])
    def halls() -> dg.MaterializeResult:
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=passed[-1])])

    job = dg.Definitions(assets=[halls], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        assert latest_evaluations(instance, [CHECK]) == {}
        first, second = (instance.create_run_for_job(job) for _ in range(2))
        for run, passes in ((second, not passes_last), (first, passes_last)):
            passed.append(passes)
            execute_run(InMemoryJob(job), run, instance)
            assert latest_evaluations(instance, [CHECK])[CHECK].passed is passes
        instance.create_run_for_job(job)
        assert latest_evaluations(instance, [CHECK])[CHECK].passed is passes_last, "a plan says nothing"
