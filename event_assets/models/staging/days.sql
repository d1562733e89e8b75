with timed as (
    select *, macros.event_time("date") as begins_at
    from raw.days
    where removed_at is null
)
select
    id as day_id,
    event_id,
    case
        -- Laravel sends a date as the instant at which it begins, which in UTC may be on the day before.
        when cast(begins_at at time zone $event_timezone as time) = cast('00:00:00' as time)
            then macros.local_day(begins_at)
        else try_cast("date" as date)
    end as day
from timed
