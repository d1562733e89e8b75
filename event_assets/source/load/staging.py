"""Writes changed rows into a dlt load package, in a local folder, while pages are fetched.

Nothing is in the warehouse before ``apply``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import dlt
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from dlt.extract.source import DltSource

from event_assets.source.api.resources import SOURCE_NAME
from event_assets.source.load.changes import Changes, Upserts
from event_assets.source.load.upgrade import drop_stored_schema
from event_assets.source.tables.columns import RAW_RECORD_HASH, Table
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS
from event_assets.warehouse import Warehouse

if TYPE_CHECKING:
    from event_assets.source.load.row_file import RowFile


@dataclass(frozen=True)
class Staged:
    """The changes of a response, by table.

    Attributes:
        endpoint: The endpoint that gave it.
        changes: The changes.
        load_id: dlt's identifier of the load package; None if nothing is in it.
    """

    endpoint: str
    changes: Mapping[str, Changes]
    load_id: str | None


def open_pipeline(warehouse: Warehouse, folder: Path, *, reads_tables: bool) -> dlt.Pipeline:
    """Return a dlt pipeline that knows of its tables what the warehouse does.

    Args:
        warehouse: The warehouse, of which this process has the write lock.
        folder: An empty working folder.
        reads_tables: Whether dlt must look at the tables as they are, because they are not as it has left them.

    Raises:
        PipelineStepFailed: The warehouse cannot be asked.
        DatabaseException: Likewise.
    """
    pipeline = dlt.pipeline(
        SOURCE_NAME,
        destination=warehouse.destination(),
        dataset_name=warehouse.raw_dataset,
        pipelines_dir=str(folder),
    )
    if reads_tables:
        with warehouse.connect() as session:
            drop_stored_schema(session)
    pipeline.sync_destination()
    return pipeline


def stage(
    pipeline: dlt.Pipeline,
    endpoint: str,
    diffs: Mapping[str, Generator[Upserts, None, Changes]],
    new: Mapping[str, bool],
) -> Staged:
    """Run some diffs, and write their rows into a load package.

    Args:
        pipeline: The dlt pipeline, whose working folder takes the package.
        endpoint: The endpoint whose answer it is.
        diffs: The diff of each table.
        new: Whether a table has no rows yet.

    Raises:
        PipelineStepFailed: A diff has failed, or the package could not be written.
    """
    from event_assets.source.load.row_file import RowFile  # here: to load the definitions takes no Arrow

    changes: dict[str, Changes] = {}

    def rows(table: Table) -> Iterator[Any]:
        file = RowFile(table, Path(pipeline.working_dir) / f"{table.name}.parquet") if table.is_flat else None
        changes[table.name] = yield from _rows(diffs[table.name], table, file)

    source = declared_source({name: rows(ALL_TABLES[name]) for name in diffs}, new)
    extracted = pipeline.extract(source, loader_file_format="parquet")
    return Staged(endpoint, changes, next(iter(extracted.loads_ids), None))


def declared_source(rows: Mapping[str, Iterator[Any]], new: Mapping[str, bool]) -> DltSource:
    """Return a dlt source of rows in their declared tables.

    Args:
        rows: The rows of each table.
        new: Whether a table has no rows yet.
    """

    def resources() -> Iterator[Any]:
        for name, items in rows.items():
            table = ALL_TABLES[name]
            # Nothing to merge with, nor other tables that must fit it: its rows need not pass through a second table.
            how = "append" if table.is_flat and new[name] else "merge"
            # Not the generator itself: dlt would look through all modules for the one that it is from.
            resource = dlt.resource(chain(items), name=name, write_disposition=how)
            # A response never passes on two records of one key, so dlt need not sort a million of them to see to it.
            resource.apply_hints(**table.hints(), additional_table_hints={"x-stage-data-deduplicated": True})
            yield resource

    source = dlt.source(resources, name=SOURCE_NAME)()
    # Or a field that is not declared would become a timestamp in UTC where its first value looks like one.
    source.schema.remove_type_detection("iso_timestamp")
    rejected = cast(list[TColumnSchema], [column.as_dlt() for column in REJECTED_COLUMNS])
    source.schema.update_table(new_table(REJECTED, columns=rejected))
    return source


def _rows(diff: Generator[Upserts, None, Changes], table: Table, file: RowFile | None) -> Generator[Any, None, Changes]:
    """Yield items for dlt: rows that are dictionaries at once, the others as one file at the end."""
    changes: Changes | None = None
    while changes is None:
        try:
            upserts = next(diff)
        except StopIteration as end:
            changes = end.value
            continue
        typed = [index for index, row in enumerate(upserts.rows) if not isinstance(row, dict)]
        if file and typed:
            file.add(upserts.only(typed))
        if len(typed) < len(upserts):
            others = [index for index, row in enumerate(upserts.rows) if isinstance(row, dict)]
            yield _dictionaries(upserts.only(others), table)
    # Nothing is something for dlt: it declares the table.
    yield (file and file.finished()) or []
    return changes


def _dictionaries(upserts: Upserts, table: Table) -> list[dict[str, Any]]:
    if not table.has_raw_hash:
        return [*upserts.rows]
    return [
        row if raw_hash is None else {**row, RAW_RECORD_HASH: raw_hash}
        for row, raw_hash in zip(upserts.rows, upserts.raw_hashes, strict=True)
    ]
