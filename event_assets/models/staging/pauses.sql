with timed as (
    -- To the second, which lengths are counted in: what overlaps does so for one at least.
    select
        *,
        date_trunc('second', macros.event_time("start")) as starts_at,
        date_trunc('second', macros.event_time("end")) as ends_at
    from raw.pauses
    where removed_at is null
)
select
    id as pause_id,
    timed.event_id,
    -- A blank refers to nothing.
    case when macros.blank_to_null(event_day_id) is not null then event_day_id end as day_id,
    coalesce(days.day, macros.local_day(starts_at)) as day,
    name as title,
    starts_at,
    ends_at,
    starts_at at time zone $event_timezone as starts_local,
    ends_at at time zone $event_timezone as ends_local,
    macros.local_day(starts_at) as local_day,
    date_diff('second', starts_at, ends_at) / 60.0 as minutes
from timed
left join staging.days as days on days.day_id = timed.event_day_id
