"""The rows of the event's page, made of an event's JSON by the models in memory: without a sync and without a file."""

from typing import Any

from event_assets.sandbox import Event
from event_assets.site.event.describe import queries
from event_assets.site.event.tables import Query, Tables
from event_assets.source.tables.schema import TABLES
from event_assets_tests.models.bench import loaded, models_of, statements
from event_assets_tests.truth_people import participants

SYNCED_AT = 1_778_570_000
"""When a sync is said to have loaded everything, in seconds since 1970: 2026-05-12 07:13:20 in UTC."""


def raw_rows_of(event: Event) -> dict[str, list[dict[str, Any]]]:
    """The rows of the raw tables, as far as the models read them."""
    load = {"_dlt_load_id": f"{SYNCED_AT}.5"}
    rows = {name: [{**record, **load} for record in records] for name, records in event.content.items()}
    people = [
        {**person, "email_key": address if "@" in address else f"id:{person['id']}", **load}
        for person in participants(event)
        for address in [(person["email"] or "").strip().casefold()]
    ]
    left = len(event.participants) - len(people)
    rejected = [{"resource": "participants", "reason": "another record has this email"} for _ in range(left)]
    return {
        **rows,
        "rejected": rejected,
        "partners": [{**partner, **load} for partner in event.partners],
        "participants": people,
    }


def tables_of(event: Event, without: tuple[str, ...] = (), **more: list[tuple[Any, ...]]) -> Tables:
    """What the page reads of an event.

    Args:
        event: The event.
        without: The tables that are not there.
        more: Rows of ``summary.schedule_changes``, which the first refresh has none of.
    """
    there = models_of(TABLES)
    everything = [f"{relation.schema}.{relation.name}" for relation in there]
    rows: dict[Query, list[tuple[Any, ...]]] = {}
    with loaded(raw_rows_of(event)) as database:
        for relation, kind, select in statements(event.timezone, *everything, dialect=database.dialect):
            database.make(relation, kind, select)
        for query in queries():
            if query.table not in without and query.relation in there:
                rows[query] = [tuple(row.values()) for row in database.rows(query.sql)]
                if query.relation.name in more:
                    rows[query] += more[query.relation.name]
    return Tables(rows)
