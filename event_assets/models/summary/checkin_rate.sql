with alike as (
    -- Everybody is counted once; what follows has only as many rows as there are kinds of people.
    select
        role,
        group_id,
        company,
        count(*) as registered,
        count(*) filter (where checked_in) as checked_in
    from staging.participants
    group by role, group_id, company
),
counted as (
    select 'all' as dimension, '(all)' as value, registered, checked_in
    from alike
    union all
    select 'role' as dimension, coalesce(role, '(none)') as value, registered, checked_in
    from alike
    union all
    select 'group' as dimension, coalesce(groups.label, '(none)') as value, alike.registered, alike.checked_in
    from alike
    left join staging.groups as groups on groups.group_id = alike.group_id
    union all
    select 'company' as dimension, coalesce(companies.shown_as, '(none)') as value, alike.registered, alike.checked_in
    from alike
    left join staging.companies as companies on companies.company = alike.company
)
select
    dimension,
    value,
    cast(sum(registered) as bigint) as registered,
    cast(sum(checked_in) as bigint) as checked_in,
    cast(sum(checked_in) as double) / cast(sum(registered) as double) as rate
from counted
group by dimension, value
order by dimension, registered desc, value
