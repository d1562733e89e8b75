"""Syncs one after another: what is removed, what comes back, what is refused, what is not written again."""

import duckdb
import pytest

from event_assets.sandbox import Sandbox
from event_assets.settings import PrivacySettings, RemovalSettings
from event_assets.source.errors import SyncError
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Reader
from event_assets_tests.source.syncing import DROP, HASH, KEEP, OTHERWISE, removed, run_sync
from event_assets_tests.warehouses import on_every_engine


@on_every_engine
def test_what_the_answer_no_longer_has_is_marked_and_comes_back(api: Sandbox, warehouse: Warehouse, reader: Reader):
    lectures = api.event.content["lectures"]
    run_sync(api, warehouse, "lectures")
    links = reader.rows("from raw.lectures__speakers order by all")
    cancelled = next(lecture for lecture in lectures if lecture["speakers"])
    lectures.remove(cancelled)

    result = run_sync(api, warehouse, "lectures")["lectures"]
    assert (result.removed, result.loaded) == (1, 0)
    assert removed(reader, "raw.lectures") == {str(cancelled["id"])}
    assert reader.count("raw.lectures") == len(lectures) + 1
    assert reader.rows("from raw.lectures__speakers order by all") == links, "lists follow their parent"
    first_seen = reader.rows("select removed_at from raw.lectures where removed_at is not null")
    assert run_sync(api, warehouse, "lectures")["lectures"].removed == 0
    assert reader.rows("select removed_at from raw.lectures where removed_at is not null") == first_seen

    lectures.append(cancelled)
    result = run_sync(api, warehouse, "lectures")["lectures"]
    assert (result.removed, result.loaded) == (0, 1)
    assert removed(reader, "raw.lectures") == set()
    speakers = reader.rows(
        "select value from raw.lectures l join raw.lectures__speakers s on s._dlt_parent_id = l._dlt_id"
        f" where l.id = '{cancelled['id']}' order by _dlt_list_idx"
    )
    assert speakers == [(str(speaker),) for speaker in cancelled["speakers"]]


@on_every_engine
def test_an_answer_that_removes_most_of_a_table_is_refused_until_it_is_meant(
    api: Sandbox, warehouse: Warehouse, reader: Reader
):
    participants = api.event.participants
    run_sync(api, warehouse, "participants")
    del participants[24:]

    with pytest.raises(SyncError) as refusal:
        run_sync(api, warehouse, "participants")
    assert "26 of the 50 rows of raw.participants" in str(refusal.value)
    assert "allow_removals" in str(refusal.value)
    assert str(refusal.value).endswith("The tables are unchanged.")
    assert removed(reader, "raw.participants", "email_key") == set()

    result = run_sync(api, warehouse, "participants", removals=RemovalSettings(allowed=True))["participants"]
    assert result.removed == len(removed(reader, "raw.participants", "email_key")) == 26


@on_every_engine
@pytest.mark.parametrize(
    ("left", "settings", "refused"),
    [
        (25, RemovalSettings(), False),
        (24, RemovalSettings(), True),
        (24, RemovalSettings(max_share=0.6), False),
        (24, RemovalSettings(min_rows=27), False),
        (41, RemovalSettings(max_share=0.1), False),
        (40, RemovalSettings(max_share=0.1), True),
        (0, RemovalSettings(max_share=1, min_rows=100), True),
    ],
)
def test_the_share_and_the_number_of_rows_decide(
    api: Sandbox, warehouse: Warehouse, left: int, settings: RemovalSettings, refused: bool
):
    run_sync(api, warehouse, "participants")
    del api.event.participants[left:]
    if refused:
        with pytest.raises(SyncError, match="more than the settings allow"):
            run_sync(api, warehouse, "participants", removals=settings)
    else:
        assert run_sync(api, warehouse, "participants", removals=settings)["participants"].removed == 50 - left


@on_every_engine
def test_a_small_table_may_shrink_but_not_be_emptied(api: Sandbox, warehouse: Warehouse):
    run_sync(api, warehouse, "halls")
    halls = api.event.content["halls"]
    assert 1 < len(halls) < 10
    del halls[1:]
    assert run_sync(api, warehouse, "halls")["halls"].removed > 0
    halls.clear()
    with pytest.raises(SyncError, match=r"1 of the 1 rows of raw\.halls"):
        run_sync(api, warehouse, "halls")


