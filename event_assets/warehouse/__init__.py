"""The warehouse: sessions, relations and the published copy. Pure dlt, without Dagster.

What the tables hold is in ``source.schema`` and ``models``.
"""

from event_assets.warehouse.connection import Warehouse
from event_assets.warehouse.engines.session import Session
from event_assets.warehouse.failures import PublishError, WarehouseBusyError, WarehouseError, WarehouseUnreadableError
from event_assets.warehouse.names import EVENTS, HISTORY, MERGE, PUBLISHED, RAW, STAGING, SUMMARY

__all__ = [
    "EVENTS",
    "HISTORY",
    "MERGE",
    "PUBLISHED",
    "RAW",
    "STAGING",
    "SUMMARY",
    "PublishError",
    "Session",
    "Warehouse",
    "WarehouseBusyError",
    "WarehouseError",
    "WarehouseUnreadableError",
]
