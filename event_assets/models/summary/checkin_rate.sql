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
spellings as (
    select company, macros.without_case(company) as folded, sum(registered) as registered
    from alike
    where company is not null
    group by company
),
companies as (
    -- A company that few people share identifies them. Shown as most write it.
    select
        company,
        case
            when sum(registered) over (partition by folded) >= 3
                then first_value(company) over (
                    partition by folded order by registered desc, macros.by_code_point(company)
                    rows between unbounded preceding and unbounded following
                )
            else '(other)'
        end as shown_as
    from spellings
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
