with timed as (
    select
        *,
        macros.event_time(registered_at) as registered_instant,
        macros.event_time(checked_at) as checked_instant
    from raw.participants
    where removed_at is null
)
select
    id as participant_id,
    -- The raw table is keyed by an address, which stays there; nothing makes identifiers unique.
    row_number() over (partition by id order by email_key) as account,
    macros.written(role) as role_code,
    case macros.written(role)
        when 'a' then 'admin'
        when 'm' then 'moderator'
        when 'l' then 'lecturer'
        when 'e' then 'attendee'
        else macros.written(role)
    end as role,
    macros.written(company) as company,
    macros.written(group_id) as group_id,
    registered_instant as registered_at,
    macros.local_day(registered_instant) as registered_day,
    checked_instant as checked_at,
    -- Somebody was there, also where the time cannot be read. But false and 0 are no time, nor is a date of noughts, as
    -- MySQL has them for none; PHP makes the year before 0 of it.
    case
        when regexp_matches(checked_at, '^[1-9]') then true
        else coalesce(not regexp_matches(macros.written(checked_at), '^(0$|[fF]alse$|0000-|-)'), false)
    end as checked_in,
    macros.has_address(email) as has_address
from timed
