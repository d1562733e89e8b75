"""Events whose tables are compared on all engines, each in two states: a real one, and one with odd values."""

from __future__ import annotations

import copy
import itertools
import random

from event_assets.sandbox import Event, generate_event
from event_assets.sandbox.more import MORE
from event_assets_tests.models.extremes import TIMES

ODD_TIMES = [
    *(time for time in TIMES if len(time) < 100),
    # What engines know and the grammar does not, or cannot store.
    *("infinity", "-infinity", "294277-01-01T00:00:00Z", "4714-11-24 BC", "0000-00-00", "now", "epoch"),
    # The hour that comes twice, the one that is left out, and around both.
    *("2026-10-25T01:59:59", "2026-10-25T02:00:00", "2026-10-25T02:30:00", "2026-10-25T02:59:59.999999"),
    *(
        "2026-10-25T03:00:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T03:30",
        "2026-10-26",
    ),
    *("2026-03-29T01:59:59", "2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T03:00:00", "2026-03-30T02:30"),
    # More and fewer decimals than microseconds.
    *(
        "2026-05-12T09:00:00.1234567Z",
        "2026-05-12T09:00:00.9999999",
        "2026-05-12T09:00:00.5",
        "2026-05-12 09:00:00.0+0200",
    ),
    *(" 2026-05-12T09:00Z ", "2026-05-12 09:00:00 UTC", "2026-05-12T09:00gmt", "2026-05-12 09:00:00  -0500 "),
    *("2026-05-12\u00a0", "\u30002026-05-12T09:00:00", "2026-05-12T09:00:00\u2028", "2026-05-12T09:00:00Z\n"),
    *("2026/05/12 09:00", "2026-5-12 9:00", "12.05.2026 09:00", "May 12, 2026", "1778576400", "2026-05-12t09:00:00z"),
    *("2026-05-12T24:00:00", "2026-12-31 24:00", "2026-05-12T24:00:00+02:00", "2024-02-29", "2100-02-29", "2000-02-29"),
]
ODD_TEXTS = [
    *(
        "",
        " ",
        "\r\n",
        "\t\u00a0",
        "\u3000",
        "\u200b",
        "e\u0301",
        "\ufffd",
        "NULL",
        "null",
        "'",
        '"',
        "\\",
        "\\n",
        "%",
        "$1",
    ),
    *(
        "{}",
        '{"name": "Ada"}',
        "[5]",
        "(none)",
        "(other)",
        "(all)",
        "a|b",
        "a, b",
        "\u202eright to left",
        "日本語",
        "Ünïcode",
    ),
    *("<p>One</p><p>Two</p>", "a<b>c</b>d", "1 < 2 & 3", "<!-- no\nmore --> left", "&amp;lt;", "a\u00a0&nbsp;b", "🎉"),
    *("<A HREF='x'>y</A>", "<br/>\u2028line", "x\u0085y", "<", "<!--", "</p", "Team", "The CREW of\nthe hall", "teams"),
    *("a\x00b", "\x00", r"\u0000", "NaN", "1e400", "9" * 400),
    *("steam", "Ada's staff", "group_a", "a", "B", "b", "A", "ä", "Z", "z", "10", "9", "x" * 5000),
]


