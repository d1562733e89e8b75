with looked_at as (
    select
        'halls' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.halls
    union all
    select
        'days' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.days
    union all
    select
        'lectures' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.lectures
    union all
    select
        'speakers' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.speakers
    union all
    select
        'workshops' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.workshops
    union all
    select
        'pauses' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.pauses
    union all
    select
        'tracks' as resource, 'content' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.tracks
    union all
    select
        'partners' as resource, 'partners' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.partners
    union all
    select
        'participants' as resource, 'participants' as endpoint, max(_dlt_load_id) as load_id, max(removed_at) as removed_at,
        count(case when removed_at is null then 1 end) as present, count(removed_at) as removed
    from raw.participants
)
select
    resource,
    endpoint,
    present,
    removed,
    -- dlt names a load by its time, in seconds since 1970. Rows that a sync finds gone are not loaded again.
    date_trunc('second', greatest(
        case
            when regexp_matches(load_id, '^[0-9]{1,10}([.][0-9]+)?$')
                then macros.instant_of_epoch(cast(load_id as double))
        end,
        removed_at
    )) as changed_at
from looked_at
