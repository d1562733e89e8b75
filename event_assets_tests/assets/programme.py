"""The part of the graph that the programme goes through, for tests that need no more of it."""

PROGRAMME = [
    *("raw/days", "raw/halls", "raw/lectures", "raw/pauses", "raw/speakers", "raw/tracks", "raw/workshops"),
    *("staging/days", "staging/halls", "staging/pauses", "staging/session_speakers", "staging/session_tracks"),
    *("staging/sessions", "staging/speakers", "staging/tracks"),
    *("history/entry_versions", "summary/agenda", "summary/schedule_changes"),
]
"""From the API to the agenda and what has changed of it."""
