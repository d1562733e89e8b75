"""How tests make a warehouse without settings: a DuckDB file."""

from pathlib import Path

from event_assets.settings import WarehouseSettings
from event_assets.warehouse import Warehouse
from event_assets.warehouse.copy_plan import Published, PublishPlan
from event_assets.warehouse.engines.duckdb import DuckDbEngine


def file_warehouse(
    path: Path, wait_seconds: float = WarehouseSettings.lock_wait_seconds, memory_limit: str | None = None
) -> Warehouse:
    """Return the warehouse in a file, with its copy for readers beside it."""
    return Warehouse(DuckDbEngine(path, path.with_name("published.duckdb"), memory_limit), wait_seconds)


def publish(warehouse: Warehouse, target: Path, plan: PublishPlan) -> Published:
    """Publish the copy of a warehouse file to a path."""
    return Warehouse(DuckDbEngine(warehouse.path, target), warehouse.wait_seconds).publish(plan)
