"""Several events in one PostgreSQL database: each has its own rows, locks and copy, and nothing of another."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import psycopg2
import pytest

from event_assets.assets.keys import raw_columns
from event_assets.assets.models import project_models
from event_assets.export import Described, catalog, manifest, read_shapes
from event_assets.models.lineage import Lineage
from event_assets.sandbox import Event, Sandbox, faults, generate_event
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.errors import SyncError
from event_assets.warehouse import Warehouse, WarehouseBusyError
from event_assets.warehouse.namespace import EventNamespace
from event_assets.warehouse.relations import Relation
from event_assets_tests.across.programmes import THIS_YEAR, publish
from event_assets_tests.engines.comparison import comparable, differences, in_file, in_postgres
from event_assets_tests.engines.servers import PostgresServer
from event_assets_tests.running import Reader
from event_assets_tests.source import crash
from event_assets_tests.source.syncing import HASH, run_sync
from event_assets_tests.warehouses import PostgresReader, postgres_warehouse

MAIN = ""
LAYERS = ("raw", "staging", "history", "summary")
COPIES = ("published", *(f"published_{layer}" for layer in LAYERS))


@dataclass(frozen=True)
class Together:
    """Events in one database.

    Attributes:
        url: Its address.
        programmes: What each event is, by its name; that of [event] has none.
        warehouse: Opens the warehouse of an event as a new process would.
    """

    url: str
    programmes: Mapping[str, Event]
    warehouse: Callable[[str], Warehouse]

    def contents(self, *events: str) -> dict[str, str]:
        """Return what tells the rows of each table and view of events from others."""
        found, schemas = {}, [schema for event in events for schema in schemas_of(event)]
        with closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            query = "select table_schema, table_name from information_schema.tables where table_schema = any(%s)"
            cursor.execute(query, [schemas])
            for schema, name in cursor.fetchall():
                rows = f'(select each::text as row from "{schema}"."{name}" as each) as rows'
                cursor.execute(
                    f"select count(*) || ':' || md5(coalesce(string_agg(row, '' order by row), '')) from {rows}"
                )
                [(found[f"{schema}.{name}"],)] = cursor.fetchall()
        return found


def schemas_of(event: str) -> set[str]:
    """The schemas that an event has, written out."""
    if not event:
        return {*LAYERS, *COPIES, "_sync", "_dlt_merge_raw"}
    return {*(f"{event}_{each}" for each in (*LAYERS, *COPIES, "_sync")), f"_dlt_merge_{event}_raw"}


@pytest.fixture(scope="module")
def programmes() -> dict[str, Event]:
    """That of [event], and two of [events]; the name of one begins with that of the other."""
    return {
        event: generate_event(lectures=7 + seed, participants=12 + seed, seed=seed)
        for seed, event in enumerate((MAIN, THIS_YEAR, "graz"))
    }


@pytest.fixture(scope="module")
def synced(
    postgres: PostgresServer, programmes: dict[str, Event], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a database with all three, each with an odd hall of its own."""
    folder = tmp_path_factory.mktemp("together")
    programmes["graz"].content["halls"][0]["name"] = "raw.halls, 'staging.halls' and $$history$$"
    with postgres.database() as name:
        for event, programme in programmes.items():
            publish(programme, postgres_warehouse(postgres.url(name), folder, 5, event))
        yield name


@pytest.fixture
def together(postgres: PostgresServer, programmes: dict[str, Event], synced: str, tmp_path: Path) -> Iterator[Together]:
    """A copy of that database."""
    with postgres.database(synced) as name:
        url = postgres.url(name)
        yield Together(url, programmes, lambda event: postgres_warehouse(url, tmp_path, 1, event))


def test_each_event_has_the_rows_that_duckdb_has_of_it(together: Together, tmp_path: Path):
    for event, programme in together.programmes.items():
        truth = in_file(tmp_path / (event or "main"))
        publish(programme, truth.warehouse())
        prefix = f"{event}_" if event else ""
        found = in_postgres(tmp_path, together.url, prefix)
        assert differences(comparable(found.tables()), comparable(truth.tables())) == {}
        assert differences(comparable(found.copy()), comparable(truth.copy())) == {}
        noted, copy = "select relation, column_name, status from", tmp_path / (event or "main") / "published.duckdb"
        notes = PostgresReader(together.url).rows(f"{noted} {prefix}published.about_this_copy")
        wanted = Reader(copy).rows(f"{noted} about_this_copy")
        assert _of_layers(notes) == _of_layers(wanted)


