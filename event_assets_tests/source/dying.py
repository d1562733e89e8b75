"""A sync that is killed at a stage of it. Runs in a process of its own, and nothing of it after that."""

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
from event_assets.warehouse import Warehouse

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
"""When to die: as a step begins, so many seconds after it has begun, or as it ends."""


def sync_and_die(path: Path, api: EventApiSettings, stage: str, endpoint: str, resources: Sequence[str]) -> None:
    """Sync, and be killed at a stage."""
    pipeline: Any = dlt.Pipeline
    processor: Any = RecordProcessor
    name, _, when = stage.partition(" ")
    if name == "extract":
        processor.process = _die
    elif name in ("normalize", "load"):
        function = getattr(pipeline, name)
        setattr(pipeline, name, _dying_after(function) if when == "after" else _dying_soon(function, float(when)))
    elif name == "schema":
        pipeline.sync_schema = _dying_after(pipeline.sync_schema)
    elif name == "finalize":
        apply.write_checkpoint = _dying_after(apply.write_checkpoint)
    sync(api, Warehouse(path), endpoint, resources)


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying_after(function: Callable[..., Any]) -> Callable[..., None]:
    def call(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)
        _die()

    return call


def _dying_soon(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        timer = threading.Timer(seconds, _die)
        timer.daemon = True  # a sync that is over before it rings was not killed
        timer.start()
        return function(*args, **kwargs)

    return call
