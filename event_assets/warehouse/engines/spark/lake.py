"""The folder or bucket of the Delta tables: listing, reading, writing and cleaning them with delta-rs.

A table is in ``<folder>/<schema>/<name>``. Every write is one commit of one table; nothing spans several tables.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.schema import PrimitiveType
from dlt.common.libs.deltalake import deltalake_storage_options
from dlt.common.storages import FilesystemConfiguration, fsspec_from_config
from dlt.destinations.exceptions import DatabaseTerminalException, DatabaseUndefinedRelation
from sqlglot import exp

from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Relation, RelationColumn, quoted

_OWN_VERSION = CommitProperties(max_commit_retries=0)
"""A commit that another writer was quicker with fails, and overwrites nothing of the other one."""

PROPERTIES = {
    # The log would quote the smallest and the largest value of each column, which may be personal data.
    "delta.dataSkippingNumIndexedCols": "0",
}
"""What all tables have in common."""

KEPT_HOURS = 24
"""How long the files of earlier versions stay, for readers that have begun to read them."""

_TIDIED_EVERY = 20
"""After how many commits a table is tidied up: a checkpoint of its log is written, and old files are deleted."""

_LOG_RETENTION = "delta.logRetentionDuration"


@dataclass
class Lake:
    """The Delta tables of a warehouse.

    Attributes:
        config: dlt's configuration of the folder or bucket, and the credentials.
        namespace: What the schemas of an event are called there.
    """

    config: FilesystemConfiguration
    namespace: EventNamespace = MAIN_NAMESPACE
    _options: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._options = deltalake_storage_options(self.config.credentials)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of a file system, and no bucket."""
        return self.config.is_local_filesystem

    @cached_property
    def root(self) -> str:
        """The folder as a path, or the address of the bucket, without a slash at the end."""
        url = self.config.bucket_url
        return (FilesystemConfiguration.make_local_path(url) if self.is_local else url).rstrip("/")

    def location(self, relation: Relation) -> str:
        """Return where a table is: what Spark calls its location."""
        return posixpath.join(self.folder(relation.schema), relation.name)

    def folder(self, schema: str) -> str:
        """Return where the tables of a schema are."""
        return posixpath.join(self.root, self.namespace.schema(schema))

    def tables(self, *schemas: str) -> list[Relation]:
        """Return the tables in some schemas, sorted.

        Raises:
            OSError: The folder cannot be read.
        """
        found = []
        for schema in schemas:
            try:
                paths = self._files.ls(self.folder(schema), detail=False)
            except FileNotFoundError:
                continue
            names = sorted(posixpath.basename(path.rstrip("/")) for path in paths)
            found += [each for name in names if self.has_table(each := Relation(schema, name))]
        return found

    def has_table(self, relation: Relation) -> bool:
        """Return whether there is such a table. A write that was killed before its commit has left none."""
        return DeltaTable.is_deltatable(self.location(relation), self._options)

    def open(self, relation: Relation) -> DeltaTable:
        """Return a table in its present version.

        Raises:
            DatabaseUndefinedRelation: There is no such table.
        """
        with failures():
            try:
                return DeltaTable(self.location(relation), storage_options=self._options)
            except TableNotFoundError as error:
                raise DatabaseUndefinedRelation(error) from error

    def columns(self, relation: Relation) -> list[RelationColumn]:
        """Return the columns of a table in order, with Delta's type names.

        Raises:
            DatabaseUndefinedRelation: There is no such table.
        """
        fields = self.open(relation).schema().fields
        return [
            RelationColumn(each.name, each.type.type if isinstance(each.type, PrimitiveType) else str(each.type))
            for each in fields
        ]

    def overwrite(self, relation: Relation, rows: pa.RecordBatchReader | pa.Table, read: DeltaTable | None) -> None:
        """Replace a table with other rows and columns, in one commit.

        Args:
            relation: The table.
            rows: What it is to hold.
            read: The table in the version that the rows were made from; None if it was not there.

        Raises:
            DatabaseTerminalException: It cannot be written, or another writer was quicker. The table is as it was.
        """
        with failures():
            write_deltalake(
                self.location(relation) if read is None else read,
                rows,
                mode="error" if read is None else "overwrite",
                schema_mode=None if read is None else "overwrite",
                configuration=PROPERTIES if read is None else None,
                storage_options=self._options if read is None else None,
                commit_properties=_OWN_VERSION,
            )
        self.tidy(relation)

    def replace_rows(self, relation: Relation, rows: pa.Table, column: str, value: str) -> None:
        """Replace the rows of a table that have a value in a column, by which it is partitioned, in one commit.

        Columns that the table lacks are added, with null in other rows. Several writers may replace different values at
        once.

        Args:
            relation: The table, which is created if it is not there.
            rows: The new rows, all with that value; none, to delete those that are there.
            column: The column, a text.
            value: The value.

        Raises:
            DatabaseTerminalException: It cannot be written. The table is as it was.
        """
        literal = exp.Literal.string(value).sql()
        with failures():
            write_deltalake(
                self.location(relation),
                rows,
                mode="overwrite",
                predicate=f"{quoted(column)} = {literal}",
                partition_by=[column],
                schema_mode="merge",
                configuration=PROPERTIES,
                storage_options=self._options,
            )
        self.tidy(relation)

    def rows_with(self, relation: Relation, column: str, value: str) -> pa.Table | None:
        """Return the rows of a table that have a value in the column by which it is partitioned; None without any."""
        if not self.has_table(relation):
            return None
        with failures():
            table = self.open(relation)
            if {column: value} not in table.partitions():
                return None
            return table.to_pyarrow_table(filters=[(column, "=", value)])

    def create(self, relation: Relation, schema: pa.Schema) -> None:
        """Create an empty table, whose columns may all be null.

        Raises:
            DatabaseTerminalException: It cannot be created.
        """
        nullable = pa.schema([each.with_nullable(True) for each in schema])
        self.overwrite(relation, nullable.empty_table(), None)

    def add_columns(self, relation: Relation, schema: pa.Schema) -> None:
        """Add columns to a table, with null in its existing rows.

        Raises:
            DatabaseTerminalException: They cannot be added.
        """
        with failures():
            fields = Schema.from_arrow(pa.schema([each.with_nullable(True) for each in schema])).fields
            self.open(relation).alter.add_columns([Field(each.name, each.type) for each in fields])

    def tidy(self, relation: Relation) -> None:
        """Delete the files of earlier versions that have served their time, every so many commits."""
        with failures():
            table = self.open(relation)
            if table.version() and not table.version() % _TIDIED_EVERY:
                table.create_checkpoint()
                table.cleanup_metadata()
                table.vacuum(KEPT_HOURS, dry_run=False, enforce_retention_duration=False)

    def forget_versions(self, relation: Relation) -> None:
        """Delete all that the files of a table hold of earlier versions: rows, and what the log says of them.

        Raises:
            DatabaseTerminalException: They cannot be deleted.
        """
        with failures():
            table = self.open(relation)
            retention = table.metadata().configuration.get(_LOG_RETENTION)
            table.alter.set_table_properties({_LOG_RETENTION: "interval 0 seconds"})
            table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
            table = self.open(relation)
            table.create_checkpoint()
            table.cleanup_metadata()
            table.alter.set_table_properties({_LOG_RETENTION: retention or "interval 30 days"})

    def size(self, *schemas: str) -> int:
        """Return the size of the rows of all tables in some schemas, in bytes."""
        files = (pa.table(self.open(table).get_add_actions(flatten=True)) for table in self.tables(*schemas))
        return sum(sum(each["size_bytes"].to_pylist()) for each in files)

    def version(self, relation: Relation) -> int | None:
        """Return the version of a table; None if there is no such table."""
        return self.open(relation).version() if self.has_table(relation) else None

    def restore(self, relation: Relation, version: int | None) -> None:
        """Give a table the rows of an earlier version back, in one commit; remove it if it was not there then.

        Raises:
            DatabaseTerminalException: That cannot be done, because its files are gone or the lake cannot be written.
        """
        present = self.version(relation)
        if version is None:
            self.remove(relation)
        elif present != version:
            with failures():
                self.open(relation).restore(version)

    def remove(self, relation: Relation) -> None:
        """Delete a table with its folder."""
        with failures():
            # The log first: without it, what is left is no table.
            for path in (posixpath.join(self.location(relation), "_delta_log"), self.location(relation)):
                if self._files.exists(path):
                    self._files.rm(path, recursive=True)

    def rename_schema(self, schema: str, folder: str) -> bool:
        """Give the folder of a schema another name; return whether there was one."""
        with failures():
            source, target = self.folder(schema), posixpath.join(self.root, folder)
            if not self._files.exists(source):
                return False
            if self.is_local:
                self._files.mv(source, target, recursive=True)
                return True
            files = self._files.find(source)
            for path in files:  # one by one: a bucket has no folders to move, but some servers list some
                self._files.cp_file(path, target + path.removeprefix(self._files._strip_protocol(source)))
            self._files.rm(files)
            return True

    def folders(self) -> set[str]:
        """Return the names of all folders of schemas, those of other events as well."""
        with failures():
            if not self._files.exists(self.root):
                return set()
            return {posixpath.basename(path.rstrip("/")) for path in self._files.ls(self.root, detail=False)}

    @cached_property
    def _files(self) -> Any:
        files, _ = fsspec_from_config(self.config)
        return files


@contextmanager
def failures() -> Iterator[None]:
    """Raise what delta-rs and the file system say as an error of a database, which is what callers expect.

    Raises:
        DatabaseTerminalException: They have failed.
    """
    try:
        yield
    except (DeltaError, OSError) as error:
        raise DatabaseTerminalException(error) from error
