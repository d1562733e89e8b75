"""The data dictionary as a page: every table and view, and what its columns mean, from where these facts live.

``make docs`` writes it to ``docs/data-dictionary.md``.
"""

from __future__ import annotations

from collections.abc import Iterable

from event_assets.assets.keys import raw_relations
from event_assets.models import load_models
from event_assets.source.tables.columns import Column
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, TABLES
from event_assets.warehouse import HISTORY, RAW, STAGING, SUMMARY
from event_assets.warehouse.relations import Relation

_HEAD = """\
# Data dictionary

Every table and view of the warehouse. Written from `event_assets/source/tables/schema.py` and the models' facts by
`make docs`: correct it there. An asset in Dagster is called like its table here. 👤 marks personal data, which the copy
for readers leaves out.
"""


def data_dictionary() -> str:
    """The page, in Markdown."""
    models = load_models(raw_relations())
    parts = [_HEAD]
    for schema, about in (
        (SUMMARY, "Tables to work with."),
        (HISTORY, "Tables that only grow, because the API does not say what was before."),
        (STAGING, "The raw tables with real times and clear names, without what was removed."),
    ):
        parts.append(f"## {schema}\n\n{about}\n")
        for relation, model in sorted(models.items(), key=lambda item: str(item[0])):
            if relation.schema == schema:
                grain = f"One row for each {', '.join(model.facts.grain)}."
                meanings = [
                    (name, f"{'👤 ' if name in model.facts.pii else ''}{meaning}")
                    for name, meaning in model.facts.columns.items()
                ]
                parts.append(_relation(relation, f"{model.facts.description}\n\n{grain}", meanings))
    parts.append(f"## {RAW}\n\nWhat the API sends.\n")
    for table in TABLES.values():
        parts.append(_relation(Relation(RAW, table.name), table.description, _raw(table.all_columns)))
        for link, columns in table.link_tables.items():
            parts.append(_relation(Relation(RAW, link), f"Link table of raw.{table.name}.", _raw(columns)))
    about = "Records of the latest answers that could not be loaded, and why."
    parts.append(_relation(Relation(RAW, REJECTED), about, _raw(REJECTED_COLUMNS)))
    return "\n".join(parts)


def _raw(columns: Iterable[Column]) -> list[tuple[str, str, str]]:
    return [
        (
            column.name,
            column.data_type,
            f"{'👤 ' if column.pii or column.nested_pii else ''}{column.description}",
        )
        for column in columns
    ]


def _relation(relation: Relation, about: str, columns: Iterable[tuple[str, ...]]) -> str:
    rows = [f"| `{name}` | {' | '.join(rest)} |" for name, *rest in columns]
    head = (
        ["| column | type | meaning |", "|---|---|---|"]
        if relation.schema == RAW
        else ["| column | meaning |", "|---|---|"]
    )
    return "\n".join([f"### {relation}", "", about.strip(), "", *head, *rows, ""])
