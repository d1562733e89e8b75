"""The data dictionary of the resources that are off unless `resources` in the settings names them.

They are declared as those in ``schema``. Which tables an event has is decided here, by ``tables_of``.
"""

from __future__ import annotations

from collections.abc import Iterable

from event_assets.settings import SettingsError
from event_assets.source.tables.columns import Column, Table
from event_assets.source.tables.schema import LECTURES, TABLES


def _id() -> Column:
    return Column("id", "text", "Identifier.", hints={"nullable": False})


def _text(name: str, description: str, *, pii: bool = False) -> Column:
    return Column(name, "text", description, pii)


def _flag(name: str, description: str) -> Column:
    return Column(name, "bool", description)


REVIEWS = Table(
    "reviews",
    "One row per review of a session by a participant.",
    "Optional: `resources` in the settings switches it on.",
    (
        _id(),
        _text("lecture_id", "Session: raw.lectures.id or raw.workshops.id."),
        _text("user_id", "Reviewer.", pii=True),
        _text("username", "Reviewer's name.", pii=True),
        _text("userphoto", "Reviewer's photo address.", pii=True),
        Column("stars", "bigint", "Rating."),
        _text("comment", "Comment.", pii=True),
        _text("device", "Device that it was sent from."),
        _text("os", "Operating system of the device."),
        Column(
            "lecture",
            "json",
            "The session, as in its own table.",
            fields=tuple(column.name for column in LECTURES.columns if column.data_type != "json"),
        ),
        _text("created_at", "Time of creation, as sent."),
        _text("updated_at", "Time of the last change, as sent."),
    ),
)

GROUPS = Table(
    "groups",
    "One row per group of participants.",
    "Optional: `resources` in the settings switches it on. Its list is the table groups__ticket_names.",
    (
        _id(),
        _text("name", "Name."),
        _text("public_name", "Name that participants see."),
        _text("color", "Colour in the app."),
        _text("emoji", "Emoji in the app."),
        _flag("is_default", "Whether new participants belong to it."),
        _flag("agenda", "Whether its members see the agenda."),
        _flag("gamification", "Whether its members see the games."),
        _flag("networking", "Whether its members see the networking."),
        _flag("newsfeed", "Whether its members see the news."),
        _flag("session_ratings", "Whether its members rate sessions."),
        _flag("social_wall", "Whether its members see the social wall."),
    ),
    links={"ticket_names": "Name of a ticket whose holders belong to the group."},
)

REGISTRATIONS = Table(
    "registrations",
    "One row per registration, be it accepted or not.",
    "Optional: `resources` in the settings switches it on.",
    (
        _id(),
        _text("email", "E-mail address.", pii=True),
        _text("first_name", "First name.", pii=True),
        _text("last_name", "Last name.", pii=True),
        _text("company", "Employer or organisation.", pii=True),
        _text("position", "Position there.", pii=True),
        _text("phone", "Telephone number.", pii=True),
        _text("bio", "Biography.", pii=True),
        _text("photo", "Photo address.", pii=True),
        _text("web", "Web site.", pii=True),
        _text("twitter_link", "Twitter.", pii=True),
        _text("facebook_link", "Facebook.", pii=True),
        _text("linked_in_link", "LinkedIn.", pii=True),
        _text("group_id", "Group: raw.groups.id."),
        _text("status", "Status of the registration, as sent."),
        _flag("email_valid", "Whether the e-mail address is valid."),
        _flag("send_email", "Whether to send e-mail."),
    ),
)

MORE_TABLES: dict[str, Table] = {table.name: table for table in (REVIEWS, GROUPS, REGISTRATIONS)}
"""The raw tables of the optional resources by name."""

ALL_TABLES: dict[str, Table] = {**TABLES, **MORE_TABLES}
"""The raw tables of all resources by name, whether they are switched on or not."""


def tables_of(resources: Iterable[str]) -> dict[str, Table]:
    """Return the raw tables of an event: those that every event has, then those that are switched on.

    Args:
        resources: The optional resources that are switched on, in any order.

    Raises:
        SettingsError: There is no such resource.
    """
    wanted = {*resources}
    if unknown := sorted(wanted - MORE_TABLES.keys()):
        raise SettingsError(
            f"`resources` in the section [sources.event_api] of .dlt/config.toml has {', '.join(map(repr, unknown))}: "
            f"it may have {', '.join(MORE_TABLES)}. Nothing was requested."
        )
    return TABLES | {name: table for name, table in MORE_TABLES.items() if name in wanted}
