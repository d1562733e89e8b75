"""Columns, lineage and data tests of three models, as a person reads them in the models' files."""

from typing import Any

LINEAGE = {
    "halls": {
        "hall_id": (["raw.halls.id"], ["raw.halls.id"]),
        "event_id": (["raw.halls.event_id"], ["raw.halls.event_id"]),
        "hall": (["raw.halls.name"], ["raw.halls.name"]),
        "list_order": (["raw.halls.order"], ["raw.halls.order"]),
    },
    "workshop_capacity": {
        "session_key": (["staging.sessions.session_key"], ["raw.lectures.id", "raw.workshops.id"]),
        "title": (["staging.sessions.title"], ["raw.lectures.name", "raw.workshops.name"]),
        "day": (["staging.sessions.day"], ["raw.days.date", "raw.lectures.start", "raw.workshops.start"]),
        "starts_local": (["staging.sessions.starts_local"], ["raw.lectures.start", "raw.workshops.start"]),
        "hall": (["staging.halls.hall"], ["raw.halls.name"]),
        "capacity": (["staging.sessions.capacity"], ["raw.lectures.capacity", "raw.workshops.capacity"]),
        "available": (["staging.sessions.available"], ["raw.lectures.available", "raw.workshops.available"]),
        "booked_seats": (
            ["staging.sessions.available", "staging.sessions.capacity"],
            ["raw.lectures.available", "raw.lectures.capacity", "raw.workshops.available", "raw.workshops.capacity"],
        ),
        "overbooked_seats": (["staging.sessions.available"], ["raw.lectures.available", "raw.workshops.available"]),
        "fill_share": (
            ["staging.sessions.available", "staging.sessions.capacity"],
            ["raw.lectures.available", "raw.lectures.capacity", "raw.workshops.available", "raw.workshops.capacity"],
        ),
        "is_full": (
            ["staging.sessions.available", "staging.sessions.booked", "staging.sessions.capacity"],
            [
                "raw.lectures.available", "raw.lectures.booked", "raw.lectures.capacity",
                "raw.workshops.available", "raw.workshops.booked", "raw.workshops.capacity",
            ],
        ),
    },
    "checkin_rate": {
        "dimension": ([], []),
        "value": (
            ["staging.companies.shown_as", "staging.groups.label", "staging.participants.role"],
            [
                "raw.groups.id", "raw.groups.name", "raw.groups.public_name",
                "raw.participants.company", "raw.participants.group_id", "raw.participants.role",
            ],
        ),
        "registered": ([], []),
        "checked_in": (["staging.participants.checked_in"], ["raw.participants.checked_at"]),
        "rate": (["staging.participants.checked_in"], ["raw.participants.checked_at"]),
    },
}  # fmt: skip
"""Of three models, as a person reads it: column → its source columns in what the model reads, and in raw."""

TYPES = {
    "halls": ["VARCHAR", "VARCHAR", "VARCHAR", "BIGINT"],
    "workshop_capacity": [
        "VARCHAR", "VARCHAR", "DATE", "TIMESTAMP", "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "BIGINT", "DOUBLE",
        "BOOLEAN",
    ],
    "checkin_rate": ["VARCHAR", "VARCHAR", "BIGINT", "BIGINT", "DOUBLE"],
}  # fmt: skip

TESTS: dict[str, list[tuple[str, str, str | None, str, dict[str, Any]]]] = {
    "halls": [
        ("grain_is_unique", "unique", "hall_id", "ERROR", {}),
        ("hall_id_is_not_null", "not_null", "hall_id", "ERROR", {}),
        ("hall_is_not_null", "not_null", "hall", "WARN", {}),
    ],
    "workshop_capacity": [
        ("grain_is_unique", "unique", "session_key", "ERROR", {}),
        ("session_key_is_not_null", "not_null", "session_key", "ERROR", {}),
        (
            "session_key_refers_to_sessions", "relationships", "session_key", "ERROR",
            {"to": "ref('sessions')", "field": "session_key"},
        ),
        (
            "booked_seats_are_not_negative", "dbt_utils.expression_is_true", None, "ERROR",
            {"expression": "booked_seats >= 0"},
        ),
        (
            "overbooked_seats_are_not_negative", "dbt_utils.expression_is_true", None, "ERROR",
            {"expression": "overbooked_seats >= 0"},
        ),
        (
            "fill_share_is_a_share", "dbt_utils.expression_is_true", None, "ERROR",
            {"expression": "fill_share between 0 and 1"},
        ),
        (
            "available_is_within_capacity", "dbt_utils.expression_is_true", None, "WARN",
            {"expression": "available between 0 and capacity"},
        ),
    ],
    "checkin_rate": [
        (
            "grain_is_unique", "dbt_utils.unique_combination_of_columns", None, "ERROR",
            {"combination_of_columns": ["dimension", "value"]},
        ),
        ("dimension_is_not_null", "not_null", "dimension", "ERROR", {}),
        ("value_is_not_null", "not_null", "value", "ERROR", {}),
        ("rate_is_not_null", "not_null", "rate", "ERROR", {}),
        (
            "dimension_is_accepted", "accepted_values", "dimension", "ERROR",
            {"values": ["all", "company", "group", "role"]},
        ),
        (
            "small_companies_are_grouped", "dbt_utils.expression_is_true", None, "ERROR",
            {"expression": "dimension <> 'company' or registered >= 3 or value in ('(other)', '(none)')"},
        ),
    ],
}  # fmt: skip
"""Of three models, as a person reads them in their YAML: check, generic test, column, severity, arguments."""
