"""Compares what Apache Spark itself makes of the models with DuckDB's rows, as ``make engines`` does with Sail.

    python -m event_assets_tests.engines.apache_spark sc://127.0.0.1:15002 [odd]

With ``odd``, of the invented event with odd values instead of the real programme.

The server needs no Delta: delta-rs reads and writes the tables, and Spark is handed what they hold as Parquet. So
Spark SQL is tried, and Delta's own code for Spark is not. A server on this machine, of the package ``pyspark`` from
PyPI in an environment of its own, with Java 17 or later:

    spark-submit --master 'local[2]' --class org.apache.spark.sql.connect.service.SparkConnectServer spark-internal
"""

from __future__ import annotations

import logging
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import pytest
from deltalake import write_deltalake
from pyspark.sql.connect.session import SparkSession as ConnectSession
from pyspark.sql.pandas.types import from_arrow_schema

from event_assets.warehouse.engines.spark import engine
from event_assets.warehouse.engines.spark.server import SparkServer
from event_assets.warehouse.relations import Relation
from event_assets_tests.engines.__main__ import programme, table
from event_assets_tests.engines.comparison import Outcome, differences, go_through, in_delta, in_file, states
from event_assets_tests.engines.programmes import odd_event


class WithoutDelta(SparkServer):
    """A server that reads and writes no Delta table itself."""

    def overwrite(self, relation: Relation, select: str) -> None:
        """Replace a table with the result of a SELECT."""
        rows = self.arrow(select)
        self._lake.overwrite(relation, rows, self._lake.open(relation) if self._lake.has_table(relation) else None)

    def append(self, relation: Relation, select: str) -> None:
        """Append the result of a SELECT to a table."""
        write_deltalake(self._lake.open(relation), self.arrow(select), mode="append")

    def _register(self, session: ConnectSession, tables: Sequence[Relation]) -> None:
        """Hand the server the tables of a SELECT, each in its present version."""
        for relation in tables:
            held = self._lake.open(relation)
            if self._known.get(relation) == str(held.version()):
                continue
            session.sql(f"create schema if not exists {relation.schema}").collect()
            rows = held.to_pyarrow_table()
            frame = session.createDataFrame(rows, from_arrow_schema(rows.schema))  # which Spark guesses of rows alone
            frame.write.mode("overwrite").format("parquet").saveAsTable(str(relation))
            self._known[relation] = str(held.version())


def main(remote: str, which: str = "") -> None:
    """Print the table of DuckDB and Spark, and the rows that differ.

    Args:
        remote: The address of the server.
        which: The event: ``odd`` for the invented one.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    name, event = ("An invented event with odd values", odd_event()) if which == "odd" else programme()
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory(prefix="event_assets_spark_") as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "SparkServer", WithoutDelta)
        for label, place in (
            ("duckdb", in_file(_made(folder, "duckdb"))),
            ("spark", in_delta(_made(folder, "spark"), remote)),
        ):
            # What becomes of a killed sync is no matter of Spark's.
            outcomes[label] = go_through(replace(place, stage=None), states(event))
    click.echo(f"\n{name}, three refreshes\n\n{table(outcomes)}\n")
    found, expected = outcomes["spark"], outcomes["duckdb"]
    for what, rows, wanted in (("", found.tables, expected.tables), ("copy of ", found.copy, expected.copy)):
        for relation, (missing, foreign, *examples) in differences(rows, wanted).items():
            click.echo(f"{what}{relation}: {missing} rows are missing, {foreign} are foreign: {examples}")
    click.echo(f"findings of the data tests: {'the same' if found.failing == expected.failing else 'others'}")


def _made(folder: str, name: str) -> Path:
    (path := Path(folder, name)).mkdir()
    return path


if __name__ == "__main__":
    main(*sys.argv[1:])
