"""Syncs in a process that is killed at a given stage."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

import dlt
import pytest

from event_assets.sandbox import Sandbox
from event_assets.settings import EventApiSettings
from event_assets.source.load import apply
from event_assets.source.records.process import RecordProcessor
from event_assets.source.sync import sync
from event_assets.warehouse import Warehouse
from event_assets_tests.source.courses import ENDPOINTS

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
"""When to crash: at the start of a step, some seconds after it, or at its end.

Delta tables also have ``commit 2``: before the third of them is committed.
"""

KILLS = [
    pytest.param(stage, endpoint, (number + other) % 2 == 0, id=f"{stage} of {endpoint}")
    for number, stage in enumerate(STAGES)
    for other, endpoint in enumerate(ENDPOINTS)
]
"""Each stage of each endpoint, in turns in the first sync and in a later one: so each stage meets both."""

# Each process is forked from one that has imported everything: only the import is shared, which takes three seconds.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def killed(
    warehouse: Callable[[], Warehouse], api: Sandbox, stage: str, endpoint: str, resources: Sequence[str]
) -> bool:
    """Sync in a process that dies at a stage; whether it did, and did not end by itself.

    Args:
        warehouse: Opens the warehouse there; pickled.
        api: The API.
        stage: One of `STAGES`.
        endpoint: What is synced.
        resources: Which of its resources.
    """
    asked = EventApiSettings(api.base_url, api.token)
    process = _processes.Process(target=sync_and_crash, args=(warehouse, asked, stage, endpoint, resources))
    process.start()
    try:
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL), stage
        return process.exitcode != 0
    finally:
        process.kill()
        process.join()


def sync_and_crash(
    warehouse: Callable[[], Warehouse], api: EventApiSettings, stage: str, endpoint: str, resources: Sequence[str]
) -> None:
    """Sync, and kill this process at a stage."""
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
    elif name == "commit":
        from event_assets.warehouse.engines.spark.lake import Lake

        Lake.overwrite = _crash_at_call(Lake.overwrite, int(when))  # type: ignore[method-assign]
    sync(api, warehouse(), endpoint, resources)


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


def _crash_at_call(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    calls: list[object] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        if len(calls) == number:
            _crash()
        calls.append(args)
        return function(*args, **kwargs)

    return call
