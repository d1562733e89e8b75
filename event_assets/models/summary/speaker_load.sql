with known as (
    select speaker_id from staging.speakers
    union
    select speaker_id from staging.session_speakers
)
select
    known.speaker_id,
    max(speakers.speaker) as speaker,
    max(speakers.company) as company,
    count(sessions.session_key) as sessions,
    coalesce(sum(case when sessions.minutes > 0 then sessions.minutes end), 0) as minutes,
    count(distinct sessions.day) as days,
    -- By the instants: where a clock is set back, what begins first is not what the clock shows first.
    macros.clock_of(min(sessions.starts_at)) as first_start_local,
    macros.clock_of(max(sessions.ends_at)) as last_end_local
from known
left join staging.speakers as speakers on speakers.speaker_id = known.speaker_id
left join staging.session_speakers as links on links.speaker_id = known.speaker_id
left join staging.sessions as sessions on sessions.session_key = links.session_key
group by known.speaker_id
order by minutes desc, known.speaker_id
