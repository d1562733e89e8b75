with held as (
    select links.speaker_id, sessions.*
    from staging.session_speakers as links
    inner join staging.sessions as sessions on sessions.session_key = links.session_key
    where sessions.ends_at > sessions.starts_at
),
pairs as (
    select
        earlier.speaker_id,
        earlier.session_key,
        later.session_key as other_session_key,
        earlier.day,
        earlier.title,
        later.title as other_title,
        earlier.hall_id,
        later.hall_id as other_hall_id,
        later.starts_at as overlap_starts_at,
        later.starts_local as overlap_starts_local,
        macros.minutes(later.starts_at, least(earlier.ends_at, later.ends_at)) as overlap_minutes
    from held as earlier
    inner join held as later
        on later.speaker_id = earlier.speaker_id
        and (
            later.starts_at > earlier.starts_at
            or (later.starts_at = earlier.starts_at and macros.by_code_point(later.session_key) > macros.by_code_point(earlier.session_key))
        )
        and later.starts_at < earlier.ends_at
),
crowds as (
    -- Sessions pile up only where one begins: a session and two that begin before it and are still going on.
    select distinct speaker_id
    from pairs
    group by speaker_id, other_session_key
    having count(*) >= 2
)
select
    pairs.speaker_id,
    pairs.session_key,
    pairs.other_session_key,
    speakers.speaker,
    pairs.day,
    pairs.overlap_starts_local,
    pairs.overlap_minutes,
    pairs.title,
    pairs.other_title,
    halls.hall,
    other_halls.hall as other_hall,
    crowds.speaker_id is not null
        or coalesce(
            regexp_matches(
                lower(speakers.speaker),
                '(^|[^a-z0-9_])(team|staff|committee|organisers|organizers|crew|group)($|[^a-z0-9_])'
            ),
            false
        ) as likely_team
from pairs
left join crowds on crowds.speaker_id = pairs.speaker_id
left join staging.speakers as speakers on speakers.speaker_id = pairs.speaker_id
left join staging.halls as halls on halls.hall_id = pairs.hall_id
left join staging.halls as other_halls on other_halls.hall_id = pairs.other_hall_id
order by likely_team, pairs.overlap_starts_at, pairs.speaker_id, pairs.session_key, pairs.other_session_key
