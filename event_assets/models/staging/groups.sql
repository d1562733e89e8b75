with sent as (
    -- What is read of the optional input is cast: where it is not there, these are nulls without a type.
    select
        cast(id as varchar) as group_id,
        coalesce(
            macros.blank_to_null(cast(name as varchar)), macros.blank_to_null(cast(public_name as varchar))
        ) as name
    from raw.groups
    where removed_at is null
),
known as (
    select group_id from sent
    union
    select group_id from staging.participants where group_id is not null
),
named as (
    select known.group_id, sent.name, coalesce(sent.name, known.group_id) as shown_as
    from known
    left join sent on sent.group_id = known.group_id
)
select
    group_id,
    name,
    case when count(*) over (partition by shown_as) > 1 then shown_as || ' (' || group_id || ')' else shown_as end as label
from named
