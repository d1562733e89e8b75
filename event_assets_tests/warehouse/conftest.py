"""Fixtures of the warehouse tests: a warehouse, and a path for its published copy."""

from pathlib import Path

import pytest

from event_assets.warehouse import Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb", wait_seconds=0.2)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "for readers" / "published.duckdb"
