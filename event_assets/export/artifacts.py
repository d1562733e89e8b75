"""What both artifacts are made of, and the names that dbt gives to things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlglot import exp

from event_assets.export.shapes import TableShape
from event_assets.models import Model, ModelError
from event_assets.models.lineage import Lineage
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import TABLES, raw_tables
from event_assets.warehouse import RAW
from event_assets.warehouse.namespace import MAIN_NAMESPACE, EventNamespace
from event_assets.warehouse.relations import Relation

PROJECT = "event_assets"
"""What dbt would call the project, and its one package."""

DBT_VERSION = "1.10.0"
"""The release of dbt whose artifacts these are like. No dbt made them, but readers ask for a version."""


@dataclass(frozen=True)
class Described:
    """What the artifacts describe.

    Attributes:
        database: The name of the warehouse in SQL, before that of the schema.
        adapter: What dbt calls the kind of database.
        owner: Who owns a model that names nobody.
        models: All models, each after those that it reads.
        lineage: Where their columns come from.
        parameters: The settings that SELECTs may read, by name.
        shapes: The types and row counts of tables and views.
        generated_at: The time of the artifacts, with a zone.
        tables: The raw tables of resources.
        namespace: What schemas are called in the database.

    Raises:
        ModelError: Two models have the same name in different schemas: dbt knows a model by its name alone.
    """

    database: str
    adapter: str
    owner: str
    models: Mapping[Relation, Model]
    lineage: Lineage
    parameters: Mapping[str, str]
    shapes: Mapping[Relation, TableShape]
    generated_at: datetime
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)
    namespace: EventNamespace = MAIN_NAMESPACE

    def __post_init__(self) -> None:
        counts = Counter(relation.name for relation in self.models)
        if twice := sorted(str(relation) for relation in self.models if counts[relation.name] > 1):
            raise ModelError(
                f"{', '.join(twice)} have the same name, and dbt knows a model by its name alone, without the schema. "
                "Nothing was written. Rename all but one of them."
            )

    @property
    def sources(self) -> dict[Relation, tuple[Column, ...]]:
        """The raw tables with their declared columns. The names of others may hold what a response said of a person."""
        return {Relation(RAW, name): columns for name, columns in raw_tables(self.tables).items()}

    def types(self, relation: Relation) -> Mapping[str, str]:
        """Return the type of each column of a relation; empty if nobody knows its shape."""
        return self.shapes[relation].types if relation in self.shapes else {}

    def relation_name(self, relation: Relation) -> str:
        """Return the quoted name for SQL, with the database."""
        return exp.table_(relation.name, self.schema(relation.schema), self.database, quoted=True).sql()

    def schema(self, schema: str) -> str:
        """Return what a schema is called in the database."""
        return self.namespace.schema(schema)

    def metadata(self, artifact: str) -> dict[str, Any]:
        """Return the head of an artifact.

        Args:
            artifact: Which, with its version, as ``manifest/v12``.
        """
        return {
            "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{artifact}.json",
            "dbt_version": DBT_VERSION,
            "generated_at": self.generated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "invocation_id": None,
            "env": {},
        }


def unique_id(relation: Relation) -> str:
    """Return dbt's identifier of a raw table or model."""
    if relation.schema == RAW:
        return f"source.{PROJECT}.{RAW}.{relation.name}"
    return f"model.{PROJECT}.{relation.name}"
