with spelled as (
    -- Times are read as in staging/sessions.sql; a test holds the two together.
    select
        *,
        regexp_replace("start", '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as start_text,
        regexp_replace("end", '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as end_text
    from raw.pauses
    where removed_at is null
),
timed as (
    select
        *,
        case
            when regexp_matches(start_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(start_text as timestamp with time zone)
            else try_cast(start_text as timestamp) at time zone $event_timezone
        end as starts_at,
        case
            when regexp_matches(end_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(end_text as timestamp with time zone)
            else try_cast(end_text as timestamp) at time zone $event_timezone
        end as ends_at
    from spelled
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
