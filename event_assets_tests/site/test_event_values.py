"""The event's page says what plain Python finds in the JSON: nothing here reads a summary."""

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from event_assets.sandbox import Event, generate_event
from event_assets.site import EVENT_FILE
from event_assets.site.event.describe import describe_page
from event_assets.site.event.page import render
from event_assets.site.event.section import Clock
from event_assets.site.event.sections.now import SECTION as NOW
from event_assets.site.event.sections.now import NowAndNext
from event_assets_tests import truth, truth_attendance, truth_people, truth_programme, truth_readiness
from event_assets_tests.site.document import Document
from event_assets_tests.site.event_made import (
    UNKNOWN,
    Made,
    clock,
    is_on,
    moment,
    now_and_next,
    on_its_day,
    placed,
    squeezed,
)
from event_assets_tests.site.event_rows import tables_of


def planted() -> Event:
    """An invented event with what an invented one may lack: a full and an overbooked workshop."""
    event = generate_event(lectures=60, participants=200, seed=3)
    event.content["workshops"][0] |= {"available": 0, "booked": True}
    return event


@pytest.fixture(scope="module", params=["invented", "fosdem"])
def made(request: pytest.FixtureRequest) -> Made:
    event = request.getfixturevalue("fosdem") if request.param == "fosdem" else planted()
    at = datetime(2026, 1, 31, 12, 10) if request.param == "fosdem" else datetime(2026, 5, 12, 11, 40)
    tables = tables_of(event)
    page = describe_page(tables, at.replace(tzinfo=ZoneInfo(event.timezone)))
    return Made(event, tables, page, Document(render(page)[EVENT_FILE]).root)


def test_the_numbers_at_the_top(made: Made):
    expected = truth_people.event_overview(made.event)
    figures = [each.text.split(" ", 1) for each in made.html.one(".figures").find("li")]
    assert {words: int(number.replace(",", "")) for number, words in figures} == {
        "sessions": expected["lectures"] + expected["workshops"],
        "halls": expected["halls"],
        "speakers": expected["speakers"],
        "partners": expected["partners"],
        "registered": expected["participants"],
        "checked in": expected["checked_in"],
    }
    synced = [each.text for each in made.html.one(".as-of").find("dd")]
    local = datetime.fromtimestamp(1_778_570_000, ZoneInfo(made.event.timezone))
    at = f"As of {moment(local)}"
    assert synced == [at, at if made.event.partners else "never synced", at]


@pytest.mark.parametrize("hours", [-400, -13, 0, 1.5, 5, 20, 26, 900])
def test_now_and_next(made: Made, hours: float):
    at = made.page.made_at + timedelta(hours=hours)
    value = NOW.describe(made.tables, Clock(at))
    assert isinstance(value, NowAndNext)
    shown = {}
    for hall in value.halls:
        following = hall.next and (hall.next.starts, squeezed(hall.next.title))
        shown[hall.hall] = [squeezed(slot.title) for slot in hall.now], following
    assert shown == now_and_next(made.event, at)
    assert value.is_over is not any(on or later for on, later in shown.values())
    assert value.days_before == (truth_attendance.first_day(made.event) - at.date()).days


def test_now_and_next_as_it_is_shown(made: Made):
    at, part, held = made.page.made_at, made.part("now"), placed(made.event)
    expected = []
    for hall, (on, later) in now_and_next(made.event, at).items():
        ends = {squeezed(s.title): clock(s.end_local) for s in held[hall] if is_on(s, at)}
        start, title = later or (None, None)
        when = "" if start is None else clock(start) if start.date() == at.date() else moment(start)
        following = f"{when} {title}" if later else "nothing more"
        expected.append([hall, "".join(f"{each} until {ends[each]}" for each in on) or "free", following])
    assert sorted(part.rows()) == sorted(expected)
    assert "hidden" not in part.one("#now-table").attributes
    assert part.one("#now-at").text == f"As of {moment(at)}, when this page was made."
    breaks = [e for e in truth.agenda(made.event) if e.key.startswith("break:") and is_on(e, at)]
    on = [f"Break: {squeezed(e.title)}, until {clock(e.end_local)}." for e in breaks]
    assert part.one("#now-state").text == " ".join(on)


def test_every_session_stands_once_in_the_grid_or_below_it(made: Made):
    shown = [
        (day.day, column.hall, item.starts, item.ends, item.title, item.speakers)
        for day in made.value("programme").days
        for column in day.columns
        for item in column.items
        if item.kind != "gap"
    ]
    entries = truth.agenda(made.event)
    grid = [
        (e.day, e.hall, e.start_local, e.end_local, squeezed(e.title), ", ".join(e.speakers) or None)
        for e in entries
        if (e.hall_id is not None or e.key.startswith("break:")) and (e.minutes or 0) > 0 and on_its_day(e)
    ]
    assert Counter((*each[:4], squeezed(each[4]), each[5]) for each in shown) == Counter(grid)
    below = made.value("programme").unplaced
    assert len(shown) + len(below) == len(entries)
    items = [each for each in made.part("programme").find("li") if {"lecture", "workshop", "break"} & {*each.classes}]
    assert Counter(each.find("b")[-1].text for each in items) == Counter(squeezed(each[4]) for each in shown)


