with companies as (
    -- A company that few people share tells who they are.
    select company, case when count(*) >= 3 then company else '(other)' end as shown_as
    from staging.participants
    where company is not null
    group by company
),
counted as (
    select 'all' as dimension, '(all)' as value, checked_in
    from staging.participants
    union all
    select 'role' as dimension, coalesce(role, '(none)') as value, checked_in
    from staging.participants
    union all
    select 'group' as dimension, coalesce(group_id, '(none)') as value, checked_in
    from staging.participants
    union all
    select 'company' as dimension, coalesce(companies.shown_as, '(none)') as value, participants.checked_in
    from staging.participants as participants
    left join companies on companies.company = participants.company
)
select
    dimension,
    value,
    count(*) as registered,
    count(*) filter (where checked_in) as checked_in,
    count(*) filter (where checked_in) * 1.0 / count(*) as rate
from counted
group by dimension, value
order by dimension, registered desc, value
