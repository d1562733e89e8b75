"""An answer that came before is recognised, and never when the table holds anything else."""

from dataclasses import replace

import duckdb
import pytest

from event_assets.sandbox import Event, Sandbox, generate_event
from event_assets.settings import PrivacySettings
from event_assets.source.api.pages import Page
from event_assets.source.api.recall import Recall
from event_assets.source.api.resources import resources_by_endpoint
from event_assets.source.tables.schema import TABLES
from event_assets.warehouse import Warehouse
from event_assets_tests.running import Warehouse as Reader
from event_assets_tests.source.syncing import bring

TABLE = TABLES["participants"]
KEEP = PrivacySettings()
CONTENT = resources_by_endpoint()["content"]


@pytest.fixture
def event() -> Event:
    return generate_event(lectures=0, participants=50, seed=7)


def recall(*pages: tuple[bytes, str | None], known: list[str] | None = None, privacy: PrivacySettings = KEEP) -> Recall:
    made = Recall([TABLE], privacy, known or ())
    for page in pages:
        made.recognises(*page)
    return made


def test_the_same_pages_are_recognised_and_others_not():
    pages = [(b"[1]", "?page=2"), (b"[2]", None)]
    known = recall(*pages).pages
    assert not recall(*pages).repeats, "nothing is known"
    assert recall(*pages, known=known).repeats
    assert not recall(pages[0], known=known).repeats
    assert not recall(*pages, (b"[3]", None), known=known).repeats
    assert not recall(*reversed(pages), known=known).repeats
    assert not recall((b"[1]", None), pages[1], known=known).repeats, "the link counts: it can stand in a header"
    assert not recall(*pages, known=known, privacy=PrivacySettings("drop")).repeats
    assert not recall(known=known).repeats


def test_it_may_repeat_as_long_as_what_has_come_is_its_beginning():
    known = recall((b"[1]", "2"), (b"[2]", None)).pages
    assert not recall().may_repeat, "nothing is known"
    assert recall(known=known).may_repeat
    assert recall((b"[1]", "2"), known=known).may_repeat
    assert not recall((b"[9]", "2"), known=known).may_repeat


def test_after_a_page_that_is_another_none_is_recognised():
    known = recall((b"[1]", "2"), (b"[2]", "3"), (b"[3]", None)).pages
    again = Recall([TABLE], KEEP, known)
    pages = [(b"[1]", "2"), (b"[9]", "3"), (b"[3]", None)]
    assert [again.recognises(*page) for page in pages] == [True, False, False]


def test_a_page_comes_out_of_the_pack_as_it_was():
    def refuse(came: str):
        raise AssertionError(came)

    page = Page(b'[{"id": 1}, {"id": 2}]', refuse, last=False)
    again = page.packed().page()
    assert again == page
    assert [record for batch in again.batches() for record in batch.records()] == [{"id": 1}, {"id": 2}]
    assert not again.last


@pytest.mark.parametrize("envelope", ["data", "bare", "pages"])
def test_the_same_answer_is_not_looked_at(event: Event, place: Warehouse, looked_at: list[int], envelope):
    with Sandbox(event, envelope=envelope, page_size=20) as api:
        first = bring(api, place, "participants")["participants"]
        assert sum(looked_at) == 50
        looked_at.clear()
        again = bring(api, place, "participants")["participants"]
    assert looked_at == []
    assert (again.received, again.loaded, again.removed, again.version) == (50, 0, 0, first.version)


@pytest.mark.parametrize("changed", [3, 23, 43], ids=["first page", "second page", "last page"])
def test_of_another_answer_only_the_other_records_are_looked_at(
    event: Event, place: Warehouse, looked_at: list[int], changed: int
):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        bring(api, place, "participants")
        looked_at.clear()
        event.participants[changed] = {**event.participants[changed], "position": "Promoted"}
        del event.participants[48]
        event.participants.append({**event.participants[0], "id": 1})
        result = bring(api, place, "participants")["participants"]
        assert sum(looked_at) == 2
        assert (result.received, result.loaded, result.removed, result.rejected) == (50, 1, 1, 1)
        looked_at.clear()
        again = bring(api, place, "participants")["participants"]
        assert looked_at == []
        assert (again.received, again.rejected, again.version) == (50, 1, result.version)


def test_rejects_that_stay_keep_the_load_they_came_with(event: Event, place: Warehouse):
    event.participants.append(event.participants[0])
    with Sandbox(event) as api:
        bring(api, place, "participants")
        first = Reader(place.path).rows("select * from raw.rejected")
        event.participants[7] = {**event.participants[7], "position": "Promoted"}
        assert bring(api, place, "participants")["participants"].loaded == 1
        assert Reader(place.path).rows("select * from raw.rejected") == first
        event.participants.extend([event.participants[0], event.participants[1], {"id": 1}])
        bring(api, place, "participants")
        now = Reader(place.path).rows("select * from raw.rejected")
        assert len(now) == 4
        assert [row for row in now if row[-1] == first[0][-1]] == first
        del event.participants[-4:-1]
        bring(api, place, "participants")
    assert Reader(place.path).rows("select * from raw.rejected") == [row for row in now if row[1] == "no usable email"]


