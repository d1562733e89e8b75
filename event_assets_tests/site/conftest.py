"""The catalogue of the project, with a status of each table that is made up."""

from datetime import timedelta

import pytest

from event_assets.assets.copy_plan import publish_plan
from event_assets.assets.keys import raw_columns
from event_assets.assets.models import project_models
from event_assets.models import Model
from event_assets.models.lineage import Lineage
from event_assets.site.catalogue import Catalogue, TableStatus, TestResult
from event_assets.site.describe import describe_tables
from event_assets.source.tables.more import ALL_TABLES
from event_assets.warehouse.relations import Relation
from event_assets_tests.site.synthetic import NOW


@pytest.fixture(scope="session")
def models() -> dict[Relation, Model]:
    return project_models(ALL_TABLES)


@pytest.fixture(scope="session")
def lineage(models: dict[Relation, Model]) -> Lineage:
    """The product's own, computed apart from that of the page."""
    return Lineage(models, raw_columns())


@pytest.fixture(scope="session")
def catalogue(models: dict[Relation, Model]) -> Catalogue:
    statuses = {
        str(relation): TableStatus(
            NOW - timedelta(hours=1),
            1234 + number,
            dict.fromkeys(model.columns, "VARCHAR"),
            timedelta(hours=25),
            timedelta(hours=26),
            tuple(TestResult(test.name, test.description, test.severity, True, NOW) for test in model.data_tests),
        )
        for number, (relation, model) in enumerate(models.items())
    }
    agenda = statuses["summary.agenda"]
    failing = TestResult("kind_is_accepted", "kind is one of these.", "error", False, NOW)
    statuses["summary.agenda"] = TableStatus(
        NOW - timedelta(hours=27), 139, agenda.data_types, agenda.warns_after, agenda.fails_after, (failing,)
    )
    left_out = publish_plan(models, {}, personal_data=False, tables=ALL_TABLES).left_out
    return Catalogue(NOW, "UTC", describe_tables(models, ALL_TABLES, left_out, statuses, "team:event-data"))
