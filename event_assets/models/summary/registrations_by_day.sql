with counted as (
    select registered_day as day, coalesce(role, '(none)') as role, count(*) as registrations
    from staging.participants
    group by registered_day, coalesce(role, '(none)')
)
select
    day,
    role,
    registrations,
    -- Those of unknown day come last, so that the days before count only who is known to have been there.
    cast(
        sum(registrations) over (
            partition by role order by day nulls last
        ) as bigint
    ) as registrations_so_far
from counted
order by day nulls last, role
