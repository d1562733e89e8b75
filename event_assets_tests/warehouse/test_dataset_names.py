"""What OpenLineage calls a table, by the rules of openlineage.io/docs/spec/naming; never with a user or a password."""

from pathlib import Path

import pytest

from event_assets.settings import read_event
from event_assets.warehouse.engines import configured_engine
from event_assets.warehouse.relations import Dataset, Relation

AGENDA = Relation("summary", "agenda")
USER = "writer:a-password"
SERVER = f"postgresql://{USER}@db.example.com:6543/events"


def names(monkeypatch: pytest.MonkeyPatch, destination: str, **settings: str) -> tuple[Dataset, Dataset]:
    """The name of a table of the warehouse, and of the same in the copy."""
    monkeypatch.setenv("WAREHOUSE__DESTINATION", destination)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    engine = configured_engine(read_event())
    return engine.dataset(AGENDA), engine.dataset(AGENDA, published=True)


def test_a_file_is_named_as_by_dbt(monkeypatch: pytest.MonkeyPatch, warehouse_path: Path):
    folder = warehouse_path.parent
    assert names(monkeypatch, "duckdb") == (
        Dataset(f"duckdb://{folder}/warehouse.duckdb", "warehouse.summary.agenda"),
        Dataset(f"duckdb://{folder}/published.duckdb", "published.summary.agenda"),
    )


def test_a_server_is_named_by_its_address(monkeypatch: pytest.MonkeyPatch):
    assert names(monkeypatch, "postgres", DESTINATION__POSTGRES__CREDENTIALS=SERVER) == (
        Dataset("postgres://db.example.com:6543", "events.summary.agenda"),
        Dataset("postgres://db.example.com:6543", "events.published_summary.agenda"),
    )


@pytest.mark.parametrize(
    ("catalog", "namespaces"),
    [
        (SERVER, ["ducklake:postgres://db.example.com:6543/events"] * 2),
        (
            "sqlite:////srv/lake.sqlite",
            ["ducklake:sqlite:///srv/lake.sqlite", "ducklake:sqlite:///srv/lake_published.sqlite"],
        ),
    ],
)
def test_a_lake_is_named_by_its_catalogue(monkeypatch: pytest.MonkeyPatch, catalog: str, namespaces: list[str]):
    found = names(monkeypatch, "ducklake", DESTINATION__DUCKLAKE__CREDENTIALS__CATALOG=catalog)
    tables = ["ducklake.summary.agenda", "ducklake_published.summary.agenda"]
    assert found == tuple(map(Dataset, namespaces, tables))


def test_a_delta_table_is_named_by_its_folder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DESTINATION__SPARK__REMOTE", "sc://spark.example.com:15002/;token=secret")
    found = names(monkeypatch, "spark", DESTINATION__FILESYSTEM__BUCKET_URL="/srv/lake")
    assert found == (
        Dataset("file", "/srv/lake/summary/agenda"),
        Dataset("file", "/srv/lake/published_summary/agenda"),
    )
    keys = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-key", "REGION_NAME": "eu-central-1"}
    keys = {f"DESTINATION__FILESYSTEM__CREDENTIALS__{name}": value for name, value in keys.items()}
    found = names(monkeypatch, "spark", DESTINATION__FILESYSTEM__BUCKET_URL="s3://events/lake", **keys)
    assert found == (
        Dataset("s3://events", "lake/summary/agenda"),
        Dataset("s3://events", "lake/published_summary/agenda"),
    )
