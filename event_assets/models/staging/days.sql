with trimmed as (
    select *, macros.blank_to_null("date") as sent
    from raw.days
    where removed_at is null
),
rewritten as (
    select *, macros.usual_time(sent) as usual_form
    from trimmed
),
timed as (
    select *, macros.event_time(usual_form) as begins_at
    from rewritten
)
select
    id as day_id,
    macros.blank_to_null(event_id) as event_id,
    case
        when begins_at is null then null
        -- Laravel sends a date as the instant at which it begins, which in UTC may be on the day before. Where the clock
        -- is set forward at midnight, a day begins at one o'clock.
        when sent like '%:%' and begins_at = macros.instant_of(cast(macros.local_day(begins_at) as timestamp))
            then macros.local_day(begins_at)
        else cast(left(sent, 10) as date)
    end as day,
    sent as date_sent
from timed
