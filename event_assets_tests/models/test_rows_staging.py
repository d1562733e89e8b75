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
        pytest.param("2026-05-12T09:00Z", "2026-05-12T09:00:30.000000Z", 0.5, id="Z"),
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
    assert (row["description"], row["description_text"]) == (sent, text)
