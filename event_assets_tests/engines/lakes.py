"""DuckLakes of the tests, and how tests read them: with DuckDB alone, as an analyst would."""

from __future__ import annotations

import importlib.util
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from event_assets.settings.ducklake import DuckLakeSettings
from event_assets.warehouse import Warehouse
from event_assets.warehouse.engines.ducklake import DuckLakeEngine
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.running import Reader

EXTENSIONS = ("ducklake", "postgres_scanner", "sqlite_scanner", "httpfs")
_CREDENTIALS = "DESTINATION__DUCKLAKE__CREDENTIALS__"


def install_extensions(folder: Path) -> Path:
    """Install DuckDB's extensions from their wheels into a folder, or skip the test where there are none.

    No network is asked: DuckDB would fetch them from its own server. Each wheel fits one version of DuckDB.
    """
    with duckdb.connect(config={"extension_directory": str(folder)}) as connection:
        for name in EXTENSIONS:
            found = importlib.util.find_spec(f"duckdb_extension_{name}")
            places = found.submodule_search_locations if found else None
            files = [*Path(places[0]).glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension")] if places else []
            if not files:
                pytest.skip(f"there is no wheel of DuckDB's extension {name} for DuckDB {duckdb.__version__}")
            connection.execute(f"install '{files[0]}'")
    return folder


@dataclass
class Lake:
    """A lake of the tests.

    Attributes:
        folder: Where its files are, and its catalogue where that is a file.
        extensions: Where DuckDB's extensions are.
        address: The address of the PostgreSQL database of the catalogue; None for a SQLite file.
        storage: The bucket and folder of its files; None for a folder beside the catalogue.
        keys: The keys of the bucket.
    """

    folder: Path
    extensions: Path
    address: str | None = None
    storage: str | None = None
    keys: tuple[tuple[str, str], ...] = ()

    def settings(self) -> dict[str, str]:
        """Return the environment that configures it."""
        return {
            "WAREHOUSE__DESTINATION": "ducklake",
            f"{_CREDENTIALS}CATALOG": self.address or f"sqlite:///{self.folder / 'lake.sqlite'}",
            f"{_CREDENTIALS}STORAGE__BUCKET_URL": self.storage or str(self.folder / "files"),
            f"{_CREDENTIALS}GLOBAL_CONFIG": json.dumps({"extension_directory": str(self.extensions)}),
            **{f"{_CREDENTIALS}STORAGE__CREDENTIALS__{name.upper()}": value for name, value in self.keys},
        }

    @property
    def database(self) -> str:
        """The name of the PostgreSQL database of the catalogue."""
        return (self.address or "").rpartition("/")[2]

    def warehouse(self, wait_seconds: float = 60, event: str = "") -> Warehouse:
        """Return it as a warehouse of an event, without settings of the environment but its keys."""
        place, files = self.address or f"sqlite:///{self.folder / 'lake.sqlite'}", str(self.folder / "files")
        lake = DuckLakeSettings(catalog=place, storage=self.storage or files)
        both = lake.complete(event), lake.complete(event, published=True)
        for each in both:
            each.global_config = {"extension_directory": str(self.extensions)}
        return Warehouse(DuckLakeEngine(*both, self.folder), wait_seconds)

    def reader(self, name: str = "ducklake", snapshot: int | None = None) -> LakeReader:
        """Return what reads one of the two lakes: that of the warehouse, or ``ducklake_published``."""
        return LakeReader(self, name, snapshot)

    def published(self, snapshot: int | None = None) -> LakeReader:
        """Return what reads the lake for readers."""
        return self.reader("ducklake_published", snapshot)

    def attach(self, name: str, snapshot: int | None = None) -> str:
        """Return the statement by which a reader attaches a lake."""
        if self.address:
            place, options = f"postgres:{self.address}", [f"metadata_schema '{name}'"]
        else:
            ending = name.removeprefix("ducklake")
            place, options = f"sqlite:{self.folder / f'lake{ending}.sqlite'}", []
        options += [f"snapshot_version {snapshot}"] if snapshot is not None else ["read_only"]
        return f"attach 'ducklake:{place}' as lake ({', '.join(options)})"


class LakeReader(Reader):
    """Reads a lake."""

    def __init__(self, lake: Lake, name: str, snapshot: int | None):
        super().__init__(lake.folder)
        self._lake, self._attach = lake, lake.attach(name, snapshot)
        self._connection: duckdb.DuckDBPyConnection | None = None

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return a connection with the lake attached."""
        connection = duckdb.connect(config={"extension_directory": str(self._lake.extensions)})
        connection.execute("set timezone = 'UTC'")
        connection.execute(self._attach)
        connection.execute("use lake")
        return connection

    def records(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, by column."""
        # One connection for all queries, each of which sees the latest snapshot: to attach a lake takes a second.
        self._connection = self._connection or self.connect()
        result = self._connection.sql(query)
        return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]

    def close(self) -> None:
        """Close the connection."""
        if self._connection:
            self._connection.close()
        self._connection = None


def remains(
    lake: Lake, server: PostgresServer | None, texts: set[bytes], objects: Mapping[str, bytes] | None = None
) -> set[bytes]:
    """Return which texts are in a file of a lake or of its catalogue: as bytes, or as a value of a Parquet file.

    Not in PostgreSQL's write-ahead log, which the server overwrites in its own time.

    Args:
        lake: The lake.
        server: The server of its catalogue; None where that is a file.
        texts: What is looked for.
        objects: What is in its bucket, by name; None where its files are in a folder.
    """
    files = [path for path in lake.folder.rglob("*") if path.is_file()]
    if server:
        [(database,)] = server.execute("select oid from pg_database where datname = current_database()", lake.database)
        server.execute("checkpoint")
        # Only the files of tables: the server rewrites others at any time.
        base = server.folder / "data" / "base" / str(database)
        files += [path for path in base.iterdir() if path.name[0].isdigit()]
    contents = {**{str(path): path.read_bytes() for path in files}, **(objects or {})}
    # Of all snapshots, because it is all the Parquet files that are there.
    parquet = [io.BytesIO(content) for name, content in contents.items() if name.endswith(".parquet")]
    values = [repr(pq.read_table(each).to_pylist()).encode() for each in parquet]
    return {text for content in (*contents.values(), *values) for text in texts if text in content}
