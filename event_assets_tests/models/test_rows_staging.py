"""What the staging views make of rows: days, breaks, and abstracts as plain text."""

from datetime import datetime

import pytest

from event_assets_tests.models.bench import build
from event_assets_tests.models.rows import UTC, only, session

pytestmark = pytest.mark.usefixtures("engine")

TIMES = ["starts_at", "ends_at", "starts_local", "ends_local", "local_day", "day", "minutes"]


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        pytest.param("2026-05-12T09:00:00+02:00", "2026-05-12T09:30+02:00", 30, id="offset"),
        pytest.param("2026-05-12 09:00:00+02", "2026-05-12T09:30:00+0200", 30, id="offset otherwise"),
        pytest.param("2026-05-12T09:00Z", "2026-05-12T09:00:30.000000Z", 1, id="half a minute"),
        pytest.param("2026-05-12 09:00", "2026-05-12T08:00:00Z", 60, id="no offset: the event's zone"),
        pytest.param("2026-05-12T23:30:00", "2026-05-13T00:30:00", 60, id="across midnight"),
        pytest.param("2026-03-29T01:30:00", "2026-03-29T03:30:00", 60, id="into summer time"),
        pytest.param("2026-10-25T01:30:00", "2026-10-25T03:30:00", 180, id="out of summer time"),
        pytest.param("2026-05-12T09:00", "2026-05-12T09:00", 0, id="zero length"),
        pytest.param("2026-05-12T09:00", "2026-05-12T08:00", -60, id="end before start"),
        pytest.param("soon", "2026-13-45T99:00:00", None, id="no times"),
        pytest.param(None, "", None, id="nothing"),
    ],
)
def test_breaks_read_times_as_sessions_do(start: str | None, end: str | None, minutes: float | None):
    record = {"id": "TR212", "event_day_id": "d1", "name": "Coffee", "start": start, "end": end}
    raw = {"lectures": [record], "pauses": [record]}
    pause, lecture = (only(build(raw, f"staging.{name}", "Europe/Vienna")) for name in ("pauses", "sessions"))

    assert (pause["pause_id"], pause["day_id"], pause["title"]) == ("TR212", "d1", "Coffee")
    assert pause["minutes"] == minutes
    assert {name: pause[name] for name in TIMES} == {name: lecture[name] for name in TIMES}


@pytest.mark.parametrize(
    ("sent", "zone", "day"),
    [
        pytest.param("2026-05-12", "Europe/Vienna", 12, id="a date"),
        pytest.param("2026-05-11T22:00:00.000000Z", "Europe/Vienna", 12, id="its midnight"),
        pytest.param("2026-05-12T00:00:00.000000Z", "Europe/Vienna", 12, id="midnight of UTC"),
        pytest.param("2026-05-12T00:00:00.000000Z", "America/New_York", 12, id="midnight of UTC, west"),
        pytest.param("2026-05-12T04:00:00.000000Z", "America/New_York", 12, id="its midnight, west"),
        pytest.param("2026-05-12T00:00:00+02:00", "Asia/Tokyo", 12, id="midnight of another zone"),
        pytest.param("2026-05-12 09:00:00", "Europe/Vienna", 12, id="a time"),
        pytest.param("2026-04-24", "Africa/Cairo", 24, id="a day that begins at one o'clock"),
        pytest.param("2026-03-28T22:00:00.000000Z", "Asia/Beirut", 29, id="where its midnight would be"),
        pytest.param("2026-03-28T23:00:00Z", "Asia/Beirut", 28, id="an hour later is a time"),
        pytest.param("2026-03-27T22:00:00Z", "Asia/Beirut", 28, id="the midnight before"),
        pytest.param("2026-10-24T22:00:00Z", "Asia/Beirut", 25, id="midnight after the clock is set back to eleven"),
        pytest.param("2026-11-01T04:00:00Z", "America/Havana", 1, id="the first of two midnights"),
        pytest.param("2011-12-30", "Pacific/Apia", 30, id="a day that the zone leaves out"),
        pytest.param(" 2026-05-12\r\n", "Europe/Vienna", 12, id="white space around it"),
        pytest.param("soon", "Europe/Vienna", None, id="no date"),
        pytest.param("infinity", "Europe/Vienna", None, id="infinity"),
        pytest.param("-infinity", "Europe/Vienna", None, id="minus infinity"),
        pytest.param("5877642-06-25 (BC)", "Europe/Vienna", None, id="the smallest date"),
        pytest.param("9999-12-31", "Europe/Vienna", None, id="a date for never"),
        pytest.param("2026-05-12T00:00:00+99:00", "Europe/Vienna", None, id="no offset"),
    ],
)
def test_a_day_is_a_date_or_begins_at_an_instant(sent: str, zone: str, day: int | None):
    row = only(build({"days": [{"id": "d", "date": sent}]}, "staging.days", zone))
    assert (row["day"] and row["day"].day) == day


