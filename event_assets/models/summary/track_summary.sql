with known as (
    select track_id from staging.tracks
    union
    select track_id from staging.session_tracks
),
track_sessions as (
    select
        links.track_id,
        count(*) as sessions,
        coalesce(sum(case when sessions.minutes > 0 then sessions.minutes end), 0) as minutes,
        count(distinct sessions.hall_id) as halls
    from staging.session_tracks as links
    inner join staging.sessions as sessions on sessions.session_key = links.session_key
    group by links.track_id
),
track_speakers as (
    select links.track_id, count(distinct speakers.speaker_id) as speakers
    from staging.session_tracks as links
    inner join staging.session_speakers as speakers on speakers.session_key = links.session_key
    group by links.track_id
)
select
    known.track_id,
    tracks.track,
    coalesce(track_sessions.sessions, 0) as sessions,
    coalesce(track_sessions.minutes, 0) as minutes,
    coalesce(track_speakers.speakers, 0) as speakers,
    coalesce(track_sessions.halls, 0) as halls
from known
left join staging.tracks as tracks on tracks.track_id = known.track_id
left join track_sessions on track_sessions.track_id = known.track_id
left join track_speakers on track_speakers.track_id = known.track_id
order by sessions desc, known.track_id
