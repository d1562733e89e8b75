with programme as (
    select
        'lecture' as kind, id, event_id, event_day_id, hall_id, name, description, "start", "end", type, capacity,
        available, booked
    from raw.lectures
    where removed_at is null
    union all
    select
        'workshop' as kind, id, event_id, event_day_id, hall_id, name, description, "start", "end", type, capacity,
        available, booked
    from raw.workshops
    where removed_at is null
),
spelled as (
    -- "09:00+02:00" is a time of ISO 8601, yet the cast wants its seconds.
    select
        *,
        regexp_replace("start", '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as start_text,
        regexp_replace("end", '([T ][0-9]{2}:[0-9]{2})([zZ+-]|$)', '\1:00\2') as end_text
    from programme
),
timed as (
    -- An offset in the value counts; without one, the value is a wall-clock time of the event's zone.
    select
        *,
        case
            when regexp_matches(start_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(start_text as timestamp with time zone)
            else try_cast(start_text as timestamp) at time zone $event_timezone
        end as starts_at,
        case
            when regexp_matches(end_text, ':[0-9.]+ ?([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$')
                then try_cast(end_text as timestamp with time zone)
            else try_cast(end_text as timestamp) at time zone $event_timezone
        end as ends_at
    from spelled
),
worded as (
    -- Tags that stand within a word go without a trace, all others part words.
    -- A "<" that no letter follows is not a tag but "less than".
    select
        *,
        regexp_replace(
            regexp_replace(
                regexp_replace(description, '(?s)<!--.*?-->', ' ', 'g'),
                '(?i)</?(a|abbr|b|cite|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|u)(\s[^>]*)?>',
                '', 'g'
            ),
            '</?[a-zA-Z!][^>]*>', ' ', 'g'
        ) as untagged
    from timed
)
select
    kind || ':' || id as session_key,
    kind,
    id as session_id,
    event_id,
    event_day_id as day_id,
    hall_id,
    name as title,
    description,
    -- &amp; comes last: "&amp;lt;" is the text "&lt;".
    nullif(trim(regexp_replace(
        replace(replace(replace(replace(replace(replace(untagged,
            '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&amp;', '&'),
        '[\s\x{00A0}]+', ' ', 'g'
    )), '') as description_text,
    type as session_type,
    starts_at,
    ends_at,
    starts_at at time zone $event_timezone as starts_local,
    ends_at at time zone $event_timezone as ends_local,
    cast(starts_at at time zone $event_timezone as date) as local_day,
    date_diff('second', starts_at, ends_at) / 60.0 as minutes,
    capacity,
    available,
    booked
from worded
