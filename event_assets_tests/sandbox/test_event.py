"""How records are held and saved answers are read."""

from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.sandbox import Event, load_event
from event_assets.sandbox.event import CONTENT, RECORDS_PER_CHUNK, EncodedRecords
from event_assets_tests.examples import examples

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
records = st.dictionaries(text, values, max_size=4)
numbers = st.integers(-12, 12)
slices = st.slices(8)


@examples(100)
@given(st.lists(records, max_size=6))
def test_records_come_back_as_they_were(given_records: list[dict]):
    held = EncodedRecords(given_records)
    assert list(held) == given_records
    body = b"".join(held.json_chunks())
    assert orjson.loads(body) == given_records
    assert len(body) == held.json_size()


@examples(100)
@given(
    st.lists(records, max_size=6),
    st.lists(
        st.one_of(
            st.tuples(st.just("insert"), numbers, records),
            st.tuples(st.just("set"), numbers, records),
            st.tuples(st.just("delete"), numbers | slices, st.none()),
            st.tuples(st.just("set"), st.builds(slice, numbers, numbers), st.lists(records, max_size=3)),
            st.tuples(st.just("append"), st.none(), records),
            st.tuples(st.just("pop"), numbers, st.none()),
            st.tuples(st.just("reverse"), st.none(), st.none()),
        ),
        max_size=8,
    ),
)
def test_they_behave_as_a_list_does(start: list[dict], steps: list[tuple]):
    held, model = EncodedRecords(start), list(start)
    for step in steps:
        assert _outcome(held, *step) == _outcome(model, *step)
        assert list(held) == model
        assert len(held) == len(model)


def _outcome(target, step: str, index, value) -> object:
    try:
        if step == "set":
            target[index] = value
        elif step == "delete":
            del target[index]
        elif step == "append":
            target.append(value)
        elif step == "pop":
            return target.pop(index)
        elif step == "reverse":
            target.reverse()
        else:
            target.insert(index, value)
    except IndexError:
        return IndexError
    return None


@pytest.mark.parametrize("number", [0, 1, RECORDS_PER_CHUNK, 2 * RECORDS_PER_CHUNK + 1])
def test_many_records_are_streamed_in_several_pieces(number: int):
    held = EncodedRecords({"id": place} for place in range(number))
    chunks = list(held.json_chunks())
    assert orjson.loads(b"".join(chunks)) == [{"id": place} for place in range(number)]
    assert sum(map(len, chunks)) == held.json_size()
    assert max(map(len, chunks)) <= RECORDS_PER_CHUNK * len(b'{"id":1000},')


def test_a_record_read_is_a_copy_that_can_be_written_back():
    held = EncodedRecords([{"role": "e"}])
    held[0]["role"] = "a"
    assert held[0] == {"role": "e"}
    held[0] = {**held[0], "role": "a"}
    assert held[0] == {"role": "a"}


def test_a_slice_does_not_follow_later_changes():
    held = EncodedRecords([{"id": 1}, {"id": 2}, {"id": 3}])
    part = held[1:]
    held[1] = {"id": 9}
    del held[2]
    assert list(part) == [{"id": 2}, {"id": 3}]


def test_neither_records_nor_events_show_people_when_printed():
    people = [{"email": "ada@example.org"}]
    event = Event(content={"speakers": people}, partners=people, participants=EncodedRecords(people))
    assert repr(event.participants) == "EncodedRecords(1 records)"
    assert "ada" not in repr(event)


def test_an_event_in_an_unknown_zone_is_refused():
    for zone in ("Europe/Atlantis", "Europe", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="is not a time zone"):
            Event({}, [], [], zone)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = {name: [{"id": 1, "name": name}] for name in CONTENT}
    (tmp_path / "content.json").write_bytes(orjson.dumps(content))
    (tmp_path / "partners.json").write_text('{"data": [{"id": 7}]}')
    (tmp_path / "participants.json").write_text('[{"id": 1}, {"id": 2}]')
    return tmp_path


def test_saved_answers_are_read_in_both_envelopes(folder: Path):
    event = load_event(folder, timezone="Asia/Tokyo")
    assert event.content["tracks"] == [{"id": 1, "name": "tracks"}]
    assert event.partners == [{"id": 7}]
    assert isinstance(event.participants, EncodedRecords)
    assert list(event.participants) == [{"id": 1}, {"id": 2}]
    assert event.timezone == "Asia/Tokyo"
    assert load_event(str(folder)).timezone == "UTC"


def test_content_may_lack_arrays(folder: Path):
    (folder / "content.json").write_text('{"lectures": [], "sponsors_of_the_day": "any"}')
    event = load_event(folder)
    assert event.content == {"lectures": [], "sponsors_of_the_day": "any"}
    assert event.counts()["days"] == 0


@pytest.mark.parametrize("name", ["content.json", "partners.json", "participants.json"])
def test_a_missing_file_is_named_with_what_is_expected(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{name} is missing: expected there is a JSON (object|list)"):
        load_event(folder)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("content.json", "[]", "not what was expected"),
        ("content.json", '{"data": []}', "not what was expected"),
        ("content.json", '{"halls": {"id": 1}}', "`halls` is not a list of objects"),
        ("content.json", '{"halls": [', "is not valid JSON"),
        ("partners.json", '{"partners": []}', "not what was expected"),
        ("participants.json", '{"data": [1]}', "not what was expected"),
        ("participants.json", "<html>", "is not valid JSON"),
    ],
)
def test_a_file_that_holds_something_else_is_named(folder: Path, name: str, text: str, message: str):
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match=message) as raised:
        load_event(folder)
    assert name in str(raised.value)
