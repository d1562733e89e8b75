with session_speakers as (
    select links.session_key, string_agg(speakers.speaker, ', ' order by links.list_index) as speakers
    from staging.session_speakers as links
    inner join staging.speakers as speakers on speakers.speaker_id = links.speaker_id
    group by links.session_key
),
session_tracks as (
    select links.session_key, string_agg(tracks.track, ', ' order by links.list_index) as tracks
    from staging.session_tracks as links
    inner join staging.tracks as tracks on tracks.track_id = links.track_id
    group by links.session_key
)
select
    sessions.session_key,
    sessions.kind,
    coalesce(days.day, sessions.local_day) as day,
    sessions.starts_local,
    sessions.ends_local,
    sessions.minutes,
    halls.hall,
    sessions.title,
    session_speakers.speakers,
    session_tracks.tracks,
    sessions.starts_at,
    sessions.ends_at
from staging.sessions as sessions
left join staging.days as days on days.day_id = sessions.day_id
left join staging.halls as halls on halls.hall_id = sessions.hall_id
left join session_speakers on session_speakers.session_key = sessions.session_key
left join session_tracks on session_tracks.session_key = sessions.session_key
order by sessions.starts_at, halls.hall, sessions.session_key
