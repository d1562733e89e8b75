"""The warehouse as a place: its file, its dlt destination, its working folder and its connections."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.destination import Destination
from dlt.destinations.sql_client import SqlClientBase

RAW = "raw"
STAGING = "staging"
SUMMARY = "summary"
"""The schemas, which are also the first part of the asset keys. ``raw`` is dlt's dataset."""


@dataclass(frozen=True)
class Warehouse:
    """A DuckDB file that dlt loads into and the models are built in.

    Attributes:
        path: The file, which the first connection makes.
    """

    path: Path

    def destination(self) -> Destination[Any, Any]:
        """The warehouse as a dlt destination.

        dlt merges by way of a second dataset, which it would call ``raw_staging``: too near to ``staging``.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return dlt.destinations.duckdb(str(self.path), staging_dataset_name_layout="_dlt_merge_%s")

    @contextmanager
    def connect(self) -> Iterator[SqlClientBase[Any]]:
        """A connection for writing and reading, through dlt's own SQL client. One process at a time can have one."""
        dataset = dlt.dataset(self.destination(), RAW, schema=dlt.Schema(RAW))
        with dataset.sql_client as client:
            yield client

    @contextmanager
    def working_folder(self, name: str) -> Iterator[Path]:
        """An empty folder beside the warehouse for dlt's load packages, gone again afterwards.

        Each sync begins with nothing of the one before, so what a killed run left half done is never loaded later:
        dlt restores what it needs to know, schema and state, from the warehouse.
        """
        folder = self.path.with_name(f".{self.path.stem}.dlt") / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
