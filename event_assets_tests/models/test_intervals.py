"""The summaries of invented sessions, against minutes that are counted one by one."""

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from event_assets.sandbox import Event
from event_assets_tests.engines.databases import Database, Spark
from event_assets_tests.examples import examples
from event_assets_tests.models.bench import built
from event_assets_tests.truth_summaries import OF_THE_PROGRAMME

# Around midnight, and around the clock changes of some of the zones.
BEGINNINGS = [
    datetime(2026, 5, 12, 23, 30, tzinfo=timezone.utc),
    datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc),
    datetime(2026, 3, 29, 0, 30, tzinfo=timezone.utc),
    datetime(
        2026, 10, 25, 2, 15, tzinfo=timezone.utc
    ),  # Without the offset, in Vienna: within the hour that comes twice.
]
ZONES = ["UTC", "Europe/Vienna", "America/New_York", "Asia/Kathmandu"]
HALLS = [{"id": "h", "name": "Hall"}, {"id": "i", "name": "Room"}]
SPEAKERS = [{"id": "s", "name": "Ada"}, {"id": "t", "name": "The crew"}]
TRACKS = [{"id": "a", "name": "Art"}]
DAYS = [{"id": "d1", "date": "2026-05-12"}]


@st.composite
def programmes(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
    """A zone, sessions and breaks: some have no end or hall, or a hall, speaker or track that nobody knows."""
    zone, beginning = draw(st.sampled_from(ZONES)), draw(st.sampled_from(BEGINNINGS))

    def moment(minute: int) -> str | None:
        written = (beginning + timedelta(minutes=minute)).isoformat()
        return draw(st.sampled_from([written, written, written, written.removesuffix("+00:00"), None]))

    def session(number: int) -> dict[str, Any]:
        start, length = draw(st.integers(0, 60)), draw(st.integers(-2, 25))
        return {
            "id": str(number),
            "name": f"Session {number}",
            "start": moment(start),
            "end": moment(start + length),
            "hall_id": draw(st.sampled_from(["h", "h", "i", "gone", None])),
            "event_day_id": draw(st.sampled_from(["d1", None, None])),
            "speakers": draw(st.lists(st.sampled_from(["s", "s", "t", "gone"]), max_size=3)),
            "tracks": draw(st.lists(st.sampled_from(["a", "gone"]), max_size=2)),
        }

    def pause(number: int) -> dict[str, Any]:
        start, length = draw(st.integers(0, 60)), draw(st.integers(-2, 15))
        times = {"start": moment(start), "end": moment(start + length)}
        return {"id": str(number), "name": "Coffee", "event_day_id": None, **times}

    sessions = [session(number) for number in range(draw(st.integers(0, 7)))]
    return zone, sessions, [pause(number) for number in range(draw(st.integers(0, 3)))]


SEATS = "workshop_capacity"  # which has nothing to do with times
SUMMARIES = [each for each in OF_THE_PROGRAMME if each.table != SEATS]


def test_sessions_add_up_to_what_counting_minutes_finds(engine: Database):
    # On Spark, an example takes ten times as long.
    @examples(5 if isinstance(engine, Spark) else 40)
    @given(programme=programmes())
    def add_up(programme: tuple[str, list[dict[str, Any]], list[dict[str, Any]]]) -> None:
        _add_up(*programme)

    add_up()


def _add_up(zone: str, sessions: list[dict[str, Any]], pauses: list[dict[str, Any]]) -> None:
    # Every third is a workshop, so that keys do not follow the order of the list.
    raw = {
        "halls": HALLS,
        "days": DAYS,
        "speakers": SPEAKERS,
        "tracks": TRACKS,
        "lectures": [session for index, session in enumerate(sessions) if index % 3],
        "workshops": [session for index, session in enumerate(sessions) if not index % 3],
        "pauses": pauses,
    }
    event = Event(content=raw, partners=[], participants=[], timezone=zone)
    names = [f"summary.{each.table}" for each in SUMMARIES]
    with built(raw, *names, timezone=zone) as database:
        tables = {name: database.rows(f"select * from {name}") for name in names}
    for name, (_, grain, compute) in zip(names, SUMMARIES, strict=True):
        expected, rows = compute(event), tables[name]
        found = {tuple(row[column] for column in grain): row for row in rows}
        assert len(found) == len(rows), name
        assert found.keys() == expected.keys(), name
        for key, facts in expected.items():
            assert {fact: found[key][fact] for fact in facts} == facts, (name, key)
