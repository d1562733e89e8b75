with spelled as (
    -- Times are read as in staging/sessions.sql.
    select
        *,
        regexp_replace(registered_at, '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as registered_text,
        regexp_replace(checked_at, '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as checked_text
    from raw.participants
    where removed_at is null
),
timed as (
    select
        *,
        case
            when regexp_matches(registered_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(registered_text as timestamp with time zone)
            else try_cast(registered_text as timestamp) at time zone $event_timezone
        end as registered_instant,
        case
            when regexp_matches(checked_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(checked_text as timestamp with time zone)
            else try_cast(checked_text as timestamp) at time zone $event_timezone
        end as checked_instant
    from spelled
)
select
    id as participant_id,
    -- The raw table is keyed by an address, which stays there; nothing makes identifiers unique.
    row_number() over (partition by id order by email_key) as account,
    nullif(trim(role), '') as role_code,
    case trim(role)
        when 'a' then 'admin'
        when 'm' then 'moderator'
        when 'l' then 'lecturer'
        when 'e' then 'attendee'
        else nullif(trim(role), '')
    end as role,
    nullif(trim(company), '') as company,
    nullif(trim(group_id), '') as group_id,
    registered_instant as registered_at,
    cast(registered_instant at time zone $event_timezone as date) as registered_day,
    checked_instant as checked_at,
    -- Somebody was there, also where the time cannot be read.
    coalesce(trim(checked_at), '') <> '' as checked_in,
    -- A hashed address no longer shows whether it was one, and a dropped one is null.
    case when email not like 'hmac:%' then contains(email, '@') end as has_address
from timed
