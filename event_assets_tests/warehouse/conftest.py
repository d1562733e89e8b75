"""Fixtures of the warehouse tests: a warehouse, and a path for its published copy."""

from pathlib import Path

import pytest

from event_assets.warehouse import Warehouse
from event_assets_tests.warehouses import file_warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return file_warehouse(tmp_path / "warehouse.duckdb", wait_seconds=0.2)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "for readers" / "published.duckdb"
