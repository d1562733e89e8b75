"""Makes dbt's ``manifest.json``: raw tables as sources, models, their data tests, and what depends on what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlglot import exp, parse_one

from event_assets.export.artifacts import PROJECT, Described, unique_id
from event_assets.export.data_tests import data_test_node
from event_assets.models import Model
from event_assets.models.project import DIALECT
from event_assets.source.tables.columns import Column
from event_assets.source.tables.more import ALL_TABLES
from event_assets.source.tables.schema import REJECTED
from event_assets.warehouse import RAW, SUMMARY
from event_assets.warehouse.relations import Relation

_ABOUT_RAW = "The API's records."
_ABOUT_REJECTED = "Rejected records of the latest responses."
_ABOUT_LINKS = "One row per entry of the list {1} of a record of raw.{0}."
_SCHEMA_FILE = "event_assets/source/tables/schema.py"


def manifest(described: Described) -> dict[str, Any]:
    """Return the artifact, version 12.

    The lineage of a column is in its ``meta``, because dbt has no place for it: ``source_columns`` are those of the
    relations that the model reads, ``raw_columns`` those of the raw tables that they come from.
    """
    models = [_model(described, model) for model in described.models.values()]
    tests = [
        data_test_node(described, model, test, _qualified(described, test.failing_rows))
        for model in described.models.values()
        for test in model.data_tests
    ]
    sources = [_source(described, relation, columns) for relation, columns in described.sources.items()]
    nodes = {node["unique_id"]: node for node in (*models, *tests)}
    parents = {name: node["depends_on"]["nodes"] for name, node in nodes.items()}
    parents |= {source["unique_id"]: [] for source in sources}
    empty = ("macros", "docs", "exposures", "metrics", "groups", "selectors", "disabled", "group_map")
    return {
        "metadata": {
            **described.metadata("manifest/v12"),
            "project_name": PROJECT,
            "adapter_type": described.adapter,
        },
        "nodes": nodes,
        "sources": {source["unique_id"]: source for source in sources},
        "parent_map": parents,
        "child_map": _children(parents),
        **{part: {} for part in (*empty, "saved_queries", "semantic_models", "unit_tests")},
    }


def _children(parents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {name: [] for name in parents}
    for name, above in parents.items():
        for parent in above:
            children[parent].append(name)
    return children


def _model(described: Described, model: Model) -> dict[str, Any]:
    relation, facts = model.relation, model.facts
    raw_code = model.text
    file = f"{relation.schema}/{model.path.name}"
    meta = {"grain": facts.grain, "owner": facts.owner or described.owner}
    tags = [relation.schema]
    above = sorted(model.reads, key=str)
    return {
        **_relation(described, relation, f"event_assets/models/{file}", meta, tags),
        "resource_type": "model",
        "path": file,
        "alias": relation.name,
        "checksum": {"name": "sha256", "checksum": hashlib.sha256(raw_code.encode()).hexdigest()},
        "config": {"enabled": True, "materialized": model.kind, "meta": meta, "tags": tags},
        "description": facts.description,
        "columns": _model_columns(described, model),
        "patch_path": f"{PROJECT}://event_assets/models/{file.removesuffix('.sql')}.yml",
        "language": "sql",
        "raw_code": raw_code,
        "compiled": True,
        "compiled_code": _qualified(described, model.render(described.parameters)),
        "refs": [{"name": each.name, "package": None, "version": None} for each in above if each.schema != RAW],
        "sources": [[RAW, each.name] for each in above if each.schema == RAW],
        "depends_on": {"macros": [], "nodes": [unique_id(each) for each in above]},
        "primary_key": facts.grain,
        # What analysts are meant to build on; the other layers are steps on the way there.
        "access": "public" if relation.schema == SUMMARY else "protected",
    }


def _model_columns(described: Described, model: Model) -> dict[str, Any]:
    types, facts = described.types(model.relation), model.facts
    origins, raw_origins = (
        {column: sorted(f"{relation}.{name}" for relation, name in sources) for column, sources in found.items()}
        for found in (described.lineage.origins(model.relation), described.lineage.raw_origins(model.relation))
    )
    return {
        name: _column(
            name,
            facts.columns[name],
            types.get(name),
            pii=name in facts.pii,
            meta={"source_columns": origins[name], "raw_columns": raw_origins[name]}
            | ({"not_pii": facts.not_pii[name]} if name in facts.not_pii else {}),
        )
        for name in model.columns
    }


def _source(described: Described, relation: Relation, columns: Iterable[Column]) -> dict[str, Any]:
    types, table = described.types(relation), ALL_TABLES.get(relation.name)
    meta = {"grain": [table.key]} if table else {}
    tags = [RAW]
    return {
        **_relation(described, relation, _SCHEMA_FILE, meta, tags),
        "resource_type": "source",
        "path": _SCHEMA_FILE,
        "source_name": RAW,
        "source_description": _ABOUT_RAW,
        "source_meta": {},
        "loader": "dlt",
        "identifier": relation.name,
        "config": {"enabled": True, "meta": meta, "tags": tags},
        "description": table.description if table else _about(relation.name),
        "columns": {
            column.name: _column(
                column.name,
                column.description,
                types.get(column.name),
                pii=column.pii or bool(column.nested_pii),
                meta={},
            )
            for column in columns
        },
    }


def _about(name: str) -> str:
    return _ABOUT_REJECTED if name == REJECTED else _ABOUT_LINKS.format(*name.split("__"))


def _relation(
    described: Described, relation: Relation, file: str, meta: dict[str, Any], tags: list[str]
) -> dict[str, Any]:
    """Return what models and sources have in common."""
    return {
        "unique_id": unique_id(relation),
        "database": described.database,
        "schema": described.schema(relation.schema),
        "name": relation.name,
        "package_name": PROJECT,
        "fqn": [PROJECT, relation.schema, relation.name],
        "original_file_path": file,
        "relation_name": described.relation_name(relation),
        "meta": meta,
        "tags": tags,
        "created_at": described.generated_at.timestamp(),
    }


def _column(
    name: str, description: str, data_type: str | None, *, pii: bool, meta: Mapping[str, Any]
) -> dict[str, Any]:
    tags, meta = (["pii"] if pii else []), {**meta, **({"pii": True} if pii else {})}
    return {
        "name": name,
        "description": description,
        "data_type": data_type,
        "meta": meta,
        "tags": tags,
        "config": {"meta": meta, "tags": tags},
    }


def _qualified(described: Described, select: str) -> str:
    """Return a SELECT with the database before every schema, as dbt compiles it: readers look up the full names."""
    query = parse_one(select, dialect=DIALECT)
    for table in query.find_all(exp.Table):
        if table.db:
            if (schema := described.schema(table.db)) != table.db:
                table.set("db", exp.to_identifier(schema, quoted=True))
            table.set("catalog", exp.to_identifier(described.database, quoted=True))
    return query.sql(dialect=DIALECT, pretty=True)
