"""A run has the warehouse for itself while its steps write, and gives it back however it ends."""

from pathlib import Path

import dagster as dg
import pytest

from event_assets.assets.resources import WarehouseResource
from event_assets_tests.locks import somebody_else_can_write


@pytest.mark.parametrize("fails", [False, True])
def test_the_warehouse_is_the_runs_between_its_steps_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool):
    path, found = tmp_path / "warehouse.duckdb", []
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(path))

    @dg.op(required_resource_keys={"warehouse"})
    def first(context: dg.OpExecutionContext) -> None:
        with context.resources.warehouse.open().connect() as client:
            client.execute_sql("select 1")
        found.append(somebody_else_can_write(path))

    @dg.op(ins={"after": dg.In(dg.Nothing)})
    def second() -> None:
        found.append(somebody_else_can_write(path))
        if fails:
            raise ValueError("on purpose")

    @dg.job(resource_defs={"warehouse": WarehouseResource()})
    def both() -> None:
        second(first())

    assert somebody_else_can_write(path)
    assert both.execute_in_process(raise_on_error=False).success is not fails
    assert found == [False, False]
    assert somebody_else_can_write(path)
