"""Events that lie beside each other, and how a test makes the published copy of each."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from datetime import date

from event_assets.assets.copy_plan import publish_plan
from event_assets.models import build
from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.more import tables_of
from event_assets.warehouse import Warehouse
from event_assets.warehouse.relations import Relation
from event_assets_tests.models.bench import models_of
from event_assets_tests.models.inputs import with_inputs
from event_assets_tests.source.syncing import run_sync

THIS_YEAR, LAST_YEAR = "graz2026", "vienna2025"


def two_years() -> dict[str, Event]:
    """Return an event of this year, and last year's: some come back, and their names are written in another way."""
    this = generate_event(lectures=24, participants=60, seed=7, first_day=date(2026, 11, 3), timezone="Europe/Vienna")
    last = generate_event(
        lectures=18, participants=40, seed=8, first_day=date(2025, 11, 4), timezone="America/New_York"
    )
    spoken, before = this.content["speakers"], deepcopy(last.content["speakers"])
    before[0]["name"] = f" {spoken[0]['name'].upper()}\t"
    before[1]["name"] = spoken[1]["name"].replace(" ", " \u00a0 ")
    before[2]["name"] = None
    # Two of one name; of these one has the identifier that it has this year.
    before[3] |= {"name": spoken[2]["name"], "id": spoken[2]["id"]} if _is_free(spoken[2]["id"], last) else {}
    before[3]["name"] = before[4]["name"] = spoken[2]["name"]
    last.content["speakers"] = before
    for mine, theirs in zip(last.partners[:2], this.partners[:2], strict=True):
        mine["company"] = theirs["company"].lower()
    last.partners[-1]["company"] = "  "
    return {THIS_YEAR: this, LAST_YEAR: last}


def _is_free(key: object, event: Event) -> bool:
    return key not in {each["id"] for each in event.content["speakers"]}


def publish(event: Event, warehouse: Warehouse, only: Collection[Relation] = ()) -> None:
    """Sync an event, build its models, and publish them.

    Args:
        event: The event.
        warehouse: Where to.
        only: The models that are built, with what they read; all, if none is named.
    """
    tables = tables_of(event.more)
    everything = models_of(tables)
    needed = with_inputs(everything, only or everything)
    models = {relation: model for relation, model in everything.items() if relation in needed}
    with Sandbox(event) as api, warehouse.kept_open():
        for resources in resources_by_endpoint(tables).values():
            run_sync(api, warehouse, *resources)
        with warehouse.connect() as session:
            for model in models.values():
                build(session, model, {"event_timezone": event.timezone})
        warehouse.publish(publish_plan(models, {}, personal_data=False, tables=tables))
