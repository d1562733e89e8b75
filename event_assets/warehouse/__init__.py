"""The warehouse: connections, relations and the published copy. Pure dlt, without Dagster.

What the tables hold is in ``source.schema`` and ``models``.
"""

from event_assets.warehouse.connection import HISTORY, MERGE, PUBLISHED, RAW, STAGING, SUMMARY, Warehouse
from event_assets.warehouse.failures import PublishError, WarehouseBusyError, WarehouseError, WarehouseUnreadableError

__all__ = [
    "HISTORY",
    "MERGE",
    "PUBLISHED",
    "RAW",
    "STAGING",
    "SUMMARY",
    "PublishError",
    "Warehouse",
    "WarehouseBusyError",
    "WarehouseError",
    "WarehouseUnreadableError",
]
