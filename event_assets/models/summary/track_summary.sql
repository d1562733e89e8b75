with links as (
    -- A session without a track is of none.
    select session_key, track_id
    from staging.session_tracks
    union all
    select session_key, cast(null as varchar) as track_id
    from staging.sessions
    where session_key not in (select session_key from staging.session_tracks)
),
track_sessions as (
    select
        links.track_id,
        count(*) as sessions,
        cast(coalesce(sum(case when sessions.minutes > 0 then sessions.minutes end), 0) as bigint) as minutes,
        count(distinct sessions.hall_id) as halls
    from links
    inner join staging.sessions as sessions on sessions.session_key = links.session_key
    group by links.track_id
),
track_speakers as (
    select links.track_id, count(distinct speakers.speaker_id) as speakers
    from links
    inner join staging.session_speakers as speakers on speakers.session_key = links.session_key
    group by links.track_id
),
summed as (
    -- Not by joins, in which nulls are not equal.
    select track_id, sessions, minutes, 0 as speakers, halls
    from track_sessions
    union all
    select track_id, 0 as sessions, 0 as minutes, speakers, 0 as halls
    from track_speakers
    union all
    select track_id, 0 as sessions, 0 as minutes, 0 as speakers, 0 as halls
    from staging.tracks
)
select
    summed.track_id,
    case when summed.track_id is null then '(none)' else max(tracks.track) end as track,
    cast(sum(summed.sessions) as bigint) as sessions,
    cast(sum(summed.minutes) as bigint) as minutes,
    cast(sum(summed.speakers) as bigint) as speakers,
    cast(sum(summed.halls) as bigint) as halls
from summed
left join staging.tracks as tracks on tracks.track_id = summed.track_id
group by summed.track_id
order by sessions desc, summed.track_id
