"""What is invented: always the same, consistent in itself, nobody's, and with the trouble that was planned."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson
import pytest

from event_assets.sandbox import Event, generate_event
from event_assets.sandbox.timetable import SMALLEST_TROUBLED_PROGRAMME

DIGEST_ELSEWHERE = """
import sys
import event_assets.sandbox as sandbox
assert "faker" not in sys.modules, "importing the sandbox imports faker"
from event_assets_tests.sandbox.test_generate import digest
sys.stdout.write(digest(sandbox.generate_event(size="meetup", seed=5, troubled_participants=4)))
"""


def digest(event: Event) -> str:
    """A fingerprint of all bytes of an event."""
    body = orjson.dumps([event.content, event.partners, list(event.participants)])
    return sha256(body).hexdigest()


def sessions(event: Event) -> list[dict[str, Any]]:
    return event.content["lectures"] + event.content["workshops"]


def overlapping(sessions: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for session, other in combinations(sessions, 2):
        if session["start"] < other["end"] and other["start"] < session["end"]:
            yield session, other


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_same_arguments_give_the_same_bytes_in_any_process(hash_seed: str):
    here = digest(generate_event(size="meetup", seed=5, troubled_participants=4))
    elsewhere = subprocess.run(
        [sys.executable, "-c", DIGEST_ELSEWHERE],
        env={"PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout == here


def test_another_seed_or_date_gives_another_event():
    events = [
        generate_event(size="meetup"),
        generate_event(size="meetup", seed=2),
        generate_event(size="meetup", first_day=date(2027, 1, 30)),
        generate_event(size="meetup", timezone="America/New_York"),
    ]
    assert len({digest(event) for event in events}) == 4
    assert len({orjson.dumps(event.partners) for event in events[:2]}) == 2
    assert len({orjson.dumps(list(event.participants)) for event in events[:2]}) == 2


def test_more_participants_do_not_change_the_programme():
    few, many = generate_event(participants=3), generate_event(participants=900)
    for name in ("halls", "days", "lectures", "speakers", "pauses", "tracks"):
        assert few.content[name] == many.content[name]
    assert [workshop["name"] for workshop in few.content["workshops"]] == [
        workshop["name"] for workshop in many.content["workshops"]
    ]


@pytest.mark.parametrize(
    ("size", "lectures", "days", "participants"),
    [("meetup", 12, 1, 40), ("conference", 120, 3, 600), ("large", 900, 4, 1500)],
)
def test_named_sizes(size: str, lectures: int, days: int, participants: int):
    counts = generate_event(size=size).counts()
    assert (counts["lectures"], counts["days"], counts["participants"]) == (lectures, days, participants)
    assert all(counts.values())


@pytest.mark.parametrize("lectures", [0, 1, 2, 11, 13, 21, 61, 601])
def test_free_numbers(lectures: int):
    event = generate_event(lectures=lectures, participants=lectures)
    assert len(event.content["lectures"]) == len(event.participants) == lectures
    used = {session["event_day_id"] for session in event.content["lectures"]}
    assert used == ({day["id"] for day in event.content["days"]} if lectures else set())


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="negative"):
        generate_event(participants=-1)
    with pytest.raises(ValueError, match="'huge' is not a size"):
        generate_event(size="huge")
    with pytest.raises(ValueError, match="is not a time zone"):
        generate_event(size="meetup", timezone="Mars/Olympus")
    with pytest.raises(ValueError, match="need at least 42 participants, and there are 40"):
        generate_event(size="meetup", troubled_participants=21)


FIELDS = {
    "halls": "id event_id name order stream created_at updated_at",
    "days": "id event_id date content_url",
    "speakers": "id event_id order name email phone company position country language bio bio_html web facebook "
    "twitter linkedIn instagram photo",
    "pauses": "id event_id event_day_id name description start end laravel_through_key created_at updated_at",
    "tracks": "id name color order created_at updated_at",
    "lectures": "id event_id event_day_id hall_id name description start end type speakers tracks capacity available "
    "booked booking_info code qr_code_url files discussion panel_discussion mentoring moderating overlapping polling "
    "laravel_through_key created_at updated_at",
    "partners": "id company description web email phone address code sponsor exhibitor sponsor_info exhibitor_info "
    "logo photo qr_code_url sections created_at updated_at",
    "participants": "id email first_name last_name name company position role group_id tickets checked_at "
    "registered_at",
}
FIELDS["workshops"] = FIELDS["lectures"]


def test_every_record_has_the_fields_of_the_api(conference: Event):
    arrays = {**conference.content, "partners": conference.partners, "participants": list(conference.participants)}
    assert arrays.keys() == FIELDS.keys()
    for name, records in arrays.items():
        for record in records:
            assert record.keys() - {"stream"} == set(FIELDS[name].split()) - {"stream"}
            assert type(record["id"]) is int
    assert [hall["stream"] is None for hall in arrays["halls"]][:4] == [False, True, False, True]
    assert {"stream" in lecture for lecture in arrays["lectures"]} == {True, False}
    assert any(lecture["files"] for lecture in arrays["lectures"])


@pytest.mark.parametrize("size", ["meetup", "conference", "large"])
def test_every_reference_resolves_and_every_id_is_given_once(size: str, request: pytest.FixtureRequest):
    event = generate_event(size=size) if size == "meetup" else request.getfixturevalue(size)
    ids = {name: [record["id"] for record in records] for name, records in event.content.items()}
    ids["partners"] = [partner["id"] for partner in event.partners]
    ids["participants"] = [participant["id"] for participant in event.participants]
    ids["sessions"] = ids["lectures"] + ids["workshops"]
    assert all(len(set(given)) == len(given) for given in ids.values())
    for session in sessions(event):
        assert session["event_day_id"] in ids["days"]
        assert session["hall_id"] is None or session["hall_id"] in ids["halls"]
        assert set(session["speakers"]) <= set(ids["speakers"])
        assert set(session["tracks"]) <= set(ids["tracks"])
    for pause in event.content["pauses"]:
        assert pause["event_day_id"] in ids["days"]
    assert {speaker for session in sessions(event) for speaker in session["speakers"]} == set(ids["speakers"])
    assert {session["hall_id"] for session in sessions(event)} - {None} == set(ids["halls"])


def test_the_timetable_is_one(conference: Event):
    dates = {day["id"]: day["date"] for day in conference.content["days"]}
    assert list(dates.values()) == ["2026-05-12", "2026-05-13", "2026-05-14"]
    assert conference.content["lectures"][0]["name"].startswith("Opening Keynote: ")
    for session in sessions(conference):
        assert session["start"].startswith(dates[session["event_day_id"]])
        assert session["start"].endswith("+02:00")
        minutes = _minutes(session)
        if session["type"] == 2:
            assert 60 <= minutes <= 180
        elif "Party" not in session["name"]:
            assert 20 <= minutes <= 45 + 15  # the one that runs into the next is longer
    lectures = [lecture for lecture in conference.content["lectures"] if "Party" not in lecture["name"]]
    assert not [
        pair
        for pair in overlapping(lectures + conference.content["pauses"])
        if "hall_id" not in pair[0] or "hall_id" not in pair[1]
    ]


def _minutes(session: dict[str, Any]) -> float:
    return (datetime.fromisoformat(session["end"]) - datetime.fromisoformat(session["start"])) / timedelta(minutes=1)


def test_times_carry_the_offset_of_the_zone_on_that_day():
    # The clocks go back in New York in the night after the first day, during the party.
    event = generate_event(timezone="America/New_York", first_day=date(2026, 10, 31))
    offsets = Counter((session["start"][:10], session["start"][19:]) for session in event.content["lectures"])
    assert offsets.keys() == {("2026-10-31", "-04:00"), ("2026-11-01", "-05:00"), ("2026-11-02", "-05:00")}
    assert event.timezone == "America/New_York"


@pytest.mark.parametrize(("size", "seeds"), [("meetup", range(150)), ("conference", range(3)), ("large", [1])])
def test_each_trouble_is_planted_once_and_there_is_no_other(size: str, seeds: range):
    for seed in seeds:
        event = generate_event(size=size, seed=seed, participants=0)
        lectures, all_sessions = event.content["lectures"], sessions(event)
        assert sum(session["hall_id"] is None for session in all_sessions) == 1
        midnight = [session for session in all_sessions if session["start"][:10] != session["end"][:10]]
        assert [session["name"] for session in midnight] == ["Conference Party 🎉"]
        speakerless = [session["name"] for session in all_sessions if not session["speakers"]]
        assert sorted(speakerless) == ["Conference Party 🎉", "Lightning Talks: Sign Up at the Door"]
        assert sum(len(set(session["speakers"])) < len(session["speakers"]) for session in all_sessions) == 1
        in_one_hall = [(a, b) for a, b in overlapping(lectures) if a["hall_id"] and a["hall_id"] == b["hall_id"]]
        assert len(in_one_hall) == 1
        at_once = [(a, b) for a, b in overlapping(all_sessions) if set(a["speakers"]) & set(b["speakers"])]
        assert len(at_once) == 1


def test_a_programme_too_small_for_trouble_has_none():
    for seed in range(20):
        event = generate_event(lectures=SMALLEST_TROUBLED_PROGRAMME - 1, participants=0, seed=seed)
        assert all(session["hall_id"] and session["speakers"] for session in sessions(event))
        assert not [
            pair
            for pair in overlapping(sessions(event))
            if pair[0]["hall_id"] == pair[1]["hall_id"] or set(pair[0]["speakers"]) & set(pair[1]["speakers"])
        ]


def test_speakers_and_titles_are_spread_as_in_real_programmes(large: Event):
    per_session = Counter(len(set(session["speakers"])) for session in sessions(large))
    assert per_session[1] > 0.6 * per_session.total()
    assert per_session[2] > 50
    assert per_session[3] > 10
    per_speaker = Counter(speaker for session in sessions(large) for speaker in session["speakers"])
    assert 100 < sum(number > 1 for number in per_speaker.values()) < len(per_speaker) / 2
    titles = Counter(session["name"] for session in sessions(large))
    assert titles.most_common(1)[0][1] == 1
    pairs = [found.groups() for title in titles if (found := re.fullmatch(r"From (.+) to (.+)", title))]
    assert pairs
    assert all(subject != other for subject, other in pairs)
    assert Counter(len(session["tracks"]) for session in large.content["lectures"]).keys() == {0, 1, 2}
