with trimmed as (
    select *, macros.blank_to_null("date") as sent
    from raw.days
    where removed_at is null
),
timed as (
    select *, macros.event_time(sent) as begins_at
    from trimmed
)
select
    id as day_id,
    event_id,
    case
        when begins_at is null then null
        -- Laravel sends a date as the instant at which it begins, which in UTC may be on the day before.
        when contains(sent, ':') and cast(begins_at at time zone $event_timezone as time) = cast('00:00:00' as time)
            then macros.local_day(begins_at)
        else try_cast(sent as date)
    end as day
from timed
