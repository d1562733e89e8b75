"""Raw rows that several tests write down, and what they do with the rows of models."""

from datetime import date, datetime, timezone
from typing import Any

from event_assets_tests.models.bench import build

UTC = timezone.utc
DAY = date(2026, 5, 12)
GONE = {"removed_at": datetime(2026, 5, 1, tzinfo=UTC)}

SOUND = {
    "halls": [{"id": "h", "name": "Hall"}],
    "days": [{"id": "d", "date": "2026-05-12"}],
    "speakers": [{"id": "s", "name": "Ada"}],
    "tracks": [{"id": "t", "name": "Track"}],
}
"""What findings are looked for in: nothing is wrong with it."""


def session(key: str = "1", **fields: Any) -> dict[str, Any]:
    return {"id": key, "name": f"Session {key}", "start": "2026-05-12T09:00:00", "end": "2026-05-12T10:00:00", **fields}


def sound_session(key: str = "1", **fields: Any) -> dict[str, Any]:
    """A session that nothing is wrong with, in the event ``SOUND``."""
    return session(key, **{"event_day_id": "d", "hall_id": "h", "speakers": ["s"], "tracks": ["t"], **fields})


def placed(key: str, start: str, end: str | None, **fields: Any) -> dict[str, Any]:
    """A session in hall h. Times are on the event's day unless they carry a date."""
    times = {
        name: value and (value if "T" in value else f"{DAY}T{value}")
        for name, value in (("start", start), ("end", end))
    }
    return {"id": key, "name": f"Session {key}", "hall_id": "h", **times, **fields}


def person(key: str, **fields: Any) -> dict[str, Any]:
    address = f"{key}@example.org"
    return {"id": key, "email": address, "email_key": address, "registered_at": "2026-03-01T12:00:00Z", **fields}


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    assert len(rows) == 1
    return rows[0]


def found(raw: dict[str, Any], timezone: str = "UTC") -> list[tuple]:
    """The findings of data_quality in ``SOUND`` with other tables."""
    rows = build({**SOUND, **raw}, "summary.data_quality", timezone)
    found = [(row["rule"], row["resource"], row["id"], row["detail"]) for row in rows]
    return sorted(found, key=lambda finding: [value or "" for value in finding])
