with as_sent as (
    -- There may be a million, and most send times in the usual form: only the others are rewritten.
    select
        *,
        macros.event_time(registered_at) as registered_as_sent,
        macros.event_time(checked_at) as checked_as_sent
    from raw.participants
    where removed_at is null
),
trimmed as (
    select
        *,
        case when registered_as_sent is null then macros.blank_to_null(registered_at) end as registered_trimmed,
        case when checked_as_sent is null then macros.blank_to_null(checked_at) end as checked_trimmed
    from as_sent
),
rewritten as (
    select
        *,
        macros.usual_time(registered_trimmed) as registered_rewritten,
        macros.usual_time(checked_trimmed) as checked_rewritten
    from trimmed
),
timed as (
    select
        *,
        coalesce(registered_as_sent, macros.event_time(registered_rewritten)) as registered_instant,
        coalesce(checked_as_sent, macros.event_time(checked_rewritten)) as checked_instant
    from rewritten
),
known as (
    -- All is worked out before rows are numbered, which then carries booleans about and no long texts.
    select
        *,
        -- Somebody was there, also where the time cannot be read. But false and 0 are no time, nor is a date of noughts,
        -- as MySQL has them for none; PHP makes the year before 0 of it. Most begin with a year, and need no more.
        case
            when regexp_matches(checked_at, '^[1-9]') then true
            else coalesce(not regexp_matches(macros.blank_to_null(checked_at), '^(0$|[fF]alse$|0000-|-)'), false)
        end as checked_in,
        case
            when registered_instant is null then macros.says_when(registered_at) else false
        end as has_unreadable_registered_at,
        case when checked_instant is null then macros.says_when(checked_at) else false end as has_unreadable_checked_at,
        -- Who has no address is keyed by the identifier. A hash is that of an address then, and a dropped one is null.
        case
            when email_key like 'id:%' then false
            when email like 'hmac:%' then true
            else email like '%@%'
        end as has_address
    from timed
)
select
    id as participant_id,
    -- The raw table is keyed by an address, which stays there; nothing makes identifiers unique.
    row_number() over (partition by id order by macros.by_code_point(email_key)) as account,
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
    cast(tickets as varchar) as tickets,
    registered_instant as registered_at,
    macros.local_day(registered_instant) as registered_day,
    checked_instant as checked_at,
    checked_in,
    has_unreadable_registered_at,
    has_unreadable_checked_at,
    has_address
from known