@on_every_engine
def test_the_only_row_of_a_table_may_be_replaced(api: Sandbox, warehouse: Warehouse, reader: Reader):
    pauses = api.event.content["pauses"]
    del pauses[1:]
    run_sync(api, warehouse, "pauses")
    pauses[0] = {**pauses[0], "id": 990001}
    result = run_sync(api, warehouse, "pauses")["pauses"]
    assert (result.loaded, result.removed) == (1, 1)
    assert reader.rows("select id from raw.pauses where removed_at is null") == [("990001",)]

    pauses[0] = {**pauses[0], "id": None}
    with pytest.raises(SyncError, match=r"1 of the 1 rows of raw\.pauses: more"):
        run_sync(api, warehouse, "pauses")


@on_every_engine
def test_all_rows_of_a_larger_table_may_not_be_replaced(api: Sandbox, warehouse: Warehouse):
    run_sync(api, warehouse, "participants")
    people = api.event.participants
    people[:] = [{**person, "email": f"{number}@example.org"} for number, person in enumerate(people)]
    with pytest.raises(SyncError, match=r"50 of the 50 rows of raw\.participants: more"):
        run_sync(api, warehouse, "participants")


@on_every_engine
@pytest.mark.parametrize(
    ("before", "after"),
    [(KEEP, KEEP), (KEEP, HASH), (KEEP, DROP), (HASH, OTHERWISE), (HASH, DROP), (HASH, KEEP), (DROP, KEEP)],
    ids=lambda each: each.personal_data,
)
def test_keys_that_are_made_otherwise_are_no_removals(
    api: Sandbox, warehouse: Warehouse, reader: Reader, before: PrivacySettings, after: PrivacySettings
):
    people = api.event.participants
    run_sync(api, warehouse, "participants", privacy=before)
    del people[25:]
    result = run_sync(api, warehouse, "participants", privacy=after)["participants"]
    assert (result.received, result.loaded) == (25, 0 if before == after else 25)
    assert reader.rows("select count(*) from raw.participants where removed_at is null") == [(25,)]


def test_too_many_that_are_gone_are_distinguished_from_keys_that_are_made_otherwise(api: Sandbox, warehouse: Warehouse):
    run_sync(api, warehouse, "participants")
    del api.event.participants[24:]
    with pytest.raises(SyncError) as refusal:
        run_sync(api, warehouse, "participants", privacy=HASH)
    assert "26 of the 50 rows of raw.participants (all are replaced, because `personal_data`" in str(refusal.value)

    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("alter table _sync.checkpoints drop column keys")
    with pytest.raises(SyncError) as refusal:
        run_sync(api, warehouse, "participants", privacy=HASH)
    assert "50 of the 50 rows of raw.participants (if `personal_data`" in str(refusal.value)
    run_sync(api, warehouse, "participants", privacy=HASH, removals=RemovalSettings(allowed=True))


@on_every_engine
@pytest.mark.parametrize(("left", "refused"), [(49, False), (26, False), (24, True)])
def test_a_run_that_was_killed_while_keys_were_made_otherwise_is_put_right(
    api: Sandbox, warehouse: Warehouse, reader: Reader, monkeypatch: pytest.MonkeyPatch, left: int, refused: bool
):
    run_sync(api, warehouse, "participants")
    with monkeypatch.context() as patch:
        patch.setattr("event_assets.source.load.apply.write_checkpoint", _crash)
        with pytest.raises(KeyboardInterrupt):
            run_sync(api, warehouse, "participants", privacy=HASH)
    assert reader.rows("select count(*) from raw.participants where removed_at is null") == [(100,)]
    del api.event.participants[left:]
    if refused:
        with pytest.raises(SyncError, match="all are replaced, because `personal_data`"):
            run_sync(api, warehouse, "participants", privacy=HASH)
    else:
        run_sync(api, warehouse, "participants", privacy=HASH)
        assert reader.rows("select count(*) from raw.participants where removed_at is null") == [(left,)]


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_how_keys_were_made_before_an_upgrade_is_not_known(api: Sandbox, warehouse: Warehouse):
    run_sync(api, warehouse, "participants")
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("alter table _sync.checkpoints drop column keys")
    run_sync(api, warehouse, "partners")  # which brings the column back
    people = api.event.participants
    people[:] = [{**person, "email": f"{number}@example.org"} for number, person in enumerate(people)]
    with pytest.raises(SyncError, match=r"50 of the 50 rows of raw\.participants \(if `personal_data`"):
        run_sync(api, warehouse, "participants")


@on_every_engine
def test_one_refused_table_keeps_the_others_of_the_answer_unchanged(api: Sandbox, warehouse: Warehouse, reader: Reader):
    run_sync(api, warehouse, "halls", "tracks")
    before = reader.rows("from raw.tracks order by id")
    api.event.content["tracks"][0]["name"] = "Renamed"
    api.event.content["halls"] = []
    with pytest.raises(SyncError, match=r"raw\.halls"):
        run_sync(api, warehouse, "halls", "tracks")
    assert reader.rows("from raw.tracks order by id") == before


