with timed as (
    -- All is worked out before rows are numbered, which then carries booleans about and no long texts.
    select
        *,
        macros.event_time(registered_at) as registered_instant,
        macros.event_time(checked_at) as checked_instant,
        -- Somebody was there, also where the time cannot be read. But false and 0 are no time, nor is a date of noughts,
        -- as MySQL has them for none; PHP makes the year before 0 of it. Most begin with a year, and need no more.
        case
            when regexp_matches(checked_at, '^[1-9]') then true
            else coalesce(not regexp_matches(macros.blank_to_null(checked_at), '^(0$|[fF]alse$|0000-|-)'), false)
        end as checked_in,
        macros.unreadable_time(registered_at) as has_unreadable_registered_at,
        macros.unreadable_time(checked_at) as has_unreadable_checked_at,
        -- A hashed address no longer shows whether it was one, and a dropped one is null.
        case when email not like 'hmac:%' then contains(email, '@') end as has_address
    from raw.participants
    where removed_at is null
)
select
    id as participant_id,
    -- The raw table is keyed by an address, which stays there; nothing makes identifiers unique.
    row_number() over (partition by id order by email_key) as account,
    macros.blank_to_null(role) as role_code,
    case macros.blank_to_null(role)
        when 'a' then 'admin'
        when 'm' then 'moderator'
        when 'l' then 'lecturer'
        when 'e' then 'attendee'
        else macros.blank_to_null(role)
    end as role,
    macros.blank_to_null(company) as company,
    macros.blank_to_null(group_id) as group_id,
    registered_instant as registered_at,
    macros.local_day(registered_instant) as registered_day,
    checked_instant as checked_at,
    checked_in,
    has_unreadable_registered_at,
    has_unreadable_checked_at,
    has_address
from timed
