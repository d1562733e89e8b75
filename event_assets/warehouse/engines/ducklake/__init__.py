"""DuckLake as the warehouse: DuckDB's SQL, files in a folder or bucket, and a database that says which make up what."""

from event_assets.warehouse.engines.ducklake.engine import DuckLakeEngine

__all__ = ["DuckLakeEngine"]