@on_every_engine
def test_a_resource_that_the_answer_does_not_have_stays_as_it_is(api: Sandbox, warehouse: Warehouse, reader: Reader):
    first = run_sync(api, warehouse, "days", "tracks")
    before = reader.rows("from raw.days order by id")
    for absent in ("missing", "null"):
        api.event.content.pop("days", None)
        if absent == "null":
            api.event.content["days"] = None  # pyright: ignore[reportArgumentType]
        logged: list[str] = []
        result = run_sync(api, warehouse, "days", "tracks", logged=logged)
        assert result["days"].absent
        assert not result["tracks"].absent
        assert result["days"].version == first["days"].version
        assert logged == ["The response has no days: raw.days is unchanged."]
        assert reader.rows("from raw.days order by id") == before


@on_every_engine
def test_a_resource_that_never_came_has_an_empty_table(api: Sandbox, warehouse: Warehouse, reader: Reader):
    del api.event.content["days"]
    assert run_sync(api, warehouse, "days", "tracks")["days"].absent
    assert reader.columns("raw.days") == [column.name for column in TABLES["days"].all_columns]
    assert reader.count("raw.days") == 0


def test_the_same_answer_writes_nothing(api: Sandbox, warehouse: Warehouse, reader: Reader):
    api.event.participants.append({**api.event.participants[0], "id": 990001})
    first = run_sync(api, warehouse, "participants")["participants"]
    assert first.rejected == 1
    before = warehouse.path.read_bytes()
    again = run_sync(api, warehouse, "participants")["participants"]

    assert warehouse.path.read_bytes() == before
    assert (again.received, again.loaded, again.removed, again.rejected) == (51, 0, 0, 1)
    assert again.version == first.version


@on_every_engine
def test_one_changed_record_writes_one_row(api: Sandbox, warehouse: Warehouse, reader: Reader):
    run_sync(api, warehouse, "participants")
    first_load = reader.rows("select distinct _dlt_load_id from raw.participants")
    changed = {**api.event.participants[7], "position": "Promoted"}
    api.event.participants[7] = changed
    assert run_sync(api, warehouse, "participants")["participants"].loaded == 1

    assert reader.rows(f"select id from raw.participants where _dlt_load_id <> '{first_load[0][0]}'") == [
        (str(changed["id"]),)
    ]
    assert reader.count("raw.participants") == 50


@on_every_engine
def test_rejects_are_those_of_the_latest_answer(api: Sandbox, warehouse: Warehouse, reader: Reader):
    people = api.event.participants
    people.extend([{"email": None, "name": "Nobody"}, {**people[0], "id": 2}, {**people[0], "id": 2}])
    assert run_sync(api, warehouse, "participants")["participants"].rejected == 3
    rows = reader.rows("select reason, payload::json ->> 'id', load_id is not null from raw.rejected order by all")
    assert rows == [
        ("another record of the same answer has this email", "2", True),
        ("another record of the same answer has this email", "2", True),
        ("no usable email or id", None, True),
    ]
    del people[-2:]
    run_sync(api, warehouse, "participants")
    assert reader.rows("select reason from raw.rejected") == [("no usable email or id",)]
    del people[-1]
    run_sync(api, warehouse, "participants")
    assert reader.count("raw.rejected") == 0


@on_every_engine
def test_type_mismatches_are_kept_and_counted(api: Sandbox, warehouse: Warehouse, reader: Reader):
    run_sync(api, warehouse, "lectures")
    lectures = api.event.content["lectures"]
    lectures[0].update(capacity="about thirty", booked="sometimes", name={"de": "Titel"}, speakers=7)
    lectures[1].update(capacity=2**70 // 2**10, discussion=True, files="none", hall_id="TR212")
    result = run_sync(api, warehouse, "lectures")["lectures"]

    assert result.type_mismatches == {"capacity": 1, "booked": 1, "name": 1, "files": 1}
    columns = (
        "capacity, capacity__v_text, booked, booked__v_text, name, name__v_text, discussion, files::varchar, hall_id"
    )
    rows = {key: values for key, *values in reader.rows(f"select id, {columns} from raw.lectures")}
    assert rows[str(lectures[0]["id"])][:6] == [None, "about thirty", None, "sometimes", None, '{"de": "Titel"}']
    assert rows[str(lectures[1]["id"])][0] == 2**60
    assert rows[str(lectures[1]["id"])][6:] == [1, '["none"]', "TR212"]
    assert reader.rows(
        f"select value from raw.lectures__speakers s join raw.lectures l on l._dlt_id = s._dlt_parent_id"
        f" where l.id = '{lectures[0]['id']}'"
    ) == [("7",)]
