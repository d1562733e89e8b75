with opening as (
    select min(day) as first_day
    from (select day from staging.days union all select day from staging.sessions) as dated
),
registered_days as (
    select registered_day, count(*) as registered, count(*) filter (where checked_in) as checked_in
    from staging.participants
    group by registered_day
),
early as (
    select
        registered_days.registered,
        registered_days.checked_in,
        macros.days_from(registered_days.registered_day, opening.first_day) as days_before
    from registered_days
    cross join opening
),
counted as (
    -- Each kind is counted by itself: there are few of each, but as many of all together as there are people.
    select 'all' as dimension, '(all)' as value, count(*) as registered, count(*) filter (where checked_in) as checked_in
    from staging.participants
    having count(*) > 0
    union all
    select
        'role' as dimension, coalesce(role, '(none)') as value, count(*) as registered,
        count(*) filter (where checked_in) as checked_in
    from staging.participants
    group by role
    union all
    select 'group' as dimension, coalesce(groups.label, '(none)') as value, alike.registered, alike.checked_in
    from (
        select group_id, count(*) as registered, count(*) filter (where checked_in) as checked_in
        from staging.participants
        group by group_id
    ) as alike
    left join staging.groups as groups on groups.group_id = alike.group_id
    union all
    select 'company' as dimension, coalesce(companies.shown_as, '(none)') as value, alike.registered, alike.checked_in
    from (
        select company, count(*) as registered, count(*) filter (where checked_in) as checked_in
        from staging.participants
        group by company
    ) as alike
    left join staging.companies as companies on companies.company = alike.company
    union all
    select 'ticket' as dimension, coalesce(lists.ticket, '(none)') as value, alike.registered, alike.checked_in
    from (
        select tickets, count(*) as registered, count(*) filter (where checked_in) as checked_in
        from staging.participants
        group by tickets
    ) as alike
    left join staging.ticket_lists as lists on lists.tickets = alike.tickets
    union all
    select
        'registered' as dimension,
        case
            when days_before is null then '(none)'
            when days_before < 1 then 'from the first day on'
            when days_before <= 7 then '1 to 7 days before'
            when days_before <= 30 then '8 to 30 days before'
            else 'over 30 days before'
        end as value,
        registered,
        checked_in
    from early
)
select
    dimension,
    value,
    cast(sum(registered) as bigint) as registered,
    cast(sum(checked_in) as bigint) as checked_in,
    cast(sum(registered - checked_in) as bigint) as no_shows,
    cast(sum(registered - checked_in) as double) / cast(sum(registered) as double) as no_show_share
from counted
group by dimension, value
order by dimension, no_shows desc, value