def test_other_settings_of_privacy_read_the_same_answer_anew(event: Event, place: Warehouse, looked_at: list[int]):
    with Sandbox(event) as api:
        bring(api, place, "participants")
        looked_at.clear()
        bring(api, place, "participants", privacy=PrivacySettings("drop"))
    assert looked_at == [50]
    assert Reader(place.path).rows("select count(email) from raw.participants") == [(0,)]


def test_a_refused_answer_is_not_remembered(event: Event, place: Warehouse, looked_at: list[int]):
    with Sandbox(event) as api:
        bring(api, place, "participants")
        people = event.participants[:]
        del event.participants[5:]
        for _ in range(2):
            looked_at.clear()
            with pytest.raises(Exception, match="more than may be removed unasked"):
                bring(api, place, "participants")
            assert looked_at == [], "its records are known, but not that they are all"
        event.participants = people
        looked_at.clear()
        assert bring(api, place, "participants")["participants"].received == 50
        assert looked_at == [], "the table still holds it"


def test_a_record_that_is_back_is_looked_at(event: Event, place: Warehouse, looked_at: list[int]):
    with Sandbox(event) as api:
        bring(api, place, "participants")
        away = event.participants.pop(7)
        assert bring(api, place, "participants")["participants"].removed == 1
        looked_at.clear()
        event.participants.append(away)
        assert bring(api, place, "participants")["participants"].loaded == 1
    assert looked_at == [1]
    assert Reader(place.path).rows("select count(*) from raw.participants where removed_at is null") == [(50,)]


def test_a_record_that_has_a_misfit_is_looked_at_each_time(event: Event, place: Warehouse, looked_at: list[int]):
    event.participants[7] = {**event.participants[7], "tickets": "VIP"}
    with Sandbox(event) as api:
        first = bring(api, place, "participants")["participants"]
        assert first.misfits == {"tickets": 1}
        looked_at.clear()
        event.participants[8] = {**event.participants[8], "position": "Promoted"}
        again = bring(api, place, "participants")["participants"]
    assert set(looked_at) == {2}
    assert (again.loaded, again.misfits) == (1, first.misfits)


@pytest.mark.parametrize("personal_data", ["keep", "hash", "drop"])
def test_records_have_a_digest_unless_personal_data_is_dropped(event: Event, place: Warehouse, personal_data):
    with Sandbox(event) as api:
        bring(api, place, "participants", privacy=PrivacySettings(personal_data, "a secret of the test suite"))
    named = Reader(place.path).rows("select count(received_hash) from raw.participants")
    assert named == [(0 if personal_data == "drop" else 50,)]


def test_another_secret_or_another_reading_gives_other_digests():
    record = b'{"id": 1}'
    privacies = [PrivacySettings(), PrivacySettings("hash", "one"), PrivacySettings("hash", "other")]
    names = {recall(privacy=privacy).record_digests([record])[0] for privacy in privacies}
    assert len(names) == 3
    assert Recall([TABLES["partners"]], KEEP).record_digests([record])[0] not in names
    assert recall().record_digests([record, b'{"id":1}', record]) == recall().record_digests(
        [record, b'{"id":1}', record]
    )
    assert len(set(recall().record_digests([record, b'{"id":1}']))) == 2


@pytest.mark.parametrize("absent", ["", "days"])
def test_the_same_content_is_not_taken_apart(place: Warehouse, taken: list[str], absent: str):
    event = generate_event(lectures=20, participants=0, seed=7)
    event.content.pop(absent, None)
    with Sandbox(event) as api:
        first = bring(api, place, *CONTENT)
        assert set(taken) == event.content.keys()
        taken.clear()
        told: list[str] = []
        again = bring(api, place, *CONTENT, told=told)
        assert taken == []
        assert told == ([f"The answer does not have {absent}: raw.{absent} stays as it is."] if absent else [])
        assert api.requests["/public/v1/content"] == 2
        assert again == {name: replace(result, loaded=0, before=result.version) for name, result in first.items()}

        event.content["lectures"][0]["name"] = "Another one"
        after = bring(api, place, *CONTENT)
        assert set(taken) == event.content.keys()
        assert {name: result.loaded for name, result in after.items() if result.loaded} == {"lectures": 1}
        assert api.requests["/public/v1/content"] == 3


def test_answers_remembered_by_an_earlier_release_are_read_anew(event: Event, place: Warehouse, looked_at: list[int]):
    with Sandbox(event) as api:
        bring(api, place, "participants")
        with duckdb.connect(str(place.path)) as warehouse:
            warehouse.execute("alter table _sync.answers drop column absent")
        for sizes in ([50], []):
            looked_at.clear()
            bring(api, place, "participants")
            assert looked_at == sizes


def test_pages_that_were_looked_at_ahead_are_not_asked_for_again(event: Event, place: Warehouse):
    with Sandbox(event, envelope="pages", page_size=20) as api:
        bring(api, place, "participants")
        event.participants[43] = {**event.participants[43], "position": "Promoted"}
        api.reset_requests()
        assert bring(api, place, "participants")["participants"].loaded == 1
        assert api.requests["/public/v1/participants"] == 3
    assert Reader(place.path).rows("select count(*) from raw.participants where position = 'Promoted'") == [(1,)]
