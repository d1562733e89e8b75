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
trimmed as (
    select *, macros.blank_to_null("start") as start_sent, macros.blank_to_null("end") as end_sent
    from programme
),
rewritten as (
    select *, macros.usual_time(start_sent) as usual_start, macros.usual_time(end_sent) as usual_end
    from trimmed
),
timed as (
    -- To the second, which lengths are counted in: what overlaps does so for one at least.
    select
        *,
        date_trunc('second', macros.event_time(usual_start)) as starts_at,
        date_trunc('second', macros.event_time(usual_end)) as ends_at
    from rewritten
),
worded as (
    -- Tags that stand within a word go without a trace, all others part words.
    -- A "<" that no letter follows is not a tag but "less than".
    select
        *,
        regexp_replace(
            regexp_replace(
                regexp_replace(description, '(?s)<!--.*?-->', ' ', 'g'),
                '(?i)</?(a|abbr|b|cite|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|u)([ \t\n\f\r][^>]*)?>',
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
    macros.blank_to_null(worded.event_id) as event_id,
    -- A blank refers to nothing. Other identifiers stay as sent, as those that they refer to do.
    case when macros.blank_to_null(event_day_id) is not null then event_day_id end as day_id,
    coalesce(days.day, macros.local_day(starts_at)) as day,
    case when macros.blank_to_null(hall_id) is not null then hall_id end as hall_id,
    macros.blank_to_null(name) as title,
    macros.unless_blank(description) as description,
    -- &amp; comes last: "&amp;lt;" is the text "&lt;".
    macros.blank_to_null(regexp_replace(
        replace(replace(replace(replace(replace(replace(untagged,
            '&nbsp;', ' '), '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&amp;', '&'),
        '[ \t\n\f\r\x{00A0}]+', ' ', 'g'
    )) as description_text,
    type as session_type,
    starts_at,
    ends_at,
    macros.clock_of(starts_at) as starts_local,
    macros.clock_of(ends_at) as ends_local,
    macros.local_day(starts_at) as local_day,
    macros.minutes(starts_at, ends_at) as minutes,
    capacity,
    available,
    booked,
    macros.times_sent(days.date_sent, start_sent, end_sent) as times_sent
from worded
left join staging.days as days on days.day_id = worded.event_day_id
