"""What tests of syncs share: a place for a warehouse, and what of an answer was looked at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from event_assets.sandbox import Event, Sandbox
from event_assets.source.api.pages import Batch
from event_assets.source.records.intake import Intake
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader


@pytest.fixture
def place(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb")


@pytest.fixture
def reader(place: Warehouse) -> Reader:
    return Reader(place.path)


@pytest.fixture
def api(event: Event) -> Iterator[Sandbox]:
    """The small event, served. Nothing is configured for it: a sync is told what to ask, and reads no settings."""
    with Sandbox(event) as sandbox:
        yield sandbox


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records of each batch were looked at."""
    sizes: list[int] = []

    class Counted(Batch):
        @property
        def json(self) -> bytes:
            sizes.append(len(self))
            return super().json

    monkeypatch.setattr("event_assets.source.api.pages.Batch", Counted)
    return sizes


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The table of each list of records that was taken apart."""
    tables: list[str] = []
    take = Intake._take_records

    def noted(self: Intake, records: list[dict]) -> list[dict]:
        tables.extend([self._table.name] if records else [])
        return take(self, records)

    monkeypatch.setattr(Intake, "_take_records", noted)
    return tables
