"""Syncs in a process that is killed at a given stage."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import dlt

from event_assets.settings import EventApiSettings
from event_assets.source.load import apply
from event_assets.source.records.process import RecordProcessor
from event_assets.source.sync import sync
from event_assets_tests.warehouses import file_warehouse, postgres_warehouse

STAGES = (
    "extract",
    "normalize 0.01",
    "normalize after",
    "schema",
    "load 0.02",
    "load 0.05",
    "load 0.1",
    "load 0.2",
    "load after",
    "finalize",
)
"""When to crash: at the start of a step, some seconds after it, or at its end."""


def sync_and_crash(
    place: Path | tuple[str, Path], api: EventApiSettings, stage: str, endpoint: str, resources: Sequence[str]
) -> None:
    """Sync, and kill this process at a stage. The place is a file, or the address of a database and a folder."""
    pipeline: Any = dlt.Pipeline
    processor: Any = RecordProcessor
    name, _, when = stage.partition(" ")
    if name == "extract":
        processor.process = _crash
    elif name in ("normalize", "load"):
        function = getattr(pipeline, name)
        setattr(pipeline, name, _crash_after(function) if when == "after" else _crash_within(function, float(when)))
    elif name == "schema":
        pipeline.sync_schema = _crash_after(pipeline.sync_schema)
    elif name == "finalize":
        apply.write_checkpoint = _crash_after(apply.write_checkpoint)
    warehouse = file_warehouse(place) if isinstance(place, Path) else postgres_warehouse(*place)
    sync(api, warehouse, endpoint, resources)


def _crash(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash_after(function: Callable[..., Any]) -> Callable[..., None]:
    def call(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        _crash()

    return call


def _crash_within(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        timer = threading.Timer(seconds, _crash)
        timer.daemon = True  # a sync that is over before it rings was not killed
        timer.start()
        return function(*args, **kwargs)

    return call
