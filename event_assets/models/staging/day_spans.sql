with placed as (
    -- What has no length, or ends before it begins, keeps no hall busy.
    select day, starts_at, ends_at, macros.is_on_day(starts_local, day) as is_on_day
    from staging.sessions
    where hall_id is not null and ends_at > starts_at
)
-- A session whose day is probably wrong does not widen it, unless that is so of all.
select
    day,
    coalesce(min(case when is_on_day then starts_at end), min(starts_at)) as opens_at,
    coalesce(max(case when is_on_day then ends_at end), max(ends_at)) as closes_at
from placed
group by day
