with spoken as (
    select coalesce(speakers.language, '(none)') as language, speakers.speaker_id, sessions.session_key, sessions.minutes
    from staging.speakers as speakers
    left join staging.session_speakers as links on links.speaker_id = speakers.speaker_id
    left join staging.sessions as sessions on sessions.session_key = links.session_key
),
once as (
    -- Two speakers of one language make one session of it.
    select distinct language, session_key, minutes
    from spoken
    where session_key is not null
),
speakers_of as (
    select language, count(distinct speaker_id) as speakers
    from spoken
    group by language
),
sessions_of as (
    select language, count(*) as sessions, cast(sum(case when minutes > 0 then minutes end) as bigint) as minutes
    from once
    group by language
),
everybody as (
    select count(*) as speakers from staging.speakers
)
select
    speakers_of.language,
    speakers_of.speakers,
    cast(speakers_of.speakers as double) / everybody.speakers as share_of_speakers,
    coalesce(sessions_of.sessions, 0) as sessions,
    coalesce(sessions_of.minutes, 0) as minutes
from speakers_of
cross join everybody
left join sessions_of on sessions_of.language = speakers_of.language
order by speakers_of.speakers desc, speakers_of.language
