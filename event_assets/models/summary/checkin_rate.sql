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
companies as (
    -- A company that few people share identifies them.
    select company, case when sum(registered) >= 3 then company else '(other)' end as shown_as
    from alike
    where company is not null
    group by company
),
counted as (
    select 'all' as dimension, '(all)' as value, registered, checked_in
    from alike
    union all
    select 'role' as dimension, coalesce(role, '(none)') as value, registered, checked_in
    from alike
    union all
    select 'group' as dimension, coalesce(group_id, '(none)') as value, registered, checked_in
    from alike
    union all
    select 'company' as dimension, coalesce(companies.shown_as, '(none)') as value, alike.registered, alike.checked_in
    from alike
    left join companies on companies.company = alike.company
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
