with alike as (
    -- As many rows as there are halls and times: what is counted below goes through all pairs with a break.
    select
        sessions.starts_at,
        sessions.ends_at,
        sessions.hall_id,
        count(*) as sessions,
        -- More than a million in one session are no people; and a few of them are more than a number can say.
        sum(case when demand.booked_seats <= 1000000 then demand.booked_seats end) as booked_seats,
        count(case when demand.booked_seats <= 1000000 then 1 end) as counted_sessions
    from staging.sessions as sessions
    left join summary.session_demand as demand on demand.session_key = sessions.session_key
    where sessions.ends_at > sessions.starts_at
    group by sessions.starts_at, sessions.ends_at, sessions.hall_id
),
spans as (
    select
        starts_at,
        ends_at,
        starts_at - interval '15 minutes' as soonest,
        ends_at + interval '15 minutes' as latest
    from (select distinct starts_at, ends_at from staging.pauses) as pauses
),
around as (
    -- Who leaves a hall within a quarter of an hour before a break comes to it; who is still in one does not.
    select
        spans.starts_at,
        spans.ends_at,
        alike.hall_id,
        alike.sessions,
        alike.booked_seats,
        alike.sessions - alike.counted_sessions as uncounted_sessions,
        alike.ends_at between spans.soonest and spans.starts_at as ends_before,
        alike.starts_at between spans.ends_at and spans.latest as begins_after,
        alike.starts_at < spans.ends_at and alike.ends_at > spans.starts_at as goes_on
    from spans
    inner join alike on alike.ends_at >= spans.soonest and alike.starts_at <= coalesce(spans.latest, spans.starts_at)
),
counted as (
    select
        starts_at,
        ends_at,
        cast(sum(case when ends_before then sessions end) as bigint) as sessions_before,
        count(distinct case when ends_before then hall_id end) as halls_before,
        cast(sum(case when ends_before then booked_seats end) as bigint) as booked_seats_before,
        cast(sum(case when ends_before then uncounted_sessions end) as bigint) as uncounted_sessions_before,
        cast(sum(case when goes_on then sessions end) as bigint) as sessions_during,
        cast(sum(case when begins_after then sessions end) as bigint) as sessions_after
    from around
    group by starts_at, ends_at
)
select
    pauses.pause_id,
    pauses.title,
    pauses.day,
    pauses.starts_local,
    pauses.ends_local,
    pauses.minutes,
    coalesce(counted.sessions_before, 0) as sessions_before,
    coalesce(counted.halls_before, 0) as halls_before,
    counted.booked_seats_before,
    coalesce(counted.uncounted_sessions_before, 0) as uncounted_sessions_before,
    coalesce(counted.sessions_during, 0) as sessions_during,
    coalesce(counted.sessions_after, 0) as sessions_after
from staging.pauses as pauses
left join counted
    on counted.starts_at = pauses.starts_at
    and counted.ends_at is not distinct from pauses.ends_at
order by sessions_before desc, booked_seats_before desc nulls last, pauses.starts_at, pauses.pause_id
