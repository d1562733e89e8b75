"""Compares what Apache Spark itself makes of the models with DuckDB's rows, as ``make engines`` does with Sail.

    python -m event_assets_tests.engines.apache_spark [odd]

With ``odd``, of the invented event with odd values instead of the real programme. ``test_apache_spark`` does the same
for both, as a test.

The server is that of the package ``pyspark`` in the client's version, which ``make .venv-spark/installed`` installs in
an environment of its own. It needs Java 17 or later, and no Delta: delta-rs reads and writes the tables, and Spark gets
what they hold as Parquet. So Spark SQL is tried, and Delta's own code for Spark is not.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
import pytest
from deltalake import write_deltalake
from pyspark.sql.connect.session import SparkSession as ConnectSession
from pyspark.sql.pandas.types import from_arrow_schema

from event_assets.sandbox import Event
from event_assets.warehouse.engines.spark import engine
from event_assets.warehouse.engines.spark.server import SparkServer
from event_assets.warehouse.relations import Relation
from event_assets_tests.conftest import CHECKOUT
from event_assets_tests.engines.__main__ import programme, table
from event_assets_tests.engines.comparison import Outcome, Place, differences, go_through, in_delta, in_file, states
from event_assets_tests.engines.programmes import odd_event
from event_assets_tests.engines.servers import served
from event_assets_tests.ports import free_port

_ZONE = "Asia/Kathmandu"
"""The zone of the server, in which no event is: the session has to set its own."""
_START_SECONDS = 240
"""How long it may take to start: more than a minute where many programs share a core."""


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


@contextmanager
def apache_spark_server() -> Iterator[str]:
    """Serve Spark Connect with Apache Spark, or skip the test where it or Java is not installed.

    Yields:
        The address, as ``SparkSession.builder.remote`` takes it.
    """
    home = _home()
    if home is None or not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Apache Spark or Java is not installed: see event_assets_tests/engines/apache_spark.py")
    with tempfile.TemporaryDirectory(prefix="event_assets_apache_spark_") as folder:
        port = free_port()
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": port,
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "2g",
            "spark.driver.extraJavaOptions": f"-Duser.timezone={_ZONE}",
            "spark.local.dir": folder,
            "spark.sql.shuffle.partitions": 2,  # and not 200, each of which would hold a few rows
            "spark.sql.warehouse.dir": f"{folder}/warehouse",
            "spark.ui.enabled": "false",
        }
        command = [
            home / "bin" / "spark-submit", "--master", "local[2]",
            *(part for name, value in settings.items() for part in ("--conf", f"{name}={value}")),
            "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
        ]  # fmt: skip
        with served(command, port, Path(folder, "log"), {**os.environ, "SPARK_HOME": str(home)}, _START_SECONDS):
            yield f"sc://127.0.0.1:{port}"


def _home() -> Path | None:
    """Return the folder of Apache Spark: SPARK_HOME, or the package in .venv-spark; None where it is not installed."""
    places = [Path(os.environ.get("SPARK_HOME", "")), *CHECKOUT.glob(".venv-spark/lib/python*/site-packages/pyspark")]
    return next((place.resolve() for place in places if (place / "bin" / "spark-submit").is_file()), None)


def on_apache_spark(remote: str, event: Event, folder: Path) -> Outcome:
    """Return what Apache Spark makes of an event after three refreshes.

    Args:
        remote: The address of the server.
        event: The event.
        folder: An empty folder for the Delta tables.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "SparkServer", WithoutDelta)
        return _outcome(in_delta(folder, remote), event)


def on_duckdb(event: Event, folder: Path) -> Outcome:
    """Return what DuckDB makes of it."""
    return _outcome(in_file(folder), event)


def _outcome(place: Place, event: Event) -> Outcome:
    # A sync is not killed: Spark has no part in what is left of it.
    return go_through(replace(place, stage=None), states(event))


def main(which: str = "") -> None:
    """Print the table of DuckDB and Apache Spark, and the rows that differ.

    Args:
        which: The event: ``odd`` for the invented one.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    name, event = ("An invented event with odd values", odd_event()) if which == "odd" else programme()
    with tempfile.TemporaryDirectory(prefix="event_assets_spark_") as folder, apache_spark_server() as remote:
        for each in ("duckdb", "spark"):
            Path(folder, each).mkdir()
        expected = on_duckdb(event, Path(folder, "duckdb"))
        began = time.monotonic()
        found = on_apache_spark(remote, event, Path(folder, "spark"))
        seconds = time.monotonic() - began
    click.echo(f"\n{name}, three refreshes, {seconds:.0f} s\n\n{table({'duckdb': expected, 'apache spark': found})}\n")
    for what, rows, wanted in (("", found.tables, expected.tables), ("copy of ", found.copy, expected.copy)):
        for relation, (missing, foreign, *examples) in differences(rows, wanted).items():
            click.echo(f"{what}{relation}: {missing} rows are missing, {foreign} are foreign: {examples}")
    click.echo(f"findings of the data tests: {'the same' if found.failing == expected.failing else 'others'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
