with people as (
    select count(*) filter (where checked_in) as checked_in
    from staging.participants
),
rated as (
    select
        session_key,
        count(*) as reviews,
        count(distinct reviewer_id) as reviewers,
        avg(cast(stars as double)) as average_stars,
        min(stars) as lowest_stars,
        max(stars) as highest_stars,
        count(comment) as commented,
        macros.joined(comment, macros.by_code_point(review_id), ' | ') as comments
    from staging.reviews
    where session_key is not null
    group by session_key
)
select
    sessions.session_key,
    sessions.kind,
    sessions.title,
    sessions.day,
    coalesce(rated.reviews, 0) as reviews,
    case when rated.reviews is null then 0 when rated.reviewers > 0 then rated.reviewers end as reviewers,
    case
        when rated.reviews is null and people.checked_in > 0 then cast(0 as double)
        when rated.reviewers > 0 and people.checked_in > 0
            then cast(rated.reviewers as double) / cast(people.checked_in as double)
    end as reviewers_per_checked_in,
    rated.average_stars,
    rated.lowest_stars,
    rated.highest_stars,
    coalesce(rated.commented, 0) as commented,
    rated.comments
from staging.sessions as sessions
cross join people
left join rated on rated.session_key = sessions.session_key
order by reviews desc, sessions.session_key
