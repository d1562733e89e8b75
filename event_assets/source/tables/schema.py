"""The data dictionary of ``raw.*``: what a row is, the columns, their types and meaning, and what is personal data.

The one home of these facts: dlt's hints, Dagster's column schema and the docs are generated from it. How a resource is
requested is in ``resources``; what is derived from the raw tables is the models' affair.

Names are those of the warehouse: dlt's snake case, ``__`` for a nested object (``stream.url`` → ``stream__url``). Two
decisions run through all tables:

* Identifiers are text. The API's are numbers, but programmes exported from other systems carry ``TR212`` or GUIDs.
* Times are text, as sent. Some carry an offset and some do not, and a timestamp column would have to invent one; the
  staging models read them in the event's zone.
"""

from __future__ import annotations

from event_assets.source.tables.columns import Column, Table


def _text(name: str, description: str, *, pii: bool = False) -> Column:
    return Column(name, "text", description, pii)


def _number(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


def _flag(name: str, description: str) -> Column:
    return Column(name, "bool", description)


def _json(name: str, description: str, fields: tuple[str, ...], *, nested_pii: tuple[str, ...] = ()) -> Column:
    return Column(name, "json", description, nested_pii=nested_pii, fields=fields)


_EVENT = _text("event_id", "The event that the record belongs to.")
_DAY = _text("event_day_id", "The day of the event: raw.days.id.")
_AUDIT = (
    _text("created_at", "When the record was made in the event system, as sent."),
    _text("updated_at", "When the record was last changed in the event system, as sent."),
)
_SPAN = (
    _text("start", "Beginning, as sent: with or without an offset."),
    _text("end", "End, as sent: with or without an offset."),
)
_THROUGH = _text("laravel_through_key", "The key the event system found the record by (the event's).")


def _id(what: str) -> Column:
    return Column("id", "text", f"Identifier of the {what} in the event system.", hints={"nullable": False})


def _session_columns(what: str) -> tuple[Column, ...]:
    return (
        _id(what),
        _EVENT,
        _DAY,
        _text("hall_id", "The hall it takes place in: raw.halls.id. Null where none is assigned."),
        _text("name", "Title."),
        _text("description", "Abstract; may hold HTML."),
        *_SPAN,
        _number("type", "Type number of the event system; its meaning is not documented."),
        _number("capacity", "Seats offered; null where nobody counts."),
        _number("available", "Seats still free."),
        _flag("booked", "Whether it can no longer be booked."),
        _json(
            "booking_info",
            "Booking state per occurrence, with booked_attendees.",
            ("id", "lecture_id", "capacity", "available", "booked"),
            nested_pii=("booked_attendees",),
        ),
        _text("code", "Code of the session in the event system."),
        _text("qr_code_url", "Address behind the session's QR code."),
        _json("files", "Attached files.", ("id", "name", "url", "type")),
        _number("discussion", "Whether a discussion is offered: 0 or 1, though some servers send true or false."),
        _number("panel_discussion", "Whether it is a panel discussion: 0 or 1, as with discussion."),
        _flag("mentoring", "Whether mentoring is offered."),
        _flag("moderating", "Whether it is moderated."),
        _flag("overlapping", "Whether it may overlap with others in an attendee's agenda."),
        _flag("polling", "Whether a poll is offered."),
        _text("stream__url", "Address of the live stream."),
        _text("stream__provider", "Provider of the live stream."),
        _THROUGH,
        *_AUDIT,
    )


_SESSION_LINKS = {
    "speakers": "Identifier of a speaker of the session: raw.speakers.id.",
    "tracks": "Identifier of a track of the session: raw.tracks.id.",
}
_SESSION_ABOUT = "Speakers and tracks are in the link tables {0}__speakers and {0}__tracks."

HALLS = Table(
    "halls",
    "One row per hall or room of the event.",
    "The API knows no capacity of a hall.",
    (
        _id("hall"),
        _EVENT,
        _text("name", "Name of the hall."),
        _number("order", "Place in the event system's lists."),
        _text("stream__type", "Kind of live stream of the hall."),
        _flag("stream__available", "Whether the stream is available."),
        _text("stream__code", "Embedding code of the stream."),
        _text("stream__created_at", "When the stream was set up, as sent."),
        _flag("stream__is_live", "Whether the stream is live."),
        _text("stream__streamable_id", "The record the stream belongs to."),
        _text("stream__streamable_type", "The kind of record the stream belongs to."),
        _text("stream__updated_at", "When the stream was last changed, as sent."),
        _text("stream__url", "Address of the stream."),
        *_AUDIT,
    ),
)

DAYS = Table(
    "days",
    "One row per day of the event.",
    "Documented only as sent «when present».",
    (
        _id("day"),
        _EVENT,
        _text("date", "Calendar date, as sent."),
        _text("content_url", "Address of the day's programme."),
    ),
)

LECTURES = Table(
    "lectures",
    "One row per lecture of the programme.",
    _SESSION_ABOUT.format("lectures"),
    _session_columns("lecture"),
    links=_SESSION_LINKS,
)

WORKSHOPS = Table(
    "workshops",
    "One row per workshop of the programme.",
    f"{_SESSION_ABOUT.format('workshops')} Same fields as a lecture; workshops are the ones that are booked.",
    _session_columns("workshop"),
    links=_SESSION_LINKS,
)

SPEAKERS = Table(
    "speakers",
    "One row per speaker of the programme.",
    "Some «speakers» are really teams. Carries no time of change.",
    (
        _id("speaker"),
        _EVENT,
        _number("order", "Place in the event system's lists."),
        _text("name", "Public name; can be blank."),
        _text("email", "E-mail address.", pii=True),
        _text("phone", "Telephone number.", pii=True),
        _text("company", "Employer or organisation."),
        _text("position", "Position there."),
        _text("country", "Country."),
        _text("language", "Language."),
        _text("bio", "Biography as plain text."),
        _text("bio_html", "Biography as HTML."),
        _text("web", "Web site."),
        _text("facebook", "Facebook profile."),
        _text("twitter", "Twitter profile."),
        _text("linked_in", "LinkedIn profile (linkedIn in the API)."),
        _text("instagram", "Instagram profile."),
        _text("photo", "Address of a photo."),
    ),
)

PAUSES = Table(
    "pauses",
    "One row per break of the programme.",
    "A break has a day and no hall.",
    (
        _id("break"),
        _EVENT,
        _DAY,
        _text("name", "Name of the break."),
        _text("description", "Description; may hold HTML."),
        *_SPAN,
        _THROUGH,
        *_AUDIT,
    ),
)

TRACKS = Table(
    "tracks",
    "One row per track of the programme.",
    "A session can belong to several.",
    (
        _id("track"),
        _text("name", "Name of the track."),
        _text("color", "Colour in the event's app."),
        _number("order", "Place in the event system's lists."),
        *_AUDIT,
    ),
)

PARTNERS = Table(
    "partners",
    "One row per partner of the event: sponsors, exhibitors, and those that are neither.",
    "The API knows no tiers, only the flags sponsor and exhibitor.",
    (
        _id("partner"),
        _text("company", "Name of the company."),
        _text("description", "Description; may hold HTML."),
        _text("web", "Web site."),
        _text("email", "E-mail address of the contact.", pii=True),
        _text("phone", "Telephone number of the contact.", pii=True),
        _text("address", "Postal address."),
        _text("code", "Code of the partner in the event system."),
        _flag("sponsor", "Whether it sponsors the event."),
        _flag("exhibitor", "Whether it exhibits at the event."),
        _number("sponsor_info__order", "Place in the list of sponsors."),
        _text("sponsor_info__photo", "Picture for the list of sponsors."),
        _text("exhibitor_info__booth_number", "Number of the booth."),
        _number("exhibitor_info__order", "Place in the list of exhibitors."),
        _text("exhibitor_info__photo", "Picture for the list of exhibitors."),
        _text("logo__id", "Identifier of the logo."),
        _text("logo__type", "Kind of the logo's file."),
        _text("logo__url", "Address of the logo."),
        _text("logo__thumbnail", "Address of the logo, small."),
        _number("logo__width", "Width of the logo in pixels."),
        _number("logo__height", "Height of the logo in pixels."),
        _text("photo", "Address of a picture."),
        _text("qr_code_url", "Address behind the partner's QR code."),
        _json("sections", "Sections of the partner's page. What they hold is not documented.", ()),
        *_AUDIT,
    ),
)

PARTICIPANTS = Table(
    "participants",
    "One row per registered participant of the event.",
    "Keyed by e-mail address. Anonymous and deleted accounts carry a placeholder without an @ instead.",
    (
        _text("id", "Identifier of the participant in the event system."),
        _text("email", "E-mail address or a placeholder, as sent.", pii=True),
        _text("first_name", "First name.", pii=True),
        _text("last_name", "Last name.", pii=True),
        _text("name", "Full name.", pii=True),
        _text("company", "Employer or organisation.", pii=True),
        _text("position", "Position there.", pii=True),
        _text("role", "a admin, m moderator, l lecturer, e attendee."),
        _text("group_id", "The group the participant belongs to."),
        _json("tickets", "Tickets, each with its name.", ("name",)),
        _text("checked_at", "When checked in, as sent; null until then."),
        _text("registered_at", "When registered, as sent."),
    ),
    key_field="email",
    has_raw_hash=True,
    key_column=Column(
        "email_key",
        "text",
        "What rows are told apart by: the e-mail address without blanks around it and in lower case.",
        pii=True,
        hints={"nullable": False},
    ),
)

REJECTED = "rejected"
REJECTED_COLUMNS = (
    _text("resource", "The resource, which is also the table that the record is missing from."),
    _text("reason", "Why it could not be loaded."),
    _text("payload", "The record as received, as JSON."),
    _text(
        "load_id", "The load of the sync that brought it: raw._dlt_loads.load_id; null if there was no other change."
    ),
)
"""Records of the latest answer of each resource that have no usable key, or one that another record had before."""

TABLES: dict[str, Table] = {
    table.name: table for table in (HALLS, DAYS, LECTURES, SPEAKERS, WORKSHOPS, PAUSES, TRACKS, PARTNERS, PARTICIPANTS)
}
"""Every table of ``raw`` that comes from a resource, by name, in the order of the API's configuration."""
