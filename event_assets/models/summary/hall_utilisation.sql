with queued as (
    -- The end of everything that began before it in the same hall on the same day.
    select
        *,
        max(case when ends_at > starts_at then ends_at end) over (
            partition by hall_id, day order by starts_at nulls first, ends_at nulls first, macros.by_code_point(session_key) nulls first
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
            when busy_until is null or starts_at >= busy_until then macros.seconds(starts_at, ends_at)
            when ends_at > busy_until then macros.seconds(busy_until, ends_at)
            else 0
        end as added_seconds
    from queued
),
used as (
    select
        hall_id,
        day,
        count(*) as sessions,
        cast(coalesce(sum(added_seconds), 0) as double) as busy_seconds,
        -- By the instants: where a clock is set back, what begins first is not what the clock shows first.
        macros.clock_of(min(starts_at)) as first_start_local,
        macros.clock_of(max(ends_at)) as last_end_local,
        -- Where nothing has a length, or ends before it begins, there is no span.
        case
            when max(ends_at) > min(starts_at) then cast(macros.seconds(min(starts_at), max(ends_at)) as double)
        end as span_seconds
    from counted
    group by hall_id, day
)
select
    used.hall_id,
    used.day,
    halls.hall,
    used.sessions,
    used.busy_seconds / 60 as busy_minutes,
    used.first_start_local,
    used.last_end_local,
    used.span_seconds / 60 as span_minutes,
    used.busy_seconds / used.span_seconds as busy_share
from used
left join staging.halls as halls on halls.hall_id = used.hall_id
order by used.day, halls.hall, used.hall_id
