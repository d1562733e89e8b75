with profiles as (
    -- In the order of the profile page.
    select
        speaker_id,
        speaker,
        case when speaker is null then ', name' else '' end
        || case when macros.blank_to_null(company) is null then ', company' else '' end
        || case when macros.blank_to_null(position) is null then ', position' else '' end
        || case when macros.blank_to_null(country) is null then ', country' else '' end
        || case when language is null then ', language' else '' end
        || case when not has_biography then ', biography' else '' end
        || case when photo is null then ', photo' else '' end as missing_fields
    from staging.speakers
),
held as (
    select links.speaker_id, count(*) as sessions, macros.clock_of(min(sessions.starts_at)) as first_start_local
    from staging.session_speakers as links
    inner join staging.sessions as sessions on sessions.session_key = links.session_key
    group by links.speaker_id
)
select
    profiles.speaker_id,
    profiles.speaker,
    coalesce(held.sessions, 0) as sessions,
    held.first_start_local,
    1 - cast(length(missing_fields) - length(replace(missing_fields, ',', '')) as double) / 7 as profile_completeness,
    nullif(substring(missing_fields, 3), '') as missing
from profiles
left join held on held.speaker_id = profiles.speaker_id
order by profile_completeness, profiles.speaker, profiles.speaker_id
