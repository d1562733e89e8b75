with event_days as (
    -- Some servers send no days: those of the sessions count as well.
    select day from staging.days
    union
    select day from staging.sessions
),
known_halls as (
    select hall_id from staging.halls
    union
    select hall_id from staging.sessions where hall_id is not null
),
placed as (
    -- What has no length, or ends before it begins, keeps no hall busy.
    select hall_id, day, session_key, starts_at, ends_at
    from staging.sessions
    where hall_id is not null and ends_at > starts_at
),
queued as (
    -- The end of everything that began before it in the same hall on the same day.
    select
        *,
        max(ends_at) over (
            partition by hall_id, day order by starts_at, ends_at, macros.by_code_point(session_key)
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from placed
),
added as (
    -- What a session adds to the hall's busy time: overlapping sessions keep a hall busy once.
    select *, greatest(starts_at, coalesce(busy_until, starts_at)) as adds_from
    from queued
),
used as (
    select
        added.hall_id,
        added.day,
        sum(greatest(macros.seconds(adds_from, ends_at), 0)) as busy_seconds,
        sum(greatest(macros.seconds(greatest(adds_from, opens_at), least(ends_at, closes_at)), 0)) as seconds_within_day,
        min(starts_at) as first_start_at,
        max(ends_at) as last_end_at
    from added
    inner join staging.day_spans as day_spans on day_spans.day = added.day
    group by added.hall_id, added.day
),
counted as (
    select hall_id, day, 0 as sessions
    from known_halls
    cross join event_days
    where day is not null
    union all
    select hall_id, day, 1 as sessions
    from staging.sessions
    where hall_id is not null
),
halls_and_days as (
    select hall_id, day, sum(sessions) as sessions
    from counted
    group by hall_id, day
)
select
    halls_and_days.hall_id,
    halls_and_days.day,
    halls.hall,
    cast(halls_and_days.sessions as bigint) as sessions,
    macros.started_minutes(coalesce(used.busy_seconds, 0)) as busy_minutes,
    -- By the instants: where a clock is set back, what begins first is not what the clock shows first.
    macros.clock_of(used.first_start_at) as first_start_local,
    macros.clock_of(used.last_end_at) as last_end_local,
    macros.minutes(used.first_start_at, used.last_end_at) as span_minutes,
    cast(used.busy_seconds as double) / macros.seconds(used.first_start_at, used.last_end_at) as busy_share_of_span,
    macros.minutes(day_spans.opens_at, day_spans.closes_at) as day_span_minutes,
    cast(coalesce(used.seconds_within_day, 0) as double)
        / macros.seconds(day_spans.opens_at, day_spans.closes_at) as busy_share_of_day
from halls_and_days
left join used on used.hall_id = halls_and_days.hall_id and used.day = halls_and_days.day
left join staging.day_spans as day_spans on day_spans.day = halls_and_days.day
left join staging.halls as halls on halls.hall_id = halls_and_days.hall_id
order by halls_and_days.day, halls.hall, halls_and_days.hall_id
