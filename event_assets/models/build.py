"""Builds a model in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping

from event_assets.models.project import Model
from event_assets.warehouse import HISTORY, Session
from event_assets.warehouse.relations import Relation

REFRESH_NUMBER = "refresh_number"
"""The column of a history that counts the refreshes which added rows."""

_ENTRY_VERSIONS = Relation(HISTORY, "entry_versions")
_UPGRADES = {
    _ENTRY_VERSIONS: (
        f"update {_ENTRY_VERSIONS.sql()} set kind = 'break', entry_key = 'break:' || substr(entry_key, 7)"  # noqa: S608
        " where kind = 'pause'",
    )
}
"""What brings the rows of an earlier release up to date, by history: statements that change nothing the next time."""


def build(client: Session, model: Model, parameters: Mapping[str, str]) -> None:
    """Build a model in one transaction: if its SELECT fails, the relation stays unchanged.

    Args:
        client: A connection for writing.
        model: The model.
        parameters: The settings that SELECTs may read, by name.
    """
    select = model.render(parameters, client.dialect)
    if model.kind == "incremental":
        first, upgrade = model.render(parameters, client.dialect, first=True), _UPGRADES.get(model.relation, ())
        client.append(model.relation, select, first, _fill(model.relation), upgrade)
    else:
        client.replace(model.relation, model.kind, select)


def _fill(relation: Relation) -> dict[str, str]:
    """Return the statements that fill columns which a history of an early release lacks.

    Its rows do not say which refresh added them. The rows of one refresh have one time, and rows are only added at the
    end, so the position of a time's first row gives the order, also where the clock was set back.
    """
    table = relation.sql()
    return {
        REFRESH_NUMBER: (
            f"update {table} set {REFRESH_NUMBER} = numbered.number from ("  # noqa: S608  # quoted by sqlglot
            f"select seen_at, row_number() over (order by min(rowid)) as number from {table} group by seen_at"
            f") as numbered where numbered.seen_at = {table}.seen_at"
        )
    }
