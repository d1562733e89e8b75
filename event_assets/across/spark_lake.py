"""Cross-event tables in the lake of all events, built by a Spark server: for hundreds of events and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from dlt.common.storages import FilesystemConfiguration
from dlt.destinations.exceptions import DatabaseException
from sqlglot import exp

from event_assets.across.arrow import arrow_schema
from event_assets.across.copies import EventCopy, configured_rows
from event_assets.across.inputs import CONFIGURED, CONFIGURED_TYPES, EVENT, INPUTS, OVERVIEW
from event_assets.across.rewriting import no_rows, rows_of, with_inputs
from event_assets.across.warehouse import Building, CrossEventWarehouse
from event_assets.settings import Event, SettingsError, run_folder
from event_assets.warehouse import EVENTS, WarehouseUnreadableError
from event_assets.warehouse.engines.spark import SparkEngine
from event_assets.warehouse.engines.spark.failures import failed
from event_assets.warehouse.engines.spark.lake import Lake
from event_assets.warehouse.engines.spark.session import SparkSession
from event_assets.warehouse.failures import in_one_line
from event_assets.warehouse.relations import Relation

NOT_IN_LAKE = "The lake of all events has no rows of it. Refresh the event."

_PARTITIONS = 4
"""How many tasks read an input. It has a file for each event, and a task for each takes more than the rows do: of 1,000
events, Sail had taken 18 GB for one table, and was not done."""

_CONFIGURED = Relation(EVENTS, "configured")
"""The table of the lake that ``CONFIGURED`` is in."""


@dataclass(frozen=True)
class CrossEventLake(CrossEventWarehouse):
    """Delta tables in the lake of all events. Each is replaced in one commit.

    Attributes:
        remote: The address of the Spark server, which may have a token in it.
        storage: dlt's configuration of the folder or bucket.
        folder: Where working folders of this machine stand.
    """

    kinds = frozenset({"spark", "deltalake"})
    dialect = "spark"

    remote: str = field(repr=False)
    storage: FilesystemConfiguration = field(repr=False)
    folder: Path

    @classmethod
    def of(cls, events: Sequence[Event]) -> CrossEventLake:
        """Return the lake of all events."""
        first = events[0]
        if first.spark.remote is None or first.lake.storage is None:
            raise SettingsError(
                "Tables across events need `url` in the section [lake] of .dlt/config.toml and `remote` in the section "
                "[destination.spark] of .dlt/secrets.toml."
            )
        return cls(first.spark.remote, first.lake.storage, run_folder() / "data")

    @property
    def where(self) -> str:
        """The folder or bucket."""
        return f"the Delta tables in {Lake(self.storage).root}"

    @contextmanager
    def building(self, copies: Sequence[EventCopy], now: datetime) -> Iterator[Building]:
        """Build each table in one commit. If a later one fails, those before it get their earlier version back.

        Raises:
            WarehouseUnreadableError: The lake cannot be read or written, or the server cannot be reached.
        """
        lake = Lake(self.storage)
        try:
            missing = _missing(lake, copies)
            inputs = _inputs(lake, copies, missing, now)
        except (DatabaseException, OSError) as error:
            why, advice = failed(error)
            raise WarehouseUnreadableError(
                f"The lake of all events cannot be read or written: {why}. Nothing was built. {advice}, then run again."
            ) from None  # what is said may have the address in it
        with SparkEngine(self.remote, self.storage, self.folder).connect(0) as session:
            named = {relation: _temp_view(session, relation, rows) for relation, rows in inputs.items()}
            before: dict[Relation, int | None] = {}

            def replace(relation: Relation, select: str) -> None:
                before[relation] = lake.version(relation)
                session.replace(relation, "table", with_inputs(select, session.dialect, named))

            try:
                yield Building(session, replace, missing)
            except BaseException:
                for relation, version in before.items():
                    lake.restore(relation, version)
                raise


def _temp_view(session: SparkSession, relation: Relation, rows: exp.Query) -> exp.Query:
    """Create a temporary view of an input, in few partitions, and return the SELECT of its rows."""
    session.server.create_temp_view(relation.name, rows.sql(session.dialect), _PARTITIONS)
    return exp.select("*").from_(exp.to_identifier(relation.name, quoted=True))


def _missing(lake: Lake, copies: Sequence[EventCopy]) -> dict[str, str]:
    """Return why events are not in the lake."""
    is_there = lake.has_table(OVERVIEW.source)
    there = {each[EVENT] for each in lake.open(OVERVIEW.source).partitions()} if is_there else set()
    wrong = {each.event: in_one_line(str(each.engine)) for each in copies if isinstance(each.engine, SettingsError)}
    return wrong | {each.event: NOT_IN_LAKE for each in copies if each.event not in there and each.event not in wrong}


def _inputs(
    lake: Lake, copies: Sequence[EventCopy], missing: Mapping[str, str], now: datetime
) -> dict[Relation, exp.Query]:
    rows = pa.Table.from_pylist([*configured_rows(copies, missing, now)], schema=arrow_schema(CONFIGURED_TYPES))
    lake.overwrite(_CONFIGURED, rows, lake.open(_CONFIGURED) if lake.has_table(_CONFIGURED) else None)
    inputs: dict[Relation, exp.Query] = {
        CONFIGURED: exp.select("*").from_(exp.table_(_CONFIGURED.name, db=_CONFIGURED.schema, quoted=True))
    }
    for each in INPUTS:
        if lake.has_table(each.source):
            there = [column.name for column in lake.columns(each.source)]
            inputs[each.relation] = rows_of(each, each.source, there, exp.column(EVENT, quoted=True))
        else:
            inputs[each.relation] = no_rows(each.all_types)
    return inputs
