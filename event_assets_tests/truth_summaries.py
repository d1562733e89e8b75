"""Which computation without SQL is the truth of which summary, and which columns tell its rows apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from event_assets.sandbox import Event
from event_assets_tests import truth, truth_attendance, truth_people, truth_programme, truth_readiness


class SummaryTruth(NamedTuple):
    """The truth of a summary.

    Attributes:
        table: The summary.
        grain: What tells its rows apart.
        compute: The facts of each row, by its grain, made of the event.
    """

    table: str
    grain: list[str]
    compute: Callable[[Event], dict[Any, dict[str, Any]]]


OF_THE_PROGRAMME = [
    SummaryTruth("hall_utilisation", ["hall_id", "day"], truth.hall_utilisation),
    SummaryTruth("speaker_load", ["speaker_id"], truth.speaker_load),
    SummaryTruth("track_summary", ["track_id"], truth.track_summary),
    SummaryTruth("hall_conflicts", ["session_key", "other_session_key"], truth_programme.hall_conflicts),
    SummaryTruth("hall_gaps", ["hall_id", "day", "starts_at"], truth_programme.hall_gaps),
    SummaryTruth(
        "speaker_conflicts", ["speaker_id", "session_key", "other_session_key"], truth_programme.speaker_conflicts
    ),
    SummaryTruth(
        "speaker_transfers", ["speaker_id", "session_key", "next_session_key"], truth_readiness.speaker_transfers
    ),
    SummaryTruth("workshop_capacity", ["session_key"], truth_programme.workshop_capacity),
]
OF_PEOPLE_AND_PARTNERS = [
    SummaryTruth("registrations_by_day", ["day", "role"], truth_people.registrations_by_day),
    SummaryTruth("checkin_rate", ["dimension", "value"], truth_people.checkin_rate),
    SummaryTruth("partners_overview", ["partner_id"], truth_people.partners_overview),
    SummaryTruth("ticket_types", ["ticket"], truth_attendance.ticket_types),
    SummaryTruth("no_shows", ["dimension", "value"], truth_attendance.no_shows),
    SummaryTruth(
        "attendance_over_time", ["step", "starts_local", "dimension", "value"], truth_attendance.attendance_over_time
    ),
    SummaryTruth("speaker_readiness", ["speaker_id"], truth_readiness.speaker_readiness),
    SummaryTruth("session_readiness", ["session_key"], truth_readiness.session_readiness),
    SummaryTruth("session_demand", ["session_key"], truth_readiness.session_demand),
    SummaryTruth("break_pressure", ["pause_id"], truth_readiness.break_pressure),
    SummaryTruth("language_mix", ["language"], truth_readiness.language_mix),
    SummaryTruth("sponsor_levels", ["level"], truth_readiness.sponsor_levels),
]
