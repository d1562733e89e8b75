with counted as (
    select registered_day as day, coalesce(role, '(none)') as role, count(*) as registrations
    from staging.participants
    group by all
)
select
    day,
    role,
    registrations,
    -- Those of unknown day come last, so that the days before count only who is known to have been there. The far date
    -- stands for "nulls last", which not every warehouse has in windows; "nulls first" is what those have.
    cast(
        sum(registrations) over (
            partition by role order by coalesce(day, cast('9999-12-31' as date)) nulls first
        ) as bigint
    ) as registrations_so_far
from counted
order by day nulls last, role
