with timed as (
    select *, macros.event_time("start") as starts_at, macros.event_time("end") as ends_at
    from raw.pauses
    where removed_at is null
)
select
    id as pause_id,
    event_id,
    event_day_id as day_id,
    name as title,
    starts_at,
    ends_at,
    starts_at at time zone $event_timezone as starts_local,
    ends_at at time zone $event_timezone as ends_local,
    cast(starts_at at time zone $event_timezone as date) as local_day,
    date_diff('second', starts_at, ends_at) / 60.0 as minutes
from timed
