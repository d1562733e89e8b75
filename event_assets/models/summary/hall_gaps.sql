with placed as (
    -- What has no length does not keep a hall busy.
    select *
    from staging.sessions
    where hall_id is not null and ends_at > starts_at
),
queued as (
    -- Over all days of a hall: what began on another day can still be going on.
    select
        *,
        max(ends_at) over (
            partition by hall_id order by starts_at nulls first, macros.by_code_point(session_key) nulls first
            rows between unbounded preceding and 1 preceding
        ) as busy_until
    from placed
),
merged as (
    -- A stretch is what follows without a gap; its first session is the one that begins after everything has ended.
    select
        *,
        starts_at > busy_until as follows_gap,
        sum(case when starts_at > busy_until then 1 else 0 end) over (
            partition by hall_id order by starts_at nulls first, macros.by_code_point(session_key) nulls first
            rows between unbounded preceding and current row
        ) as stretch
    from queued
),
last_of_stretch as (
    select *
    from merged
    qualify row_number() over (
        partition by hall_id, stretch order by ends_at desc, starts_at desc, macros.by_code_point(session_key) desc
    ) = 1
)
select
    later.hall_id,
    later.day,
    earlier.ends_at as starts_at,
    later.starts_at as ends_at,
    earlier.ends_local as starts_local,
    later.starts_local as ends_local,
    macros.minutes(earlier.ends_at, later.starts_at) as minutes,
    halls.hall,
    earlier.session_key as session_before,
    later.session_key as session_after,
    earlier.title as title_before,
    later.title as title_after
from merged as later
inner join last_of_stretch as earlier
    on earlier.hall_id = later.hall_id
    and earlier.stretch = later.stretch - 1
    and earlier.day = later.day
left join staging.halls as halls on halls.hall_id = later.hall_id
where later.follows_gap
    -- A day of the event may go on after midnight. But where a session begins on another date than its day's, more than
    -- six hours are a night, and its day is probably wrong. The limit is that of data_quality's overlong_session.
    and (
        (earlier.local_day = earlier.day and later.local_day = later.day)
        or macros.seconds(earlier.ends_at, later.starts_at) <= 6 * 3600
    )
order by starts_at, halls.hall, later.hall_id
