"""What is read of Dagster's records: versions, attempts, and what is in progress."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import dagster as dg
import pytest

from event_assets.assets.versions import Materialisations
from event_assets.automation import facts
from event_assets.automation.facts import Facts, failing_tables, read_facts
from event_assets.automation.graph import Graph, Node
from event_assets.automation.reasons import why_outdated
from event_assets.automation.recorded import kept_recorded, read_recorded
from event_assets.settings import read_event

A, B = dg.AssetKey(["raw", "a"]), dg.AssetKey(["summary", "b"])
COPY = dg.AssetKey(["published", "warehouse"])


class Project:
    """A raw table, and a model of it with a blocking check."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.version, self.passes, self.fails = instance, "1", True, False

        @dg.asset(key=A)
        def a() -> dg.MaterializeResult:
            return dg.MaterializeResult(data_version=dg.DataVersion(self.version))

        @dg.asset(key=B, deps=[A], code_version="x", check_specs=[dg.AssetCheckSpec("whole", asset=B, blocking=True)])
        def b() -> dg.MaterializeResult:
            if self.fails:
                raise ValueError
            return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=self.passes)])

        @dg.asset(key=COPY, deps=[A, B], code_version="x")
        def copy() -> None: ...

        self.assets = [a, b, copy]
        self.graph = Graph.of(self.assets)

    def make(self, *assets: dg.AssetKey) -> None:
        dg.materialize(self.assets, selection=list(assets), instance=self.instance, raise_on_error=False)

    def facts(self) -> Facts:
        return read_facts(self.instance, self.graph, read_event(), datetime.now(timezone.utc))

    def begin_run(self, *assets: dg.AssetKey) -> dg.DagsterRun:
        job = dg.Definitions(assets=self.assets).resolve_implicit_global_asset_job_def()
        return self.instance.create_run_for_job(
            job.get_subset(asset_selection={*assets}), asset_selection={*assets}, status=dg.DagsterRunStatus.STARTED
        )


@pytest.fixture
def project() -> Iterator[Project]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Project(instance)


def test_a_table_is_current_until_its_code_or_what_it_reads_changes(project: Project):
    def why(code_version: str = "x") -> str | None:
        nodes = {A: Node(), B: Node((A,), code_version)}
        return why_outdated(Graph(nodes), project.facts(), B)

    assert why() == "summary/b was never built"
    project.make(A, B)
    assert why() is None
    assert why("y") == "the code of summary/b has changed"
    project.make(A)
    assert why() is None
    project.version = "2"
    project.make(A)
    assert why() == "raw/a has another data version than summary/b was built from"
    latest = Materialisations(project.instance, [A, B])
    assert (latest.version(A), latest.version(COPY), latest.time(COPY)) == ("2", None, None)
    project.make(A, B)
    assert why() is None


def test_what_later_code_has_built_of_something_else_is_current(project: Project):
    @dg.asset(key=B, code_version="y")
    def b_without_a() -> None: ...

    hour = timedelta(hours=1)
    now = datetime.now(timezone.utc)
    dg.materialize([project.assets[0], b_without_a], instance=project.instance)

    def why(code_version: str, loaded: datetime) -> str | None:
        graph = Graph({A: Node(), B: Node((A,), code_version)}, loaded)
        return why_outdated(graph, read_facts(project.instance, graph, read_event(), now + 2 * hour), B)

    assert why("x", now - hour) is None
    assert why("y", now - hour) is None
    assert why("x", now + hour) == "the code of summary/b has changed"
    assert why("y", now + hour) == "summary/b was built without raw/a"


def test_what_is_kept_of_the_event_log_is_what_it_holds(project: Project):
    kept = kept_recorded(lambda: project.graph.nodes)

    def fail() -> None:
        project.fails = True
        project.make(B)

    steps = [
        lambda: None,
        lambda: project.make(A),
        lambda: project.make(B),
        lambda: project.begin_run(A, B),
        fail,
        lambda: project.instance.report_runless_asset_event(dg.AssetMaterialization(A)),
        lambda: project.instance.wipe_assets([A]),
        lambda: project.make(A),
    ]
    seen = []
    for step in steps:
        step()
        seen.append(read_recorded(project.instance, project.graph.nodes))
        assert kept(project.instance) == seen[-1]
        assert kept(project.instance) is kept(project.instance), "nothing was recorded since"
    assert all(before != after for before, after in pairwise(seen)), "each step is one that could have been missed"


def test_what_a_run_will_still_make_is_in_progress(project: Project):
    assert project.facts().states == {}
    run = project.begin_run(A, B)
    busy = {asset for asset in project.graph.nodes if project.facts().state(asset).in_progress}
    assert busy == {A, B}
    project.instance.report_run_canceled(run)
    assert not any(state.in_progress or state.failed_at for state in project.facts().states.values())


def test_what_a_run_makes_that_begins_while_facts_are_read_is_in_progress(
    project: Project, monkeypatch: pytest.MonkeyPatch
):
    project.make(A)
    project.begin_run(A)
    monkeypatch.setattr(facts, "_in_progress", lambda _: set())  # as that was just before
    assert project.facts().state(A).in_progress


def test_an_attempt_has_failed_until_it_is_made_or_planned_again(project: Project):
    project.make(A)
    project.instance.report_run_failed(project.begin_run(A, B))
    states = project.facts().states
    assert states[A].failed_at is not None
    assert states[B].failed_at is not None
    assert states[A].made is not None
    project.make(A)
    assert project.facts().state(A).failed_at is None
    run = project.begin_run(B)
    assert project.facts().state(B).failed_at is None, "it may succeed this time"
    project.instance.report_run_failed(run)
    assert project.facts().state(B).failed_at is not None


def test_a_copy_that_a_run_did_not_come_to_was_not_attempted(project: Project):
    project.fails = True
    project.make(A, B, COPY)
    assert project.facts().state(B).failed_at is not None
    assert project.facts().state(COPY).failed_at is not None
    assert not project.facts().state(COPY).was_reached
    project.instance.report_run_failed(project.begin_run(COPY))
    assert project.facts().state(COPY).was_reached, "it was killed, whatever it was at"


def test_a_table_fails_until_its_check_passes(project: Project):
    project.passes = False
    project.make(A, B)
    assert failing_tables(project.instance, project.graph, [A, B, COPY]) == {B}
    project.instance.report_run_failed(project.begin_run(B))  # plans the check
    assert failing_tables(project.instance, project.graph, [B]) == {B}
    project.passes = True
    project.make(B)
    assert failing_tables(project.instance, project.graph, [B]) == frozenset()
