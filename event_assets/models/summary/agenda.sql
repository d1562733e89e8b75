with entries as (
    select session_key as entry_key, kind, day, hall_id, title, starts_at, ends_at, starts_local, ends_local, minutes
    from staging.sessions
    union all
    select 'break:' || pause_id as entry_key, 'break' as kind, day, cast(null as varchar) as hall_id, title, starts_at, ends_at,
        starts_local, ends_local, minutes
    from staging.pauses
),
session_speakers as (
    select
        links.session_key,
        macros.joined(speakers.speaker, links.list_index, ', ') as speakers,
        macros.joined(links.speaker_id, links.list_index, ', ') as speaker_ids
    from staging.session_speakers as links
    left join staging.speakers as speakers on speakers.speaker_id = links.speaker_id
    group by links.session_key
),
session_tracks as (
    select
        links.session_key,
        macros.joined(tracks.track, links.list_index, ', ') as tracks,
        macros.joined(links.track_id, links.list_index, ', ') as track_ids
    from staging.session_tracks as links
    left join staging.tracks as tracks on tracks.track_id = links.track_id
    group by links.session_key
)
select
    entries.entry_key,
    entries.kind,
    entries.day,
    entries.starts_local,
    entries.ends_local,
    entries.minutes,
    halls.hall,
    entries.title,
    session_speakers.speakers,
    session_tracks.tracks,
    entries.starts_at,
    entries.ends_at,
    entries.hall_id,
    session_speakers.speaker_ids,
    session_tracks.track_ids
from entries
left join staging.halls as halls on halls.hall_id = entries.hall_id
left join session_speakers on session_speakers.session_key = entries.entry_key
left join session_tracks on session_tracks.session_key = entries.entry_key
order by entries.starts_at, halls.hall, entries.entry_key
