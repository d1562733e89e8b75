with known_halls as (
    select hall_id from staging.halls
    union
    select hall_id from staging.sessions where hall_id is not null
),
placed as (
    -- What has no length does not keep a hall busy.
    select hall_id, session_key, title, starts_at, ends_at
    from staging.sessions
    where hall_id is not null and ends_at > starts_at
),
beginnings as (
    select hall_id, starts_at, ends_at, session_key, title
    from placed
    union all
    -- What comes after the last session, which a hall need not have.
    select hall_id, cast(null as timestamp with time zone) as starts_at, cast(null as timestamp with time zone) as ends_at,
        cast(null as varchar) as session_key, cast(null as varchar) as title
    from known_halls
),
queued as (
    -- Over all days of a hall: what began on another day can still be going on.
    select
        *,
        max(ends_at) over (
            partition by hall_id order by starts_at nulls last, macros.by_code_point(session_key)
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from beginnings
),
slots as (
    -- The times between, before and after, within the span of a day: a night is none. Of sessions that start together, only
    -- the first by its key starts after all others have ended.
    select
        queued.hall_id,
        day_spans.day,
        day_spans.opens_at,
        greatest(coalesce(queued.busy_until, day_spans.opens_at), day_spans.opens_at) as starts_at,
        least(coalesce(queued.starts_at, day_spans.closes_at), day_spans.closes_at) as ends_at,
        case when queued.starts_at < day_spans.closes_at then queued.session_key end as session_after,
        case when queued.starts_at < day_spans.closes_at then queued.title end as title_after
    from queued
    inner join staging.day_spans as day_spans
        on (queued.busy_until is null or queued.busy_until < day_spans.closes_at)
        and (queued.starts_at is null or queued.starts_at > day_spans.opens_at)
    where queued.busy_until is null or queued.starts_at is null or queued.starts_at >= queued.busy_until
),
break_beginnings as (
    select starts_at, ends_at
    from staging.pauses
    where ends_at > starts_at
    union all
    select cast(null as timestamp with time zone) as starts_at, cast(null as timestamp with time zone) as ends_at
),
times_without_break as (
    -- Before, between and after the breaks; all times where there are none.
    select
        max(ends_at) over (
            order by starts_at nulls last, ends_at nulls last rows between unbounded preceding and 1 preceding
        ) as free_from,
        starts_at as free_until,
        true as is_free
    from break_beginnings
),
measured as (
    select
        slots.hall_id,
        slots.day,
        slots.opens_at,
        slots.starts_at,
        slots.ends_at,
        slots.session_after,
        slots.title_after,
        max(case when times.is_free then macros.minutes(
            greatest(slots.starts_at, coalesce(times.free_from, slots.starts_at)),
            least(slots.ends_at, coalesce(times.free_until, slots.ends_at))
        ) end) as longest_free_minutes
    from slots
    left join times_without_break as times
        on (times.free_from is null or times.free_from < slots.ends_at)
        and (times.free_until is null or times.free_until > slots.starts_at)
    group by
        slots.hall_id, slots.day, slots.opens_at, slots.starts_at, slots.ends_at, slots.session_after, slots.title_after
),
last_to_end as (
    select hall_id, ends_at, session_key, title
    from placed
    qualify row_number() over (
        partition by hall_id, ends_at order by starts_at desc, macros.by_code_point(session_key) desc
    ) = 1
)
select
    measured.hall_id,
    measured.day,
    measured.starts_at,
    measured.ends_at,
    macros.clock_of(measured.starts_at) as starts_local,
    macros.clock_of(measured.ends_at) as ends_local,
    case
        when measured.starts_at = measured.ends_at then 'changeover'
        when earlier.session_key is null and measured.session_after is null then 'all_day'
        when earlier.session_key is null then 'before_first'
        when measured.session_after is null then 'after_last'
        else 'between'
    end as slot,
    macros.minutes(measured.starts_at, measured.ends_at) as minutes,
    -- Breaks that overlap leave a time of less than nothing between them.
    greatest(coalesce(measured.longest_free_minutes, 0), 0) as longest_free_minutes,
    halls.hall,
    earlier.session_key as session_before,
    measured.session_after,
    earlier.title as title_before,
    measured.title_after
from measured
left join last_to_end as earlier
    on earlier.hall_id = measured.hall_id
    and earlier.ends_at = measured.starts_at
    and measured.starts_at > measured.opens_at
left join staging.halls as halls on halls.hall_id = measured.hall_id
order by measured.starts_at, halls.hall, measured.hall_id