def test_what_is_no_identifier_refers_to_nobody():
    odd = ["", "  ", "{}", '{"name": "Ada"}', "[5]", "[]"]
    listed = session(speakers=[*odd, "{0b1c}", "7"], tracks=[*odd, "TR212"])
    raw = {"lectures": [listed], "workshops": [listed]}
    speakers = {(row["session_key"], row["speaker_id"]) for row in build(raw, "staging.session_speakers")}
    tracks = {(row["session_key"], row["track_id"]) for row in build(raw, "staging.session_tracks")}
    keys = ("lecture:1", "workshop:1")
    assert speakers == {(key, speaker) for key in keys for speaker in ("{0b1c}", "7")}
    assert tracks == {(key, "TR212") for key in keys}


def test_a_removed_break_is_left_out():
    assert build({"pauses": [{"id": "1", "removed_at": datetime(2026, 5, 1, tzinfo=UTC)}]}, "staging.pauses") == []


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        pytest.param("<p>One</p><p>Two</p>", "One Two", id="blocks part words"),
        pytest.param("<b>Mo</b>dels", "Models", id="a tag within a word"),
        pytest.param(
            '<a href="https://example.org/?a=1" class="x">here</a>, <br/>there', "here, there", id="attributes"
        ),
        pytest.param("<article><section>One</section>Two</article>", "One Two", id="tags that begin like inline ones"),
        pytest.param("R&amp;D &lt;b&gt; &quot;x&quot; it&#39;s&nbsp;ok", 'R&D <b> "x" it\'s ok', id="entities"),
        pytest.param("&amp;lt; &amp;nbsp; &amp;amp;", "&lt; &nbsp; &amp;", id="entities once"),
        pytest.param(" a\r\n\r\n\tb\xa0\xa0c ", "a b c", id="white space"),
        pytest.param("1 < 2 and 3 > 2", "1 < 2 and 3 > 2", id="no tag"),
        pytest.param("a<!-- <p>\nhidden -->b", "a b", id="comment"),
        pytest.param("<P>مرحبا 🎉</P>", "مرحبا 🎉", id="other scripts"),
        pytest.param("Plain", "Plain", id="plain"),
        pytest.param("<p>&nbsp;</p>\n", None, id="nothing left"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_description_as_plain_text(sent: str | None, text: str | None):
    row = only(build({"lectures": [session(description=sent)]}, "staging.sessions"))
    assert (row["description"], row["description_text"]) == (sent or None, text)


BLANKS = ["", "\r\n\t\u00a0\u3000 "]


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    ("table", "fields"),
    [
        ("halls", {"name": "hall", "event_id": "event_id"}),
        ("days", {"event_id": "event_id"}),
        ("tracks", {"name": "track", "color": "color"}),
        ("speakers", {"name": "speaker", "company": "company", "position": "position", "country": "country"}),
        ("lectures", {"name": "title", "description": "description", "event_day_id": "day_id", "hall_id": "hall_id"}),
        ("pauses", {"name": "title", "event_day_id": "day_id"}),
        ("partners", {"company": "company", "description": "description", "web": "web", "photo": "photo"}),
    ],
)
def test_a_blank_text_is_null(blank: str, table: str, fields: dict[str, str]):
    raw = {table: [{"id": "1", **dict.fromkeys(fields, blank)}]}
    row = only(build(raw, "staging.sessions" if table == "lectures" else f"staging.{table}"))
    assert {column: row[column] for column in fields.values()} == dict.fromkeys(fields.values())


def test_the_white_space_around_a_name_is_cut_and_that_around_a_description_is_not():
    record = session(name=" A talk\n", description=" One \n")
    row = only(build({"lectures": [record]}, "staging.sessions"))
    assert (row["title"], row["description"]) == ("A talk", " One \n")
