"""Which models `make run` builds: what is not built from what it reads as that is, and what held that back."""

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import partial

import dagster as dg
import pytest

from event_assets.assets.versions import data_version
from event_assets.automation.checked_plan import plan_with_checks
from event_assets.automation.facts import failing_tables, read_facts
from event_assets.automation.graph import Graph
from event_assets.automation.planner import Trigger, requested
from event_assets.settings import read_event

RAW, STAGED, SUMMED, APART, OTHER, COPY = (
    dg.AssetKey(name.split("/"))
    for name in ("raw/talks", "staging/talks", "summary/talks", "summary/apart", "raw/people", "published/warehouse")
)
ALL = [STAGED, SUMMED, APART]


class Project:
    """A raw table, a model of it with a blocking check, a model of that one; and one of the raw table."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.passes = True
        self.says = "one"
        self.warehouse = "here"

        @dg.asset(key=RAW)
        def raw() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=data_version(self.warehouse, self.says))

        spec = dg.AssetCheckSpec("whole", asset=STAGED, blocking=True)

        @dg.asset(key=STAGED, deps=[RAW], code_version="1", check_specs=[spec])
        def staged() -> dg.MaterializeResult:
            severity = dg.AssetCheckSeverity.ERROR
            return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=self.passes, severity=severity)])

        @dg.asset(key=SUMMED, deps=[STAGED], code_version="1")
        def summed() -> None: ...

        @dg.asset(key=APART, deps=[RAW], code_version="1")
        def apart() -> None: ...

        self.assets = [raw, staged, summed, apart]
        self.graph = Graph.of(self.assets)

    def make(self, *assets: dg.AssetKey) -> None:
        dg.materialize(self.assets, selection=list(assets) or "*", instance=self.instance, raise_on_error=self.passes)

    def to_build(self) -> list[dg.AssetKey]:
        facts = read_facts(self.instance, self.graph, read_event(), datetime.now(timezone.utc)).within(
            self.graph, self.warehouse
        )
        return requested(
            plan_with_checks(self.graph, facts, partial(failing_tables, self.instance, self.graph), Trigger.PERSON)
        )


@pytest.fixture
def project() -> Iterator[Project]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Project(instance)


def test_nothing_is_built_from_what_was_never_synced(project: Project):
    assert project.to_build() == []


def test_all_is_built_once_and_again_when_the_table_is_another(project: Project):
    project.make(RAW)
    assert project.to_build() == ALL
    project.make(*ALL)
    assert project.to_build() == []
    project.says = "another"
    project.make(RAW)
    assert project.to_build() == ALL


def test_the_published_copy_is_made_of_what_there_is(project: Project):
    @dg.asset(key=OTHER)
    def other() -> dg.MaterializeResult:
        return dg.MaterializeResult(data_version=data_version(project.warehouse, "anybody"))

    @dg.asset(key=COPY, deps=[RAW, *ALL, OTHER], code_version="1")
    def copy() -> None: ...

    project.assets += [other, copy]
    project.graph = Graph.of([other, *project.assets[:-2], copy])
    assert project.to_build() == []
    project.make(RAW)
    assert project.to_build() == [*ALL, COPY]
    project.make(*ALL, COPY)
    assert project.to_build() == []
    project.make(OTHER)
    assert project.to_build() == [COPY]
    project.make(COPY)
    assert project.to_build() == []


def test_nothing_is_built_from_what_was_synced_into_another_warehouse(project: Project):
    project.make(RAW)
    project.warehouse = "elsewhere"
    assert project.to_build() == []
    project.make(RAW)
    assert project.to_build() == ALL


def test_a_model_whose_check_failed_is_built_again_with_what_it_held_back(project: Project):
    project.passes = False
    project.make()
    assert project.to_build() == [STAGED, SUMMED]
    project.make(STAGED)
    assert project.to_build() == [STAGED, SUMMED]
    project.passes = True
    project.make(STAGED)
    assert project.to_build() == [SUMMED]
    project.make(SUMMED)
    assert project.to_build() == []


def test_a_model_whose_check_passed_is_not_built_again(project: Project):
    project.make(RAW, STAGED)
    assert project.to_build() == [SUMMED, APART]