def odd_event() -> Event:
    """Return an invented event with odd times and texts in all fields that models read."""
    event = generate_event(lectures=60, participants=120, seed=7, more=MORE)
    event.timezone = "Europe/Vienna"
    content, texts = event.content, itertools.cycle(ODD_TEXTS)
    halls, days, speakers, tracks = (
        [record["id"] for record in content[name]] for name in ("halls", "days", "speakers", "tracks")
    )
    for number, text in enumerate(ODD_TEXTS):
        content["halls"].append({"id": f"hall {text or number}", "name": text, "event_id": text})
        content["tracks"].append({"id": f"track {number}", "name": text})
        content["speakers"].append({"id": f"speaker {number}", "name": text, "company": text})
        event.partners.append(
            {"id": f"partner {number}", "company": text, "description": text, "web": text, "sponsor": number % 2 == 0}
        )
        lecture = content["lectures"][number % 20]["id"]
        event.more["reviews"].append(
            {
                "id": f"review {text or number}", "lectureId": [lecture, text, None][number % 3], "userId": text,
                "stars": [number, None, 2**62, -5][number % 4], "comment": text,
            }
        )  # fmt: skip
        event.more["groups"].append({"id": f"group {number}", "name": text})
        event.more["groups"].append({"id": text or f"blank {number}", "name": None, "publicName": ODD_TEXTS[-number]})
        event.more["registrations"].append(
            {"id": f"registration {number}", "status": text, "groupId": ODD_TEXTS[-number], "emailValid": number % 2}
        )
    for number, time in enumerate(ODD_TIMES):
        text, other = next(texts), ODD_TIMES[-number]
        content["days"].append({"id": f"day {number}", "date": time})
        session = {
            "id": f"odd {number}", "name": text, "description": f"{text} {next(texts)}", "start": time,
            "end": [other, "2026-05-12T18:00:00+02:00", "2026-10-25T04:00:00", time][number % 4],
            "hall_id": [halls[number % 3], f"hall {text}", "nowhere", text][number % 4],
            "event_day_id": [days[0], f"day {number}", None, text][number % 4],
            "speakers": [speakers[number % 5], f"speaker {number % len(ODD_TEXTS)}", text, "B", "a"],
            "tracks": [tracks[0], f"track {number % len(ODD_TEXTS)}", "unknown"][number % 3 :],
            "capacity": [None, 20, 0, 2**63 - 1][number % 4], "available": [5, -3, 30, -(2**63)][number % 4],
        }  # fmt: skip
        content[("lectures", "workshops")[number % 2]].append(session)
        pause = {key: session[key] for key in ("id", "name", "start", "end", "event_day_id")}
        content["pauses"].append(pause)
        event.participants.append(
            {
                "id": f"odd {number // 2}", "email": f"{'aB'[number % 2]}.{number}@example.org", "role": text,
                "company": text, "group_id": text, "registered_at": time, "checked_at": [other, None, "0"][number % 3],
            }
        )  # fmt: skip
    # Keys that are longer than an entry of an index may be, and what not every database stores, in them and in JSON.
    long = random.Random("key").randbytes(4_000).hex()
    content["halls"].append({"id": long, "name": "x" * 1_000_000})
    event.participants += [
        {"id": long, "email": f"{long}@example.org", "tickets": [{"name": "a\x00"}]},
        {"id": "nul \x00", "email": "nul\x00.x@example.org", "tickets": [{"name": "Müsli"}]},
    ]
    return event


def changed(event: Event) -> Event:
    """Return the event as it is later: sessions are moved, renamed, gone, and come with other speakers."""
    content = copy.deepcopy(event.content)
    for name in ("lectures", "workshops"):
        sessions = content[name]
        for session, other in zip(sessions[::5], sessions[1::5], strict=False):
            session["start"], session["end"] = other["start"], other["end"]
        for session in sessions[1::7]:
            session["name"] = f"{session['name']}, renamed"
        for session in sessions[2::9]:
            session["speakers"] = list(reversed(session.get("speakers") or []))[:1]
        for session, other in zip(sessions[3::8], sessions[4::8], strict=False):
            session["hall_id"] = other.get("hall_id")
        del sessions[4::11]
    for pause in content["pauses"][::3]:
        pause["name"] = "Moved coffee"
    return Event(
        content=content,
        partners=event.partners[1:],
        participants=event.participants[:-3],
        timezone=event.timezone,
        more={name: records[1:] for name, records in event.more.items()},
    )


def returned(before: Event, after: Event) -> Event:
    """Return the event as it is still later: every second session that was removed is there again.

    Args:
        before: The event with all sessions.
        after: The event without some of them.
    """
    content = copy.deepcopy(after.content)
    for name in ("lectures", "workshops"):
        there = {session["id"] for session in content[name]}
        content[name] += [session for session in before.content[name] if session["id"] not in there][::2]
    return Event(
        content=content,
        partners=after.partners,
        participants=after.participants,
        timezone=after.timezone,
        more=after.more,
    )
