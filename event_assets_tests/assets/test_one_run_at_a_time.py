"""A run has the warehouse for itself while its steps write, and gives it back however it ends."""

from pathlib import Path

import dagster as dg
import pytest

from event_assets.assets.resources import WarehouseResource
from event_assets_tests.locks import somebody_else_can_write

KEYS = ["raw/halls", "graz/raw/halls"]


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


@pytest.mark.parametrize(
    ("chosen", "locked"),
    [(KEYS[:1], {"event"}), (KEYS[1:], {"graz"}), (KEYS, {"event", "graz"})],
)
def test_a_run_has_the_warehouses_of_its_own_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: list[str], locked: set[str]
):
    paths = {"event": tmp_path / "warehouse.duckdb", "graz": tmp_path / "graz.duckdb"}
    monkeypatch.setenv("DESTINATION__DUCKDB__CREDENTIALS", str(paths["event"]))
    monkeypatch.setenv("EVENTS__NAMES", '["graz"]')
    monkeypatch.setenv("EVENTS__GRAZ__DESTINATION__DUCKDB__CREDENTIALS", str(paths["graz"]))
    found: list[set[str]] = []

    def halls(key: str) -> dg.AssetsDefinition:
        def look(warehouse: WarehouseResource) -> None:
            event = "graz" if key.startswith("graz") else ""
            with warehouse.open(event).connect() as client:
                assert client.query("select 1") == [(1,)]
            found.append({event for event, path in paths.items() if not somebody_else_can_write(path)})

        return dg.asset(key=key.split("/"))(look)

    definitions = dg.Definitions([halls(key) for key in KEYS], resources={"warehouse": WarehouseResource()})
    job = definitions.resolve_implicit_global_asset_job_def()
    assert job.execute_in_process(asset_selection=[dg.AssetKey(key.split("/")) for key in chosen]).success
    assert found == [locked] * len(locked)
    assert all(map(somebody_else_can_write, paths.values()))
