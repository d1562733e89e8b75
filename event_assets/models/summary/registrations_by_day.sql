with counted as (
    select registered_day as day, coalesce(role, '(none)') as role, count(*) as registrations
    from staging.participants
    group by registered_day, coalesce(role, '(none)')
),
filled as (
    -- A day on which nobody of a role registered has a row as well, so that the rows of a day add up to everybody.
    select day, role, registrations
    from counted
    union all
    select days.day, roles.role, 0 as registrations
    from (select distinct day from counted) as days
    cross join (select distinct role from counted) as roles
),
summed as (
    select day, role, cast(sum(registrations) as bigint) as registrations
    from filled
    group by day, role
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
from summed
order by day nulls last, role
