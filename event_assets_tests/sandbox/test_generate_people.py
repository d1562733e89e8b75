"""Who is invented: nobody real, distinct, consistent, and with the trouble that was asked for."""

import re
import unicodedata
from collections import Counter
from random import Random

import pytest

from event_assets.sandbox import Event, generate_event
from event_assets.sandbox.people import LOCALES, People, spell
from event_assets_tests.sandbox.test_generate import sessions, strings


def test_even_a_small_event_has_difficult_texts_and_names():
    event = generate_event(size="meetup")
    descriptions = [session["description"] or "" for session in sessions(event)]
    assert any("&amp;" in text and "&nbsp;" in text and "<li>" in text for text in descriptions)
    assert any("\r\n" in text for text in descriptions)
    assert any("🚀" in text for text in descriptions)
    assert "" in descriptions
    for texts in (event.content["speakers"], event.content["lectures"]):
        scripts = {unicodedata.name(letter).split()[0] for record in texts for letter in record["name"]}
        assert {"LATIN", "ARABIC", "HEBREW", "CJK"} <= scripts
    for field in ("facebook", "twitter", "instagram"):
        assert {speaker[field] for speaker in event.content["speakers"]} == {None}


def test_nobody_real_can_be_reached(large: Event):
    for text in strings([large.content, large.partners, list(large.participants)]):
        for host in re.findall(r"(?:https?:)?//([^/\s\"<]*)", text):
            assert host == "example.org"
        for domain in re.findall(r"@(\S*)", text):
            assert domain in ("example.org", "example.com", "example.net")
    phones = [record["phone"] for record in large.content["speakers"] + large.partners if record["phone"]]
    assert phones
    assert all(re.fullmatch(r"\+44 7700 900\d{3}|\+1 202-555-01\d\d", phone) for phone in phones)


def test_every_participant_has_a_usable_address_of_their_own():
    participants = list(generate_event(lectures=12, participants=100_000).participants)
    addresses = Counter(participant["email"] for participant in participants)
    assert addresses.most_common(1)[0][1] == 1
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d*@example\.(org|com|net)", address) for address in addresses)
    assert any(re.search(r"\d@", address) for address in addresses)  # namesakes came up


def test_people_stay_distinct_when_everybody_is_a_namesake():
    class Always:
        """Random numbers that always choose the same."""

        def random(self) -> float:
            return 0.5

    people = People()
    drawn = [people.draw(Always(), 0) for _ in range(300)]  # pyright: ignore[reportArgumentType]
    assert len({person.name for person in drawn}) == 1
    assert len({person.email for person in drawn}) == 300


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("Müller-Lüdenscheidt", "mullerludenscheidt"),
        ("İpek", "ipek"),
        ("Halıcı", "halici"),  # noqa: RUF001 - the Turkish letter is meant
        ("Łukasz", "lukasz"),
        ("N'Diaye", "ndiaye"),
        ("كريم", "krym"),
        ("אברהם", "abrhm"),
        ("長谷川", ""),
    ],
)
def test_names_are_spelled_in_a_to_z(name: str, spelling: str):
    assert spell(name) == spelling


def test_participants_are_consistent(conference: Event):
    participants = list(conference.participants)
    roles = Counter(participant["role"] for participant in participants)
    assert roles.keys() == {"a", "m", "l", "e"}
    assert roles["e"] > roles["l"] > roles["m"] > roles["a"]
    speakers = {speaker["email"]: speaker["name"] for speaker in conference.content["speakers"] if speaker["email"]}
    named = {participant["email"]: participant["name"] for participant in participants if participant["role"] == "l"}
    assert len(named) == len(conference.content["speakers"])
    assert speakers.items() <= named.items()
    registered = [participant["registered_at"] for participant in participants]
    assert registered == sorted(registered)
    for participant in participants:
        checked = participant["checked_at"]
        assert checked is None or participant["registered_at"] < checked
        assert participant["tickets"]
    checked_in = {participant["checked_at"][:10] for participant in participants if participant["checked_at"]}
    assert checked_in == {"2026-05-12", "2026-05-13", "2026-05-14"}
    assert 0.5 < sum(participant["checked_at"] is not None for participant in participants) / 600 < 0.9
    for field in ("company", "position"):
        assert {None, ""} < {participant[field] for participant in participants}


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_nobody_checks_in_before_they_register_in_any_zone(timezone: str):
    for participant in generate_event(size="meetup", participants=500, timezone=timezone).participants:
        assert participant["checked_at"] is None or participant["registered_at"] < participant["checked_at"]


def test_workshops_are_booked_by_participants(conference: Event):
    known = {participant["id"]: participant for participant in conference.participants}
    booked = []
    for workshop in conference.content["workshops"]:
        (info,) = workshop["booking_info"]
        assert info["lecture_id"] == workshop["id"]
        for field in ("capacity", "available", "booked"):
            assert info[field] == workshop[field]
        assert len(info["booked_attendees"]) == workshop["capacity"] - workshop["available"] > 0
        assert workshop["booked"] is (workshop["available"] == 0)
        for attendee in info["booked_attendees"]:
            assert attendee["email"] == known[attendee["id"]]["email"]
            booked.append(attendee["id"])
    assert len(set(booked)) == len(booked)
    assert {lecture["capacity"] for lecture in conference.content["lectures"]} == {None}


def test_key_trouble_is_planted_when_asked_for():
    clean = list(generate_event(size="meetup").participants)
    spoilt = list(generate_event(size="meetup", troubled_participants=8).participants)
    changed = [
        (before["email"], after["email"]) for before, after in zip(clean, spoilt, strict=True) if before != after
    ]
    assert len(changed) == 8
    usual = {participant["email"] for participant in clean}
    kinds = Counter(
        "placeholder" if after == "anonymous"
        else "duplicate" if after in usual
        else "upper case" if after.lower() in usual
        else "trailing blank" if after.endswith(" ") and after.strip() in usual
        else "unknown"
        for before, after in changed
    )  # fmt: skip
    assert kinds == {"placeholder": 2, "duplicate": 2, "upper case": 2, "trailing blank": 2}
    # Each is somebody else's address, so what looks alike is two people.
    present = Counter(participant["email"].strip().lower() for participant in spoilt)
    assert all(present[after.strip().lower()] == 2 for _, after in changed)


def test_each_locale_gives_enough_names():
    people = People()
    for number in range(len(LOCALES)):
        drawn = [people.draw(Random(f"{number} {turn}"), number) for turn in range(200)]
        assert len({person.first_name for person in drawn}) > 30
        assert {person.locale for person in drawn} == {LOCALES[number]}
