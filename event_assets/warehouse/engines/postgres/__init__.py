"""The warehouse on a PostgreSQL server: for a team."""

from event_assets.warehouse.engines.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
