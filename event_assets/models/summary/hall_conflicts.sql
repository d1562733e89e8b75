with placed as (
    -- What has no length needs no hall: it conflicts with nothing.
    select *
    from staging.sessions
    where ends_at > starts_at
)
select
    earlier.session_key,
    later.session_key as other_session_key,
    earlier.hall_id,
    halls.hall,
    earlier.day,
    later.starts_local as overlap_starts_local,
    macros.minutes(later.starts_at, least(earlier.ends_at, later.ends_at)) as overlap_minutes,
    earlier.title,
    later.title as other_title
from placed as earlier
inner join placed as later
    on later.hall_id = earlier.hall_id
    and (
        later.starts_at > earlier.starts_at
        or (later.starts_at = earlier.starts_at and macros.by_code_point(later.session_key) > macros.by_code_point(earlier.session_key))
    )
    and later.starts_at < earlier.ends_at
left join staging.halls as halls on halls.hall_id = earlier.hall_id
order by later.starts_at, halls.hall, earlier.session_key, other_session_key
