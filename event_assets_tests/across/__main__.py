"""Prints what cross-event tables of very many events take: ``python -m event_assets_tests.across 1000``.

In a DuckDB file, and on Sail as a local cluster over the lake; and whether both have the same rows.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path

import click
from deltalake import DeltaTable

from event_assets.across.copies import EventCopy
from event_assets.across.duckdb_file import FILE_NAME, CrossEventFile
from event_assets.across.inputs import cross_event_models
from event_assets.across.lake import publish_to_lake
from event_assets.across.spark_lake import CrossEventLake
from event_assets.across.warehouse import CrossEventWarehouse
from event_assets.settings import SettingsError
from event_assets_tests.across.many import PLAN, Cost, fill_lake, many_copies, measured
from event_assets_tests.across.test_cross_event_engines import TABLES, comparable
from event_assets_tests.across.test_lake import lake_in
from event_assets_tests.engines.servers import spark_server
from event_assets_tests.running import Reader

ROUNDS = 3
ONE_BY_ONE = 20
"""How many events are published to the lake by themselves. The others follow in one commit."""
NOW = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@click.command
@click.argument("number", type=int, default=1000)
def main(number: int) -> None:
    """Measure some events."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ["SAIL_MODE"] = "local-cluster"
    with tempfile.TemporaryDirectory(prefix="event_assets_across_") as name:
        folder = Path(name)
        (folder / "copies").mkdir()
        with measured() as cost:
            copies = many_copies(number, folder / "copies")
        say(f"{number} copies made", cost)
        with measured() as cost:
            for copy in copies[:ONE_BY_ONE]:
                assert not isinstance(copy.engine, SettingsError)
                publish_to_lake(lake_in(folder / "lake"), copy.event, copy.engine, PLAN)
        say(f"{len(PLAN)} tables of each of {ONE_BY_ONE} events published to the lake", cost)
        fill_lake(lake_in(folder / "lake"), copies[ONE_BY_ONE:])
        for _ in range(ROUNDS):
            built(CrossEventFile(folder / FILE_NAME), copies)
        expected = {table: comparable(Reader(folder / FILE_NAME).records(f"from {table}")) for table in TABLES}
        with spark_server() as address:
            for _ in range(ROUNDS):
                built(CrossEventLake(address, lake_in(folder / "lake").config, folder), copies)
        for table in TABLES:
            rows = DeltaTable(folder / "lake" / table.replace(".", "/")).to_pyarrow_table().to_pylist()
            same = "the same" if comparable(rows) == expected[table] else "DIFFERENT"
            click.echo(f"{table}: {len(rows)} rows on Spark, {expected[table].total()} on DuckDB: {same}")


def built(place: CrossEventWarehouse, copies: list[EventCopy]) -> None:
    """Build all tables in a place, and say what each took."""
    with measured() as whole, place.building(copies, NOW) as building:
        for model in cross_event_models().values():
            with measured() as cost:
                building.build(model)
            say(f"  {model.relation}", cost)
    say(type(place).__name__, whole)


def say(what: str, cost: Cost) -> None:
    """Print what something took."""
    click.echo(f"{what}: {cost.seconds:.1f} s, {cost.mebibytes:.0f} MiB")


if __name__ == "__main__":
    main()
