with opening as (
    select min(day) as first_day
    from (select day from staging.days union all select day from staging.sessions) as dated
),
checkin_days as (
    select distinct macros.local_day(checked_at) as day
    from staging.participants
    where checked_at is not null
),
moments as (
    select role, group_id, tickets, registered_day as day, macros.clock_of(registered_at) as clock, 1 as registrations, 0 as checkins
    from staging.participants
    where registered_at is not null
    union all
    select
        role, group_id, tickets, macros.local_day(checked_at) as day, macros.clock_of(checked_at) as clock, 0 as registrations, 1 as checkins
    from staging.participants
    where checked_at is not null
),
placed as (
    -- Quarters of an hour only on days with check-ins: registration goes on for months.
    select
        moments.*,
        checkin_days.day is not null as has_quarters,
        case when checkin_days.day is not null then macros.quarter_of(moments.clock) else cast(moments.day as timestamp) end as quarter
    from moments
    left join checkin_days on checkin_days.day = moments.day
),
alike as (
    -- Everybody is counted once; what follows has only as many rows as there are kinds of people and quarters.
    select role, group_id, tickets, day, has_quarters, quarter, sum(registrations) as registrations, sum(checkins) as checkins
    from placed
    group by role, group_id, tickets, day, has_quarters, quarter
),
each_value as (
    select
        'all' as dimension, '(all)' as value, day, has_quarters, quarter,
        sum(registrations) as registrations, sum(checkins) as checkins
    from alike
    group by day, has_quarters, quarter
    union all
    select
        'role' as dimension, coalesce(role, '(none)') as value, day, has_quarters, quarter,
        sum(registrations) as registrations, sum(checkins) as checkins
    from alike
    group by role, day, has_quarters, quarter
    union all
    select
        'group' as dimension, coalesce(groups.label, '(none)') as value, alike.day, alike.has_quarters, alike.quarter,
        sum(alike.registrations) as registrations, sum(alike.checkins) as checkins
    from alike
    left join staging.groups as groups on groups.group_id = alike.group_id
    group by groups.label, alike.day, alike.has_quarters, alike.quarter
    union all
    select
        'ticket' as dimension, coalesce(lists.ticket, '(none)') as value, alike.day, alike.has_quarters, alike.quarter,
        sum(alike.registrations) as registrations, sum(alike.checkins) as checkins
    from alike
    left join staging.ticket_lists as lists on lists.tickets = alike.tickets
    group by lists.ticket, alike.day, alike.has_quarters, alike.quarter
),
ranked as (
    select
        dimension,
        value,
        row_number() over (
            partition by dimension order by sum(registrations + checkins) desc, macros.by_code_point(value)
        ) as place
    from each_value
    group by dimension, value
),
valued as (
    -- As each period has a row for each value, there may be periods or values without end, but not both.
    select
        each_value.dimension,
        case when ranked.place <= 30 then each_value.value else '(other)' end as value,
        each_value.day,
        each_value.has_quarters,
        each_value.quarter,
        each_value.registrations,
        each_value.checkins
    from each_value
    inner join ranked on ranked.dimension = each_value.dimension and ranked.value = each_value.value
),
steps as (
    select 'day' as step
    union all
    select 'quarter_hour' as step
),
counted as (
    -- What came on a day without quarters counts for the quarters after it.
    select
        steps.step,
        valued.dimension,
        valued.value,
        case when steps.step = 'day' then cast(valued.day as timestamp) else valued.quarter end as starts_local,
        sum(valued.registrations) as registrations,
        sum(valued.checkins) as checkins
    from valued
    cross join steps
    group by
        steps.step, valued.dimension, valued.value,
        case when steps.step = 'day' then cast(valued.day as timestamp) else valued.quarter end
),
periods as (
    select distinct 'day' as step, day, true as is_shown, cast(day as timestamp) as starts_local
    from alike
    union all
    select distinct 'quarter_hour' as step, day, has_quarters as is_shown, quarter as starts_local
    from alike
),
kinds as (
    select distinct dimension, case when place <= 30 then value else '(other)' end as value
    from ranked
),
filled as (
    -- Each kind has a row for each period, also without anybody: so those of a period add up.
    select
        periods.step, periods.day, periods.is_shown, periods.starts_local, kinds.dimension, kinds.value,
        coalesce(counted.registrations, 0) as registrations,
        coalesce(counted.checkins, 0) as checkins
    from periods
    cross join kinds
    left join counted
        on counted.step = periods.step
        and counted.starts_local = periods.starts_local
        and counted.dimension = kinds.dimension
        and counted.value = kinds.value
),
cumulative as (
    select
        *,
        sum(registrations) over (partition by step, dimension, value order by starts_local) as registrations_so_far,
        sum(checkins) over (partition by step, dimension, value order by starts_local) as checkins_so_far
    from filled
)
select
    cumulative.step,
    cumulative.starts_local,
    cumulative.dimension,
    cumulative.value,
    cumulative.day,
    macros.days_from(cumulative.day, opening.first_day) as days_to_opening,
    cast(cumulative.registrations as bigint) as registrations,
    cast(cumulative.checkins as bigint) as checkins,
    cast(cumulative.registrations_so_far as bigint) as registrations_so_far,
    cast(cumulative.checkins_so_far as bigint) as checkins_so_far
from cumulative
cross join opening
where cumulative.is_shown
order by cumulative.step, cumulative.starts_local, cumulative.dimension, cumulative.value
