"""Describes the warehouse in other programs' formats: dbt's artifacts, which data catalogues read. Without Dagster.

``shapes`` finds the types and row counts, in the warehouse or, before there is one, from the declarations. ``manifest``
and ``catalog`` make the two artifacts of them, of the models and of their lineage. Nothing here reads a setting or
writes a file that stays: ``cli.dbt_artifacts`` does.
"""

from event_assets.export.artifacts import Described
from event_assets.export.catalog import catalog
from event_assets.export.manifest import manifest
from event_assets.export.shapes import TableShape, declared_shapes, read_shapes

__all__ = ["Described", "TableShape", "catalog", "declared_shapes", "manifest", "read_shapes"]
