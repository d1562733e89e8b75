"""The warehouse as a DuckDB file: for one machine."""

from event_assets.warehouse.engines.duckdb.engine import DuckDbEngine

__all__ = ["DuckDbEngine"]
