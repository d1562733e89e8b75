with queued as (
    -- The end of everything that began before it in the same hall on the same day.
    select
        *,
        -- ("nulls first" is for BigQuery, which knows nothing else in a window: what has no length keeps nothing busy.)
        max(case when ends_at > starts_at then ends_at end) over (
            partition by hall_id, day order by starts_at nulls first, ends_at nulls first, session_key nulls first
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from staging.sessions
    where hall_id is not null
),
counted as (
    -- What a session adds to the hall's busy time: overlapping sessions keep a hall busy once.
    select
        *,
        case
            when ends_at <= starts_at then 0
            when busy_until is null or starts_at >= busy_until then date_diff('second', starts_at, ends_at)
            when ends_at > busy_until then date_diff('second', busy_until, ends_at)
            else 0
        end as added_seconds
    from queued
)
select
    counted.hall_id,
    counted.day,
    max(halls.hall) as hall,
    count(*) as sessions,
    coalesce(sum(counted.added_seconds), 0) / 60.0 as busy_minutes,
    min(counted.starts_local) as first_start_local,
    max(counted.ends_local) as last_end_local,
    date_diff('second', min(counted.starts_at), max(counted.ends_at)) / 60.0 as span_minutes,
    coalesce(sum(counted.added_seconds), 0) * 1.0
        / nullif(date_diff('second', min(counted.starts_at), max(counted.ends_at)), 0) as busy_share
from counted
left join staging.halls as halls on halls.hall_id = counted.hall_id
group by counted.hall_id, counted.day
order by counted.day, hall, counted.hall_id
