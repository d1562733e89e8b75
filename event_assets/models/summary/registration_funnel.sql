with each_value as (
    select 'all' as dimension, '(all)' as value, status, has_valid_address, gets_email
    from staging.registrations
    union all
    select
        'group' as dimension,
        -- A group that no participant is in, where groups are not synced, has its identifier alone.
        coalesce(groups.label, registrations.group_id, '(none)') as value,
        registrations.status, registrations.has_valid_address, registrations.gets_email
    from staging.registrations as registrations
    left join staging.groups as groups on groups.group_id = registrations.group_id
),
counted as (
    select
        dimension,
        value,
        coalesce(status, '(none)') as status,
        count(*) as registrations,
        count(case when has_valid_address then 1 end) as with_valid_address,
        count(case when gets_email then 1 end) as with_email_on
    from each_value
    group by dimension, value, coalesce(status, '(none)')
)
select
    dimension,
    value,
    status,
    registrations,
    cast(registrations as double) / cast(sum(registrations) over (partition by dimension, value) as double) as share,
    with_valid_address,
    with_email_on
from counted
order by dimension, value, registrations desc, status