def _of_layers(notes: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {
        note for note in notes if note[0].startswith(tuple(f"{layer}." for layer in LAYERS)) and "_dlt" not in note[0]
    }


def test_there_is_no_schema_but_those_of_the_events(together: Together):
    found = PostgresReader(together.url).rows(
        "select nspname from pg_namespace where nspname not in ('public', 'information_schema')"
        " and substr(nspname, 1, 3) <> 'pg_'"
    )
    assert {name for (name,) in found} == {*schemas_of(MAIN), *schemas_of(THIS_YEAR), *schemas_of("graz")}


def test_a_failed_and_a_killed_sync_change_nothing_of_the_others(together: Together, tmp_path: Path):
    before = together.contents(MAIN, "graz")
    content = resources_by_endpoint()["content"]
    changed = deepcopy(together.programmes[THIS_YEAR])
    changed.content["halls"][0]["name"] = "Renamed"
    with Sandbox(changed) as api:
        api.fail("content", faults.truncated)
        with pytest.raises(SyncError):
            run_sync(api, together.warehouse(THIS_YEAR), *content)
        api.mend()
        opened = partial(postgres_warehouse, together.url, tmp_path, 30, THIS_YEAR)
        assert crash.killed(opened, api, "load after", "content", content)
        run_sync(api, together.warehouse(THIS_YEAR), *content)
    reader = PostgresReader(together.url)
    assert reader.count("graz2026_raw.halls where name = 'Renamed'") == 1
    assert together.contents(MAIN, "graz") == before


@pytest.mark.parametrize("event", [MAIN, THIS_YEAR])
def test_an_erasure_and_a_reset_change_nothing_of_the_others(together: Together, event: str):
    others = [each for each in together.programmes if each != event]
    before, warehouse = together.contents(*others), together.warehouse(event)
    addresses = {each["email"] for each in together.programmes[event].participants}
    with Sandbox(together.programmes[event]) as api:
        run_sync(api, warehouse, "participants", privacy=HASH)
    warehouse.rewrite_if_erased()
    reader, prefix = PostgresReader(together.url), f"{event}_" if event else ""
    assert reader.rows(f"select count(*) from {prefix}raw.participants") == [(len(addresses),)]
    assert not addresses & {email for (email,) in reader.rows(f"select email from {prefix}raw.participants")}
    assert together.contents(*others) == before

    moved = warehouse.set_aside()
    assert f"the schema sandbox_{prefix}raw" in moved
    assert together.contents(event) == {}
    assert together.contents(*others) == before
    with Sandbox(together.programmes[event]) as api:
        run_sync(api, warehouse, "partners")
    assert reader.count(f"{prefix}raw.partners") == len(together.programmes[event].partners)
    assert together.contents(*others) == before


def test_each_event_has_locks_of_its_own(together: Together):
    held = together.warehouse(THIS_YEAR)
    with held.writing(), held.syncing("content"):
        again = together.warehouse(THIS_YEAR)
        with pytest.raises(WarehouseBusyError, match=r"\(schemas graz2026_…\)"), again.writing():
            pass
        for event in (MAIN, "graz"):
            other = together.warehouse(event)
            with other.syncing("content"), other.connect() as session:
                # Is committed only by who holds the lock of the event's writer.
                session.replace(Relation("summary", "of_a_test"), "table", "select 1 as one")
    paths = [together.warehouse(event).path for event in together.programmes]
    assert len({*paths}) == len(paths), "marks of runs and working folders"
    identities = set()
    for event in together.programmes:
        with together.warehouse(event).connect() as session:
            identities.add(session.identity())
    assert len(identities) == len(together.programmes)


def test_a_dump_of_an_event_has_its_schemas_alone(
    together: Together, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", f"{postgres.binaries}{os.pathsep}{os.environ['PATH']}")
    assert together.warehouse("not_synced_yet").engine.back_up(tmp_path, 1) is None
    file = together.warehouse("graz").engine.back_up(tmp_path, 1)
    assert file
    restore = [postgres.binaries / "pg_restore", "--no-owner", "--clean", "--if-exists"]
    before, others = together.contents("graz"), together.contents(MAIN, THIS_YEAR)
    with together.warehouse("graz").connect() as session:
        session.execute_sql("delete from raw.halls")
    subprocess.run([*restore, f"--dbname={together.url}", file], check=True)
    assert together.contents("graz") == before
    assert together.contents(MAIN, THIS_YEAR) == others


def test_artifacts_of_an_event_describe_its_schemas(together: Together, tmp_path: Path):
    shapes, event = {}, THIS_YEAR
    for name in (MAIN, event):
        with together.warehouse(name).connect() as session:
            shapes[name] = read_shapes(session, [Relation("raw", "lectures"), Relation("summary", "agenda")])
    for name, found in shapes.items():
        lectures = together.programmes[name].content["lectures"]
        assert found[Relation("raw", "lectures")].rows == len({each["id"] for each in lectures})
    models = project_models()
    described = Described(
        database="tests", adapter="postgres", owner="nobody", models=models, lineage=Lineage(models, raw_columns()),
        parameters={"event_timezone": "UTC"}, shapes=shapes[event], generated_at=datetime.now(timezone.utc),
        namespace=EventNamespace(event),
    )  # fmt: skip
    nodes = {**(whole := manifest(described))["nodes"], **whole["sources"], **catalog(described)["nodes"]}
    schemas = {node.get("schema") or node["metadata"]["schema"] for node in nodes.values()}
    assert schemas == {f"{event}_{layer}" for layer in LAYERS}
    agenda = whole["nodes"]["model.event_assets.agenda"]
    assert agenda["relation_name"] == f'"tests"."{event}_summary"."agenda"'
    assert f'"tests"."{event}_staging"' in agenda["compiled_code"]
    assert '"tests"."staging"' not in agenda["compiled_code"]
    assert '"tests".staging' not in agenda["compiled_code"]


def test_views_of_users_that_read_several_events_are_rebuilt_as_they_were(together: Together):
    table = Relation("summary", "of_a_test")
    for event in (MAIN, "graz"):
        with together.warehouse(event).connect() as session:
            session.replace(table, "table", f"select '{event}' as event, 1 as gone")
    with together.warehouse("graz").connect() as session:
        session.client.execute_sql("create schema users")
        session.client.execute_sql(
            "create view users.both as select event from summary.of_a_test"
            " union all select event from graz_summary.of_a_test"
        )
        session.replace(table, "table", "select 'new' as event")  # without a column, so the table is another one
    assert {event for (event,) in PostgresReader(together.url).rows("select event from users.both")} == {MAIN, "new"}
