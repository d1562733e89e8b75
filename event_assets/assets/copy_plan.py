"""Plans the published copy: by default all declared columns without personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from event_assets.assets.keys import raw_columns
from event_assets.models import Model
from event_assets.source.tables.columns import RAW_RECORD_HASH, RECORD_HASH, Column, Table
from event_assets.source.tables.schema import REJECTED, REJECTED_COLUMNS, REJECTED_DESCRIPTION, TABLES
from event_assets.warehouse import RAW
from event_assets.warehouse.copy_plan import HeldBack, PublishPlan
from event_assets.warehouse.relations import Relation, quoted

SETTING = "published_personal_data in the section [warehouse] of .dlt/config.toml"

_PERSONAL = "Personal data."
_WITHIN = "Contains personal data."
_JSON = "JSON objects: undeclared fields may contain personal data."
_FINGERPRINT = "Hash of a record with personal data: a guess can be verified with it."
_DERIVED = "Derived from personal data."
_PAYLOAD = "Complete records with personal data."
_LINKS = "Objects instead of identifiers are removed: they may contain personal data."


def publish_plan(
    models: Mapping[Relation, Model],
    held_back: Mapping[Relation, HeldBack],
    *,
    personal_data: bool,
    tables: Mapping[str, Table] = TABLES,
) -> PublishPlan:
    """Return the plan of the published copy.

    Args:
        models: All models.
        held_back: The relations that stay as in the previous copy.
        personal_data: Whether to publish everything: personal data, undeclared columns and internal tables as well.
        tables: The raw tables of resources.
    """
    comments = descriptions(models, tables)
    if personal_data:
        return PublishPlan(held_back=held_back, comments=comments)
    left_out = private_columns(tables) | {
        relation: dict.fromkeys(model.facts.pii, _DERIVED) for relation, model in models.items()
    }
    declared = raw_columns(tables) | {relation: model.columns for relation, model in models.items()}
    columns = {
        relation: {name: quoted(name) for name in names if name not in left_out.get(relation, {})}
        for relation, names in declared.items()
    }
    links = {Relation(RAW, link): "value" for table in tables.values() for link in table.link_tables}
    for relation, name in links.items():
        columns[relation][name] = _without_objects(name)
    redacted = {relation: {name: _LINKS} for relation, name in links.items()}
    return PublishPlan(columns, left_out, redacted, held_back, SETTING, comments)


def descriptions(
    models: Mapping[Relation, Model], tables: Mapping[str, Table] = TABLES
) -> dict[Relation, dict[str, str]]:
    """Return the description of each column by relation; under "", that of the relation."""
    raw = {name: {"": table.description, **table.descriptions} for name, table in tables.items()}
    for table in tables.values():
        for link, columns in table.link_tables.items():
            raw[link] = {"": table.link_descriptions[link], **_meanings(columns)}
    raw[REJECTED] = {"": REJECTED_DESCRIPTION, **_meanings(REJECTED_COLUMNS)}
    return {Relation(RAW, name): texts for name, texts in raw.items()} | {
        relation: {"": model.facts.description.strip(), **model.facts.columns} for relation, model in models.items()
    }


def _meanings(columns: Iterable[Column]) -> dict[str, str]:
    return {column.name: column.description for column in columns}


def private_columns(tables: Mapping[str, Table] = TABLES) -> dict[Relation, dict[str, str]]:
    """Return the raw columns that hold or may hold personal data, each with the reason, by table."""
    found = {Relation(RAW, table.name): _private_columns(table) for table in tables.values()}
    return found | {Relation(RAW, REJECTED): {"payload": _PAYLOAD}}


def _private_columns(table: Table) -> dict[str, str]:
    private = {column.name: why for column in table.all_columns if (why := _why_private(column))}
    if private:
        private |= dict.fromkeys((RECORD_HASH, RAW_RECORD_HASH), _FINGERPRINT)
        if not table.links:  # else link tables refer to it, and it is drawn by lot
            private["_dlt_id"] = _FINGERPRINT
    return {column.name: private[column.name] for column in table.all_columns if column.name in private}


def _why_private(column: Column) -> str | None:
    if column.pii:
        return _PERSONAL
    if column.nested_pii:
        return _WITHIN
    return _JSON if column.data_type == "json" else None


def _without_objects(name: str) -> str:
    column = quoted(name)
    return f"case when {column} not like '{{%' and {column} not like '[%' then {column} end"
