with known_tracks as (
    select distinct links.session_key
    from staging.session_tracks as links
    inner join staging.tracks as tracks on tracks.track_id = links.track_id
    where macros.blank_to_null(tracks.track) is not null
),
known_speakers as (
    select
        links.session_key,
        count(*) as speakers,
        count(*) filter (where speakers.missing is not null) as incomplete_speakers
    from staging.session_speakers as links
    inner join summary.speaker_readiness as speakers on speakers.speaker_id = links.speaker_id
    group by links.session_key
),
entries as (
    -- In the order of the programme's page.
    select
        sessions.session_key,
        sessions.kind,
        sessions.title,
        sessions.day,
        sessions.starts_at,
        sessions.starts_local,
        halls.hall,
        coalesce(known_speakers.incomplete_speakers, 0) as incomplete_speakers,
        case when macros.blank_to_null(sessions.title) is null then ', title' else '' end
        || case when sessions.description_text is null then ', description' else '' end
        || case when sessions.starts_at is null then ', start' else '' end
        || case when sessions.ends_at is null then ', end' else '' end
        || case when macros.blank_to_null(halls.hall) is null then ', hall' else '' end
        || case when known_tracks.session_key is null then ', track' else '' end
        || case when known_speakers.session_key is null then ', speaker' else '' end as missing_fields
    from staging.sessions as sessions
    left join staging.halls as halls on halls.hall_id = sessions.hall_id
    left join known_tracks on known_tracks.session_key = sessions.session_key
    left join known_speakers on known_speakers.session_key = sessions.session_key
)
select
    session_key,
    kind,
    title,
    day,
    starts_local,
    hall,
    1 - cast(length(missing_fields) - length(replace(missing_fields, ',', '')) as double) / 7 as completeness,
    nullif(substring(missing_fields, 3), '') as missing,
    incomplete_speakers
from entries
order by completeness, starts_at, session_key
