"""A run has the warehouse for itself from its first step to its last, and gives it back however it ends."""

import threading
from pathlib import Path

import dagster as dg
import pytest

from event_assets.assets.resources import WarehouseResource
from event_assets.warehouse import Warehouse, WarehouseBusyError


def somebody_else_can_write(path: Path) -> bool:
    """Whether another thread gets the warehouse; Python's threads share no lock here."""
    found: list[bool] = []

    def write() -> None:
        try:
            with Warehouse(path, wait_seconds=0.05).writing():
                found.append(True)
        except WarehouseBusyError:
            found.append(False)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.parametrize("fails", [False, True])
def test_the_warehouse_is_the_runs_between_its_steps_too(tmp_path: Path, fails: bool):
    path, found = tmp_path / "warehouse.duckdb", []

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

    @dg.job(resource_defs={"warehouse": WarehouseResource(path=str(path))})
    def both() -> None:
        second(first())

    assert somebody_else_can_write(path)
    assert both.execute_in_process(raise_on_error=False).success is not fails
    assert found == [False, False]
    assert somebody_else_can_write(path)
