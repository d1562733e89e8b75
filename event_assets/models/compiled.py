"""What is found in the models' SELECTs, kept beside them: to parse them and find their lineage takes a second.

``make docs`` writes it to ``compiled.json``. Where a SELECT, macro or fact has changed since, the models are parsed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_assets.warehouse.relations import Relation

Origins = dict[str, set[tuple[Relation, str]]]
"""Column of a model → its source columns, each with its relation; none for a constant."""
Transformations = dict[str, dict[tuple[Relation, str], set[str]]]
"""Column of a model → its source columns → how it is made of each, as OpenLineage calls it: ``IDENTITY``, …"""
RowSources = dict[tuple[Relation, str], set[str]]
"""A column that a SELECT reads → how it is used: ``join``, ``filter``, ``group``."""
Columns = Mapping[Relation, Iterable[str]]
"""The columns of relations."""

FILE = "compiled.json"
_PARAMETER = re.compile(r"\$([a-z_]+)")


@dataclass(frozen=True)
class CompiledModel:
    """What is found in one SELECT.

    Attributes:
        columns: The columns of the SELECT, in their order.
        reads: The relations that it reads, without the model itself.
        parameters: The settings that it reads.
        sql: The SELECT with its macros expanded, in DuckDB's dialect.
        first_sql: The same for the first build.
        origins: Its column lineage.
        transformations: How each column is made of its source columns.
        row_sources: The columns by which it joins, filters and groups rows.
        raw: The fingerprint of the raw columns that the last three were found with.
        without: The same where its optional input is not there; None where it has none.
    """

    columns: tuple[str, ...]
    reads: frozenset[Relation]
    parameters: frozenset[str]
    sql: str
    first_sql: str
    origins: Origins
    transformations: Transformations
    row_sources: RowSources
    raw: str
    without: CompiledModel | None = None

    def render(self, parameters: Mapping[str, str], *, first: bool) -> str:
        """Return the SELECT with its parameters as literals.

        Args:
            parameters: The settings by name.
            first: Whether it is the one for a model that holds nothing yet.
        """
        return _PARAMETER.sub(lambda name: _literal(parameters[name[1]]), self.first_sql if first else self.sql)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "columns": self.columns,
            "reads": sorted(map(str, self.reads)),
            "parameters": sorted(self.parameters),
            "sql": self.sql,
            **({"first_sql": self.first_sql} if self.first_sql != self.sql else {}),
            "origins": {
                name: {
                    _joined(each): sorted(self.transformations[name].get(each, ())) for each in sorted(found, key=str)
                }
                for name, found in self.origins.items()
            },
            "row_sources": {
                _joined(source): sorted(uses) for source, uses in sorted(self.row_sources.items(), key=str)
            },
            "raw": self.raw,
            **({"without": self.without.as_json()} if self.without else {}),
        }

    @classmethod
    def of_json(cls, found: Mapping[str, Any]) -> CompiledModel:
        """Return the model that ``as_json`` has written."""
        return cls(
            tuple(found["columns"]),
            frozenset(Relation(*relation.split(".")) for relation in found["reads"]),
            frozenset(found["parameters"]),
            found["sql"],
            found.get("first_sql", found["sql"]),
            {name: {*map(_split, sources)} for name, sources in found["origins"].items()},
            {
                name: {_split(source): {*uses} for source, uses in sources.items()}
                for name, sources in found["origins"].items()
            },
            {_split(source): {*uses} for source, uses in found["row_sources"].items()},
            found["raw"],
            cls.of_json(found["without"]) if "without" in found else None,
        )


def read_compiled(folder: Path) -> dict[Relation, CompiledModel]:
    """Return what was found in the models of a folder; nothing where they are not as they were then.

    Args:
        folder: The models'.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    written = json.loads(path.read_bytes())
    if written["fingerprint"] != fingerprint(folder):
        return {}
    return {Relation(*name.split(".")): CompiledModel.of_json(found) for name, found in written["models"].items()}


def written_form(models: Mapping[Relation, CompiledModel], folder: Path) -> str:
    """Return what ``read_compiled`` reads.

    Args:
        models: What was found.
        folder: The models'.
    """
    found = {str(relation): models[relation].as_json() for relation in sorted(models, key=str)}
    return json.dumps({"fingerprint": fingerprint(folder), "models": found}, indent=1) + "\n"


def fingerprint(folder: Path) -> str:
    """Return a fingerprint of all that models are made of: SELECTs, facts and macros.

    Args:
        folder: The models'.
    """
    paths = sorted(path for kind in ("sql", "yml") for path in folder.glob(f"*/*.{kind}"))
    files = [(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    return fingerprint_of(files)


def fingerprint_of(value: object) -> str:
    """Return a fingerprint of a value that JSON can hold."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _joined(source: tuple[Relation, str]) -> str:
    return f"{source[0]}.{source[1]}"


def _split(source: str) -> tuple[Relation, str]:
    schema, name, column = source.split(".", 2)
    return Relation(schema, name), column
