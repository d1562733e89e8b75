with spellings as (
    select company, macros.without_case(company) as folded, count(*) as registered
    from staging.participants
    where company is not null
    group by company
)
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
