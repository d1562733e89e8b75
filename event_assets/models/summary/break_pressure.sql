with around as (
    -- Who leaves a hall within a quarter of an hour before a break comes to it; who is still in one does not.
    select
        pauses.pause_id,
        sessions.session_key,
        sessions.hall_id,
        demand.booked_seats,
        macros.seconds(sessions.ends_at, pauses.starts_at) between 0 and 15 * 60 as ends_before,
        macros.seconds(pauses.ends_at, sessions.starts_at) between 0 and 15 * 60 as begins_after,
        sessions.starts_at < pauses.ends_at and sessions.ends_at > pauses.starts_at as goes_on
    from staging.pauses as pauses
    inner join staging.sessions as sessions on sessions.ends_at > sessions.starts_at
    left join summary.session_demand as demand on demand.session_key = sessions.session_key
),
counted as (
    select
        pause_id,
        count(case when ends_before then session_key end) as sessions_before,
        count(distinct case when ends_before then hall_id end) as halls_before,
        cast(sum(case when ends_before then booked_seats end) as bigint) as booked_seats_before,
        count(case when ends_before and booked_seats is null then session_key end) as uncounted_sessions_before,
        count(case when goes_on then session_key end) as sessions_during,
        count(case when begins_after then session_key end) as sessions_after
    from around
    group by pause_id
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
left join counted on counted.pause_id = pauses.pause_id
order by sessions_before desc, booked_seats_before desc nulls last, pauses.starts_at, pauses.pause_id
