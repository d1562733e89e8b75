"""The data dictionary of the raw tables: rows, columns, types, meaning, and which columns hold personal data.

The single source of these facts: dlt's hints, Dagster's column schema and the docs are generated from it. How a
resource is requested is in ``api.resources``; what is derived from the raw tables is in ``models``.

Names are those of the warehouse: dlt's snake case, ``__`` for a nested object (``stream.url`` → ``stream__url``). Two
rules hold for all tables:

* Identifiers are text. The API's are numbers, but programmes exported from other systems carry ``TR212`` or GUIDs.
* Times are text, as sent. Some carry an offset and some do not, and a timestamp column would have to invent one; the
  staging models read them in the event's zone.
"""

from __future__ import annotations

from collections.abc import Mapping

from event_assets.source.tables.columns import Column, Table


def _text(name: str, description: str, *, pii: bool = False) -> Column:
    return Column(name, "text", description, pii)


def _number(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


def _flag(name: str, description: str) -> Column:
    return Column(name, "bool", description)


def _json(name: str, description: str, fields: tuple[str, ...], *, nested_pii: tuple[str, ...] = ()) -> Column:
    return Column(name, "json", description, nested_pii=nested_pii, fields=fields)


_EVENT = _text("event_id", "Event.")
_DAY = _text("event_day_id", "Event day: raw.days.id.")
_AUDIT = (
    _text("created_at", "Time of creation, as sent."),
    _text("updated_at", "Time of the last change, as sent."),
)
_SPAN = (
    _text("start", "Start, as sent."),
    _text("end", "End, as sent."),
)
_THROUGH = _text("laravel_through_key", "Internal key of the event system.")


def _id() -> Column:
    return Column("id", "text", "Identifier.", hints={"nullable": False})


def _session_columns() -> tuple[Column, ...]:
    return (
        _id(),
        _EVENT,
        _DAY,
        _text("hall_id", "Hall: raw.halls.id, or null."),
        _text("name", "Title."),
        _text("description", "Abstract, possibly HTML."),
        *_SPAN,
        _number("type", "Type number; undocumented."),
        _number("capacity", "Seats offered, or null."),
        _number("available", "Free seats."),
        _flag("booked", "Whether booking is closed."),
        _json(
            "booking_info",
            "Bookings, with booked_attendees.",
            ("id", "lecture_id", "capacity", "available", "booked"),
            nested_pii=("booked_attendees",),
        ),
        _text("code", "Code."),
        _text("qr_code_url", "QR code address."),
        _json("files", "Attached files.", ("id", "name", "url", "type")),
        _number("discussion", "Whether there is a discussion: 0 or 1."),
        _number("panel_discussion", "Whether it is a panel discussion: 0 or 1."),
        _flag("mentoring", "Whether it offers mentoring."),
        _flag("moderating", "Whether it is moderated."),
        _flag("overlapping", "Whether attendees may book overlapping sessions."),
        _flag("polling", "Whether it has a poll."),
        _text("stream__url", "Live stream address."),
        _text("stream__provider", "Live stream provider."),
        _THROUGH,
        *_AUDIT,
    )


_SESSION_LINKS = {
    "speakers": "Speaker: raw.speakers.id.",
    "tracks": "Track: raw.tracks.id.",
}
_SESSION_ABOUT = "Its lists are the tables {0}__speakers and {0}__tracks."

HALLS = Table(
    "halls",
    "One row per hall or room of the event.",
    "The API has no capacity of halls.",
    (
        _id(),
        _EVENT,
        _text("name", "Name."),
        _number("order", "Position in lists."),
        _text("stream__type", "Kind of live stream."),
        _flag("stream__available", "Whether it is available."),
        _text("stream__code", "Embedding code."),
        _text("stream__created_at", "Time of creation, as sent."),
        _flag("stream__is_live", "Whether it is live."),
        _text("stream__streamable_id", "Record that it belongs to."),
        _text("stream__streamable_type", "Kind of that record."),
        _text("stream__updated_at", "Time of the last change, as sent."),
        _text("stream__url", "Address."),
        *_AUDIT,
    ),
)

DAYS = Table(
    "days",
    "One row per day of the event.",
    "Some servers send none.",
    (
        _id(),
        _EVENT,
        _text("date", "Date, as sent."),
        _text("content_url", "Programme address."),
    ),
)

LECTURES = Table(
    "lectures",
    "One row per lecture of the programme.",
    _SESSION_ABOUT.format("lectures"),
    _session_columns(),
    links=_SESSION_LINKS,
)

WORKSHOPS = Table(
    "workshops",
    "One row per workshop of the programme.",
    f"{_SESSION_ABOUT.format('workshops')} Same fields as a lecture.",
    _session_columns(),
    links=_SESSION_LINKS,
)

SPEAKERS = Table(
    "speakers",
    "One row per speaker of the programme.",
    "Some are teams. The API has no time of change.",
    (
        _id(),
        _EVENT,
        _number("order", "Position in lists."),
        _text("name", "Public name."),
        _text("email", "E-mail address.", pii=True),
        _text("phone", "Telephone number.", pii=True),
        _text("company", "Employer or organisation."),
        _text("position", "Position there."),
        _text("country", "Country."),
        _text("language", "Language."),
        _text("bio", "Biography, plain text."),
        _text("bio_html", "Biography, HTML."),
        _text("web", "Web site."),
        _text("facebook", "Facebook."),
        _text("twitter", "Twitter."),
        _text("linked_in", "LinkedIn."),
        _text("instagram", "Instagram."),
        _text("photo", "Photo address."),
    ),
)

PAUSES = Table(
    "pauses",
    "One row per break of the programme.",
    "It has a day and no hall.",
    (
        _id(),
        _EVENT,
        _DAY,
        _text("name", "Name."),
        _text("description", "Description, possibly HTML."),
        *_SPAN,
        _THROUGH,
        *_AUDIT,
    ),
)

TRACKS = Table(
    "tracks",
    "One row per track of the programme.",
    "A session can have several.",
    (
        _id(),
        _text("name", "Name."),
        _text("color", "Colour in the app."),
        _number("order", "Position in lists."),
        *_AUDIT,
    ),
)

PARTNERS = Table(
    "partners",
    "One row per partner of the event: sponsors, exhibitors and others.",
    "The API has no tiers.",
    (
        _id(),
        _text("company", "Company."),
        _text("description", "Description, possibly HTML."),
        _text("web", "Web site."),
        _text("email", "Contact's e-mail address.", pii=True),
        _text("phone", "Contact's telephone number.", pii=True),
        _text("address", "Postal address."),
        _text("code", "Code."),
        _flag("sponsor", "Whether it sponsors the event."),
        _flag("exhibitor", "Whether it exhibits."),
        _number("sponsor_info__order", "Position among sponsors."),
        _text("sponsor_info__photo", "Picture as sponsor."),
        _text("exhibitor_info__booth_number", "Booth number."),
        _number("exhibitor_info__order", "Position among exhibitors."),
        _text("exhibitor_info__photo", "Picture as exhibitor."),
        _text("logo__id", "Identifier."),
        _text("logo__type", "File type."),
        _text("logo__url", "Logo address."),
        _text("logo__thumbnail", "Thumbnail address."),
        _number("logo__width", "Width in pixels."),
        _number("logo__height", "Height in pixels."),
        _text("photo", "Picture address."),
        _text("qr_code_url", "QR code address."),
        _json("sections", "Sections of its page; undocumented.", ()),
        *_AUDIT,
    ),
)

PARTICIPANTS = Table(
    "participants",
    "One row per registered participant of the event.",
    "Anonymous and deleted accounts have a placeholder without an @ as e-mail address, or none: they are identified by "
    "their id.",
    (
        _text("id", "Identifier."),
        _text("email", "E-mail address or placeholder, as sent.", pii=True),
        _text("first_name", "First name.", pii=True),
        _text("last_name", "Last name.", pii=True),
        _text("name", "Full name.", pii=True),
        _text("company", "Employer or organisation.", pii=True),
        _text("position", "Position there.", pii=True),
        _text("role", "a admin, m moderator, l lecturer, e attendee."),
        _text("group_id", "Group."),
        _json("tickets", "Tickets, with name.", ("name",)),
        _text("checked_at", "Time of check-in, as sent."),
        _text("registered_at", "Time of registration, as sent."),
    ),
    key_field="email",
    other_key_field="id",
    has_raw_hash=True,
    key_column=Column(
        "email_key",
        "text",
        "Key: the e-mail address, trimmed, in lower case. Where it is not an address, id: and the identifier; where "
        "personal data is dropped, the identifier alone.",
        pii=True,
        hints={"nullable": False},
    ),
)

REJECTED = "rejected"
REJECTED_DESCRIPTION = "Rejected records of the latest responses."
REJECTED_COLUMNS = (
    _text("resource", "Resource, and raw table."),
    _text("reason", "Why it was rejected."),
    _text("payload", "Record as received, JSON."),
    _text("load_id", "Load of the sync: raw._dlt_loads.load_id. Null if that loaded nothing."),
)
"""Records of the latest response of each resource without a usable key, or with the key of an earlier record."""

TABLES: dict[str, Table] = {
    table.name: table for table in (HALLS, DAYS, LECTURES, SPEAKERS, WORKSHOPS, PAUSES, TRACKS, PARTNERS, PARTICIPANTS)
}
"""The raw tables that every event has by name, in the order of the REST configuration. Others are in ``more``."""


def raw_tables(resources: Mapping[str, Table] = TABLES) -> dict[str, tuple[Column, ...]]:
    """Return the declared columns of every raw table: resources, their link tables and ``rejected``.

    Args:
        resources: The tables of the resources.
    """
    tables = {REJECTED: REJECTED_COLUMNS}
    for table in resources.values():
        tables |= {table.name: table.all_columns, **table.link_tables}
    return tables
