"""Loads with dlt what a sync has extracted: first the declared tables, then the rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dlt


def load_package(pipeline: dlt.Pipeline) -> None:
    """Merge the load package of a pipeline into the tables.

    Args:
        pipeline: Has extracted the package.

    Raises:
        PipelineStepFailed: The warehouse does not take it.
        LoadClientJobException: Likewise.
    """
    pipeline.normalize()
    # Not `run()`: it makes only the tables that ever had rows, this makes all that are declared.
    pipeline.sync_schema()
    with _silent_errors():
        pipeline.load().raise_on_failed_jobs()


@contextmanager
def _silent_errors() -> Iterator[None]:
    """Keep dlt's errors out of its log: they quote values of the tables, and are raised as well."""
    log = logging.getLogger("dlt")
    log.addFilter(_is_no_error)
    try:
        yield
    finally:
        log.removeFilter(_is_no_error)


def _is_no_error(record: logging.LogRecord) -> bool:
    return record.levelno < logging.ERROR
