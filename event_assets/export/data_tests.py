"""Makes dbt's nodes of the data tests: dbt's own generic tests, and those of dbt_utils that people know."""

from __future__ import annotations

import hashlib
from typing import Any

from event_assets.export.artifacts import PROJECT, Described, unique_id
from event_assets.models import Model
from event_assets.models.facts import DataTest
from event_assets.warehouse import RAW
from event_assets.warehouse.relations import Relation


def data_test_node(described: Described, model: Model, test: DataTest, compiled_code: str) -> dict[str, Any]:
    """Return the node of a data test.

    Args:
        described: What the artifacts describe.
        model: The tested model.
        test: The test.
        compiled_code: The SELECT of the rows that fail, with the database in its names.
    """
    relation, generic = model.relation, _generic_test(model.relation, test)
    # Readers go by the name of the generic test, which stands first in what dbt itself makes up.
    kind = "_".join(filter(None, (generic["namespace"], generic["name"])))
    name = f"{kind}_{relation.name}_{test.name}"
    config = {"enabled": True, "materialized": "test", "severity": test.severity.upper()}
    read = [relation, *([test.target[0]] if test.target and test.target[0] != relation else [])]
    return {
        "unique_id": f"test.{PROJECT}.{name}.{hashlib.sha256(name.encode()).hexdigest()[:10]}",
        "resource_type": "test",
        "database": described.database,
        "schema": described.schema(relation.schema),
        "name": name,
        "alias": name,
        "package_name": PROJECT,
        "fqn": [PROJECT, relation.schema, name],
        "path": f"{name}.sql",
        "original_file_path": f"event_assets/models/{relation.schema}/{relation.name}.yml",
        "checksum": {"name": "none", "checksum": ""},  # as dbt does: there is no file of it alone
        "config": config,
        "meta": {},  # dbt leaves out nothing that is empty, and readers count on these
        "tags": [],
        "columns": {},
        "description": test.description,
        "created_at": described.generated_at.timestamp(),
        "language": "sql",
        "raw_code": test.failing_rows,
        "compiled": True,
        "compiled_code": compiled_code,
        "refs": [{"name": each.name, "package": None, "version": None} for each in read if each.schema != RAW],
        "sources": [[RAW, each.name] for each in read if each.schema == RAW],
        # What is referenced comes first, as dbt parses it: readers draw the relationship by the order.
        "depends_on": {"macros": [], "nodes": [unique_id(each) for each in reversed(read)]},
        "column_name": test.columns[0] if len(test.columns) == 1 else None,
        "file_key_name": f"models.{relation.name}",
        "attached_node": unique_id(relation),
        "test_metadata": generic,
    }


def _generic_test(relation: Relation, test: DataTest) -> dict[str, Any]:
    """Return which generic test it is, and with which arguments."""
    namespace, name = None, test.kind
    arguments: dict[str, Any] = {"model": f"{{{{ get_where_subquery({_call(relation)}) }}}}"}
    if len(test.columns) == 1:
        arguments["column_name"] = test.columns[0]
    if test.kind == "unique" and len(test.columns) > 1:
        namespace, name = "dbt_utils", "unique_combination_of_columns"
        arguments["combination_of_columns"] = [*test.columns]
    elif test.kind == "accepted_values":
        arguments["values"] = [*test.values]
    elif test.target:
        target, field = test.target
        arguments |= {"to": _call(target), "field": field}
    elif test.kind == "expression":
        namespace, name = "dbt_utils", "expression_is_true"
        arguments["expression"] = test.condition
    return {"name": name, "kwargs": arguments, "namespace": namespace}


def _call(relation: Relation) -> str:
    """Return how dbt's templates name a relation."""
    return f"source('{RAW}', '{relation.name}')" if relation.schema == RAW else f"ref('{relation.name}')"