@pytest.mark.parametrize("made", ["invented"], indirect=True)
def test_clashes_and_free_times_are_those_of_the_halls(made: Made):
    pairs = truth_programme.hall_conflicts(made.event)
    clashing = {key for pair in pairs for key in pair}
    titles = {session.key: squeezed(session.title) for session in truth.sessions(made.event)}
    marked = [each for each in made.part("programme").find("li") if "clash" in each.classes]
    assert Counter(each.find("b")[-1].text for each in marked) == Counter(titles[key] for key in clashing)
    used = {(day.day, column.hall) for day in made.value("programme").days for column in day.columns}
    expected = Counter(
        (row["hall"], row["starts_local"], row["ends_local"], row["longest_free_minutes"])
        for (_, day, _), row in truth_programme.hall_gaps(made.event).items()
        if row["slot"] != "changeover" and (day, row["hall"]) in used
    )
    shown = Counter(
        (column.hall, item.starts, item.ends, item.minutes)
        for day in made.value("programme").days
        for column in day.columns
        for item in column.items
        if item.kind == "gap"
    )
    assert shown <= expected
    # Rows of five minutes: a shorter gap may have no row of its own.
    assert all(end - start < timedelta(minutes=10) for _, start, end, _ in expected - shown)


def test_the_grid_has_time_downwards_and_nothing_overlaps(made: Made):
    for day in made.value("programme").days:
        for column in day.columns:
            taken: set[tuple[int, int]] = set()
            sessions = [item for item in column.items if item.kind != "gap"]
            for item in sessions:
                cells = {(item.lane, item.row + place) for place in range(item.rows)}
                exact = item.starts.minute % 5 == 0 and item.ends.minute % 5 == 0
                assert not (exact and cells & taken), (column.hall, item.title)
                taken |= cells
                assert 1 <= item.row <= item.row + item.rows - 1 <= day.rows
                assert item.lane <= column.lanes
                if exact:
                    assert item.rows == (item.ends - item.starts) / timedelta(minutes=5)
            assert [item.row for item in sessions] == sorted(item.row for item in sessions)


def test_check_ins(made: Made):
    people = truth_people.participants(made.event)
    here = sum(person["checked_at"] is not None for person in people)
    part = made.part("arrivals")
    share = round(100 * here / len(people))
    assert part.one("svg.gauge").attributes["aria-label"] == (
        f"{share}% of {len(people):,} registered people have checked in."
    )
    roles = truth_people.checkin_rate(made.event)
    assert [each.one(".n").text for each in part.one("ul.bars").find("li")] == [
        f"{row['checked_in']:,} / {row['registered']:,}"
        for (dimension, value), row in sorted(roles.items(), key=lambda each: (-each[1]["registered"], each[0][1]))
        if dimension == "role"
    ]
    arrivals: dict[date, dict[str, int]] = defaultdict(dict)
    for (step, start, dimension, _), row in truth_attendance.attendance_over_time(made.event).items():
        if (step, dimension) == ("quarter_hour", "all") and row["checkins"]:
            arrivals[start.date()][clock(start)] = row["checkins"]
    tables = [{at: int(number) for at, number in each.rows()} for each in part.find("figure")]
    assert tables == [arrivals[day] for day in sorted(arrivals)][-7:]
    for day in made.value("arrivals").days:
        labels = [datetime.combine(day.day, time.fromisoformat(at)) for at, _ in day.columns]
        assert {after - at for at, after in pairwise(labels)} <= {timedelta(minutes=15)}
        assert len(day.rectangles) == sum(bool(number) for _, number in day.columns)


def test_the_curve_of_registrations(made: Made):
    days = {
        start.date(): row
        for (step, start, dimension, _), row in truth_attendance.attendance_over_time(made.event).items()
        if (step, dimension) == ("day", "all") and row["registrations"]
    }
    curve = made.value("registrations")
    assert [(point.day, point.x, point.y, point.new) for point in curve.points] == [
        (day, -days[day]["days_to_opening"], days[day]["registrations_so_far"], days[day]["registrations"])
        for day in sorted(days)
    ]
    rows = made.part("registrations").rows()
    assert [row[-1].replace(",", "") for row in rows] == [
        str(days[day]["registrations_so_far"]) for day in sorted(days, reverse=True)
    ]


