"""A PostgreSQL database as a dlt destination."""

from __future__ import annotations

import dlt
from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema.typing import TColumnSchema
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials
from dlt.destinations.impl.postgres.factory import PostgresTypeMapper

from event_assets.warehouse.engines.destinations import ReadOnce


@configspec(init=False)
class SpacedCredentials(PostgresCredentials):
    """dlt's credentials, with blanks in the address as `%20`: the driver that loads files takes no others."""

    def to_native_representation(self) -> str:
        """Return the address."""
        return super().to_native_representation().replace(" ", "%20")


@configspec
class _Configuration(PostgresClientConfiguration):
    credentials: SpacedCredentials = None  # type: ignore[assignment]
    # dlt would index its identifiers of rows. No statement searches by them, and to write them takes a tenth of the
    # server's time for a first load.
    create_indexes: bool = False


class _TypeMapper(PostgresTypeMapper):
    """dlt's types, but for JSON: ``jsonb`` would change numbers and the order of fields, and refuses some texts."""

    def to_destination_type(self, column: TColumnSchema, table: PreparedTableSchema) -> str:
        return "json" if column.get("data_type") == "json" else super().to_destination_type(column, table)


class PostgresDestination(ReadOnce, dlt.destinations.postgres):
    """dlt's destination PostgreSQL with these credentials and types."""

    spec = _Configuration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.type_mapper = _TypeMapper
        return capabilities

    @property
    def destination_type(self) -> str:
        """The type that dlt knows: settings, state and schemas are those of ``postgres``."""
        return "dlt.destinations.postgres"
