"""A DuckLake whose files are in a bucket: syncs, models, the copy and erasure, on S3 that is served for real."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from event_assets.models import build
from event_assets.sandbox import Event, Sandbox
from event_assets.settings import PrivacySettings
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets.warehouse.copy_plan import PublishPlan
from event_assets_tests.engines.buckets import BUCKET, KEY, SECRET, s3_server
from event_assets_tests.engines.lakes import Lake, remains
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.models.bench import models_of
from event_assets_tests.source.syncing import DROP, KEEP, run_sync


class BucketLake(Lake):
    """A lake whose files are in the bucket of a server."""

    def objects(self) -> Mapping[str, bytes]:
        """Return all that is in the bucket, by name, whichever snapshot it is of."""
        import s3fs

        address = dict(self.keys)["endpoint_url"]
        files: Any = s3fs.S3FileSystem(key=KEY, secret=SECRET, endpoint_url=address, use_listings_cache=False)
        return {name: files.cat_file(name) for name in files.find(BUCKET)}


@contextmanager
def in_bucket(
    folder: Path, extensions: Path, monkeypatch: pytest.MonkeyPatch, catalogue: str | None = None
) -> Iterator[BucketLake]:
    """Serve a bucket, and configure an empty lake in it."""
    with s3_server() as address:
        keys = {
            "aws_access_key_id": KEY,
            "aws_secret_access_key": SECRET,
            "endpoint_url": address,
            "region_name": "us-east-1",
        }
        lake = BucketLake(folder, extensions, catalogue, f"s3://{BUCKET}/lakes", tuple(keys.items()))
        for name, value in lake.settings().items():
            monkeypatch.setenv(name, value)
        yield lake


def sync_all(api: Sandbox, warehouse: Warehouse, privacy: PrivacySettings = KEEP) -> None:
    """Sync all resources."""
    for resources in resources_by_endpoint().values():
        run_sync(api, warehouse, *resources, privacy=privacy)


def refresh(api: Sandbox, warehouse: Warehouse) -> None:
    """Sync, build and publish."""
    sync_all(api, warehouse)
    with warehouse.kept_open():
        with warehouse.connect() as session:
            for model in models_of(TABLES).values():
                build(session, model, {"event_timezone": "UTC"})
        warehouse.publish(PublishPlan())


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(600)  # some hundred small files, each written by a request
def test_a_lake_in_a_bucket(api: Sandbox, tmp_path: Path, extensions: Path, monkeypatch: pytest.MonkeyPatch):
    with in_bucket(tmp_path, extensions, monkeypatch) as lake:
        refresh(api, lake.warehouse())
        removed = api.event.content["lectures"].pop(3)
        warehouse = lake.warehouse()
        refresh(api, warehouse)
        sessions = sum(len(api.event.content[name]) for name in ("lectures", "workshops", "pauses"))
        with warehouse.connect() as session:
            assert session.query("select count(*) from summary.agenda") == [(sessions,)]
            # With the same keys, as a reader attaches it.
            session.execute_sql(lake.attach("ducklake_published").replace(" as lake ", " as readers "))
            assert session.query("select count(*) from readers.summary.agenda") == [(sessions,)]
            session.execute_sql("detach readers")
            gone = "select name from raw.lectures where removed_at is not null"
            assert session.query(gone) == [(removed["name"],)]
            assert session.query("select count(*) from raw.participants") == [(len(api.event.participants),)]
        assert {name.split("/")[2] for name in lake.objects()} == {"ducklake", "ducklake_published"}
        assert not [*tmp_path.rglob("*.parquet")]


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.timeout(1200)  # each sync that erases rewrites all tables, by a request for each file
def test_after_an_erasure_nothing_of_persons_is_in_the_bucket(
    api: Sandbox, tmp_path: Path, extensions: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    texts, marks = name_people(api.event), {b"Zqfirst", b"Zqlast", b"zq.person"}
    with postgres.database() as name, in_bucket(tmp_path, extensions, monkeypatch, postgres.url(name)) as lake:
        warehouse = lake.warehouse()
        sync_all(api, warehouse)
        warehouse.publish(PublishPlan())
        del api.event.participants[-1]
        run_sync(api, warehouse, "participants")
        postgres.execute("analyze", lake.database)  # as it does by itself at times
        before = lake.objects()
        assert texts | marks == remains(lake, postgres, texts | marks, before), "what is looked for was stored"

        sync_all(api, warehouse, DROP)
        warehouse.publish(PublishPlan())
        warehouse.rewrite_if_erased()
        left = lake.objects()
        assert remains(lake, postgres, texts | marks, left) == set()
        assert not before.keys() & left.keys(), "no file of before the erasure is kept"
        assert {name.split("/")[2] for name in left} == {"ducklake", "ducklake_published"}
        with warehouse.connect() as session:
            people = "select count(*), count(email), count(name) from raw.participants"
            assert session.query(people) == [(len(api.event.participants), 0, 0)]
            assert session.query("select count(*) from raw.speakers") == [(len(api.event.content["speakers"]),)]


def name_people(event: Event) -> set[bytes]:
    """Give each participant a name and an address that nobody else has; return all addresses and these names."""
    for number, person in enumerate(event.participants):
        first, last, email = f"Zqfirst{number}", f"Zqlast{number}", f"zq.person{number}@example.org"
        named = {"first_name": first, "last_name": last, "name": f"{first} {last}", "email": email}
        event.participants[number] = person | named  # not in its place: what is read is a copy
    people = {person["id"]: person for person in event.participants}
    for session in (*event.content["lectures"], *event.content["workshops"]):
        for attendee in session.get("booked_attendees") or ():
            attendee.update((field, people[attendee["id"]][field]) for field in ("name", "email"))
    contacts = (*event.content["speakers"], *event.partners)
    texts = {each["email"] for each in (*contacts, *people.values()) if each.get("email")}
    return {text.encode() for text in texts | {person["name"] for person in people.values()}}
