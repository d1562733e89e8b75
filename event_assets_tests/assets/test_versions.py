"""Whether a table is built from what it reads now, and by its code as it is."""

from datetime import datetime, timedelta, timezone

import dagster as dg

from event_assets.assets.versions import Materialisations

A, B = dg.AssetKey("a"), dg.AssetKey("b")


def test_a_table_is_current_until_its_code_or_what_it_reads_changes():
    version = "1"

    @dg.asset(key=A)
    def a() -> dg.MaterializeResult:
        return dg.MaterializeResult(data_version=dg.DataVersion(version))

    @dg.asset(key=B, deps=[A], code_version="x")
    def b() -> None: ...

    with dg.DagsterInstance.ephemeral() as instance:

        def current(code_version: str = "x") -> bool:
            return Materialisations(instance, [A, B]).is_current(B, [A], code_version)

        assert not current()
        dg.materialize([a, b], instance=instance)
        assert current()
        assert not current("y")
        dg.materialize([a], instance=instance)
        assert current()
        version = "2"
        dg.materialize([a], instance=instance)
        latest = Materialisations(instance, [A, B])
        assert (latest.version(A), latest.version(dg.AssetKey("c")), latest.time(dg.AssetKey("c"))) == ("2", None, None)
        assert not current()
        dg.materialize([a, b], instance=instance)
        assert current()


def test_what_later_code_has_built_of_something_else_is_current():
    @dg.asset(key=A)
    def a() -> None: ...

    @dg.asset(key=B, code_version="y")
    def b_without_a() -> None: ...

    loaded = datetime.now(timezone.utc) - timedelta(hours=1)
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([a, b_without_a], instance=instance)
        latest = Materialisations(instance, [A, B])
        assert latest.is_current(B, [A], "x", loaded)
        assert latest.is_current(B, [A], "y", loaded)
        assert not latest.is_current(B, [A], "y")
        assert not latest.is_current(B, [A], "y", loaded + timedelta(hours=2))
