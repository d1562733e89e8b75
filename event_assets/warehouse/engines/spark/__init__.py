"""The warehouse as Delta tables in a folder or bucket, with Spark for the models: for a data platform."""

from event_assets.warehouse.engines.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
