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
    cast(coalesce(sum(case when sessions.minutes > 0 then sessions.minutes end), 0) as bigint) as minutes,
    count(distinct sessions.day) as days,
    -- By the instants: where a clock is set back, what begins first is not what the clock shows first.
    -- What ends before it begins says neither.
    macros.clock_of(min(case when sessions.minutes > 0 then sessions.starts_at end)) as first_start_local,
    macros.clock_of(max(case when sessions.minutes > 0 then sessions.ends_at end)) as last_end_local
from known
left join staging.speakers as speakers on speakers.speaker_id = known.speaker_id
left join staging.session_speakers as links on links.speaker_id = known.speaker_id
left join staging.sessions as sessions on sessions.session_key = links.session_key
group by known.speaker_id
order by minutes desc, known.speaker_id
