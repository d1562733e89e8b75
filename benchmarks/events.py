"""What many events cost: ``python -m benchmarks.events --events 50``.

It measures CPU seconds of this process, in an empty folder and with no network: to read the settings, to make the
definitions, and one look of all condition sensors at events of which nothing is due.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
import dagster as dg

from event_assets.assets.versions import CODE_VERSION, DATA_VERSION, INPUT_VERSION
from event_assets.automation.graph import Graph
from event_assets.definitions import build_all
from event_assets.garbage import made_to_stay
from event_assets.settings import read_events
from event_assets.warehouse.engines import configured_engine

LOOKS = 3
"""The first one after a start reads more than those after it."""


@click.command()
@click.option("--events", default=50, show_default=True, help="How many, with that of [event].")
def main(events: int) -> None:
    """Print what so many events cost."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["EVENTS__NAMES"] = json.dumps([f"event{number}" for number in range(1, events)])
        measure(events)
        os.chdir("/")


def measure(events: int) -> None:
    """Measure and print."""
    with _measured(f"settings of {events} events"):
        configured = read_events()
    with _measured("definitions"):
        with made_to_stay():
            definitions = build_all(configured)
        repository = definitions.get_repository_def()
    with dg.DagsterInstance.ephemeral() as instance:
        for event in configured:
            engine = configured_engine(event)
            for path in (event.warehouse.file, event.warehouse.published_file):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            assert engine.is_there()
        record_everything(instance, definitions)
        sensors = [each for each in repository.sensor_defs if isinstance(each, dg.AutomationConditionSensorDefinition)]
        cursors: dict[str, str | None] = {}
        for number in range(LOOKS):
            with _measured(f"look {number + 1} at {len(sensors)} idle events"):
                for sensor in sensors:
                    context = dg.build_sensor_context(
                        instance=instance, repository_def=repository, sensor_name=sensor.name,
                        cursor=cursors.get(sensor.name),
                    )  # fmt: skip
                    result = sensor.evaluate_tick(context)
                    assert not result.run_requests, "something is due"
                    cursors[sensor.name] = result.cursor
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(f"{'most memory':40} {megabytes:8.0f} MB")


def record_everything(instance: dg.DagsterInstance, definitions: dg.Definitions) -> None:
    """Record each asset as built by its code from what it reads."""
    graph = Graph.of([each for each in definitions.assets or () if isinstance(each, dg.AssetsDefinition)])
    for key, node in graph.nodes.items():
        tags = {DATA_VERSION: "warehouse.records", CODE_VERSION: node.code_version or ""}
        tags |= {f"{INPUT_VERSION}{read.to_user_string()}": "warehouse.records" for read in node.reads}
        instance.report_runless_asset_event(dg.AssetMaterialization(key, tags=tags))


@contextmanager
def _measured(what: str) -> Iterator[None]:
    began = time.process_time()
    yield
    click.echo(f"{what:40} {time.process_time() - began:8.2f} CPU s")


if __name__ == "__main__":
    main()
