with trimmed as (
    select *, macros.blank_to_null("start") as start_sent, macros.blank_to_null("end") as end_sent
    from raw.pauses
    where removed_at is null
),
rewritten as (
    select *, macros.usual_time(start_sent) as usual_start, macros.usual_time(end_sent) as usual_end
    from trimmed
),
timed as (
    -- To the second, which lengths are counted in: what overlaps does so for one at least.
    select
        *,
        date_trunc('second', macros.event_time(usual_start)) as starts_at,
        date_trunc('second', macros.event_time(usual_end)) as ends_at
    from rewritten
)
select
    id as pause_id,
    macros.blank_to_null(timed.event_id) as event_id,
    -- A blank refers to nothing.
    case when macros.blank_to_null(event_day_id) is not null then event_day_id end as day_id,
    coalesce(days.day, macros.local_day(starts_at)) as day,
    macros.blank_to_null(name) as title,
    starts_at,
    ends_at,
    macros.clock_of(starts_at) as starts_local,
    macros.clock_of(ends_at) as ends_local,
    macros.local_day(starts_at) as local_day,
    macros.minutes(starts_at, ends_at) as minutes,
    macros.times_sent(days.date_sent, start_sent, end_sent) as times_sent
from timed
left join staging.days as days on days.day_id = timed.event_day_id
