with known_halls as (
    select hall_id from staging.halls
    union
    select hall_id from staging.sessions where hall_id is not null
),
placed as (
    -- What has no length does not keep a hall busy.
    select hall_id, day, session_key, starts_at, ends_at, macros.is_on_day(starts_local, day) as is_on_day
    from staging.sessions
    where hall_id is not null and ends_at > starts_at
),
day_spans as (
    -- As in summary.hall_utilisation.
    select
        day,
        coalesce(min(case when is_on_day then starts_at end), min(starts_at)) as opens_at,
        coalesce(max(case when is_on_day then ends_at end), max(ends_at)) as closes_at
    from placed
    group by day
),
queued as (
    -- Over all days of a hall: what began on another day can still be going on.
    select
        *,
        max(ends_at) over (
            partition by hall_id order by starts_at, macros.by_code_point(session_key)
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from placed
),
free_times as (
    -- Before the first session of a hall, between two, after the last, and always. Of several that begin at once, only
    -- the first by its key begins after all others have ended.
    select hall_id, busy_until as free_from, starts_at as free_until, session_key as session_after
    from queued
    where busy_until is null or starts_at >= busy_until
    union all
    select hall_id, max(ends_at) as free_from, cast(null as timestamp with time zone) as free_until,
        cast(null as varchar) as session_after
    from placed
    group by hall_id
    union all
    select hall_id, cast(null as timestamp with time zone) as free_from, cast(null as timestamp with time zone) as free_until,
        cast(null as varchar) as session_after
    from known_halls
    where hall_id not in (select hall_id from placed)
),
slots as (
    -- What of it is within the span of a day: a night is not.
    select
        free_times.hall_id,
        day_spans.day,
        day_spans.opens_at,
        greatest(coalesce(free_times.free_from, day_spans.opens_at), day_spans.opens_at) as starts_at,
        least(coalesce(free_times.free_until, day_spans.closes_at), day_spans.closes_at) as ends_at,
        case when free_times.free_until < day_spans.closes_at then free_times.session_after end as session_after
    from free_times
    inner join day_spans
        on (free_times.free_from is null or free_times.free_from < day_spans.closes_at)
        and (free_times.free_until is null or free_times.free_until > day_spans.opens_at)
),
last_to_end as (
    select hall_id, ends_at, session_key
    from placed
    qualify row_number() over (
        partition by hall_id, ends_at order by starts_at desc, macros.by_code_point(session_key) desc
    ) = 1
),
breaks as (
    select
        starts_at,
        ends_at,
        max(ends_at) over (
            order by starts_at, macros.by_code_point(pause_id) rows between unbounded preceding and 1 preceding
        ) as break_until
    from staging.pauses
    where ends_at > starts_at
),
times_without_break as (
    select break_until as free_from, starts_at as free_until
    from breaks
    where starts_at > break_until
    union all
    -- One row, of nulls where there is no break.
    select cast(null as timestamp with time zone) as free_from, min(starts_at) as free_until
    from breaks
    union all
    select max(ends_at) as free_from, cast(null as timestamp with time zone) as free_until
    from breaks
    having count(*) > 0
),
outside_breaks as (
    select
        slots.hall_id,
        slots.day,
        slots.starts_at,
        max(macros.minutes(
            greatest(slots.starts_at, coalesce(times.free_from, slots.starts_at)),
            least(slots.ends_at, coalesce(times.free_until, slots.ends_at))
        )) as longest_free_minutes
    from slots
    inner join times_without_break as times
        on (times.free_from is null or times.free_from < slots.ends_at)
        and (times.free_until is null or times.free_until > slots.starts_at)
    group by slots.hall_id, slots.day, slots.starts_at
)
select
    slots.hall_id,
    slots.day,
    slots.starts_at,
    slots.ends_at,
    macros.clock_of(slots.starts_at) as starts_local,
    macros.clock_of(slots.ends_at) as ends_local,
    case
        when slots.starts_at = slots.ends_at then 'changeover'
        when earlier.session_key is null and slots.session_after is null then 'all_day'
        when earlier.session_key is null then 'before_first'
        when slots.session_after is null then 'after_last'
        else 'between'
    end as slot,
    macros.minutes(slots.starts_at, slots.ends_at) as minutes,
    coalesce(outside_breaks.longest_free_minutes, 0) as longest_free_minutes,
    halls.hall,
    earlier.session_key as session_before,
    slots.session_after,
    titles_before.title as title_before,
    titles_after.title as title_after
from slots
left join last_to_end as earlier
    on earlier.hall_id = slots.hall_id
    and earlier.ends_at = slots.starts_at
    and slots.starts_at > slots.opens_at
left join outside_breaks
    on outside_breaks.hall_id = slots.hall_id
    and outside_breaks.day = slots.day
    and outside_breaks.starts_at = slots.starts_at
left join staging.sessions as titles_before on titles_before.session_key = earlier.session_key
left join staging.sessions as titles_after on titles_after.session_key = slots.session_after
left join staging.halls as halls on halls.hall_id = slots.hall_id
order by slots.starts_at, halls.hall, slots.hall_id
