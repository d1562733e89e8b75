with levelled as (
    select
        *,
        case
            when sponsor and exhibitor then 'sponsor and exhibitor'
            when sponsor then 'sponsor'
            when exhibitor then 'exhibitor'
            else 'partner'
        end as level
    from summary.partners_overview
),
everybody as (
    select count(*) as partners from levelled
)
select
    levelled.level,
    count(*) as partners,
    cast(count(*) as double) / max(everybody.partners) as share_of_partners,
    count(levelled.booth_number) as with_booth,
    count(case when levelled.missing is null then levelled.partner_id end) as complete_profiles,
    avg(levelled.profile_completeness) as profile_completeness
from levelled
cross join everybody
group by levelled.level
order by partners desc, levelled.level
