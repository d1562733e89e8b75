"""The models' SELECTs in the dialects of other engines, kept beside them: to translate them all takes half a second.

``make docs`` writes ``compiled.DIALECT.json`` for each dialect with macros of its own. Where a SELECT, macro or fact
has changed since, or there is no such file, the models are translated when they are built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from sqlglot import exp

from event_assets.models.compiled import fingerprint

_PARAMETER = re.compile(r"'\$([a-z_]+)'")


def translated_file(folder: Path, dialect: str) -> Path:
    """Return where the SELECTs of a folder are kept in a dialect.

    Args:
        folder: The models'.
        dialect: One of sqlglot's.
    """
    return folder / f"compiled.{dialect}.json"


@cache
def read_translated(folder: Path, dialect: str) -> Mapping[str, str]:
    """Return the SELECTs of models by their names, with parameters as ``'$event_timezone'``.

    Nothing where they were translated from models that were not as they are.

    Args:
        folder: The models'.
        dialect: One of sqlglot's.
    """
    path = translated_file(folder, dialect)
    kept = json.loads(path.read_bytes()) if path.exists() else {}
    return kept["selects"] if kept.get("fingerprint") == fingerprint(folder) else {}


def written_translations(selects: Mapping[str, str], folder: Path) -> str:
    """Return what ``read_translated`` reads.

    Args:
        selects: The SELECTs by name.
        folder: The models'.
    """
    return json.dumps({"fingerprint": fingerprint(folder), "selects": selects}, indent=1) + "\n"


def placeholders(parameters: Iterable[str]) -> dict[str, str]:
    """Return what stands for some parameters in a SELECT that is kept."""
    return {name: f"${name}" for name in parameters}


def filled(select: str, parameters: Mapping[str, str], dialect: str) -> str:
    """Return a SELECT with its parameters as literals.

    Args:
        select: One that is kept.
        parameters: The settings by name.
        dialect: Its dialect.
    """
    return _PARAMETER.sub(lambda found: exp.Literal.string(parameters[found[1]]).sql(dialect), select)