def test_the_heat_map_of_the_halls(made: Made):
    expected = truth.hall_utilisation(made.event)
    days = sorted({day for _, day in expected if day})
    names = {str(hall["id"]): hall["name"].strip() for hall in made.event.content["halls"]}
    rows = {row[0]: row[1:] for row in made.part("halls").rows()}
    assert rows.keys() == set(names.values())
    for hall, name in names.items():
        for day, shown in zip(days, rows[name], strict=True):
            use = expected[hall, day]
            if use["sessions"]:
                share = use["busy_share_of_day"]
                percent = round(100 * share)
                assert shown.startswith(f"{min(max(percent, 1), 99) if 0 < share < 1 else percent}% "), (name, day)
                assert f" {use['sessions']} session" in shown
            else:
                assert shown in ("unused", UNKNOWN)


def test_workshops_are_as_full_as_the_api_says(made: Made):
    expected = truth_programme.workshop_capacity(made.event)
    part = made.part("workshops")
    shown = {each.one(".label").find("bdi")[0].text: each for each in part.one("ul").find("li")}
    assert len(shown) == len(expected)
    for row in expected.values():
        each = shown[squeezed(row["title"])]
        assert each.one(".n").text.startswith(f"{row['booked_seats']:,} / {row['capacity']:,} seats")
        assert each.one(".n").text.endswith("full") is bool(row["is_full"])
        assert moment(row["starts_local"]) in each.text


def test_tight_transfers(made: Made):
    names = {str(speaker["id"]): speaker["name"].strip() for speaker in made.event.content["speakers"]}
    expected = Counter(
        (names[speaker], int(row["minutes_between"]), clock(row["ends_local"]), clock(row["next_starts_local"]))
        for (speaker, _, _), row in truth_readiness.speaker_transfers(made.event).items()
        if row["is_tight"]
    )
    rows = made.part("transfers").rows()
    shown = Counter((row[0].rsplit(" ", 3)[0], int(row[1]), row[2][:5], row[3][:5]) for row in rows)
    assert shown == expected


def test_what_needs_somebody(made: Made):
    conflicts = truth_programme.speaker_conflicts(made.event).values()
    teams = sum(row["likely_team"] for row in conflicts)
    expected = Counter({
        "hall_conflict": len(truth_programme.hall_conflicts(made.event)),
        "team_conflict": teams,
        "speaker_conflict": len(conflicts) - teams,
    })  # fmt: skip
    for (rule, *_), count in truth_people.findings(made.event).items():
        expected[rule] += count
    groups = {group.rule: group for group in made.value("attention")}
    assert {rule: group.count for rule, group in groups.items()} == {rule: n for rule, n in expected.items() if n}
    severities = [group.severity for group in made.value("attention")]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    for rule, group in groups.items():
        if rule in truth_people.WARNINGS | truth_people.NOTES:
            assert group.severity == ("warning" if rule in truth_people.WARNINGS else "note")
    text = made.part("attention").text
    for row in conflicts:
        if not row["likely_team"]:
            assert squeezed(row["speaker"]) in text
            assert squeezed(row["title"]) in text


def test_the_signs_of_the_doors(made: Made):
    expected: dict[tuple[date, str], list[tuple[datetime, str, str]]] = defaultdict(list)
    for session in truth.sessions(made.event):
        if session.hall_id is not None and session.day and session.start_local:
            hall = session.hall or str(session.hall_id)
            expected[session.day, hall].append((session.start_local, session.key, squeezed(session.title)))
    signs = Document(render(made.page)["print-doors.html"]).root.find("section.door")
    shown = [(each.one("h2").text, [row.find("b")[0].text for row in each.find("li")]) for each in signs]
    assert Counter((hall, tuple(titles)) for hall, titles in shown) == Counter(
        (hall, tuple(title for *_, title in sorted(held))) for (_, hall), held in expected.items()
    )
    assert [sign.day for sign in made.page.doors] == sorted(sign.day for sign in made.page.doors if sign.day)


def test_the_run_sheets_of_the_speakers(made: Made):
    theirs: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for session in truth.sessions(made.event):
        for speaker in session.speaker_ids:
            theirs[str(speaker)].append((session.start_local or datetime.max, session.key))
    shown = [[each.session.entry_key for each in sheet.appearances] for sheet in made.page.speakers]
    assert Counter(map(tuple, shown)) == Counter(tuple(key for _, key in sorted(held)) for held in theirs.values())
    html = Document(render(made.page)["print-speakers.html"]).root
    tight = sum(row["is_tight"] for row in truth_readiness.speaker_transfers(made.event).values())
    assert len(html.find(".tight")) == tight
    names = [sheet.speaker for sheet in made.page.speakers]
    assert [each.text for each in html.find("h2")] == [squeezed(name) for name in names]
